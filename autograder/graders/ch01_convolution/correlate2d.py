"""Chapter 1's ``correlate2d``: one kernel over one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.conv2d import keras_conv2d
from cnnlab.autograder.graders.shared.draws import impulse, reals, wholes
from cnnlab.autograder.graders.shared.loop_mistakes import (
    columns_counted,
    early_returns,
    last_missing,
    short_loops,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Fails, Op, Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def correlate2d_probes(rng: Rng) -> Iterator[Probe]:
    yield from _dtype_probes(rng)
    yield from _small_probes(rng)
    yield from _reference_probes(rng)
    yield from _bad_probes(rng)


def _dtype_probes(rng: Rng) -> Iterator[Probe]:
    """What shape and dtype come out, and what may be passed in."""
    yield Probe("shape", (wholes(rng, 4, 5), wholes(rng, 2, 3)), terms=6)
    yield Probe(
        "robust",
        (wholes(rng, 4, 6, dtype=np.int64), wholes(rng, 2, 2, dtype=np.int64)),
        title="integers",
        terms=4,
    )
    yield Probe("robust", ([[1, 2, 3], [4, 5, 6]], [[1, -1]]), title="lists", terms=2)
    mixed = wholes(rng, 4, 3), wholes(rng, 2, 2, dtype=np.float64)
    yield Probe("robust", mixed, title="float32 and float64", terms=4)


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """By hand, and with a single 1."""
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


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Real numbers in larger pictures."""
    for image, kernel in (((6, 7), (3, 2)), ((7, 5), (2, 4)), ((8, 7), (3, 3)), ((7, 7), (5, 5))):
        yield Probe(
            "reference", (reals(rng, *image), reals(rng, *kernel)), terms=int(np.prod(kernel))
        )
    yield Probe(
        "reference", (rng.normal(size=(6, 5)), rng.normal(size=(3, 3))), title="float64", terms=9
    )


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Kernels that do not fit, and one that just fits."""
    yield Probe(
        "robust",
        (wholes(rng, 3, 4), wholes(rng, 4, 2)),
        title="the kernel is too tall",
        raises="kernel",
    )
    yield Probe(
        "robust",
        (wholes(rng, 4, 3), wholes(rng, 2, 4)),
        title="the kernel is too wide",
        raises="kernel",
    )
    yield Probe(
        "robust",
        (np.abs(wholes(rng, 3, 3)), np.abs(wholes(rng, 3, 3))),
        title="the kernel just fits",
        terms=9,
    )


def keras_correlate2d(image: Any, kernel: Any) -> Any:
    """A Keras ``Conv2D`` with one channel, one filter and no bias."""
    x, kernel = np.asarray(image)[None, ..., None], np.asarray(kernel)[..., None, None]
    return keras_conv2d(x, kernel, np.zeros(1, kernel.dtype))[0, ..., 0]


def _square(kernel: Any, side: int) -> Any:
    """The taps that a loop over side x side visits; like the loop, it may run off the edge."""
    kernel = np.asarray(kernel)
    if min(kernel.shape) < side:
        raise IndexError("index out of bounds")
    return kernel[:side, :side]


def _square_or_fail(kernel: Any) -> Any:
    return _square(kernel, max(np.shape(kernel)))


def _around_a_centre(side: int, short: bool) -> Callable[[Op], Op]:
    """Windows around a centre cell, as large both ways as the kernel is on one ``side``.

    Half a kernel is left out at every border: an even one has a place more than that. The loop
    visits all that is left, or ends one cell before.
    """

    def correlate2d(image: Any, kernel: Any) -> Any:
        image, kernel = ops.as_floats(image=image, kernel=kernel)
        size = kernel.shape[side]
        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
        rows, columns = (max(n - 2 * (size // 2), 0) for n in image.shape)
        sums = np.sum(windows * kernel, axis=(2, 3))[:rows, :columns]
        if not short:
            return sums
        out = np.zeros((rows, columns), sums.dtype)
        down, across = (n - size for n in image.shape)
        out[:down, :across] = sums[:down, :across]
        return out

    return lambda op: correlate2d


def _times_transposed(image: Any, kernel: Any) -> Any:
    """Each window times the kernel on its side, as a loop does it: sizes of 1 broadcast."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(image), np.shape(kernel))
    return np.sum(windows * np.transpose(kernel), axis=(2, 3))


def _indices_swapped(image: Any, kernel: Any) -> Any:
    """Rows counted by the index of columns: beyond the border, a window is smaller than the kernel."""
    image, kernel = ops.as_floats(image=image, kernel=kernel)
    kh, kw = kernel.shape
    out = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1), image.dtype)
    for i, j in np.ndindex(out.shape):
        patch = image[j : j + kh, i : i + kw]
        try:
            out[i, j] = np.sum(patch * kernel)
        except ValueError:
            raise Fails(f"a patch of {patch.shape} and a kernel of {kernel.shape}") from None
    return out


def _mean(op: Op) -> Op:
    return lambda image, kernel: op(image, kernel) / np.size(kernel)


def _as_large_as_the_picture(before: Callable[[int], int]) -> Callable[[Op], Op]:
    """With a frame of zeros: so many before, and after until every pixel has a place."""

    def apply(op: Op) -> Op:
        def correlate2d(image: Any, kernel: Any) -> Any:
            image, kernel = ops.as_floats(image=image, kernel=kernel)
            frame = [(before(k), k - 1 - before(k)) for k in kernel.shape]
            return op(np.pad(image, frame), kernel)

        return correlate2d

    return apply


TRANSPOSED = (
    "Your kernel's rows and columns have changed places. Which of its axes runs down the picture?"
)
_TOO_FEW = (
    "Your result misses its last row or column. In how many places does a 3-wide window fit into "
    "4 cells?"
)
_NOT_RESET = "Your sum goes on from one place to the next. At each place it should begin again. Where do you set it to 0?"
_FRAMED = "Your result is as large as the picture: there is a frame of zeros. Here the kernel never leaves the picture. In how many places does it fit?"
_CENTRE = "Your loop over the window's center ends one cell too early, and it takes one size for both sides of the kernel. Where is the window's last place?"
_ODD = "You slide the window's center, with one half size for both directions. A kernel of 2×3 has no center cell: what if you count from the window's top left corner?"
_SQUARE = "Your function treats every kernel as square. Which two sizes does a 2×3 kernel have?"

EXERCISE = Exercise(
    name="correlate2d",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1.25},
    probes=correlate2d_probes,
    keras_reference=keras_correlate2d,
    numpy_op=ops.correlate2d,
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
            "indices-swapped",
            lambda op: _indices_swapped,
            "Your window begins at row j and column i, but its number goes to row i and column j. A slice names rows first: which of your two indices counts them?",
        ),
        *(
            Twist("size-off-by-one", on_output(last_missing(*axes)), _TOO_FEW)
            for axes in ((0, 1), (0,), (1,))
        ),
        *short_loops(0, 1),
        *(Twist("square-kernel-only", _around_a_centre(side, False), _ODD) for side in (0, 1)),
        *(Twist("stops-one-short", _around_a_centre(side, True), _CENTRE) for side in (0, 1)),
        *early_returns((0, 1), (0,), (1,)),
        *columns_counted(lambda image, kernel: len(image) - np.shape(kernel)[1] + 1),
        *columns_counted(lambda image, kernel: len(image) - len(kernel) + 1),
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
        *(
            Twist("sum-never-reset", on_output(total), _NOT_RESET)
            for total in (
                lambda y: np.cumsum(y).reshape(y.shape),
                lambda y: np.cumsum(y, axis=1),
            )
        ),
        *(
            Twist("same-for-valid", _as_large_as_the_picture(before), _FRAMED)
            for before in (lambda k: k // 2, lambda k: (k - 1) // 2)
        ),
        Twist(
            "mean-instead",
            _mean,
            "You take the mean of the products. Each place gives a plain sum: by what do you divide it?",
        ),
        Twist(
            "truncates-to-int",
            on_output(np.trunc),
            "Everything after the decimal point is lost. Which dtype does your result array have?",
        ),
    ),
    hints=(
        "Put a 2×2 window on a 3×4 picture. How many places does it have, down and across?",
        "One output cell is one place of the window: the numbers under it times the kernel's, summed. Which numbers does the place at the top left use?",
        "Two loops go over the places. The slice of the picture under the window has the kernel's own shape. Where does it begin and end?",
    ),
    rung_hints={
        "shape": "The result has one number for each place at which the kernel fits into the picture. How many places are there, down and across?",
        "structure": "A single 1 in the picture copies the kernel into the result. Which way around does it lie there?",
        "robust": "What should happen when the kernel does not fit into the picture? Name the argument that is wrong.",
    },
)
