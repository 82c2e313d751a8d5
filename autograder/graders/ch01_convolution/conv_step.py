"""Chapter 1's ``conv_step``: one patch times one kernel, summed up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.conv2d import BIAS_PER_CHANNEL, keras_conv2d
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def conv_step_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (wholes(rng, 2, 3, 1), wholes(rng, 2, 3, 1), 1.0), terms=6)
    yield Probe("robust", ([[[1], [2]]], [[[3], [4]]], 5), title="lists", terms=2)
    yield Probe("by-hand", (wholes(rng, 2, 2, 1), wholes(rng, 2, 2, 1), 0.0), terms=4)
    yield Probe("by-hand", (wholes(rng, 2, 2, 1), wholes(rng, 2, 2, 1), 3.0), terms=4)
    positive = np.abs(wholes(rng, 3, 3, 1))
    yield Probe("by-hand", (-positive, positive, -2.0), title="a negative sum", terms=9)
    for high in (120, 255):
        patch = rng.integers(high // 2, high, (3, 3, 2)).astype(np.uint8)
        kernel = rng.integers(3, 9, (3, 3, 2)).astype(np.uint8)
        yield Probe("edge-cases", (patch, kernel, 1.0), title="uint8, as pictures are", terms=18)
    for shape in ((3, 2, 4), (2, 5, 3), (3, 3, 3), (4, 4, 2), (1, 3, 3)):
        args = (reals(rng, *shape), reals(rng, *shape), float(reals(rng)))
        yield Probe("reference", args, terms=int(np.prod(shape)))
    args64 = (rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2)), 0.25)
    yield Probe("reference", args64, title="float64", terms=24)
    small, large = reals(rng, 2, 3, 2), reals(rng, 3, 3, 2)
    wrong = "the shapes differ"
    yield Probe("robust", (small, large, 0.0), title=wrong, raises="kernel|patch")
    yield Probe("robust", (small, small[:1], 0.0), title=wrong, raises="kernel|patch")
    yield Probe(
        "robust",
        (np.abs(small[:1, :1]), np.abs(small[1:, 1:2]), 0.5),
        title="one tap fits",
        terms=2,
    )


def keras_conv_step(patch: Any, kernel: Any, bias: float) -> float:
    """A Keras ``Conv2D`` whose one filter covers the whole picture has a single output cell."""
    patch, kernel = np.asarray(patch), np.asarray(kernel)
    biases = np.full(1, bias, np.result_type(patch, kernel))
    return float(keras_conv2d(patch[None], kernel[..., None], biases)[0, 0, 0, 0])


def _native_sum(patch: Any, kernel: Any, bias: float) -> float:
    """Products in the arrays' own type: 200 * 2 is 144 in uint8."""
    return float(np.sum(np.multiply(patch, kernel)) + bias)


def _matrix_sum(patch: Any, kernel: Any, bias: float) -> float:
    """A matrix product of floats, channel by channel, summed."""
    patch, kernel = ops.as_floats(patch=patch, kernel=kernel)
    return float(np.einsum("ijc,jkc->", patch, kernel) + bias)


def _bias_times(often: Callable[[tuple[int, ...]], int]) -> Callable[[Op], Op]:
    """The bias added more than once; ``often`` says how many times, from the patch's shape."""
    return on_args(lambda p, k, b: (p, k, b * often(np.shape(p))))


def _summed_over(*axes: int) -> Callable[[Op], Op]:
    """Products that are added up along some axes alone."""

    def conv_step(patch: Any, kernel: Any, bias: float) -> Any:
        patch, kernel = ops.as_floats(patch=patch, kernel=kernel)
        return np.sum(patch * kernel, axis=axes) + bias

    return lambda op: conv_step


def _mean(patch: Any, kernel: Any, bias: float) -> float:
    patch, kernel = ops.as_floats(patch=patch, kernel=kernel)
    return float(np.mean(patch * kernel) + bias)


def _one_channel(part: slice) -> Callable[[Op], Op]:
    return on_args(lambda p, k, b: (np.asarray(p)[..., part], np.asarray(k)[..., part], b))


def _turned(*axes: int) -> Callable[[Op], Op]:
    return on_args(lambda p, k, b: (p, np.flip(k, axes), b))


_FLIPPED = "You flipped the kernel: that is convolution as mathematicians write it. Networks use the kernel as it is. Which number should meet the patch's first one?"
_BIASES = "The bias is added to every product, so it counts many times. How often should it be added to one sum?"
_NOT_SUMMED = "You return an array: the products are there, but not all of them are added up. How many numbers does one step give?"
_MATRIX = "You took a matrix product. Here each number of the filter is multiplied by the number of the patch at the same place. Which numbers lie on top of each other?"

EXERCISE = Exercise(
    name="conv_step",
    points={"shape": 0.25, "by-hand": 1.25, "reference": 1.25, "edge-cases": 0.25},
    probes=conv_step_probes,
    keras_reference=keras_conv_step,
    numpy_op=ops.conv_step,
    twists=(
        Twist("matrix-product", lambda op: _matrix_sum, _MATRIX),
        Twist(
            "matrix-product",
            lambda op: lambda p, k, b: float(np.einsum("ijc,jkc->", p, k) + b),
            _MATRIX,
        ),
        Twist(
            "matrix-product", lambda op: lambda p, k, b: float(np.sum(np.matmul(p, k)) + b), _MATRIX
        ),
        Twist(
            "matrix-product", lambda op: lambda p, k, b: float(np.sum(np.dot(p, k)) + b), _MATRIX
        ),
        Twist(
            "bias-forgotten",
            on_args(lambda p, k, b: (p, k, 0.0)),
            "The bias is missing. What should an all-zero patch give?",
        ),
        Twist(
            "bias-subtracted",
            on_args(lambda p, k, b: (p, k, -b)),
            "You take the bias off. What should a patch of zeros give when the bias is 3?",
        ),
        Twist(
            "mean-instead",
            lambda op: _mean,
            "You take the mean of the products. One step is a plain sum: by what do you divide it?",
        ),
        *(
            Twist(
                "channels-not-summed",
                _one_channel(part),
                "Only one channel counts in yours. A filter spans all channels: what happens to the products of the others?",
            )
            for part in (slice(1), slice(-1, None))
        ),
        *(Twist("kernel-flipped", _turned(*axes), _FLIPPED) for axes in ((0, 1), (0, 1, 2))),
        Twist("bias-per-product", _bias_times(math.prod), _BIASES),
        Twist("bias-per-product", _bias_times(lambda shape: shape[0] * shape[1]), _BIASES),
        Twist("bias-per-channel", _bias_times(lambda shape: shape[2]), BIAS_PER_CHANNEL),
        *(
            Twist("products-not-summed", _summed_over(*axes), _NOT_SUMMED)
            for axes in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
        ),
        Twist(
            "relu-baked-in",
            on_output(lambda y: max(y, 0.0)),
            "Negative sums come out as 0: there is a ReLU inside. Here we want the plain sum. What should become of a sum below 0?",
        ),
        Twist(
            "integer-overflow",
            lambda op: _native_sum,
            "Your products wrap around: uint8 ends at 255. Which type should hold them?",
        ),
    ),
    hints=(
        "Lay the filter on the patch. How many pairs of numbers lie on top of each other?",
        "Multiply each pair. How many sums are there in the end, over rows, columns and channels?",
        "Look at NumPy's * for arrays of one shape, and think about which number is added last, and how often.",
    ),
    rung_hints={
        "shape": "The result is one plain number. How many numbers does your function give back?",
        "robust": "Before you multiply: what must the shapes of patch and kernel have in common?",
    },
)
