"""Chapter 13's ``conv2d_im2col``: a layer as one matrix product, timed beside a plain loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch13_fast_convolution._windows import OTHER_ORDERS
from cnnlab.autograder.graders.shared import conv2d_probes
from cnnlab.autograder.graders.shared.conv2d import FORWARD_TWISTS, keras_conv2d
from cnnlab.autograder.graders.shared.conv2d_probes import case
from cnnlab.autograder.graders.shared.conv_mistakes import PADDING_TWISTS, STRIDE_TWISTS, conv2d_by
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.timing import Baseline
from cnnlab.autograder.judging.twists import Twist, on_args, on_output

Rng = np.random.Generator
Array = NDArray[Any]

LOOP = prelude("ch13_fast_convolution")
"""The chapter's given functions: the layer as a plain loop is among them."""

# A loop over filters, too, comes to about 1; a loop over places alone to 10; one product to 100.
BASELINE = Baseline("conv2d_loop", LOOP, ratio=5)


def im2col_conv_probes(rng: Rng) -> Iterator[Probe]:
    """Chapter 2's probes, as far as they have no dilation, and five calls that are timed."""
    for probe in conv2d_probes.conv2d_probes(rng):
        if len(probe.args) <= 5:
            # A kernel that does not fit may be refused by the learner's own im2col.
            blame = "kernels|size" if probe.raises == "kernels" else probe.raises
            yield replace(probe, raises=blame)
    yield case(rng, "robust", (1, 4, 5, 2), (4, 5, 2, 3), title="it just fits")
    for number in range(5):
        title = f"timed call {number + 1}"
        yield case(rng, BASELINE.rung, (2, 8, 9, 3), (3, 3, 3, 8), title=title)


def _met(patches: str, kernels: str) -> Callable[..., tuple[Any, ...]]:
    """Patches flattened in one order of (a, b, c), kernels in another: "cab" is channels first.

    The product is that of other kernels: each number stands where it met the patch.
    """

    def change(x: Any, k: Any, *r: Any) -> tuple[Any, ...]:
        k = np.asarray(k)
        line = k.transpose(*_axes(kernels), 3).reshape(-1, k.shape[3])
        turned = line.reshape(*(k.shape[axis] for axis in _axes(patches)), k.shape[3])
        return x, turned.transpose(*np.argsort(_axes(patches)), 3), *r

    return change


def _axes(order: str) -> tuple[int, ...]:
    return tuple("abc".index(axis) for axis in order)


def _product_transposed(y: Array) -> Array:
    """The product as (F, places), reshaped where its axes had to change places."""
    return y.reshape(-1, y.shape[3]).T.reshape(y.shape)


_ORDER = (
    "Patches and kernels are flattened in different orders, so numbers meet that do not belong "
    "together. Which of row, column and channel changes fastest in im2col's rows?"
)

EXERCISE = Exercise(
    name="conv2d_im2col",
    points={
        "shape": 0.5,
        "by-hand": 1.75,
        "structure": 1,
        "reference": 2.25,
        "edge-cases": 0.5,
        "speed": 2,
    },
    probes=im2col_conv_probes,
    keras_reference=keras_conv2d,
    numpy_op=conv2d_by,
    needs=("im2col",),
    twists=(
        *STRIDE_TWISTS,
        *PADDING_TWISTS,
        *FORWARD_TWISTS,
        Twist(
            "reshape-for-transpose",
            on_output(_product_transposed),
            "The product was reshaped while its filters were the first axis. Reshape keeps the order in "
            "memory; which function swaps axes?",
        ),
        *(
            Twist("flatten-order", on_args(_met(patches, kernels)), _ORDER)
            for order in OTHER_ORDERS
            for patches, kernels in ((order, "abc"), ("abc", order))
        ),
    ),
    hints=(
        "im2col gives one row for each place. What must each row be multiplied by, to give one number for each filter?",
        "Flatten the kernels as the patches are flattened. One matrix product then does all places and all filters. How many rows and columns do the kernels have?",
        "The product has a row for each picture and place, and a column for each filter. Add the bias first. Which shape should it get at the end?",
    ),
    rung_hints={
        "shape": "layout says how many rows and columns of places there are. The product's rows come in just this order. How do you give them back their axes?",
        "reference": "Does your im2col pass? If so, look at the strides and the padding that you hand on to it.",
        "robust": "Some wrong biases add up without an error, so you must look. Compare channels and biases, and name the wrong argument.",
        "speed": "The result is right, but a loop over places or filters is still in there somewhere, perhaps inside your im2col. Loop over the taps of the window alone.",
    },
    verdicts={BASELINE.rung: BASELINE.verdict},
    baseline=BASELINE,
)
