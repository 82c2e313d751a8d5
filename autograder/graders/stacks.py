"""Chapter 4's counting: parameters and multiply-accumulates of a stack, and a stack in a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders.shapes import keras_layer
from cnnlab.autograder.twists import Op, Twist
from cnnlab.course import layers as arithmetic
from cnnlab.course.layers import Layer, Shape, normalise, trace_shapes, weights_and_biases

Rng = np.random.Generator
Stack = list[tuple[Any, ...]]


# Probes


def counting_probes(rng: Rng) -> Iterator[Probe]:
    def n(low: int = 2, high: int = 9) -> int:
        return int(rng.integers(low, high))

    picture = (n(6, 12), n(13, 20), 3)
    yield Probe("shape", (picture, [("conv", n(), 3), ("max_pool", 2)]))
    yield Probe("shape", ((n(),), [("dense", n())]))
    yield Probe("by-hand", ((4, 5, 2), [("conv", 3, 2)]), title="one convolution")
    yield Probe("by-hand", ((4, 6, 1), [("conv", 2, 3, 1, "valid")]), title="no padding")
    yield Probe("by-hand", ((3,), [("dense", 2)]), title="one dense layer")
    yield Probe("by-hand", ((4, 4, 3), [("max_pool", 2), ("flatten",)]), title="nothing to learn")
    conv = ("conv", n(), (3, 2), 1, "valid")
    yield Probe("structure", (picture, [conv]), title="a kernel of 3×2")
    bigger = (picture[0] + 3, picture[1] + 4, 3)
    yield Probe("structure", (bigger, [conv]), title="the same kernel on a larger picture")
    strided = ("conv", n(), 3, (2, 3), "same")
    yield Probe("structure", (picture, [strided]), title="a stride of 2 and 3")
    yield Probe("structure", (picture, [("conv", 3, 3)]), title="as many filters as channels")
    yield Probe("structure", (picture, [("conv", n(), 1)]), title="a 1×1 kernel")
    widths = sorted(int(w) for w in rng.choice(range(4, 40), 3, replace=False))
    yield Probe("reference", ((32, 32, 3), _blocks(widths, n(20, 90))), title="a whole network")
    yield Probe("reference", ((30, 41, 3), _blocks(widths[:2], n(20, 90))), title="odd sizes")
    dilated: Stack = [("conv", n(), 3, 1, "valid", 2), ("conv", n(), (2, 4), 2, "valid")]
    yield Probe("reference", ((17, 23, 2), dilated), title="dilation, then a stride")
    pooled: Stack = [("conv", n(), 3), ("global_average_pool",), ("dropout", 0.5), ("dense", n())]
    yield Probe("reference", ((9, 12, 4), pooled), title="global average pooling")
    yield Probe("edge-cases", ((6, 7, 2), []), title="no layer at all")
    yield Probe("edge-cases", ((6, 5, 4), [("dense", n())]), title="dense on three axes")
    yield Probe(
        "edge-cases", ((5, 6, 2), [("max_pool", (2, 3), 1)]), title="pooling windows of 2×3"
    )


def _blocks(widths: list[int], units: int) -> Stack:
    convolutions = [block for width in widths for block in (("conv", width, 3), ("max_pool", 2))]
    return [*convolutions, ("flatten",), ("dropout", 0.5), ("dense", units), ("dense", 1)]


# What Keras says


def _keras_layers(input_shape: Shape, layers: Stack) -> Iterator[tuple[Any, Any]]:
    """Each layer as Keras builds it, and its output."""
    import keras

    tensor = keras.Input(tuple(input_shape))
    for layer in layers:
        made = keras_layer(tuple(layer))
        tensor = made(tensor)
        yield made, tensor


def keras_parameters(input_shape: Shape, layers: Stack) -> list[int]:
    return [int(made.count_params()) for made, _ in _keras_layers(input_shape, layers)]


def keras_macs(input_shape: Shape, layers: Stack) -> list[int]:
    """Places of Keras's output times the entries of Keras's kernel."""
    return [
        prod(output.shape[1:-1]) * prod(made.kernel.shape) if hasattr(made, "kernel") else 0
        for made, output in _keras_layers(input_shape, layers)
    ]


# Slips: both exercises are sums of products, in which a factor is left out or one too many.


def _walk(input_shape: Shape, layers: Stack) -> Iterator[tuple[Shape, Layer, Shape, Any]]:
    shapes = [tuple(input_shape), *trace_shapes(input_shape, layers)]
    for before, layer, after in zip(shapes, layers, shapes[1:], strict=False):
        yield before, normalise(layer), after, layer


def parameters(
    input_shape: Shape,
    layers: Stack,
    *,
    channels: bool = True,
    bias: bool = True,
    places: str = "",
    pool: Callable[[Layer, int], int] = lambda layer, channels: 0,
) -> list[int]:
    """`count_parameters` with slips: without any, it is that function."""
    counts = []
    for before, full, after, layer in _walk(input_shape, layers):
        weights, biases = weights_and_biases(before, layer)
        if full.kind == "conv" and not channels:
            weights //= before[-1]
        if full.kind == "conv" and places:
            weights *= prod(after[:-1])
            biases *= prod(after[:-1]) if places == "all" else 1
        extra = pool(full, before[-1]) if full.kind == "max_pool" else 0
        counts.append(weights + (biases if bias else 0) + extra)
    return counts


def macs(
    input_shape: Shape,
    layers: Stack,
    *,
    channels: bool = True,
    bias: bool = False,
    places: str = "output",
    factor: int = 1,
) -> list[int]:
    """`count_macs` with slips: without any, it is that function."""
    counts = []
    for before, full, after, layer in _walk(input_shape, layers):
        weights, biases = weights_and_biases(before, layer)
        if full.kind == "conv" and not channels:
            weights //= before[-1]
        where = {"output": after, "input": before, "none": (1,)}[places]
        each = weights + (biases if bias else 0)
        counts.append(factor * each * prod(where[:-1] if full.kind == "conv" else after[:-1]))
    return counts


def slip(**options: Any) -> Callable[[Op], Op]:
    """The op with one more slip."""
    return lambda op: lambda *args, **kwargs: op(*args, **options, **kwargs)


# count_parameters

_CHANNELS = "Your convolutions forget the input's channels. How many numbers does one filter of 3×3 hold that looks at 16 maps?"
_PLACES = (
    "You count a kernel again at every place where it stands. It is the same kernel everywhere: "
    "is there anything new to learn at the second place?"
)
_POOL = "Your pooling layers learn something. Which number in a maximum could be trained?"

count_parameters = Exercise(
    name="count_parameters",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1, "edge-cases": 0.5},
    probes=counting_probes,
    reference=keras_parameters,
    correct=parameters,
    twists=(
        Twist("times-positions", slip(places="all"), _PLACES),
        Twist("times-positions", slip(places="weights"), _PLACES),
        Twist("input-channels-forgotten", slip(channels=False), _CHANNELS),
        Twist(
            "bias-forgotten",
            slip(bias=False),
            "The biases are missing. How many of them has a layer with ten filters?",
        ),
        *(
            Twist("pool-has-weights", slip(pool=pool), _POOL)
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
        "Which layers learn nothing at all? For the others: weights of one filter or unit, times their number, plus one bias each.",
        "Keep the shape that comes in while you walk through the layers: what one layer leaves is what the next one sees. trace_shapes knows them all; its last number counts channels or inputs.",
    ),
    rung_hints={
        "shape": "The result is a list with one whole number for each layer.",
        "structure": "A kernel may be 3×2 and have a stride. Which of these change the number of its weights?",
        "reference": "The count depends on what comes in. Print the shape that each layer gets: it is the one that the layer before left.",
        "edge-cases": "No layers give an empty list. A dense layer without flatten works on the last axis alone, as in Keras.",
    },
)


# count_macs

_INPUT_MAP = (
    "You count the places of the map that comes in. The kernel takes one step for each number "
    "that comes out: with a stride, or without padding, these are fewer."
)

count_macs = Exercise(
    name="count_macs",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1, "edge-cases": 0.5},
    probes=counting_probes,
    reference=keras_macs,
    correct=macs,
    needs=("count_parameters",),
    twists=(
        Twist("on-input-map", slip(places="input"), _INPUT_MAP),
        Twist(
            "positions-forgotten",
            slip(places="none"),
            "You count each weight once. At how many places of the result is it used?",
        ),
        Twist(
            "twice-per-mac",
            slip(factor=2),
            "Your numbers are twice as large. A multiplication and the addition that goes with it are one multiply-accumulate.",
        ),
        Twist("input-channels-forgotten", slip(channels=False), _CHANNELS),
        Twist(
            "bias-counted",
            slip(bias=True),
            "You count the biases too. Adding a bias is no multiplication.",
        ),
    ),
    hints=(
        "One number of the result: how many multiplications does it take? And how many numbers are there in the result?",
        "Each weight is used once at every place of the map that comes out. Taps that meet padding count as well.",
        "Walk through the layers with the current shape, as for the parameters; take the shape after the layer for the places.",
    ),
    rung_hints={
        "shape": "The result is a list with one whole number for each layer.",
        "structure": "Look at a stride of 2 and 3: how many steps does the kernel take down, how many across?",
        "reference": "Pooling, flatten and dropout multiply nothing, but they change the shape that the next layer meets.",
        "edge-cases": "No layers give an empty list. A dense layer on three axes is used at each of their places.",
    },
)


# choose_hyperparameters

PICTURE = (32, 32, 3)
LEAST = 0.2
"""The share of one of the two budgets that a stack must use."""


def budget_probes(rng: Rng) -> Iterator[Probe]:
    """Budgets of which only one binds: parameters are scarce and MACs plenty, or the reverse."""
    for scarce in (2_000, 9_000, 60_000):
        count = int(scarce * rng.uniform(0.8, 1.25))
        budget = {"parameters": count, "macs": 1000 * count}
        yield Probe("parameters", (budget,), title="few parameters")
    count = _cost_of(int(rng.integers(6, 13))) - 1
    budget = {"parameters": count, "macs": 1000 * count}
    yield Probe("parameters", (budget,), title="one parameter too few for a plain stack")
    for scarce in (300_000, 1_500_000, 8_000_000):
        count = int(scarce * rng.uniform(0.8, 1.25))
        budget = {"parameters": count, "macs": count}
        yield Probe("macs", (budget,), title="few multiply-accumulates")


def _cost_of(width: int) -> int:
    """The parameters of the stack whose filters double from ``width`` on."""
    return sum(arithmetic.count_parameters(PICTURE, _stack([width, 2 * width, 4 * width], 3)))


def stack_for(
    budget: dict[str, int], growth: tuple[int, ...] = (1, 2, 4), kernel: int = 3
) -> Stack:
    """The widest stack of three blocks within a budget."""
    best: Stack = []
    for width in range(1, 10_000):
        stack = _stack([width * g for g in growth], kernel)
        cost = sum(arithmetic.count_parameters(PICTURE, stack))
        work = sum(arithmetic.count_macs(PICTURE, stack))
        if cost > budget["parameters"] or work > budget["macs"]:
            break
        best = stack
    return best


def _stack(widths: list[int], kernel: int) -> Stack:
    blocks = [block for w in widths for block in (("conv", w, kernel), ("max_pool", 2))]
    return [*blocks, ("global_average_pool",), ("dense", 1)]


def qualities(args: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """What matters of a stack: many stacks are right."""
    budget = args[0]
    try:
        layers = [normalise(layer) for layer in value]
        cost = sum(arithmetic.count_parameters(PICTURE, value))
        work = sum(arithmetic.count_macs(PICTURE, value))
    except (TypeError, ValueError) as error:
        return {"a stack for 32×32×3": str(error)[:200]}
    filters = [layer.units for layer in layers if layer.kind == "conv"]
    used = max(cost / budget["parameters"], work / budget["macs"])
    ends = bool(layers) and layers[-1] == Layer("dense", 1)
    flat = trace_shapes(PICTURE, value)[-1:] == [(1,)]
    return {
        "a stack for 32×32×3": "yes",
        "two convolutions or more": len(filters) >= 2,
        "filters": _trend(filters),
        "ends with one unit": ends and flat,
        "within the budget": cost <= budget["parameters"] and work <= budget["macs"],
        "uses a fifth of it": used >= LEAST,
    }


def _trend(filters: list[int]) -> str:
    """How the number of filters develops from the first convolution to the last."""
    steps = list(pairwise(filters))
    if all(a <= b for a, b in steps) and filters[:1] < filters[-1:]:
        return "grow"
    if all(a >= b for a, b in steps) and filters[:1] > filters[-1:]:
        return "shrink"
    return "stay" if len(set(filters)) == 1 else "go up and down"


def stated_qualities(budget: dict[str, int]) -> dict[str, Any]:
    """What the chapter demands. Stated by hand: Keras has no opinion here."""
    return {
        "a stack for 32×32×3": "yes",
        "two convolutions or more": True,
        "filters": "grow",
        "ends with one unit": True,
        "within the budget": True,
        "uses a fifth of it": True,
    }


def _spending(*names: str) -> Callable[[Op], Op]:
    """A budget that is taken to be far larger than it is."""

    def apply(op: Op) -> Op:
        return lambda budget, **kwargs: op(
            {n: 50 * v if n in names else v for n, v in budget.items()}, **kwargs
        )

    return apply


_OVER = "Your stack costs more than the budget allows. There are two limits: parameters and multiply-accumulates. Count both before you return."
_SHRINK = "Your filters become fewer with depth. The maps shrink on the way: what can a network afford more of at the end?"

choose_hyperparameters = Exercise(
    name="choose_hyperparameters",
    points={"parameters": 1.5, "macs": 1.5},
    probes=budget_probes,
    reference=stated_qualities,
    correct=stack_for,
    needs=("count_parameters", "count_macs"),
    view=qualities,
    twists=(
        Twist("over-budget", _spending("parameters", "macs"), _OVER),
        Twist("over-budget", _spending("parameters"), _OVER),
        Twist("over-budget", _spending("macs"), _OVER),
        Twist(
            "filters-shrink",
            lambda op: lambda budget, **kwargs: op(budget, growth=(4, 2, 1), **kwargs),
            _SHRINK,
        ),
    ),
    hints=(
        "Write down one small stack that has the right form. What does it cost, and what could you change to make it cost more?",
        "Describe a whole family of stacks by one number, for example the filters of the first convolution, and let the others follow from it.",
        "Make that number larger step by step, count both costs each time, and keep the last stack that is within both limits.",
    ),
    rung_hints={
        "parameters": "A dense layer after flatten is what eats parameters. Is there a layer that makes maps small without learning anything?",
        "macs": "The first convolutions work on the largest maps, so they eat the multiply-accumulates. What makes the maps smaller early?",
    },
)
