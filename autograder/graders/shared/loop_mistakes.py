"""Mistakes of loops over places: they end early, return early, or count along the wrong side.

Such a loop leaves a part of its zeros, or never comes to it: a right result with less in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.judging.twists import Op, Twist, on_output

Array = NDArray[Any]
Change = Callable[[Any], Array]


def first_alone(*axes: int) -> Change:
    """Zeros but for the first place along these axes: the loops over them never went on."""
    return lambda y: _kept(y, axes, slice(0, 1))


def last_alone(*axes: int) -> Change:
    """Zeros but for the last place along these axes: each round of the loops overwrote the one
    before."""
    return lambda y: _kept(y, axes, slice(-1, None))


def last_at_zero(*axes: int) -> Change:
    """Zeros in the last place along these axes: the loops over them ended one early."""
    return lambda y: _kept(y, axes, slice(None, -1))


def last_missing(*axes: int) -> Change:
    """No last place along these axes."""
    return lambda y: np.asarray(y)[_places(np.ndim(y), axes, slice(None, -1))]


def _kept(y: Any, axes: tuple[int, ...], part: slice) -> Array:
    y = np.asarray(y)
    out, kept = np.zeros_like(y), _places(y.ndim, axes, part)
    out[kept] = y[kept]
    return out


def _places(rank: int, axes: tuple[int, ...], part: slice) -> tuple[slice, ...]:
    chosen = {axis % rank for axis in axes}
    return tuple(part if axis in chosen else slice(None) for axis in range(rank))


RETURNS_EARLY = (
    "Only the first round of a loop reaches your result; the rest stays 0. When does your "
    "function return: inside the loop, or after it?"
)
STOPS_SHORT = (
    "The last row or column of your result stays 0. What is the window's last place, and does "
    "your loop reach it?"
)
COLUMNS = (
    "You count the columns from the height. That suits square pictures alone: which size of x "
    "tells how many places there are across?"
)


TABLE_STOPS_SHORT = (
    "The last row or column of your table stays 0. How many rounds must each of your loops make?"
)


def short_loops(rows: int, columns: int, says: str = STOPS_SHORT) -> tuple[Twist, ...]:
    """``stops-one-short`` where loops run over these two axes of the result."""
    return tuple(
        Twist("stops-one-short", on_output(last_at_zero(*axes)), says)
        for axes in ((rows, columns), (rows,), (columns,))
    )


def early_returns(*loops: tuple[int, ...]) -> tuple[Twist, ...]:
    """``return-inside-loop``: each time, the axes along which the first round alone was made."""
    return tuple(
        Twist("return-inside-loop", on_output(first_alone(*axes)), RETURNS_EARLY) for axes in loops
    )


BATCH_LOOPS = ((0, 1, 2, 3), (0, 1, 2), (0, 1), (1, 2), (1,), (3,))
"""Where loops over the axes of (N, h, w, F), in the usual orders, can be left too early. A loop
over the batch alone is ``first-image-only``."""


def columns_counted(count: Callable[..., int]) -> tuple[Twist, ...]:
    """``columns-from-height``, where ``count`` says how many columns the arguments then have.

    The array for the result has the right size, or is as wide as the loop believes.
    """

    def apply(follows: bool) -> Callable[[Op], Op]:
        def twist(op: Op) -> Op:
            def mistaken(*args: Any, **kwargs: Any) -> Array:
                y, n = np.asarray(op(*args, **kwargs)), count(*args, **kwargs)
                axis = 1 if y.ndim == 2 else 2
                if n > y.shape[axis]:
                    raise IndexError("the window runs over the border")
                kept = _places(y.ndim, (axis,), slice(0, n))
                return y[kept] if follows else _kept(y, (axis,), slice(0, n))

            return mistaken

        return twist

    return tuple(Twist("columns-from-height", apply(follows), COLUMNS) for follows in (False, True))
