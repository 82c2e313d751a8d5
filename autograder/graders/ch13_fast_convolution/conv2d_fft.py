"""Chapter 13's ``conv2d_fft``: a layer by Fourier transforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.shared.conv2d import FORWARD_TWISTS, keras_conv2d
from cnnlab.autograder.graders.shared.conv2d_probes import case
from cnnlab.autograder.graders.shared.draws import impulse, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course.ops import as_floats, fast

Rng = np.random.Generator
Array = NDArray[Any]


def fft_probes(rng: Rng) -> Iterator[Probe]:
    for probe in _fft_probes(rng):
        # Every number of a spectrum is a sum over the whole picture, and rounds like one.
        channels = np.shape(probe.args[1])[2]
        yield replace(probe, terms=prod(np.shape(probe.args[0])[1:3]) * channels)


def _fft_probes(rng: Rng) -> Iterator[Probe]:
    yield from _dtype_probes(rng)
    yield from _small_probes(rng)
    yield from _reference_probes(rng)
    yield from _bad_probes(rng)


def _dtype_probes(rng: Rng) -> Iterator[Probe]:
    """What shape and dtype come out, and what may be passed in."""
    yield case(rng, "shape", (2, 5, 6, 3), (2, 3, 3, 4))
    yield case(rng, "shape", (2, 6, 5, 2), (3, 2, 2, 3))
    yield case(
        rng, "robust", (1, 4, 5, 2), (2, 3, 2, 3), draw=wholes, dtype=np.int64, title="integers"
    )
    lists = ([[[[1], [2]], [[3], [4]]]], [[[[1, -1]]]], [0, 5])
    yield Probe("robust", lists, title="lists")
    # Black, because a spectrum in float32 is too coarse for a result in float64.
    x, k, b = np.zeros((1, 4, 3, 2), np.float32), wholes(rng, 2, 2, 2, 3), wholes(rng, 3)
    for mixed in ((x, k.astype(np.float64), b), (x, k, b.astype(np.float64))):
        yield Probe("robust", mixed, title="float32 and float64")


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """By hand, and with one thing at a time."""
    small: dict[str, Any] = {"draw": wholes}
    yield case(rng, "by-hand", (1, 1, 3, 1), (1, 2, 1, 1), **small, title="one row")
    yield case(rng, "by-hand", (1, 3, 1, 1), (2, 1, 1, 1), **small, title="one column")
    yield case(rng, "by-hand", (1, 2, 3, 2), (2, 2, 2, 1), **small, title="two channels")
    yield case(rng, "by-hand", (1, 2, 3, 1), (2, 2, 1, 2), **small, title="two filters")
    point = impulse(1, 5, 6, 2, at=(0, 2, 3, 1))
    ramp = wholes(rng, 3, 2, 2, 3)
    yield Probe("structure", (point, ramp, np.zeros(3, np.float32)), title="a single 1")
    black = np.zeros((2, 4, 5, 2), np.float32)
    yield Probe("structure", (black, ramp, wholes(rng, 3)), title="a black picture: the bias alone")
    yield case(rng, "structure", (3, 3, 3, 3), (3, 3, 3, 3), title="every size 3")
    yield case(rng, "structure", (2, 6, 6, 2), (3, 3, 2, 2), title="square")


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Larger sizes, and those at the edge of what fits."""
    yield case(rng, "reference", (2, 9, 7, 3), (3, 2, 3, 4))
    yield case(rng, "reference", (1, 8, 11, 2), (4, 5, 2, 3))
    yield case(rng, "reference", (2, 8, 8, 2), (2, 2, 2, 2))
    yield case(rng, "reference", (1, 16, 12, 2), (9, 7, 2, 2), title="a large kernel")
    float64 = tuple(rng.normal(size=s) for s in ((2, 6, 7, 3), (3, 4, 3, 2), (2,)))
    yield Probe("reference", float64, title="float64")
    yield case(rng, "edge-cases", (2, 4, 5, 2), (4, 5, 2, 3), title="the kernel just fits")
    yield case(rng, "edge-cases", (2, 5, 4, 2), (1, 1, 2, 3), title="one tap")
    yield case(rng, "edge-cases", (1, 7, 5, 1), (2, 3, 1, 1), title="odd sizes")


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Sizes that disagree, and a call in order."""
    rung = "robust"
    x, k, b = (wholes(rng, *s) for s in ((1, 4, 5, 2), (2, 3, 2, 3), (3,)))
    yield case(rng, rung, (1, 3, 6, 2), (4, 2, 2, 1), title="too tall", raises="kernels|size")
    yield case(rng, rung, (1, 6, 3, 2), (2, 4, 2, 1), title="too wide", raises="kernels|size")
    yield Probe(rung, (x, k[:, :, :1], b), title="channels disagree", raises="kernels|x")
    wide = np.concatenate([k, k[:, :, :1]], axis=2)
    yield Probe(rung, (x, wide, b), title="channels disagree", raises="kernels|x")
    for biases in (b[:2], np.append(b, b[:1])):
        title = f"{len(biases)} biases for three filters"
        yield Probe(rung, (x, k, biases), title=title, raises="bias")
    yield Probe(rung, (x, k, b), title="all is well here")


def fft_by(x: Any, kernels: Any, bias: Any, **mistakes: Any) -> Array:
    """`fast.conv2d_fft`; with keywords of `mistaken_fft`, one that goes astray."""
    return (
        mistaken_fft(x, kernels, bias, **mistakes)
        if mistakes
        else fast.conv2d_fft(x, kernels, bias)
    )


def mistaken_fft(
    x: Any,
    kernels: Any,
    bias: Any,
    *,
    conjugate: bool = True,
    crop: str = "right",
    padded: bool = False,
) -> Array:
    """A convolution by spectra with its decisions open; without keywords it is right.

    Parameters
    ----------
    conjugate : bool
        Whether the kernels' spectrum is conjugated.
    crop : {"right", "other corner", "middle", "none"}
        Which (oh, ow) cells are cut out.
    padded : bool
        Whether the transforms leave room for the full result, (H + kh - 1, W + kw - 1).
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    lengths, taps = x.shape[1:3], kernels.shape[:2]
    places = [n - k + 1 for n, k in zip(lengths, taps, strict=True)]
    size = [n + (k - 1 if padded else 0) for n, k in zip(lengths, taps, strict=True)]
    pictures = np.fft.rfft2(x, s=size, axes=(1, 2))
    filters = np.fft.rfft2(kernels, s=size, axes=(0, 1))
    filters = filters.conj() if conjugate else filters
    spectrum = (pictures[..., None, :] @ filters)[..., 0, :]
    out = np.fft.irfft2(spectrum, s=size, axes=(1, 2))
    at_start = conjugate != (crop == "other corner")
    starts = [0 if at_start else k - 1 for k in taps]
    if crop == "middle":
        starts = [k // 2 for k in taps]
    if crop == "none":
        starts, places = [0, 0], size
    rows, columns = (slice(a, a + n) for a, n in zip(starts, places, strict=True))
    return (out[:, rows, columns] + bias).astype(x.dtype)


_FLIPPED = "You computed a true convolution: the kernel is flipped. You want to slide it as it is. What must happen to one of the two spectra?"
_CORNER = (
    "The right numbers may be there, but you cut out the wrong corner. At which cells does the "
    "kernel wrap around the border, and at which not?"
)

EXERCISE = Exercise(
    name="conv2d_fft",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1.75, "edge-cases": 0.5},
    probes=fft_probes,
    keras_reference=keras_conv2d,
    numpy_op=fft_by,
    twists=(
        Twist("kernel-flipped", lambda op: partial(op, conjugate=False), _FLIPPED),
        Twist("crops-wrong-corner", lambda op: partial(op, crop="other corner"), _CORNER),
        Twist(
            "crops-wrong-corner",
            lambda op: partial(op, crop="other corner", padded=True),
            _CORNER,
        ),
        Twist("crops-wrong-corner", lambda op: partial(op, crop="middle"), _CORNER),
        Twist(
            "crops-wrong-corner",
            lambda op: partial(op, crop="none"),
            "Your result is as large as the picture. In its last rows and columns the kernel "
            "wraps around the border: cut them off.",
        ),
        Twist(
            "returns-complex",
            on_output(lambda y: y.astype(np.result_type(y, np.complex64))),
            "Your result holds complex numbers. The imaginary parts are 0. Which part should you give back?",
        ),
        *(t for t in FORWARD_TWISTS if t.name != "kernel-flipped"),
    ),
    hints=(
        "In the spectrum, sliding and summing becomes multiplying, number by number. Which three steps does that take?",
        "Bring the kernel to the picture's size with zeros: fft2 has an argument for that. What must happen to its spectrum, so that the kernel is not flipped?",
        "Multiply the spectra for each channel and filter, and sum over the channels before you go back. Then keep the first H - kh + 1 rows and W - kw + 1 columns.",
    ),
    rung_hints={
        "shape": "The result holds real numbers, nothing complex. Which shape has a “valid” result?",
        "by-hand": "Try one row of three and a kernel of two. Which of your three numbers wraps around?",
        "structure": "A single 1 gives the kernel turned by half a turn, as in chapter 1. What does yours give?",
        "reference": "The columns are odd here, and irfft2 guesses an even number. How can you tell it the size?",
        "edge-cases": "One tap, and a kernel as large as the picture: how many rows are left in each?",
        "robust": "A kernel larger than the picture is silently cut by fft2. Compare the sizes before.",
    },
)
