"""What the pooling exercises share: Keras references, and the mistakes of a moving window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.shared.conv2d import FORWARD_TWISTS
from cnnlab.autograder.graders.shared.draws import impulse, reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course import ops

Array = NDArray[Any]
Pair = tuple[int, int]
Places = Callable[[int, int, int, str], list[slice]]
Grid = Callable[[Pair, Pair, Pair, str], tuple[list[slice], ...]]
Rng = np.random.Generator


def keras_pool(
    layer: str, x: Any, size: Pair = (2, 2), strides: Pair | None = None, padding: str = "valid"
) -> Array:
    """The output of a Keras pooling layer, ``"MaxPooling2D"`` or ``"AveragePooling2D"``."""
    import keras

    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    pool = getattr(keras.layers, layer)(size, strides, padding, dtype=x.dtype.name)
    return keras.ops.convert_to_numpy(pool(x))


def keras_max_pool2d(x: Any, *args: Any, **kwargs: Any) -> Array:
    return keras_pool("MaxPooling2D", x, *args, **kwargs)


def keras_average_pool2d(x: Any, *args: Any, **kwargs: Any) -> Array:
    return keras_pool("AveragePooling2D", x, *args, **kwargs)


def keras_global_average_pool2d(x: Any) -> Array:
    """The output of a Keras ``GlobalAveragePooling2D`` layer."""
    import keras

    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    return keras.ops.convert_to_numpy(keras.layers.GlobalAveragePooling2D(dtype=x.dtype.name)(x))


def on_pool(change: Callable[[Any, Pair, Pair | None, str], tuple[Any, ...]]) -> Callable[[Op], Op]:
    """The correct op on changed arguments; ``change`` maps x, size, strides, padding."""

    def apply(op: Op) -> Op:
        def pool(
            x: Any, size: Pair = (2, 2), strides: Pair | None = None, padding: str = "valid"
        ) -> Any:
            return op(*change(x, size, strides, padding))

        return pool

    return apply


def places(n: int, k: int, stride: int, padding: str) -> list[slice]:
    """The part of an axis of n cells that lies under each window, as Keras places them."""
    return _from(n, k, stride, padding, lambda total: total // 2)


def after_only(n: int, k: int, stride: int, padding: str) -> list[slice]:
    """With ``"same"``, the first window starts on the first cell."""
    return _from(n, k, stride, padding, lambda total: 0)


def extra_before(n: int, k: int, stride: int, padding: str) -> list[slice]:
    """With ``"same"``, the odd padded cell goes before."""
    return _from(n, k, stride, padding, lambda total: total - total // 2)


def _from(n: int, k: int, stride: int, padding: str, before: Callable[[int], int]) -> list[slice]:
    count = ops.output_size(n, k, stride, padding)
    total = max((count - 1) * stride + k - n, 0)
    starts = [i * stride - before(total) for i in range(count)]
    return [slice(max(start, 0), start + k) for start in starts]


def one_more(n: int, k: int, stride: int, padding: str) -> list[slice]:
    """With ``"valid"``, a last window that hangs over the border counts too."""
    if padding == "same":
        return places(n, k, stride, padding)
    return [slice(i * stride, i * stride + k) for i in range(-(-(n - k) // stride) + 1)]


def every_stride(n: int, k: int, stride: int, padding: str) -> list[slice]:
    """With ``"valid"``, a window wherever a stride ends inside the picture."""
    if padding == "same":
        return places(n, k, stride, padding)
    return [slice(start, start + k) for start in range(0, n, stride)]


def window_op(reduce: Callable[[Array], Array], where: Places = places) -> Op:
    """A pooling that calls ``reduce`` on the cells under each window, (N, h, w, C) → (N, C)."""
    return grid_op(reduce, axis_by_axis(where))


def axis_by_axis(where: Places) -> Grid:
    """Rows and columns by the same rule, each from its own length, size and stride."""

    def grid(lengths: Pair, size: Pair, strides: Pair, padding: str) -> tuple[list[slice], ...]:
        sides = zip(lengths, size, strides, strict=True)
        return tuple(where(n, k, s, padding) for n, k, s in sides)

    return grid


def grid_op(reduce: Callable[[Array], Array], grid: Grid, held: Grid | None = None) -> Op:
    """The same for windows on a ``grid``; its result has the places of ``held``, if that differs."""

    def pool(
        x: Any, size: Pair = (2, 2), strides: Pair | None = None, padding: str = "valid"
    ) -> Array:
        (x,) = ops.as_floats(x=x)
        steps = size if strides is None else strides
        rows, columns = grid(x.shape[1:3], size, steps, padding)
        height, width = map(len, (held or grid)(x.shape[1:3], size, steps, padding))
        out = np.zeros((x.shape[0], height, width, x.shape[3]), x.dtype)
        for (i, row), (j, column) in product(enumerate(rows), enumerate(columns)):
            out[:, i, j] = reduce(x[:, row, column])
        return out

    return pool


def zero_padded(x: Any, size: Pair, strides: Pair | None, padding: str) -> tuple[Any, ...]:
    """Arguments whose ``"same"`` padding has become zeros of the picture."""
    (x,) = ops.as_floats(x=x)
    if padding == "same":
        steps = size if strides is None else strides
        sides = [
            ops.same_padding(n, k, s) for n, k, s in zip(x.shape[1:3], size, steps, strict=True)
        ]
        x = np.pad(x, ((0, 0), *sides, (0, 0)))
    return x, size, strides, "valid"


def mixed_channels(reduce: Callable[..., Array]) -> tuple[Callable[[Array], Array], ...]:
    """What becomes of a result when the channels are reduced as well: three shapes of it."""
    return (
        lambda y: reduce(y, axis=-1),
        lambda y: reduce(y, axis=-1, keepdims=True),
        lambda y: np.broadcast_to(reduce(y, axis=-1, keepdims=True), y.shape).copy(),
    )


def _over_pictures(reduce: Callable[..., Array], *axes: int) -> Callable[[Array], Array]:
    """One number for all pictures, or for all that a window holds in any of them."""
    return lambda window: np.broadcast_to(
        reduce(window, axis=axes, keepdims=True)[:, 0, 0], window.shape[::3]
    )


def mixed_twists(reduce: Callable[..., Array]) -> tuple[Twist, ...]:
    """Windows that are reduced over the batch, too."""

    def over(*axes: int) -> Twist:
        mixed = window_op(_over_pictures(reduce, *axes))
        return Twist("pictures-mixed", lambda op: mixed, _MIXED)

    return over(0, 1, 2), over(0, 1, 2, 3)


_MIXED = "All pictures of your batch get the same numbers. Each picture is pooled by itself. Which axes does one window have, and over which of them do you go?"
_STRIDES_SWAPPED = "Your strides have changed places. Which of the two runs down the rows?"
_SIZE_SWAPPED = "The window's height and width have changed places. Which of its sizes counts rows?"
_CEIL = (
    'You keep a last window that reaches beyond the border. With "valid", what happens to rows and '
    "columns that no whole window reaches?"
)


_STRIDE_TWISTS = (
    Twist(
        "stride-one-default",
        on_pool(lambda x, size, s, p: (x, size, (1, 1) if s is None else s, p)),
        "Without strides, your window moves by one. Pooling windows are side by side then. How far must they move for that?",
    ),
    Twist(
        "strides-swapped",
        on_pool(lambda x, size, s, p: (x, size, s and s[::-1], p)),
        _STRIDES_SWAPPED,
    ),
    Twist(
        "strides-swapped",
        on_pool(lambda x, size, s, p: (x, size, (s or size)[::-1], p)),
        _STRIDES_SWAPPED,
    ),
)
_ARGUMENT_TWISTS = (
    Twist(
        "stride-ignored",
        on_pool(lambda x, size, s, p: (x, size, None, p)),
        "Your window always moves by its own size. What is the argument strides for?",
    ),
    Twist(
        "size-swapped",
        on_pool(lambda x, size, s, p: (x, size[::-1], s or size, p)),
        _SIZE_SWAPPED,
    ),
    Twist("size-swapped", on_pool(lambda x, size, s, p: (x, size[::-1], s, p)), _SIZE_SWAPPED),
    Twist(
        "padding-ignored",
        on_pool(lambda x, size, s, p: (x, size, s, "valid")),
        'You answer "same" as if it were "valid". How many windows does "same" ask for?',
    ),
)


def window_twists(reduce: Callable[[Array], Array]) -> tuple[Twist, ...]:
    """Mistakes in where the windows are, for a pooling that reduces each with ``reduce``."""
    return (
        *_STRIDE_TWISTS,
        Twist("ceil-for-floor", lambda op: window_op(reduce, one_more), _CEIL),
        Twist("ceil-for-floor", lambda op: window_op(reduce, every_stride), _CEIL),
        *_ARGUMENT_TWISTS,
        Twist(
            "padding-after-only",
            lambda op: window_op(reduce, after_only),
            'With "same", your first window starts on the first cell, and all the padding lies '
            "below and to the right. How is an even number of padded cells divided?",
        ),
        Twist(
            "extra-before",
            lambda op: window_op(reduce, extra_before),
            'With "same", the odd padded cell is before the picture in yours. Keras puts it below and to the right. How do you divide an odd number of padded cells?',
        ),
        *(twist for twist in FORWARD_TWISTS if twist.name == "first-image-only"),
    )


# max_pool2d and average_pool2d


_SAME: dict[str, Any] = {"padding": "same"}


def pool_probes(rng: Rng) -> Iterator[Probe]:
    """What both window poolings are probed with."""
    yield from _small_probes(rng)
    yield from _structure_probes(rng)
    yield from _reference_probes(rng)
    yield from _edge_probes(rng)
    yield from _bad_probes(rng)


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """Shapes and dtypes, and windows that can be pooled by hand."""
    yield Probe("shape", (reals(rng, 2, 5, 7, 3), (3, 2), (2, 1)), _SAME, terms=6)
    yield Probe("robust", (wholes(rng, 1, 5, 4, 2, dtype=np.int64),), title="integers", terms=4)
    yield Probe("robust", ([[[[1], [4]], [[2], [8]], [[3], [9]]]],), title="lists", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 4, 4, 1),), title="2×2 windows", terms=4)
    yield Probe("by-hand", (-np.abs(wholes(rng, 1, 2, 4, 1)),), title="all negative", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 3, 5, 1),), title="odd sizes", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 1), (2, 2), (1, 1)), title="overlap", terms=4)


def _structure_probes(rng: Rng) -> Iterator[Probe]:
    """One thing at a time: channels, pictures, strides, padding."""
    yield Probe("structure", (wholes(rng, 1, 4, 6, 1), (2, 3)), title="2×3 windows", terms=6)
    yield Probe("structure", (wholes(rng, 1, 2, 4, 2),), title="two channels", terms=4)
    yield Probe("structure", (wholes(rng, 3, 2, 2, 1),), title="three images", terms=4)
    yield Probe("structure", (wholes(rng, 1, 4, 7, 1), (2, 2), (1, 3)), title="strides", terms=4)
    point = varied(rng, impulse(1, 7, 7, 1, at=(0, 3, 3, 0)), lambda: _point(rng))
    yield Probe("structure", (point, (3, 3), (2, 2)), title="a single 1", terms=9)
    negative = -np.abs(wholes(rng, 1, 5, 5, 1))
    yield Probe("structure", (negative, (3, 3), (2, 2)), _SAME, title="all negative", terms=9)
    yield Probe("structure", (wholes(rng, 1, 3, 3, 1),), _SAME, title="one row is missing", terms=4)
    yield Probe("structure", (wholes(rng, 1, 4, 5, 1), (3, 2), (1, 1)), _SAME, terms=6)
    yield Probe("structure", (wholes(rng, 3, 3, 3, 3), (3, 3), (1, 1)), title="all 3", terms=9)


def _point(rng: Rng) -> Array:
    """A single 1 in an odd row and an odd column, so that no two windows two steps apart share it."""
    rows, columns = whole(rng, 3, 6), whole(rng, 3, 6)
    at = 2 * whole(rng, 1, rows) - 1, 2 * whole(rng, 1, columns) - 1
    return impulse(1, 2 * rows + 1, 2 * columns + 1, 1, at=(0, *at, 0))


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Larger pictures, with and without padding."""
    yield Probe("reference", (reals(rng, 2, 9, 12, 3), (2, 3)), terms=6)
    yield Probe("reference", (reals(rng, 3, 10, 8, 4), (3, 2), (2, 3)), terms=6)
    yield Probe("reference", (reals(rng, 2, 11, 10, 5), (3, 5), (2, 3)), _SAME, terms=15)
    yield Probe("reference", (reals(rng, 2, 8, 8, 4),), terms=4)
    float64 = rng.normal(size=(2, 9, 6, 3))
    yield Probe("reference", (float64, (3, 3), (2, 2)), _SAME, title="float64", terms=9)
    yield Probe("reference", (float64, (2, 2), (1, 2)), title="float64", terms=4)


def _edge_probes(rng: Rng) -> Iterator[Probe]:
    """The smallest and largest windows, gaps between them, unusual numbers."""
    yield Probe("edge-cases", (reals(rng, 2, 3, 4, 2), (1, 1)), title="1×1 windows")
    yield Probe("edge-cases", (reals(rng, 2, 3, 4, 2), (3, 4)), title="one window", terms=12)
    yield Probe("edge-cases", (reals(rng, 1, 10, 5, 2), (2, 2), (3, 4)), title="gaps", terms=4)
    title = "the window is larger than the picture"
    yield Probe("edge-cases", (reals(rng, 1, 2, 3, 2), (4, 5), (1, 2)), _SAME, title, terms=20)
    far = -1000 * np.abs(reals(rng, 1, 4, 5, 2))
    yield Probe("edge-cases", (far, (3, 3)), _SAME, title="far below 0", terms=9)
    bytes_ = rng.integers(128, 256, (1, 4, 6, 1)).astype(np.uint8)
    yield Probe("edge-cases", (bytes_, (2, 3)), title="uint8, as pictures are", terms=6)


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Windows, strides and paddings that cannot be, and a window that just fits."""
    x = wholes(rng, 1, 3, 4, 1)
    yield Probe("robust", (x, (4, 2)), title="the window is too tall", raises="size")
    yield Probe("robust", (x, (2, 5)), title="the window is too wide", raises="size")
    yield Probe("robust", (x, (2, 2), (0, 1)), title="a stride of 0", raises="strides")
    yield Probe("robust", (x, (2, 2), (1, -1)), title="a negative stride", raises="strides")
    unknown = {"padding": "full"}
    yield Probe("robust", (x, (2, 2)), unknown, title="unknown padding", raises="padding")
    yield Probe("robust", (x, (3, 4)), title="the window just fits", terms=12)


MIXED = "Your channels are mixed. Each channel is pooled by itself: how many must come out?"
POOL_HINTS = {
    "shape": "x is (N, H, W, C). Which two of these letters does pooling change?",
    "robust": "Check before the loop: the window fits, the strides are 1 or more, the padding is known. Name the argument in each message.",
}
