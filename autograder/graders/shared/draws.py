"""How graders draw arrays.

Values are small multiples of 1/8. They are exact in float32, and so are their products and
short sums: a right answer in another order of summation differs by next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, combinations
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


def fitting(rng: np.random.Generator, draw: Callable[[], D], fits: Callable[[D], bool]) -> D:
    """What is drawn; in a fresh batch the first of it that fits, for no mistake may hide by luck.

    Recorded questions stay as they were drawn: their answers are on file, also those of machines
    that are not at hand.

    Examples
    --------
    >>> numbers = iter([3, 8, 5])
    >>> fitting(FreshGenerator(np.random.PCG64(5)), lambda: next(numbers), lambda n: n > 4)
    8
    """
    while True:
        drawn = draw()
        if not isinstance(rng, FreshGenerator) or fits(drawn):
            return drawn


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
    """Whole numbers from -4 to 4, never 0, that a person can add up without paper.

    In a fresh batch none are their own mirror image: what a mistake costs must not be luck.
    """

    def drawn() -> NDArray[Any]:
        signs = rng.choice([-1, 1], size=shape)
        return (rng.integers(1, 5, size=shape) * signs).astype(dtype)

    return fitting(rng, drawn, lambda values: not hides_a_turn(values))


def hides_a_turn(values: NDArray[Any]) -> bool:
    """Whether some flip, or two axes exchanged, leaves an array as it is.

    Examples
    --------
    >>> hides_a_turn(np.array([[1, 2], [2, 1]])), hides_a_turn(np.array([[1, 2], [3, 1]]))
    (True, False)
    """
    axes = [axis for axis, length in enumerate(values.shape) if length > 1]
    flips = (some for count in range(len(axes)) for some in combinations(axes, count + 1))
    alike = (pair for pair in combinations(axes, 2) if len({values.shape[a] for a in pair}) == 1)
    turned = chain((np.flip(values, f) for f in flips), (values.swapaxes(*p) for p in alike))
    return any(np.array_equal(values, other) for other in turned)


def impulse(*shape: int, at: tuple[int, ...], dtype: Any = np.float32) -> NDArray[Any]:
    """Zeros with a single 1: what comes out is the kernel itself."""
    x = np.zeros(shape, dtype)
    x[at] = 1
    return x
