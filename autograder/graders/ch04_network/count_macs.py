"""Chapter 4's ``count_macs``: multiply-accumulates of a stack of layers."""

from __future__ import annotations

from math import prod
from typing import Any

from cnnlab.autograder.graders.ch04_network._counting import (
    CHANNELS,
    WITH_WEIGHTS,
    counting_probes,
    keras_layers,
    walk,
    with_mistake,
)
from cnnlab.autograder.judging.exercise import Exercise
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.ops.layers import Shape, weights_and_biases

Stack = list[tuple[Any, ...]]


def keras_macs(input_shape: Shape, layers: Stack) -> list[int]:
    """Places of Keras's output times the entries of Keras's kernel."""
    return [
        prod(output.shape[1:-1]) * prod(made.kernel.shape) if hasattr(made, "kernel") else 0
        for made, output in keras_layers(input_shape, layers)
    ]


def macs(
    input_shape: Shape,
    layers: Stack,
    *,
    channels: bool = True,
    bias: bool = False,
    places: str = "output",
    factor: int = 1,
    of: tuple[str, ...] = WITH_WEIGHTS,
) -> list[int]:
    """`count_macs` with mistakes: without any, it is that function."""
    counts = []
    for before, full, after, layer in walk(input_shape, layers):
        weights, biases = weights_and_biases(before, layer)
        if full.kind == "conv" and not channels:
            weights //= before[-1]
        where = {"output": after, "input": before, "none": (1,)}.get(places, after)
        if full.kind == "conv" and places in STRIDED:
            map_in, rounded = STRIDED[places]
            sides = (before if map_in else after)[:2]
            where = (*map(rounded, sides, full.strides), after[-1])
        each = weights + (biases if bias and full.kind in of else 0)
        each *= factor if full.kind in of else 1
        counts.append(each * prod(where[:-1] if full.kind == "conv" else after[:-1]))
    return counts


def _down(n: int, stride: int) -> int:
    return n // stride


def _up(n: int, stride: int) -> int:
    return -(-n // stride)


STRIDED = {
    "output / stride": (False, _down),
    "output / stride, rounded up": (False, _up),
    "input / stride": (True, _down),
    "input / stride, rounded up": (True, _up),
}
"""Places that are counted by dividing: whether those of the map that comes in, and how."""

_STRIDE_TWICE = (
    "You divide the size of the result by the stride once more. The map that comes out is "
    "already smaller: what made it so?"
)
_KERNEL = (
    "You divide the size of the input by the stride, whatever the padding is. How many places has "
    "a kernel of 3 on 6 cells without padding?"
)
_TWICE = "Some of your numbers are twice as large. Count a multiplication and its addition as one."
_INPUT_MAP = "You count the places of the map that comes in. The kernel takes one step for each number that comes out. With a stride, or without padding, are these more or fewer?"

EXERCISE = Exercise(
    name="count_macs",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1, "edge-cases": 0.5},
    probes=counting_probes,
    keras_reference=keras_macs,
    numpy_op=macs,
    needs=("count_parameters",),
    twists=(
        Twist("on-input-map", with_mistake(places="input"), _INPUT_MAP),
        Twist("stride-twice", with_mistake(places="output / stride"), _STRIDE_TWICE),
        Twist("stride-twice", with_mistake(places="output / stride, rounded up"), _STRIDE_TWICE),
        Twist("padding-ignored", with_mistake(places="input / stride"), _KERNEL),
        Twist("padding-ignored", with_mistake(places="input / stride, rounded up"), _KERNEL),
        Twist(
            "positions-forgotten",
            with_mistake(places="none"),
            "You count each weight once. At how many places of the result is it used?",
        ),
        *(
            Twist("twice-per-mac", with_mistake(factor=2, of=of), _TWICE)
            for of in (WITH_WEIGHTS, ("conv",), ("dense",))
        ),
        Twist("input-channels-forgotten", with_mistake(channels=False), CHANNELS),
        *(
            Twist(
                "bias-counted",
                with_mistake(bias=True, of=of),
                "You count the biases too. Adding a bias is no multiplication. What is left if you take the biases out?",
            )
            for of in (WITH_WEIGHTS, ("conv",), ("dense",))
        ),
    ),
    hints=(
        "One number of the result takes many multiplications: count them first. How many numbers are there in the result?",
        "Each weight is used once at every place of the map that comes out. Taps that meet padding count as well. How many places are there?",
        "Go through the layers with the current shape, as for the parameters; take the shape after the layer for the places.",
    ),
    rung_hints={
        "shape": "The result is a list with one whole number for each layer. What does a layer without parameters give?",
        "structure": "Look at a stride of 2 and 3: how many steps does the kernel take down, how many across?",
        "reference": "Pooling, flatten and dropout multiply nothing, but they change the shape that the next layer meets. Which shape does your next layer see?",
        "edge-cases": "No layers give an empty list. A dense layer on three axes is used at each of its places. How many places are that?",
    },
)
