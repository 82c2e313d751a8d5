"""How graders draw arrays.

Values are small multiples of 1/8. They are exact in float32, and so are their products and
short sums: a right answer in another order of summation differs by next to nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


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
