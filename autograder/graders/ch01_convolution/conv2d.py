"""Chapter 1's ``conv2d``: several filters over a batch of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch01_convolution.correlate2d import TRANSPOSED
from cnnlab.autograder.graders.shared.conv2d import FORWARD_TWISTS, keras_conv2d
from cnnlab.autograder.graders.shared.draws import impulse, reals, wholes
from cnnlab.autograder.graders.shared.loop_mistakes import (
    BATCH_LOOPS,
    columns_counted,
    early_returns,
    short_loops,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args
from cnnlab.course import ops

Rng = np.random.Generator


def conv2d_probes(rng: Rng) -> Iterator[Probe]:
    yield from _dtype_probes(rng)
    yield from _small_probes(rng)
    yield from _reference_probes(rng)
    yield from _bad_probes(rng)


def _args(
    rng: Rng, x: tuple[int, ...], k: tuple[int, ...], draw: Any = reals, **dtype: Any
) -> tuple[Any, ...]:
    """Pictures and kernels of these shapes, and a bias for each kernel."""
    return draw(rng, *x, **dtype), draw(rng, *k, **dtype), draw(rng, k[-1], **dtype)


def _dtype_probes(rng: Rng) -> Iterator[Probe]:
    """What shape and dtype come out, and what may be passed in."""
    yield Probe("shape", _args(rng, (2, 4, 3, 5), (2, 3, 5, 4)), terms=30)
    yield Probe(
        "robust",
        _args(rng, (1, 3, 4, 2), (2, 2, 2, 3), wholes, dtype=np.int64),
        title="integers",
        terms=8,
    )
    yield Probe(
        "robust", ([[[[1], [2]], [[3], [4]]]], [[[[1, -1]]]], [0, 5]), title="lists", terms=1
    )
    for i in range(3):
        drawn = _args(rng, (1, 2, 3, 2), (2, 2, 2, 3), wholes)
        mixed = tuple(a.astype(np.float64) if i == j else a for j, a in enumerate(drawn))
        yield Probe("robust", mixed, title="float32 and float64", terms=8)


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """By hand, and with one thing at a time."""
    yield Probe(
        "by-hand",
        _args(rng, (1, 3, 3, 1), (2, 2, 1, 1), wholes),
        title="one channel, one filter",
        terms=4,
    )
    yield Probe(
        "by-hand", _args(rng, (1, 2, 3, 2), (1, 2, 2, 1), wholes), title="two channels", terms=4
    )
    yield Probe(
        "by-hand", _args(rng, (1, 2, 3, 1), (2, 2, 1, 2), wholes), title="two filters", terms=4
    )
    x, k, b = _args(rng, (2, 3, 4, 2), (2, 2, 2, 3), wholes)
    yield Probe(
        "structure", (np.zeros_like(x), k, b), title="a black picture: the bias alone", terms=8
    )
    point = impulse(1, 5, 6, 2, at=(0, 2, 3, 1))
    yield Probe(
        "structure",
        (point, wholes(rng, 3, 3, 2, 2), np.zeros(2, np.float32)),
        title="a single 1",
        terms=18,
    )
    yield Probe("structure", (x, k, np.zeros_like(b)), title="no bias", terms=8)
    yield Probe(
        "structure", _args(rng, (3, 3, 3, 1), (2, 2, 1, 2), wholes), title="three images", terms=4
    )
    yield Probe("structure", _args(rng, (2, 3, 3, 3), (3, 3, 3, 3)), title="every size 3", terms=27)


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Larger pictures, with several channels and filters."""
    yield Probe("reference", _args(rng, (2, 6, 5, 3), (3, 2, 3, 4)), terms=18)
    yield Probe("reference", _args(rng, (3, 4, 5, 2), (2, 4, 2, 5)), terms=16)
    yield Probe("reference", _args(rng, (2, 4, 5, 4), (3, 3, 4, 4)), terms=36)
    float64 = tuple(rng.normal(size=s) for s in ((2, 5, 4, 3), (3, 3, 3, 2), (2,)))
    yield Probe("reference", float64, title="float64", terms=27)


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Sizes that disagree, and a kernel that just fits."""
    yield Probe(
        "robust",
        _args(rng, (1, 3, 4, 2), (4, 2, 2, 1)),
        title="the kernel is too tall",
        raises="kernels",
    )
    yield Probe(
        "robust",
        _args(rng, (1, 4, 3, 2), (2, 4, 2, 1)),
        title="the kernel is too wide",
        raises="kernels",
    )
    yield Probe(
        "robust",
        _args(rng, (1, 4, 4, 2), (2, 2, 3, 2)),
        title="channels disagree",
        raises="kernels|x",
    )
    x, k, b = _args(rng, (1, 4, 4, 2), (2, 2, 2, 3))
    yield Probe("robust", (x, k, b[:2]), title="two biases for three filters", raises="bias")
    four = np.append(b, b[:1])
    yield Probe("robust", (x, k, four), title="four biases for three filters", raises="bias")
    yield Probe("robust", (x, k[:, :, :1], b), title="channels disagree", raises="kernels|x")
    yield Probe("robust", (x[:, :2, :2], k, np.abs(b) + 32), title="the kernel just fits", terms=8)


def _times_transposed(x: Any, kernels: Any, bias: Any) -> Any:
    """The same for batches."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.asarray(x), np.shape(kernels)[:2], axis=(1, 2)
    )
    on_their_side = np.transpose(kernels, (3, 2, 1, 0))  # (F, C, kw, kh)
    products = windows[:, :, :, None] * on_their_side
    return np.sum(products, axis=(4, 5, 6)) + bias


def _pictures_mixed(x: Any, *rest: Any) -> tuple[Any, ...]:
    (x,) = ops.as_floats(x=x)
    return np.broadcast_to(x.sum(axis=0), x.shape), *rest


EXERCISE = Exercise(
    name="conv2d",
    points={"shape": 1, "by-hand": 2.5, "structure": 2, "reference": 2.5},
    probes=conv2d_probes,
    keras_reference=keras_conv2d,
    numpy_op=ops.conv2d,
    needs=("conv_step", "correlate2d"),
    twists=(
        *FORWARD_TWISTS,
        Twist("kernel-transposed", lambda op: _times_transposed, TRANSPOSED),
        Twist(
            "pictures-mixed",
            on_args(_pictures_mixed),
            "Every picture gets the sum over the whole batch. Pictures have nothing to do with each other. Over which axes of a window do you add up?",
        ),
        *short_loops(1, 2),
        *early_returns(*BATCH_LOOPS),
        *columns_counted(lambda x, kernels, bias: np.shape(x)[1] - np.shape(kernels)[1] + 1),
        *columns_counted(lambda x, kernels, bias: np.shape(x)[1] - np.shape(kernels)[0] + 1),
    ),
    hints=(
        "One image, one filter: how many channels does the filter look at, and how many numbers does one place of the window give?",
        "Every filter makes one feature map, and each map has its own bias. Which axis of the result counts the maps?",
        "Loop over images, rows, columns and filters; the window at one place is a block of shape (kh, kw, C).",
    ),
    rung_hints={
        "shape": "x is (N, H, W, C), kernels (kh, kw, C, F). Which of these letters are left in the result, and in what order?",
        "structure": "For a picture of zeros, each filter gives one number. A single 1 copies the kernel. What does your function give?",
        "reference": "Small cases pass, larger ones don't. Which sizes are equal in the small cases and differ here?",
        "robust": "Three things can disagree: the kernel's size, its channels, the number of biases. Name the argument in each message.",
    },
)
