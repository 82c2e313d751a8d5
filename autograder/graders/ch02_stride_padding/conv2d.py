"""Chapter 2's ``conv2d``: a whole layer, with strides, padding and dilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch02_stride_padding._sizes import reach
from cnnlab.autograder.graders.shared.conv2d import FORWARD_TWISTS, keras_conv2d
from cnnlab.autograder.graders.shared.conv2d_probes import conv2d_probes
from cnnlab.autograder.graders.shared.conv_mistakes import (
    DILATION_TWISTS,
    PADDING_TWISTS,
    STRIDE_TWISTS,
    conv2d_by,
)
from cnnlab.autograder.graders.shared.loop_mistakes import (
    BATCH_LOOPS,
    columns_counted,
    early_returns,
    short_loops,
)
from cnnlab.autograder.judging.exercise import Exercise
from cnnlab.course import ops

Pair = tuple[int, int]


def _of_padded_height(width: int) -> Callable[..., int]:
    """How many places the framed picture's height has, by the kernel's ``width``: its real one
    (1), or its height (0)."""

    def count(
        x: Any,
        kernels: Any,
        bias: Any,
        strides: Pair = (1, 1),
        padding: str = "valid",
        dilation: Pair = (1, 1),
        **mistakes: Any,
    ) -> int:
        height, sizes = np.shape(x)[1], np.shape(kernels)
        if padding == "same":
            height += sum(ops.same_padding(height, sizes[0], strides[0], dilation[0]))
        return (height - reach(sizes[width], dilation[width])) // strides[width] + 1

    return count


EXERCISE = Exercise(
    name="conv2d",
    points={"shape": 1, "by-hand": 2.5, "structure": 2, "reference": 4.75, "edge-cases": 1.75},
    probes=conv2d_probes,
    keras_reference=keras_conv2d,
    numpy_op=conv2d_by,
    needs=("output_size", "same_padding", "pad2d"),
    twists=(
        *STRIDE_TWISTS,
        *PADDING_TWISTS,
        *DILATION_TWISTS,
        *FORWARD_TWISTS,
        *short_loops(1, 2),
        *early_returns(*BATCH_LOOPS),
        *columns_counted(_of_padded_height(1)),
        *columns_counted(_of_padded_height(0)),
    ),
    hints=(
        "You have written every part: how many places there are, how many zeros to add, how to add them. In which order do you need them?",
        "Once the frame is there, the rest is “valid”. Output row i begins at picture row i times the stride. Which rows are under the taps, if the taps are `dilation` apart?",
        "A slice has a third number, its step: start : stop : step. Start at the stride times i, stop where the spread kernel ends, step by the dilation.",
    ),
    rung_hints={
        "shape": "Ask output_size, once for the rows and once for the columns. Which stride and which side of the kernel belong to the rows?",
        "by-hand": "Draw the case that fails: the frame of zeros first, then the places of the window, then what it covers.",
        "structure": "A single 1 in a corner shows where your frame begins: how many cells of the result see it?",
        "reference": "Small cases pass, larger ones don't. What differs here: an even kernel, a stride that leaves a remainder, a dilation above 2?",
        "edge-cases": "Larger kernels than pictures, steps longer than kernels: do your own output_size and same_padding pass their edge cases?",
        "robust": "An error from output_size speaks of k and stride. Use conv2d's own words in your message: strides, padding, dilation, kernels or bias.",
    },
)
