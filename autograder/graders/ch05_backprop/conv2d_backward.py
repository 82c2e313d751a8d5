"""Chapter 5's ``conv2d_backward``: back through windows that share their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._batches import (
    AVERAGED,
    batch_twists,
    kept_axes,
    order_twists,
    scaled,
)
from cnnlab.autograder.graders.ch05_backprop._loops import LAST_PLACE, loop_twists
from cnnlab.autograder.graders.ch05_backprop._windows import (
    DK_FLIPPED,
    DX_FLIPPED,
    OVERWRITES,
    STRIDE_IGNORED,
    STRIDES_SWAPPED,
    window_at,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.gradients import Array, gradients
from cnnlab.autograder.graders.shared.loop_mistakes import last_alone
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import conv2d, same_padding
from cnnlab.course.ops import gradients as ops

Rng = np.random.Generator
Pair = tuple[int, int]


def conv_probes(rng: Rng) -> Iterator[Probe]:
    yield from _small_probes(rng)
    yield from _structure_probes(rng)
    yield from _reference_probes(rng)
    yield from _edge_probes(rng)
    yield from _bad_probes(rng)


def _probe(rng: Rng, rung: str, x: Any, k: Any, *how: Any, title: str = "", **draws: Any) -> Probe:
    """A probe with pictures and kernels of these shapes, and a dout that fits them."""
    draw, dtype = draws.get("draw", reals), draws.get("dtype", np.float32)
    x, k = (draw(rng, *a, dtype=dtype) if isinstance(a, tuple) else a for a in (x, k))
    shape = conv2d(x, k, np.zeros(k.shape[3]), *how).shape
    dout = draw(rng, *shape, dtype=dtype)
    terms = max(int(np.prod(shape[:3])), k[..., 0, :].size)
    return Probe(rung, (dout, x, k, *how), title=title, terms=terms)


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """Shapes and dtypes, and sizes that can be computed by hand."""
    yield _probe(rng, "shape", (2, 5, 7, 2), (3, 2, 2, 3), (2, 1), "same")
    whole = {"draw": wholes, "dtype": np.int64}
    yield _probe(rng, "robust", (1, 4, 5, 2), (2, 3, 2, 3), title="integers", **whole)
    lists = ([[[[2], [3]]]], [[[[1], [2], [3]]]], [[[[4]], [[5]]]])
    yield Probe("robust", lists, title="lists", terms=2)
    hand: dict[str, Any] = {"rung": "by-hand", "draw": wholes}
    yield _probe(rng, x=(1, 1, 3, 1), k=(1, 2, 1, 1), title="one row", **hand)
    yield _probe(rng, x=(1, 2, 3, 1), k=(2, 2, 1, 1), title="two places", **hand)
    yield _probe(rng, x=(2, 2, 2, 1), k=(2, 2, 1, 1), title="two pictures", **hand)


def _structure_probes(rng: Rng) -> Iterator[Probe]:
    """One thing at a time: a single 1, several filters, strides, padding."""
    point = np.zeros((1, 3, 3, 1), np.float32)
    point[0, 1, 1, 0] = 1
    once = (point, wholes(rng, 1, 5, 5, 1), wholes(rng, 3, 3, 1, 1))
    yield Probe("structure", once, title="the gradient is a single 1", terms=9)
    corner = (np.roll(point, (-1, -1), (1, 2)), wholes(rng, 1, 3, 3, 1), once[2], (1, 1), "same")
    yield Probe("structure", corner, title="a single 1 in the padded corner", terms=9)
    yield _probe(rng, "structure", (1, 5, 6, 2), (2, 2, 2, 3), title="two channels, three filters")
    yield _probe(rng, "structure", (3, 3, 3, 3), (3, 3, 3, 3), (1, 1), "same", title="every size 3")
    yield _probe(rng, "structure", (2, 5, 7, 1), (2, 2, 1, 2), (2, 3), title="strides")
    yield _probe(rng, "structure", (2, 6, 9, 2), (3, 3, 2, 2), (2, 3), title="strides")
    yield _probe(rng, "structure", (1, 6, 6, 1), (2, 2, 1, 1), (2, 2), "same", title="stride 2")


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Larger pictures, with every kind of strides and padding."""
    for x, k, how in (
        ((2, 7, 9, 3), (3, 2, 3, 4), ()),
        ((3, 8, 6, 2), (2, 4, 2, 3), ()),
        ((4, 6, 6, 4), (3, 3, 4, 4), ()),
        ((2, 9, 10, 3), (3, 2, 3, 2), ((2, 3),)),
        ((2, 9, 9, 2), (3, 3, 2, 3), ((2, 2),)),
        ((2, 7, 8, 2), (3, 3, 2, 4), ((1, 1), "same")),
        ((2, 6, 8, 3), (4, 2, 3, 2), ((1, 1), "same")),
        ((2, 8, 9, 2), (4, 5, 2, 3), ((2, 3), "same")),
        ((2, 10, 10, 2), (3, 3, 2, 3), ((2, 2), "same")),
    ):
        yield _probe(rng, "reference", x, k, *how)
    float64: dict[str, Any] = {"title": "float64", "dtype": np.float64}
    yield _probe(rng, "reference", (3, 6, 7, 2), (2, 3, 2, 3), (1, 2), **float64)
    yield _probe(rng, "reference", (2, 6, 5, 3), (3, 4, 3, 2), (2, 1), "same", **float64)


def _edge_probes(rng: Rng) -> Iterator[Probe]:
    """The smallest and largest kernels, and long strides."""
    yield _probe(rng, "edge-cases", (2, 3, 4, 2), (1, 1, 2, 3), title="1×1 kernels")
    yield _probe(rng, "edge-cases", (2, 3, 4, 2), (3, 4, 2, 3), title="the kernel just fits")
    larger = (2, 2, 3, 2), (4, 5, 2, 2), (1, 1), "same"
    yield _probe(rng, "edge-cases", *larger, title="a larger kernel")
    title = "long strides"
    yield _probe(rng, "edge-cases", (1, 8, 7, 2), (2, 2, 2, 3), (4, 3), title=title)
    yield _probe(rng, "edge-cases", (1, 7, 8, 2), (1, 2, 2, 2), (3, 4), "same", title=title)


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Arguments that do not fit together, and a call in order."""
    dout, x, k = wholes(rng, 2, 3, 4, 3), wholes(rng, 2, 4, 6, 2), wholes(rng, 2, 3, 2, 3)
    bad: dict[str, Any] = {"rung": "robust"}
    yield Probe(args=(dout[:1], x, k), title="a picture is missing", raises="dout|x", **bad)
    yield Probe(args=(dout[:, :2], x, k), title="a row is missing", raises="dout", **bad)
    yield Probe(args=(dout[:, :, :3], x, k), title="a column is missing", raises="dout", **bad)
    yield Probe(
        args=(dout[..., :2], x, k), title="a filter is missing", raises="dout|kernels", **bad
    )
    yield Probe(args=(dout, x, k, (1, 2)), title="not the shape with strides", raises="dout", **bad)
    same = (dout, x, k, (1, 1), "same")
    yield Probe(args=same, title="not the shape with padding", raises="dout", **bad)
    yield Probe(args=(dout, x[..., :1], k), title="channels disagree", raises="kernels|x", **bad)
    args = (dout, x, k[:, :, :1])
    yield Probe(args=args, title="channels disagree", raises="kernels|x", **bad)
    tall = np.concatenate([k, k, k[:1]])
    yield Probe(args=(dout, x, tall), title="a kernel too tall", raises="kernels", **bad)
    wide = np.concatenate([k, k, k[:, :1]], axis=1)
    yield Probe(args=(dout, x, wide), title="a kernel too wide", raises="kernels", **bad)
    for steps in ((0, 1), (1, 0), (-1, 1)):
        yield Probe(args=(dout, x, k, steps), title="a step of no use", raises="strides", **bad)
    full = (dout, x, k, (1, 1), "full")
    yield Probe(args=full, title="unknown padding", raises="padding", **bad)
    yield Probe(args=(dout, x, k), title="all in order", terms=24, **bad)


def keras_conv2d_backward(
    dout: Any, x: Any, kernels: Any, strides: Pair = (1, 1), padding: str = "valid"
) -> tuple[Array, ...]:
    """The gradients of what ``Conv2D`` computes."""
    from keras import ops as k

    bias = np.zeros(np.shape(kernels)[3], floats(x).dtype)
    layer = lambda x, w, b: k.conv(x, w, strides, padding) + b  # noqa: E731
    return gradients(layer, [x, kernels, bias], dout)


Padded = Callable[[int], int]


def _turned(kernels: Any) -> Array:
    return np.asarray(kernels)[::-1, ::-1]


def _replaced(**part: Callable[..., Array]) -> Callable[[Op], Op]:
    """The op with some of dx, dk, db changed: each by a function of op, results and arguments."""

    def apply(op: Op) -> Op:
        def mistaken(*args: Any) -> Any:
            results = dict(zip(("dx", "dk", "db"), op(*args), strict=True))
            return tuple(part[n](op, g, *args) if n in part else g for n, g in results.items())

        return mistaken

    return apply


def _dx_not_flipped(op: Op, dx: Array, dout: Any, x: Any, kernels: Any, *how: Any) -> Array:
    return op(dout, x, _turned(kernels), *how)[0]


def _framed(before: Padded, crop: Callable[[Array, int, int, Pair], Array]) -> Callable[[Op], Op]:
    """The frame of "same" laid by hand: ``before`` of its cells above, and cut off by ``crop``."""

    def apply(op: Op) -> Op:
        def mistaken(
            dout: Any, x: Any, kernels: Any, strides: Pair = (1, 1), padding: str = "valid"
        ) -> Any:
            if padding != "same":
                return op(dout, x, kernels, strides, padding)
            x = floats(x)
            sizes = zip(x.shape[1:3], np.shape(kernels)[:2], strides, strict=True)
            totals = [sum(same_padding(*size)) for size in sizes]
            tops = before(totals[0]), before(totals[1])
            frame = [(top, total - top) for top, total in zip(tops, totals, strict=True)]
            padded = np.pad(x, ((0, 0), *frame, (0, 0)))
            dx, dk, db = op(dout, padded, kernels, strides)
            return crop(dx, x.shape[1], x.shape[2], tops), dk, db

        return mistaken

    return apply


def _cropped(dx: Array, height: int, width: int, at: Pair) -> Array:
    return dx[:, at[0] : at[0] + height, at[1] : at[1] + width]


def _half(total: int) -> int:
    return total // 2


def _at_strides(change: Callable[[Pair], Pair]) -> Callable[[Op], Op]:
    """Windows have other strides than they should; sizes that do not fit raise."""

    def apply(op: Op) -> Op:
        def mistaken(
            dout: Any, x: Any, kernels: Any, strides: Pair = (1, 1), padding: str = "valid"
        ) -> Any:
            dout, x = floats(dout), floats(x)
            (kh, kw), steps = np.shape(kernels)[:2], change(strides)
            _, top, left, padded = _framed_zeros(x, kernels, strides, padding)
            padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
            down = (dout.shape[1] - 1) * steps[0] + kh
            right = (dout.shape[2] - 1) * steps[1] + kw
            part, dk, db = op(dout, padded[:, :down, :right], kernels, steps)
            dx = np.zeros_like(padded)
            dx[:, :down, :right] = part
            return _cropped(dx, x.shape[1], x.shape[2], (top, left)), dk, db

        return mistaken

    return apply


def _overwritten(op: Op, dx: Array, dout: Any, x: Any, kernels: Any, *how: Any) -> Array:
    """One window after the other, with = for += in dx."""
    dout, x, kernels = map(floats, (dout, x, kernels))
    strides, top, left, dx = _framed_zeros(x, kernels, *how)
    for i, j in np.ndindex(dout.shape[1:3]):
        at = window_at(i, j, kernels.shape[:2], strides)
        dx[at] = np.tensordot(dout[:, i, j], kernels, axes=(1, 3))
    return _cropped(dx, x.shape[1], x.shape[2], (top, left))


def _last_filter_over(op: Op, dx: Array, dout: Any, x: Any, kernels: Any, *how: Any) -> Array:
    """The same in a loop over the filters, too: the last one stays."""
    last = floats(dout)[..., -1:], x, floats(kernels)[..., -1:]
    return _overwritten(op, dx, *last, *how)


def _of_last_place(result: int, *axes: int) -> Callable[..., Array]:
    """The same in dk (1) or db (2): what the last round of the loops over these axes of dout gave
    is all that stays."""
    return lambda op, part, dout, *rest: op(last_alone(*axes)(dout), *rest)[result]


def _cropped_from_behind(end: int, valid_too: bool) -> Callable[[Op], Op]:
    """The frame cut off by counting from the end: where there is none, nothing at all is left.

    ``end`` is the side whose number of cells is taken there: 1 after, 0 before.
    """

    def apply(op: Op) -> Op:
        with_frame = _framed(_half, lambda dx, *at: dx)(op)

        def mistaken(
            dout: Any, x: Any, kernels: Any, strides: Pair = (1, 1), padding: str = "valid"
        ) -> Any:
            dx, dk, db = with_frame(dout, x, kernels, strides, padding)
            if padding != "same" and not valid_too:
                return dx, dk, db
            frame: list[Pair] = [(0, 0), (0, 0)]
            if padding == "same":
                sizes = zip(np.shape(x)[1:3], np.shape(kernels)[:2], strides, strict=True)
                frame = [same_padding(*size) for size in sizes]
            rows, columns = (slice(cells[0], -cells[end]) for cells in frame)
            return dx[:, rows, columns], dk, db

        return mistaken

    return apply


def _framed_zeros(
    x: Array, kernels: Any, strides: Pair = (1, 1), padding: str = "valid"
) -> tuple[Pair, int, int, Array]:
    """The strides, the frame's first row and column, and zeros of the framed picture's shape."""
    frame = [(0, 0), (0, 0)]
    if padding == "same":
        sizes = zip(x.shape[1:3], np.shape(kernels)[:2], strides, strict=True)
        frame = [same_padding(*size) for size in sizes]
    zeros = np.pad(np.zeros_like(x), ((0, 0), *frame, (0, 0)))
    return strides, frame[0][0], frame[1][0], zeros


_LAST_PLACES: tuple[dict[str, Callable[..., Array]], ...] = tuple(
    parts
    for axes in ((1, 2), (0, 1, 2))
    for dk, db in [(_of_last_place(1, *axes), _of_last_place(2, *axes))]
    for parts in ({"dk": dk}, {"db": db}, {"dk": dk, "db": db})
)
_NOTHING = (
    "You cut the frame off by counting from the end. Where the frame has no cells, the end is -0, "
    "which is 0: how much is left of your dx then?"
)
_FRAME = 'Your frame for "same" is not where it was in the forward pass. Which side gets the odd row of zeros?'

EXERCISE = Exercise(
    name="conv2d_backward",
    points={"shape": 0.5, "by-hand": 2, "structure": 2, "reference": 3.5, "edge-cases": 1},
    probes=conv_probes,
    keras_reference=keras_conv2d_backward,
    numpy_op=ops.conv2d_backward,
    needs=("bias_gradient", "kernel_gradient", "input_gradient"),
    twists=(
        Twist(
            "kernel-flipped",
            _replaced(
                dx=_dx_not_flipped,
                dk=lambda op, dk, *args: dk[::-1, ::-1],
            ),
            "This is the backward pass of a convolution that flips its kernel. Ours slides the kernel as it is. Which tap met which cell in the forward pass?",
        ),
        Twist(
            "dk-flipped",
            _replaced(dk=lambda op, dk, *args: dk[::-1, ::-1]),
            DK_FLIPPED,
        ),
        Twist(
            "dx-not-flipped",
            _replaced(dx=_dx_not_flipped),
            DX_FLIPPED,
        ),
        Twist(
            "bias-averaged",
            scaled((False, False, True), lambda shape: float(np.prod(shape[:3]))),
            AVERAGED,
        ),
        Twist(
            "bias-averaged",
            scaled((False, False, True), lambda shape: shape[1] * shape[2]),
            AVERAGED,
        ),
        Twist("bias-averaged", scaled((False, False, True), lambda shape: shape[0]), AVERAGED),
        Twist(
            "dx-not-cropped",
            _framed(_half, lambda dx, *at: dx),
            'Your dx still has the frame of zeros that "same" laid around x. What must its shape be?',
        ),
        Twist(
            "crops-wrong-side",
            _framed(_half, lambda dx, height, width, at: dx[:, :height, :width]),
            "You cut the frame off on one side only. How many of its rows lie above the picture?",
        ),
        Twist(
            "crops-wrong-side",
            _framed(_half, lambda dx, height, width, at: dx[:, -height:, -width:]),
            "You cut the frame off on one side only. How many of its rows lie above the picture?",
        ),
        Twist("extra-before", _framed(lambda total: total - total // 2, _cropped), _FRAME),
        Twist("padding-after-only", _framed(lambda total: 0, _cropped), _FRAME),
        Twist("stride-ignored", _at_strides(lambda strides: (1, 1)), STRIDE_IGNORED),
        Twist("strides-swapped", _at_strides(lambda strides: strides[::-1]), STRIDES_SWAPPED),
        Twist("overlap-overwrites", _replaced(dx=_overwritten), OVERWRITES),
        Twist("overlap-overwrites", _replaced(dx=_last_filter_over), OVERWRITES),
        *(Twist("last-place-only", _replaced(**parts), LAST_PLACE) for parts in _LAST_PLACES),
        *(
            Twist("crops-to-nothing", _cropped_from_behind(end, valid_too), _NOTHING)
            for end, valid_too in product((1, 0), (True, False))
        ),
        *batch_twists(),
        *kept_axes((1, -1), (-1, 1), (1, 1, 1, -1)),
        *loop_twists(),
        *order_twists(),
    ),
    hints=(
        "Take one output cell. It is one step: a patch times a filter, plus the bias. What does this one cell hand back to the patch, to the filter, and to the bias?",
        "dout at this cell, times the filter, goes to the patch. dout times the patch goes to the filter. dout itself goes to the bias. What happens where several cells give something to the same place?",
        'Loop over the places and add into zeros: np.zeros_like for dx and dk. For "same", lay the frame first, work with the framed arrays, and cut the frame off dx at the end.',
    ),
    rung_hints={
        "shape": "There are three results, in the order dx, dk, db. They have the shapes of x, of the kernels, and (F,). Which of yours differs?",
        "by-hand": "One row, three cells, two taps: the cell in the middle was used twice. What does it get?",
        "structure": "A single 1 in dout: dx must show the kernel, and dk the patch. Then strides: where did the window of row i stand?",
        "reference": "Small cases pass, larger ones don't. What differs: an even kernel, a stride that leaves a remainder, more filters than channels?",
        "edge-cases": "A frame may be wider than the picture. What gradient does a cell get that no window reaches?",
        "robust": "Work out the shape that conv2d gives, and compare dout with it: NumPy may stretch or cut what does not fit. Name dout, kernels, strides or padding.",
    },
)
