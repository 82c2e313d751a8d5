"""Chapter 13's ``conv1x1``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch13_fast_convolution._windows import pick
from cnnlab.autograder.graders.shared.conv2d import keras_conv2d
from cnnlab.autograder.graders.shared.conv2d_probes import case
from cnnlab.autograder.graders.shared.draws import impulse, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.ops import fast

Rng = np.random.Generator


def conv1x1_probes(rng: Rng) -> Iterator[Probe]:
    yield case(rng, "shape", (2, 3, 4, 3), (1, 1, 3, 5))
    yield case(rng, "shape", (2, 3, 4, 3), (1, 1, 3, 3))
    whole: dict[str, Any] = {"draw": wholes, "dtype": np.int64, "title": "integers"}
    yield case(rng, "robust", (1, 2, 3, 2), (1, 1, 2, 4), **whole)
    lists = ([[[[1, 2]], [[3, 4]]]], [[[[1, 0, 2], [0, 1, -1]]]], [0, 5, 1])
    yield Probe("robust", lists, title="lists", terms=2)
    small: dict[str, Any] = {"draw": wholes}
    yield case(rng, "by-hand", (1, 1, 2, 2), (1, 1, 2, 1), **small, title="one filter")
    yield case(rng, "by-hand", (1, 1, 1, 2), (1, 1, 2, 3), **small, title="one pixel")
    yield case(rng, "by-hand", (1, 2, 1, 2), (1, 1, 2, 2), **small, title="two filters")
    point = impulse(1, 3, 4, 3, at=(0, 1, 2, 1))
    args = (point, wholes(rng, 1, 1, 3, 3), np.zeros(3, np.float32))
    yield Probe("structure", args, title="a single 1 shows a row of the weights", terms=3)
    black = np.zeros((2, 2, 3, 3), np.float32)
    args = (black, wholes(rng, 1, 1, 3, 4), wholes(rng, 4))
    yield Probe("structure", args, title="a black picture: the bias alone", terms=3)
    yield case(rng, "structure", (3, 3, 3, 3), (1, 1, 3, 3), title="every size 3")
    yield case(rng, "reference", (2, 7, 5, 4), (1, 1, 4, 6))
    yield case(rng, "reference", (3, 5, 6, 6), (1, 1, 6, 2))
    float64 = tuple(rng.normal(size=s) for s in ((2, 4, 5, 3), (1, 1, 3, 4), (4,)))
    yield Probe("reference", float64, title="float64", terms=3)
    rung = "robust"
    x, k, b = (wholes(rng, *s) for s in ((1, 3, 4, 2), (1, 1, 2, 3), (3,)))
    for taps in ((2, 1), (1, 2)):
        wide = np.tile(k, (*taps, 1, 1))
        yield Probe(rung, (x, wide, b), title="more than one tap", raises="kernels")
    for kernels in (k[:, :, :1], np.concatenate([k, k[:, :, :1]], axis=2)):
        yield Probe(rung, (x, kernels, b), title="channels disagree", raises="kernels|x")
    for biases in (b[:2], np.append(b, b[:1])):
        title = f"{len(biases)} biases for three filters"
        yield Probe(rung, (x, k, biases), title=title, raises="bias")
    yield Probe(rung, (x[:, :1, :1], k, b), title="one pixel is enough", terms=2)


EXERCISE = Exercise(
    name="conv1x1",
    points={"shape": 0.25, "by-hand": 0.75, "structure": 0.5, "reference": 1.5},
    probes=conv1x1_probes,
    keras_reference=keras_conv2d,
    numpy_op=fast.conv1x1,
    twists=(
        Twist(
            "kernel-transposed",
            lambda op: lambda x, k, *r: op(x, np.swapaxes(k, 2, 3), *r),
            "Channels and filters have changed places in the weights. Which of these two axes must "
            "meet x's channels?",
        ),
        *pick(
            "bias-forgotten",
            "first-bias-for-all",
            "bias-per-channel",
            "channels-not-summed",
            "filters-reversed",
            "first-image-only",
            "reshape-for-transpose",
            "relu-baked-in",
        ),
    ),
    hints=(
        "Look at one pixel: C numbers go in, F numbers come out. What is that, in the language of matrices?",
        "The same product happens at every pixel. What does NumPy's @ do with an array of more than two axes?",
        "A 1×1 kernel has one place, so it is a matrix of channels and filters. x ends in its channels. Which product needs no loop?",
    ),
    rung_hints={
        "shape": "Height and width stay; only the last axis changes. What is the shape of yours?",
        "structure": "A single 1 in channel c shows the weights from channel c to every filter. Which row or column of the matrix is it?",
        "robust": "Compare three things: the kernel's height and width, its channels, and the number of biases. Name the argument in each message.",
    },
)
