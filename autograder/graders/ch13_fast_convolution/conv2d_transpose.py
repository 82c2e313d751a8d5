"""Chapter 13's ``conv2d_transpose``: every input cell stamps its kernel into the output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch13_fast_convolution._windows import col2im_by, pick
from cnnlab.autograder.graders.shared.conv_mistakes import (
    all_after,
    odd_before,
    on_strides,
    ones,
    turned,
    with_mistake,
)
from cnnlab.autograder.graders.shared.draws import impulse, reals, wholes
from cnnlab.autograder.graders.shared.keras_layers import answer
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args
from cnnlab.course.ops import as_floats, fast

Array = NDArray[Any]
Pair = tuple[int, int]
Shape = tuple[int, int, int, int]
Rng = np.random.Generator


def transpose_probes(rng: Rng) -> Iterator[Probe]:
    yield from _small_probes(rng)
    yield from _structure_probes(rng)
    yield from _reference_probes(rng)
    yield from _transpose_bad_probes(rng)


def _case(
    rng: Rng,
    rung: str,
    x: tuple[int, ...],
    k: tuple[int, ...],
    *how: Any,
    draw: Any = reals,
    dtype: Any = np.float32,
    **about: Any,
) -> Probe:
    """A probe with pictures and kernels of these shapes, and a bias for each filter."""
    arrays = (draw(rng, *shape, dtype=dtype) for shape in (x, k, (k[2],)))
    return Probe(rung, (*arrays, *how), terms=k[0] * k[1] * k[3], **about)


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """Shapes and dtypes, and sizes that can be computed by hand."""
    yield _case(rng, "shape", (2, 3, 4, 3), (3, 2, 4, 3), (2, 1), "same")
    yield _case(rng, "shape", (2, 3, 4, 2), (3, 2, 3, 2), (1, 2))
    whole: dict[str, Any] = {"draw": wholes, "dtype": np.int64, "title": "integers"}
    yield _case(rng, "robust", (1, 2, 3, 2), (2, 3, 3, 2), (2, 1), **whole)
    yield Probe("robust", ([[[[1], [2]], [[3], [4]]]], [[[[1], [-1]]]], [0, 5]), title="lists")
    small: dict[str, Any] = {"draw": wholes}
    yield _case(rng, "by-hand", (1, 1, 2, 1), (1, 3, 1, 1), **small, title="two copies overlap")
    yield _case(
        rng, "by-hand", (1, 1, 2, 1), (2, 2, 1, 1), (1, 2), **small, title="two steps right"
    )
    yield _case(rng, "by-hand", (1, 2, 2, 1), (2, 2, 1, 1), (2, 2), **small, title="side by side")
    yield _case(
        rng, "by-hand", (1, 2, 2, 1), (2, 3, 1, 1), (1, 2), "same", **small, title="cut off"
    )


def _structure_probes(rng: Rng) -> Iterator[Probe]:
    """A single 1, zeros, every size the same."""
    point = impulse(1, 3, 4, 2, at=(0, 1, 2, 1))
    ramp, none = wholes(rng, 3, 2, 3, 2), np.zeros(3, np.float32)
    for how in (((1, 1), "valid"), ((2, 3), "valid"), ((2, 1), "same")):
        yield Probe("structure", (point, ramp, none, *how), title="a single 1 lays the kernel")
    black = np.zeros((2, 3, 2, 2), np.float32)
    args = (black, ramp, wholes(rng, 3), (2, 2), "same")
    yield Probe("structure", args, title="all zeros: the bias alone")
    yield _case(rng, "structure", (3, 3, 3, 3), (3, 3, 3, 3), (1, 1), "same", title="every size 3")
    yield _case(rng, "structure", (2, 4, 4, 2), (2, 2, 2, 2), (2, 2), title="square, stride 2")


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Larger sizes, gaps, and results that are mostly cut off."""
    for small_maps, kernels, *steps in TRANSPOSED:
        yield _case(rng, "reference", small_maps, kernels, *steps)
    float64 = tuple(rng.normal(size=s) for s in ((2, 4, 5, 2), (3, 4, 3, 2), (3,)))
    yield Probe("reference", (*float64, (2, 3), "same"), terms=24, title="float64")
    for padding in ("valid", "same"):
        title = "gaps between the copies"
        yield _case(rng, "edge-cases", (2, 3, 2, 2), (2, 2, 3, 2), (3, 4), padding, title=title)
    yield _case(rng, "edge-cases", (2, 1, 1, 2), (3, 4, 3, 2), (1, 2), title="one pixel")
    yield _case(
        rng, "edge-cases", (1, 1, 2, 2), (4, 5, 3, 2), (1, 1), "same", title="mostly cut off"
    )


TRANSPOSED = (
    ((2, 5, 4, 3), (3, 2, 4, 3), (2, 1)),
    ((2, 4, 3, 2), (2, 4, 3, 2), (1, 3)),
    ((1, 4, 4, 2), (3, 3, 2, 2), (2, 2)),
    ((2, 4, 5, 3), (4, 3, 2, 3), (1, 2), "same"),
    ((2, 5, 4, 2), (3, 4, 3, 2), (2, 1), "same"),
    ((1, 4, 4, 2), (3, 3, 2, 2), (2, 2), "same"),
    ((1, 4, 5, 3), (4, 4, 3, 3), (1, 1), "same"),
)


def _transpose_bad_probes(rng: Rng) -> Iterator[Probe]:
    rung = "robust"
    x, k, b = (wholes(rng, *s) for s in ((1, 3, 2, 2), (2, 3, 3, 2), (3,)))
    for kernels in (k[..., :1], np.concatenate([k, k[..., :1]], axis=3)):
        yield Probe(rung, (x, kernels, b), title="channels disagree", raises="kernels|x")
    for biases in (b[:2], np.append(b, b[:1])):
        title = f"{len(biases)} biases for three filters"
        yield Probe(rung, (x, k, biases), title=title, raises="bias")
    for strides in ((0, 1), (1, 0), (-1, 1)):
        yield Probe(rung, (x, k, b, strides), title="a step of no use", raises="strides")
    yield Probe(rung, (x, k, b, (1, 1), "full"), title="an unknown padding", raises="padding")
    yield Probe(rung, (x, k, b, (1, 1), "same"), title="all is well here", terms=12)


def keras_conv2d_transpose(
    x: Any, kernels: Any, bias: Any, strides: Pair = (1, 1), padding: str = "valid"
) -> Array:
    """The output of a Keras ``Conv2DTranspose`` layer that holds these weights."""
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    *size, filters, _ = kernels.shape
    return answer("Conv2DTranspose", x, [kernels, bias], filters, size, strides, padding)


def transpose_by(
    x: Any,
    kernels: Any,
    bias: Any,
    strides: Pair = (1, 1),
    padding: str = "valid",
    **mistakes: Any,
) -> Array:
    """`fast.conv2d_transpose`; with keywords of `col2im_by`, one that goes astray like that."""
    if not mistakes:
        return fast.conv2d_transpose(x, kernels, bias, strides, padding)
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    shape = fast.transposed_shape(x.shape, kernels.shape, strides, padding)
    cols = x.reshape(-1, x.shape[3]) @ kernels.reshape(-1, x.shape[3]).T
    return col2im_by(cols, shape, kernels.shape[:2], strides, padding, **mistakes) + bias


def _filters_for_channels(op: Op) -> Op:
    """Kernels read as (kh, kw, C, F)."""
    return lambda x, k, *how, **mistakes: op(x, np.swapaxes(k, 2, 3), *how, **mistakes)


def _pseudo_inverse(k: Any) -> Array:
    (k,) = as_floats(kernels=k)
    return k / np.sum(np.square(k), axis=(0, 1), keepdims=True)


def _bias_per_copy(op: Op) -> Op:
    def mistaken(x: Any, kernels: Any, bias: Any, *how: Any, **mistakes: Any) -> Array:
        x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
        summed = op(x, kernels, 0 * bias, *how, **mistakes)
        ones, one_filter = np.ones_like(x[..., :1]), np.ones_like(kernels[..., :1, :1])
        return summed + op(ones, one_filter, 0 * bias[:1], *how, **mistakes) * bias

    return mistaken


_NOT_AN_INVERSE = "A transposed convolution does not undo a convolution: it has its shape only. Copies of the kernel are laid down and added up. Is there anything to divide by?"
_CROPS = "The right numbers, cut out at the wrong place. When an odd number of rows must go, Keras cuts fewer at the top and left. How many do you cut on each side?"
_STRIDES = "Rows take the columns' stride, and columns the rows'. Which of the two comes first?"

EXERCISE = Exercise(
    name="conv2d_transpose",
    points={"shape": 0.5, "by-hand": 1.75, "structure": 1, "reference": 2, "edge-cases": 0.75},
    probes=transpose_probes,
    keras_reference=keras_conv2d_transpose,
    numpy_op=transpose_by,
    needs=("im2col", "col2im"),
    twists=(
        Twist("is-the-inverse", with_mistake(collect="mean"), _NOT_AN_INVERSE),
        Twist(
            "is-the-inverse", on_args(lambda x, k, *r: (x, _pseudo_inverse(k), *r)), _NOT_AN_INVERSE
        ),
        Twist("crops-wrong-side", with_mistake(share=odd_before), _CROPS),
        Twist("crops-wrong-side", with_mistake(share=all_after), _CROPS),
        Twist("crops-wrong-side", with_mistake(share=lambda total: (total, 0)), _CROPS),
        Twist(
            "kernel-flipped",
            on_args(lambda x, k, *r: (x, np.asarray(k)[::-1, ::-1], *r)),
            "Your copies of the kernel are flipped. Put a single 1 into the picture: which way around should the kernel lie?",
        ),
        Twist(
            "overwrites-overlap",
            with_mistake(collect="last place"),
            "Where copies of the kernel overlap, the last one wins. What should become of the "
            "others?",
        ),
        Twist(
            "bias-per-copy",
            _bias_per_copy,
            "You add the bias to every copy, so it counts twice where two copies overlap, and not at all in a gap. How often should it be in each number of the result?",
        ),
        Twist("strides-swapped", on_strides(turned), _STRIDES),
        Twist(
            "stride-ignored",
            on_strides(ones),
            "The stride is ignored. How far apart are the copies of two neighboring pixels?",
        ),
        Twist(
            "padding-ignored",
            on_args(lambda x, k, b, s=(1, 1), p="valid": (x, k, b, s, "valid")),
            'Your result is always that of "valid". What does "same" cut off?',
        ),
        Twist(
            "filters-for-channels",
            _filters_for_channels,
            "You read the kernels as (kh, kw, C, F). The layer runs a convolution backward, so two axes have changed places. Which ones?",
        ),
        *pick("kernel-transposed", "bias-forgotten", "first-bias-for-all", "first-image-only"),
    ),
    hints=(
        "A convolution makes one number of a patch. Here it is the other way around: what becomes of one number?",
        "Every pixel lays down a copy of the kernel, multiplied by itself, at strides times its place. Where copies overlap, they add up. Which of your functions adds up?",
        "Each tap of each filter gets something from each pixel. One matrix product says it, with one row for each pixel. Which function of yours adds the rows up at their places?",
    ),
    rung_hints={
        "shape": 'With "same", the height grows by the stride. With "valid", the last copy must fit, too. How far does it reach?',
        "structure": "A single 1 lays down the kernel as it is, at its place times the strides. Where does yours lie?",
        "edge-cases": "When the strides are larger than the kernel, gaps are left between the copies, and after the last one. They get no copy at all. What should be added there?",
        "robust": "x's channels are the kernels' last axis here, and there is one bias for each of the filters on the third. Name the argument in each message.",
    },
)
