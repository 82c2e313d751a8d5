"""Chapter 4's ``count_parameters``."""

from __future__ import annotations

from collections.abc import Callable
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
from cnnlab.course.ops.layers import Layer, Shape, weights_and_biases

Stack = list[tuple[Any, ...]]


def keras_parameters(input_shape: Shape, layers: Stack) -> list[int]:
    return [int(made.count_params()) for made, _ in keras_layers(input_shape, layers)]


def parameters(
    input_shape: Shape,
    layers: Stack,
    *,
    channels: bool = True,
    bias: str = "each",
    of: tuple[str, ...] = WITH_WEIGHTS,
    places: str = "",
    side: int | None = None,
    pool: Callable[[Layer, int], int] = lambda layer, channels: 0,
) -> list[int]:
    """`count_parameters` with mistakes: without any, it is that function."""
    counts = []
    for before, full, after, layer in walk(input_shape, layers):
        weights, biases = weights_and_biases(before, layer)
        if full.kind == "conv" and side is not None:
            weights = weights // prod(full.size) * full.size[side] ** 2
        if full.kind == "conv" and not channels:
            weights //= before[-1]
        if full.kind == "conv" and places:
            weights *= prod(after[:-1])
            biases *= prod(after[:-1]) if places == "all" else 1
        if full.kind in of and bias != "each":
            biases = {"none": 0, "one": 1, "channels": before[-1] * biases}[bias]
        extra = pool(full, before[-1]) if full.kind == "max_pool" else 0
        counts.append(weights + biases + extra)
    return counts


_PLACES = (
    "You count a kernel again at each of its places. It is the same kernel everywhere: "
    "is there anything new to learn at the second place?"
)
_BIASES = (
    (
        "bias-forgotten",
        "none",
        "Biases are missing. How many of them has a layer with ten filters, or ten units?",
    ),
    (
        "one-bias",
        "one",
        "You count one bias for a whole layer. Every filter, and every unit, has its own: how "
        "many are there?",
    ),
    (
        "bias-per-channel",
        "channels",
        "You count a bias again for every channel, or input. A filter adds up all its products first. How many biases does one sum need?",
    ),
)
_POOL = "Your pooling layers learn something. Which number in a maximum could be trained?"

EXERCISE = Exercise(
    name="count_parameters",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1, "edge-cases": 0.5},
    probes=counting_probes,
    keras_reference=keras_parameters,
    numpy_op=parameters,
    twists=(
        Twist("times-positions", with_mistake(places="all"), _PLACES),
        Twist("times-positions", with_mistake(places="weights"), _PLACES),
        Twist("input-channels-forgotten", with_mistake(channels=False), CHANNELS),
        *(
            Twist(
                "square-kernel-only",
                with_mistake(side=side),
                "You take every kernel for square. A kernel of 3×2 has two sizes: how many numbers does it hold for one channel?",
            )
            for side in (0, 1)
        ),
        *(
            Twist(name, with_mistake(bias=bias, of=of), says)
            for name, bias, says in _BIASES
            for of in (WITH_WEIGHTS, ("conv",), ("dense",))
        ),
        *(
            Twist("pool-has-weights", with_mistake(pool=pool), _POOL)
            for pool in (
                lambda full, channels: prod(full.size),
                lambda full, channels: prod(full.size) * channels,
                lambda full, channels: prod(full.size) * channels + channels,
                lambda full, channels: prod(full.size) * channels**2,
                lambda full, channels: prod(full.size) * channels**2 + channels,
            )
        ),
    ),
    hints=(
        "What does a filter hold: how many numbers for one filter, and how many filters are there?",
        "Some layers learn nothing at all. For the others, find the weights of one filter or unit, and how many of these there are. Where does the bias come in?",
        "Keep the current shape while you go through the layers: what one layer gives is what the next one gets. Which function of yours knows them all?",
    ),
    rung_hints={
        "shape": "The result is a list with one whole number for each layer. What does a layer without parameters give?",
        "structure": "A kernel may be 3×2 and have a stride. Which of these change the number of its weights?",
        "reference": "The count depends on what comes in. Print the shape that each layer gets: it is the one that the layer before left.",
        "edge-cases": "No layers give an empty list. A dense layer without flatten works on the last axis alone, as in Keras. Which number of its input shape counts then?",
    },
)
