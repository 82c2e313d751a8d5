"""Chapter 1's first steps: the exercises ``conv_step`` and ``correlate2d``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders.conv2d import keras_conv2d
from cnnlab.autograder.graders.draws import impulse, reals, wholes
from cnnlab.autograder.twists import Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


# conv_step


def conv_step_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (wholes(rng, 2, 3, 1), wholes(rng, 2, 3, 1), 1.0), terms=6)
    yield Probe("shape", ([[[1], [2]]], [[[3], [4]]], 5), title="lists", terms=2)
    yield Probe("by-hand", (wholes(rng, 2, 2, 1), wholes(rng, 2, 2, 1), 0.0), terms=4)
    yield Probe("by-hand", (wholes(rng, 2, 2, 1), wholes(rng, 2, 2, 1), 3.0), terms=4)
    positive = np.abs(wholes(rng, 3, 3, 1))
    yield Probe("by-hand", (-positive, positive, -2.0), title="a negative sum", terms=9)
    for high in (120, 255):
        patch = rng.integers(high // 2, high, (3, 3, 2)).astype(np.uint8)
        kernel = rng.integers(3, 9, (3, 3, 2)).astype(np.uint8)
        yield Probe("by-hand", (patch, kernel, 1.0), title="uint8, as pictures are", terms=18)
    for shape in ((3, 2, 4), (2, 5, 3), (3, 3, 3), (4, 4, 2), (1, 3, 3)):
        args = (reals(rng, *shape), reals(rng, *shape), float(reals(rng)))
        yield Probe("reference", args, terms=int(np.prod(shape)))
    args64 = (rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2)), 0.25)
    yield Probe("reference", args64, title="float64", terms=24)
    small, large = reals(rng, 2, 3, 2), reals(rng, 3, 3, 2)
    wrong = "the shapes differ"
    yield Probe("bad-input", (small, large, 0.0), title=wrong, raises="kernel|patch")
    yield Probe("bad-input", (small, small[:1], 0.0), title=wrong, raises="kernel|patch")
    yield Probe(
        "bad-input",
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


_MATRIX = (
    "You took a matrix product. A filter's numbers meet the patch's numbers one to one, "
    "place by place."
)

conv_step = Exercise(
    name="conv_step",
    points={"shape": 0.5, "by-hand": 1, "reference": 1, "bad-input": 0.5},
    probes=conv_step_probes,
    reference=keras_conv_step,
    correct=ops.conv_step,
    twists=(
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
            "relu-baked-in",
            on_output(lambda y: max(y, 0.0)),
            "Negative sums come out as 0: there is a ReLU inside. Here we want the plain sum.",
        ),
        Twist(
            "integer-overflow",
            lambda op: _native_sum,
            "Your products wrap around: uint8 ends at 255. Which type should hold them?",
        ),
    ),
    hints=(
        "Lay the filter on the patch. How many pairs of numbers lie on top of each other?",
        "Multiply each pair. All the products, over rows, columns and channels, end up in one sum.",
        "Look at NumPy's * for arrays of one shape, and think about which number is added last, and how often.",
    ),
    rung_hints={
        "shape": "The result is one plain number, also when lists come in. What turns a list into an array of floats?",
        "bad-input": "Before you multiply: what must the shapes of patch and kernel have in common?",
    },
)


# correlate2d


def correlate2d_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (wholes(rng, 4, 5), wholes(rng, 2, 3)), terms=6)
    yield Probe(
        "shape",
        (wholes(rng, 4, 6, dtype=np.int64), wholes(rng, 2, 2, dtype=np.int64)),
        title="integers",
        terms=4,
    )
    yield Probe("shape", ([[1, 2, 3], [4, 5, 6]], [[1, -1]]), title="lists", terms=2)
    mixed = wholes(rng, 4, 3), wholes(rng, 2, 2, dtype=np.float64)
    yield Probe("shape", mixed, title="float32 and float64", terms=4)
    yield Probe("by-hand", (wholes(rng, 3, 3), wholes(rng, 2, 2)), terms=4)
    yield Probe("by-hand", (wholes(rng, 3, 4), wholes(rng, 2, 2)), terms=4)
    yield Probe("by-hand", (wholes(rng, 2, 4), wholes(rng, 1, 2)), terms=2)
    yield Probe(
        "structure", (impulse(5, 6, at=(2, 3)), wholes(rng, 3, 3)), title="a single 1", terms=9
    )
    yield Probe(
        "structure", (impulse(6, 5, at=(2, 2)), wholes(rng, 2, 3)), title="a single 1", terms=6
    )
    yield Probe(
        "structure",
        (impulse(5, 5, at=(4, 4)), wholes(rng, 2, 2)),
        title="a 1 in the last corner",
        terms=4,
    )
    for image, kernel in (((6, 7), (3, 2)), ((7, 5), (2, 4)), ((8, 7), (3, 3)), ((7, 7), (5, 5))):
        yield Probe(
            "reference", (reals(rng, *image), reals(rng, *kernel)), terms=int(np.prod(kernel))
        )
    yield Probe(
        "reference", (rng.normal(size=(6, 5)), rng.normal(size=(3, 3))), title="float64", terms=9
    )
    yield Probe(
        "bad-input",
        (wholes(rng, 3, 4), wholes(rng, 4, 2)),
        title="the kernel is too tall",
        raises="kernel",
    )
    yield Probe(
        "bad-input",
        (wholes(rng, 4, 3), wholes(rng, 2, 4)),
        title="the kernel is too wide",
        raises="kernel",
    )
    yield Probe(
        "bad-input",
        (np.abs(wholes(rng, 3, 3)), np.abs(wholes(rng, 3, 3))),
        title="the kernel just fits",
        terms=9,
    )


def keras_correlate2d(image: Any, kernel: Any) -> Any:
    """A Keras ``Conv2D`` with one channel, one filter and no bias."""
    x, kernel = np.asarray(image)[None, ..., None], np.asarray(kernel)[..., None, None]
    return keras_conv2d(x, kernel, np.zeros(1, kernel.dtype))[0, ..., 0]


def _last_left_zero(y: Any) -> Any:
    out = np.zeros_like(y)
    out[:-1, :-1] = y[:-1, :-1]
    return out


def _square(kernel: Any, side: int) -> Any:
    """The taps that a loop over side x side visits; like the loop, it may run off the edge."""
    kernel = np.asarray(kernel)
    if min(kernel.shape) < side:
        raise IndexError("index out of bounds")
    return kernel[:side, :side]


def _square_or_fail(kernel: Any) -> Any:
    return _square(kernel, max(np.shape(kernel)))


def _times_transposed(image: Any, kernel: Any) -> Any:
    """Each window times the kernel on its side, as a loop does it: sizes of 1 broadcast."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(image), np.shape(kernel))
    return np.sum(windows * np.transpose(kernel), axis=(2, 3))


TRANSPOSED = (
    "Your kernel's rows and columns have changed places. Which of its axes runs down the picture?"
)
_SQUARE = (
    "Your function takes every kernel for a square one. Which two sizes does a 2×3 kernel have?"
)

correlate2d = Exercise(
    name="correlate2d",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1, "bad-input": 0.5},
    probes=correlate2d_probes,
    reference=keras_correlate2d,
    correct=ops.correlate2d,
    needs=("conv_step",),
    twists=(
        Twist(
            "kernel-flipped",
            on_args(lambda image, k: (image, np.asarray(k)[::-1, ::-1])),
            "You flipped the kernel: that is convolution as mathematicians write it. Networks slide "
            "the kernel as it is. Which number should meet the window's top left corner?",
        ),
        Twist(
            "kernel-transposed",
            on_args(lambda image, k: (image, np.transpose(k))),
            TRANSPOSED,
        ),
        Twist("kernel-transposed", lambda op: _times_transposed, TRANSPOSED),
        Twist(
            "output-transposed",
            on_output(np.transpose),
            "Rows and columns of your result have changed places. Which index goes down?",
        ),
        Twist(
            "size-off-by-one",
            on_output(lambda y: y[:-1, :-1]),
            "Your result misses its last row and column. In how many places does a 3-wide window fit into 4 cells?",
        ),
        Twist(
            "stops-one-short",
            on_output(_last_left_zero),
            "The last row and column of your result stay 0. Where does the window stand last?",
        ),
        Twist(
            "square-kernel-only",
            on_args(lambda image, k: (image, _square_or_fail(k))),
            _SQUARE,
        ),
        Twist(
            "square-kernel-only",
            on_args(lambda image, k: (image, _square(k, np.shape(k)[0]))),
            _SQUARE,
        ),
        Twist(
            "square-kernel-only",
            on_args(lambda image, k: (image, _square(k, np.shape(k)[1]))),
            _SQUARE,
        ),
        Twist(
            "truncates-to-int",
            on_output(np.trunc),
            "Everything behind the decimal point is gone. Which dtype does your result array have?",
        ),
    ),
    hints=(
        "Put a 2×2 window on a 3×4 picture. In how many places can it stand, down and across?",
        "One output cell is one place of the window: the numbers under it times the kernel's, summed.",
        "Two loops over the places; the slice of the picture under the window has the kernel's own shape.",
    ),
    rung_hints={
        "shape": "Which dtype should the result have when the picture is float32, and when it holds whole numbers?",
        "structure": "A single 1 in the picture copies the kernel into the result. Which way round does it lie there?",
        "bad-input": "What should happen when the kernel does not fit into the picture? Say which argument is to blame.",
    },
)
