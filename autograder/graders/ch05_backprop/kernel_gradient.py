"""Chapter 5's ``kernel_gradient``: every place hands its patch back to the kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._batches import DIVIDED
from cnnlab.autograder.graders.ch05_backprop._layers import Layer, divided, layer_probes
from cnnlab.autograder.graders.ch05_backprop._loops import LAST_PLACE, loop_twists
from cnnlab.autograder.graders.ch05_backprop._windows import (
    DK_FLIPPED,
    OTHER_STEPS,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.gradients import Array, gradients
from cnnlab.autograder.graders.shared.loop_mistakes import last_alone, last_at_zero
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, on_output
from cnnlab.course.ops import gradients as ops

Rng = np.random.Generator
Pair = tuple[int, int]


def kernel_probes(rng: Rng) -> Iterator[Probe]:
    def arguments(layer: Layer) -> tuple[Any, ...]:
        size = layer.kernels.shape[:2]
        return layer.dout, layer.x, (size[0], size[1]), *layer.strides

    yield from layer_probes(rng, arguments, lambda layer: layer.dout[..., 0].size)
    lists = [[[[2], [3]]]], [[[[1], [2], [3]]]], (1, 2)
    yield Probe("robust", lists, title="lists", terms=2)


def keras_kernel_gradient(dout: Any, x: Any, size: Pair, strides: Pair = (1, 1)) -> Array:
    """The gradient of what ``Conv2D`` computes. It is the same for all kernels, so for zeros."""
    from keras import ops as k

    x, dout = floats(x), floats(dout)
    kernels = np.zeros((*size, x.shape[3], dout.shape[3]), x.dtype)
    return gradients(lambda w: k.conv(x, w, strides, "valid"), [kernels], dout)[0]


def _patches_at(change: Callable[[Pair], Pair]) -> Callable[[Op], Op]:
    """Patches are cut out with other strides than they should; what runs over the border raises."""

    def apply(op: Op) -> Op:
        def mistaken(dout: Any, x: Any, size: Pair, strides: Pair = (1, 1)) -> Array:
            steps, places = change(strides), np.shape(dout)[1:3]
            down, right = ((n - 1) * s + k for n, s, k in zip(places, steps, size, strict=True))
            return op(dout, floats(x)[:, :down, :right], size, steps)

        return mistaken

    return apply


def _running_over(change: Callable[[Pair], Pair]) -> Callable[[Op], Op]:
    """The same, but what a patch lacks behind the border is left out of the sum."""

    def apply(op: Op) -> Op:
        def mistaken(dout: Any, x: Any, size: Pair, strides: Pair = (1, 1)) -> Array:
            x, places = floats(x), np.shape(dout)[1:3]
            lacking = [
                (0, max((n - 1) * s + k - have, 0))
                for n, s, k, have in zip(places, change(strides), size, x.shape[1:3], strict=True)
            ]
            framed = np.pad(x, ((0, 0), *lacking, (0, 0)))
            return _patches_at(change)(op)(dout, framed, size, strides)

        return mistaken

    return apply


def _over_places(n: int, h: int, w: int, f: int) -> int:
    return h * w


def _added_first(dout: Any, x: Any, *rest: Any) -> tuple[Any, ...]:
    """The sum of all pictures in the place of each, for dout and x."""
    return floats(dout).sum(axis=0, keepdims=True), floats(x).sum(axis=0, keepdims=True), *rest


_TURNED = "Rows and columns of your dk have changed places. Which of its axes is as long as the kernel is high?"
_SWAPPED = (
    "Your last two axes have changed places. Kernels have the axes row, column, channel, filter. "
    "Which two of them does your product give, and in which order?"
)
_CUT = (
    "The last row or column of your dk stays 0: your patches are too small. How many rows and "
    "columns does a patch have, and do your loops and slices reach the last?"
)
_AVERAGED = (
    "Your dk is an average over the places. The kernel was used at each of them: are the gradients "
    "of all its uses averaged or added?"
)

EXERCISE = Exercise(
    name="kernel_gradient",
    points={"shape": 0.25, "by-hand": 0.5, "structure": 0.5, "reference": 0.5, "edge-cases": 0.25},
    probes=kernel_probes,
    keras_reference=keras_kernel_gradient,
    numpy_op=ops.kernel_gradient,
    twists=(
        Twist("dk-flipped", on_output(lambda dk: dk[::-1, ::-1]), DK_FLIPPED),
        Twist("channels-and-filters-swapped", on_output(lambda dk: dk.swapaxes(2, 3)), _SWAPPED),
        Twist("divides-by-batch", divided(lambda n, h, w, f: n), DIVIDED),
        Twist("averages-places", divided(_over_places), _AVERAGED),
        Twist("averages-places", divided(lambda n, h, w, f: n * h * w), _AVERAGED),
        Twist("rows-and-columns-swapped", on_output(lambda dk: dk.swapaxes(0, 1)), _TURNED),
        *(Twist(name, _patches_at(steps), says) for name, steps, says in OTHER_STEPS),
        *(Twist(name, _running_over(steps), says) for name, steps, says in OTHER_STEPS),
        *(
            Twist("patch-too-small", on_output(last_at_zero(*axes)), _CUT)
            for axes in ((0, 1), (0,), (1,))
        ),
        *(
            Twist(
                "last-place-only",
                on_args(lambda dout, *rest, a=axes: (last_alone(*a)(dout), *rest)),
                LAST_PLACE,
            )
            for axes in ((1, 2), (0, 1, 2))
        ),
        Twist(
            "last-image-only",
            on_args(lambda dout, *rest: (last_alone(0)(dout), *rest)),
            "Only the last picture of the batch counts in yours. What happens to the gradients of the pictures before it?",
        ),
        Twist(
            "pictures-added-first",
            on_args(_added_first),
            "You add up the pictures before you multiply, so each patch meets the gradients of all pictures. Which gradient belongs to which patch?",
        ),
        *loop_twists(),
    ),
    hints=(
        "Take one output cell. It is a patch times a filter. If one tap of the filter grows a little, how fast does this cell grow?",
        "Each cell hands its filter the patch that it saw, times dout at this cell. Where does the patch of cell (i, j) begin, and how do the parts of all cells become one?",
        "Loop over the places. A patch has the axes picture, row, column, channel, and dout at this place has picture and filter. Over which axis must you add up?",
    ),
    rung_hints={
        "shape": "dk has the shape of the kernels: their height and width, then channels, then filters. Which axis of yours differs?",
        "by-hand": "One row: the first cell saw the first patch, the second cell the next one. Multiply each by its dout, and add. What comes out?",
        "structure": "A single 1 in dout: dk must be the patch of that cell. Then strides: where did the window of row i stand?",
        "reference": "Small cases pass, larger ones don't. What differs: more filters than channels, a height that is not the width, a stride that leaves a remainder?",
        "edge-cases": "A kernel may have a single tap, or be as large as the picture. How many places are there then?",
        "robust": "dout must have a number for each picture and each place of the window. Name dout where it has not, and strides where they are below 1.",
    },
)
