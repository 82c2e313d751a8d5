"""How graders draw arrays.

Values are small multiples of 1/8. They are exact in float32, and so are their products and
short sums: a right answer in another order of summation differs by next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.judging.exercise import FreshGenerator

R = TypeVar("R")
D = TypeVar("D")


def varied(rng: np.random.Generator, recorded: R, draw: Callable[[], D]) -> R | D:
    """What recorded probes hold fixed, and what a fresh batch draws in its place.

    A case by hand or a corner is best shown by numbers that were chosen. But recorded answers are
    public, so no fresh batch may ask for them again: ``draw`` chooses others that test the same.

    Examples
    --------
    >>> varied(np.random.default_rng(5), 3, lambda: 7)
    3
    >>> varied(FreshGenerator(np.random.PCG64(5)), 3, lambda: 7)
    7
    """
    return draw() if isinstance(rng, FreshGenerator) else recorded


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """A plain int from low to high, both included."""
    return int(rng.integers(low, high + 1))


def side(rng: np.random.Generator) -> int:
    """The height or the width of a small picture."""
    return whole(rng, 4, 12)


def reals(rng: np.random.Generator, *shape: int, dtype: Any = np.float32) -> NDArray[Any]:
    """Multiples of 1/8 from -2 to 2, never 0: an untouched cell always shows."""
    eighths = rng.integers(1, 17, size=shape) * rng.choice([-1, 1], size=shape)
    return (eighths / 8).astype(dtype)


def wholes(rng: np.random.Generator, *shape: int, dtype: Any = np.float32) -> NDArray[Any]:
    """Whole numbers from -4 to 4, never 0, that a person can add up without paper."""
    signs = rng.choice([-1, 1], size=shape)
    return (rng.integers(1, 5, size=shape) * signs).astype(dtype)


def impulse(*shape: int, at: tuple[int, ...], dtype: Any = np.float32) -> NDArray[Any]:
    """Zeros with a single 1: what comes out is the kernel itself."""
    x = np.zeros(shape, dtype)
    x[at] = 1
    return x
