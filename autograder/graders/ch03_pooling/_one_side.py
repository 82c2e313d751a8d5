"""Mistakes of a pooling that counts, or takes its sizes, from one side alone or from both alike."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch03_pooling._pooling import (
    Grid,
    axis_by_axis,
    grid_op,
    on_pool,
    places,
    window_op,
)
from cnnlab.autograder.graders.shared.loop_mistakes import (
    BATCH_LOOPS,
    COLUMNS,
    early_returns,
    short_loops,
)
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course import ops

Array = NDArray[Any]
Pair = tuple[int, int]


def _squared(of_size: int | None, of_strides: int | None) -> Callable[[Op], Op]:
    """One of the window's sizes, or of the strides, for both directions; None leaves the pair."""

    def change(x: Any, size: Pair, strides: Pair | None, padding: str) -> tuple[Any, ...]:
        steps = size if strides is None else strides
        pair = size if of_size is None else (size[of_size],) * 2
        return x, pair, steps if of_strides is None else (steps[of_strides],) * 2, padding

    return on_pool(change)


def _as_a_square(reduce: Callable[[Array], Array], fill: float, side: int, length: int) -> Op:
    """All places from one side of the window and one length of the picture; the frame is laid
    around the picture, and holds ``fill``."""

    def pool(
        x: Any, size: Pair = (2, 2), strides: Pair | None = None, padding: str = "valid"
    ) -> Array:
        (x,) = ops.as_floats(x=x)
        k, step = size[side], (size if strides is None else strides)[side]
        if padding == "same":
            frame = ops.same_padding(x.shape[1 + length], k, step)
            x = np.pad(x, ((0, 0), frame, frame, (0, 0)), constant_values=fill)
        windows = places(x.shape[1 + length], k, step, "valid")
        return grid_op(reduce, lambda *_: (windows, windows))(x)

    return pool


def _columns_from_height(width: int, framed: bool) -> Grid:
    """As many columns as fit into the height.

    Counted with the window's real width (1) or its height (0); with ``"same"`` in the framed
    picture, or by Keras's rule.
    """

    def grid(lengths: Pair, size: Pair, strides: Pair, padding: str) -> tuple[list[slice], ...]:
        (height, n), k, step = lengths, size[width], strides[width]
        count = ops.output_size(height, k, step, padding)
        left = 0
        if padding == "same":
            left = ops.same_padding(n, size[1], strides[1])[0]
        if padding == "same" and framed:
            height += sum(ops.same_padding(height, size[0], strides[0]))
            count = (height - k) // step + 1
        starts = [j * strides[1] - left for j in range(count)]
        rows = places(lengths[0], size[0], strides[0], padding)
        return rows, [slice(max(start, 0), start + size[1]) for start in starts]

    return grid


def _both_sides(half: Callable[[int, int], int]) -> Callable[[int, int, int, str], list[slice]]:
    """With ``"same"``, ``half`` of k and the total before and after; places that are left then."""

    def where(n: int, k: int, stride: int, padding: str) -> list[slice]:
        if padding != "same":
            return places(n, k, stride, padding)
        before = half(k, sum(ops.same_padding(n, k, stride)))
        starts = [i * stride - before for i in range((n + 2 * before - k) // stride + 1)]
        return [slice(max(start, 0), start + k) for start in starts]

    return where


_SQUARE = "You use one number for both directions. A window has a height and a width, and so have strides and pictures. Where do you use one for the other?"
_SYMMETRIC = (
    'With "same", you add as many cells before as after. Where does the odd one go, when the '
    "number of cells is odd?"
)


def one_side_twists(reduce: Callable[[Array], Array], fill: float) -> tuple[Twist, ...]:
    """For a pooling that reduces each window with ``reduce``, and for its loops.

    ``fill`` in a window makes no difference to ``reduce``.
    """
    right = axis_by_axis(places)
    pairs = [pair for pair in product((None, 0, 1), repeat=2) if pair != (None, None)]
    halves: tuple[Callable[[int, int], int], ...] = (
        lambda k, total: k // 2,
        lambda k, total: (k - 1) // 2,
        lambda k, total: total // 2,
        lambda k, total: -(-total // 2),
    )
    counted = [
        _columns_from_height(width, framed) for width, framed in ((1, True), (1, False), (0, False))
    ]
    return (
        *(Twist("square-only", _squared(*pair), _SQUARE) for pair in pairs),
        *(
            Twist("square-only", _always(_as_a_square(reduce, fill, *which)), _SQUARE)
            for which in product((0, 1), repeat=2)
        ),
        *(
            Twist("symmetric-padding", _always(window_op(reduce, _both_sides(half))), _SYMMETRIC)
            for half in halves
        ),
        *(
            Twist("columns-from-height", _always(grid_op(reduce, grid, held)), COLUMNS)
            for grid, held in product(counted, (right, None))
        ),
        *short_loops(1, 2),
        *early_returns(*BATCH_LOOPS),
    )


def _always(op: Op) -> Callable[[Op], Op]:
    """A mistake that leaves nothing of the op that it is made in."""
    return lambda _: op
