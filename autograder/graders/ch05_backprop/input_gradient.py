"""Chapter 5's ``input_gradient``: every place hands its filter back to the pixels that it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._batches import DIVIDED
from cnnlab.autograder.graders.ch05_backprop._layers import Layer, divided, layer_probes
from cnnlab.autograder.graders.ch05_backprop._loops import loop_twists
from cnnlab.autograder.graders.ch05_backprop._windows import (
    DX_FLIPPED,
    OTHER_STEPS,
    OVERWRITES,
    window_at,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.gradients import Array, gradients
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, on_output
from cnnlab.course.ops import gradients as ops

Rng = np.random.Generator
Pair = tuple[int, int]
Shape = tuple[int, ...]


def input_probes(rng: Rng) -> Iterator[Probe]:
    def arguments(layer: Layer) -> tuple[Any, ...]:
        return layer.dout, layer.kernels, layer.x.shape, *layer.strides

    yield from layer_probes(rng, arguments, lambda layer: layer.kernels[..., 0, :].size)
    lists = [[[[2], [3]]]], [[[[4]], [[5]]]], (1, 1, 3, 1)
    yield Probe("robust", lists, title="lists", terms=2)


def keras_input_gradient(dout: Any, kernels: Any, x_shape: Shape, strides: Pair = (1, 1)) -> Array:
    """The gradient of what ``Conv2D`` computes. It is the same for all pictures, so for zeros."""
    from keras import ops as k

    kernels, dout = floats(kernels), floats(dout)
    x = np.zeros(x_shape, kernels.dtype)
    return gradients(lambda x: k.conv(x, kernels, strides, "valid"), [x], dout)[0]


def _reached(places: Shape, size: Shape, strides: Pair) -> Shape:
    """How many rows and columns the windows reach."""
    return tuple((n - 1) * s + k for n, s, k in zip(places, strides, size, strict=True))


def _put_back_at(change: Callable[[Pair], Pair]) -> Callable[[Op], Op]:
    """Windows are put back with other strides; what runs over the border raises."""

    def apply(op: Op) -> Op:
        def mistaken(dout: Any, kernels: Any, x_shape: Shape, strides: Pair = (1, 1)) -> Array:
            steps = change(strides)
            down, right = _reached(np.shape(dout)[1:3], np.shape(kernels)[:2], steps)
            dx = np.zeros(x_shape, floats(dout).dtype)
            dx[:, :down, :right] = op(dout, kernels, (x_shape[0], down, right, x_shape[3]), steps)
            return dx

        return mistaken

    return apply


def _overwritten(op: Op) -> Op:
    """One window after the other, with = for +=."""

    def mistaken(dout: Any, kernels: Any, x_shape: Shape, strides: Pair = (1, 1)) -> Array:
        dout, kernels = floats(dout), floats(kernels)
        dx = np.zeros(x_shape, dout.dtype)
        for i, j in np.ndindex(dout.shape[1:3]):
            at = window_at(i, j, kernels.shape[:2], strides)
            dx[at] = np.tensordot(dout[:, i, j], kernels, axes=(1, 3))
        return dx

    return mistaken


def _averaged(op: Op) -> Op:
    """Each pixel's sum, divided by how many windows it lies in."""

    def mistaken(dout: Any, kernels: Any, x_shape: Shape, strides: Pair = (1, 1)) -> Array:
        times = np.zeros(x_shape, floats(dout).dtype)
        for i, j in np.ndindex(np.shape(dout)[1:3]):
            times[window_at(i, j, np.shape(kernels)[:2], strides)] += 1
        return op(dout, kernels, x_shape, strides) / np.maximum(times, 1)

    return mistaken


def _last_filter_over(op: Op) -> Op:
    """The same in a loop over the filters, too: the last one stays."""
    overwritten = _overwritten(op)
    return lambda dout, kernels, *rest: overwritten(
        floats(dout)[..., -1:], floats(kernels)[..., -1:], *rest
    )


def _only_reached(op: Op) -> Op:
    """No rows and columns beyond the last window."""

    def mistaken(dout: Any, kernels: Any, x_shape: Shape, strides: Pair = (1, 1)) -> Array:
        down, right = _reached(np.shape(dout)[1:3], np.shape(kernels)[:2], strides)
        return op(dout, kernels, x_shape, strides)[:, :down, :right]

    return mistaken


EXERCISE = Exercise(
    name="input_gradient",
    points={"shape": 0.25, "by-hand": 0.5, "structure": 0.5, "reference": 0.5, "edge-cases": 0.25},
    probes=input_probes,
    keras_reference=keras_input_gradient,
    numpy_op=ops.input_gradient,
    twists=(
        Twist(
            "dx-not-flipped",
            on_args(lambda dout, kernels, *rest: (dout, np.asarray(kernels)[::-1, ::-1], *rest)),
            DX_FLIPPED,
        ),
        Twist("overlap-overwrites", _overwritten, OVERWRITES),
        Twist("overlap-overwrites", _last_filter_over, OVERWRITES),
        Twist("divides-by-batch", divided(lambda n, h, w, f: n), DIVIDED),
        *(Twist(name, _put_back_at(steps), says) for name, steps, says in OTHER_STEPS),
        Twist(
            "remainder-missing",
            _only_reached,
            "Your dx ends where the last window ends. Rows and columns that no window reaches belong to x, too: which gradient do they get?",
        ),
        Twist(
            "overlap-averaged",
            _averaged,
            "Where windows overlap you take the mean of what they give. A pixel that is used twice moves the loss twice. How do two shares become one number?",
        ),
        Twist(
            "pictures-mixed",
            on_output(lambda dx: np.broadcast_to(dx.sum(axis=0), dx.shape).copy()),
            "Every picture gets the gradients of all pictures. Which gradients in dout come from picture n alone?",
        ),
        *loop_twists(),
    ),
    hints=(
        "Take one output cell. It is a patch times a filter. If one pixel of the patch grows a little, how fast does this cell grow?",
        "Each cell hands its patch the filter, times dout at this cell, and all filters of a place add up. What happens to a pixel that lies in several patches?",
        "Begin with zeros of x's shape, and loop over the places. dout at a place has the axes picture and filter, kernels have row, column, channel, filter. Over which axis must you add up?",
    ),
    rung_hints={
        "shape": "dx has the shape of x, which is given. What is the shape of yours?",
        "by-hand": "One row, three pixels, two taps: the pixel in the middle was used twice. What does it get?",
        "structure": "A single 1 in dout: dx must show the kernel, just where the window stood. Then strides: where did the window of row i stand?",
        "reference": "Small cases pass, larger ones don't. What differs: more filters than channels, a height that is not the width, a stride that leaves a remainder?",
        "edge-cases": "With long strides some pixels lie in no window. What gradient does such a pixel get?",
        "robust": "dout must have a number for each picture and each place of the window. Name dout where it has not, and strides where they are below 1.",
    },
)
