"""Chapter 4's ``choose_hyperparameters``: a stack of layers that keeps to a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import varied
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import layers as arithmetic
from cnnlab.course.ops.layers import Layer, normalise, trace_shapes

Rng = np.random.Generator
Stack = list[tuple[Any, ...]]

PICTURE = (32, 32, 3)
LEAST = 0.2
"""The share of one of the two budgets that a stack must use."""


def budget_probes(rng: Rng) -> Iterator[Probe]:
    """Budgets of which only one binds: parameters are scarce and MACs plenty, or the reverse."""
    for scarce in (2_000, 9_000, 60_000):
        count = int(scarce * rng.uniform(0.8, 1.25))
        budget = {"parameters": count, "macs": 1000 * count}
        yield Probe("parameters", (budget,), title="few parameters")
    widest = varied(rng, 13, lambda: 40)
    count = _cost_of(int(rng.integers(6, widest))) - 1
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
    """What the chapter demands. Stated by hand: Keras has no function for this."""
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

EXERCISE = Exercise(
    name="choose_hyperparameters",
    points={"parameters": 1.5, "macs": 1.5},
    probes=budget_probes,
    keras_reference=stated_qualities,
    numpy_op=stack_for,
    needs=("count_parameters", "count_macs"),
    describe=qualities,
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
        "Choose one number, such as the filters of the first convolution. Let all the others follow from it. Then try sizes, one by one.",
        "Make that number larger step by step, count both costs each time, and keep the last stack that is within both limits.",
    ),
    rung_hints={
        "parameters": "A dense layer after flatten costs the most parameters. Is there a layer that makes maps small without learning anything?",
        "macs": "The first convolutions work on the largest maps, so they cost the most multiply-accumulates. What makes the maps smaller early?",
    },
)
