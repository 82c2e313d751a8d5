"""Chapter 1's ``design_kernel``: many kernels reach a goal, so their behaviour is compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args
from cnnlab.course import ops

Rng = np.random.Generator


GOALS = ("identity", "box_blur", "sharpen", "vertical_edges", "horizontal_edges")
_KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box_blur": np.full((3, 3), 1 / 9),
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "vertical_edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal_edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
}


def design_kernel_probes(rng: Rng) -> Iterator[Probe]:
    for goal in GOALS:
        yield Probe(goal, (goal,))
    yield Probe("robust", ("emboss",), title="a goal that nobody set", raises="goal")
    yield Probe("robust", ("identity",), title="a goal that is one")


def _kernel(goal: str) -> Any:
    ops.require(goal in _KERNELS, "goal", f"must be one of {', '.join(GOALS)}", repr(goal))
    return np.array(_KERNELS[goal], dtype=float)


def _near(value: Any, wanted: float) -> bool:
    return bool(np.all(np.abs(value - wanted) < 1e-6))


def behaviour(args: tuple[Any, ...], kernel: Any) -> dict[str, bool]:
    """What a 3×3 kernel does, as far as its goal is concerned; many kernels reach one goal."""
    array = np.asarray(kernel)
    if array.shape != (3, 3) or array.dtype.kind not in "biuf" or not np.all(np.isfinite(array)):
        return {"3×3 numbers": False}
    array = array.astype(np.float64)
    seen = {"3×3 numbers": True}
    goal = args[0]
    if goal == "identity":
        return seen | {"gives back the picture": _near(array, _kernel("identity"))}
    if goal == "box_blur":
        return seen | {
            "all weights alike": _near(array, array[0, 0]),
            "sums to 1": _near(array.sum(), 1),
        }
    if goal == "sharpen":
        return seen | {"sums to 1": _near(array.sum(), 1), "centre above 1": bool(array[1, 1] > 1)}
    # A vertical edge is a change along x. Where nothing changes along x, every row of the
    # window is constant, so only the sums of the kernel's rows count.
    along, across = (1, 0) if goal == "vertical_edges" else (0, 1)
    small = 1e-6 * max(1.0, float(np.max(np.abs(array))))
    return seen | {
        "sums to 0": bool(abs(array.sum()) < small),
        "silent without its edge": bool(np.all(np.abs(array.sum(axis=along)) < small)),
        "answers its edge": bool(np.any(np.abs(array.sum(axis=across)) > small)),
    }


def stated_behaviour(goal: str) -> dict[str, bool]:
    """What the chapter demands of each goal. Stated by hand: Keras has no function for this."""
    demands = {
        "identity": ("gives back the picture",),
        "box_blur": ("all weights alike", "sums to 1"),
        "sharpen": ("sums to 1", "centre above 1"),
    }
    edges = ("sums to 0", "silent without its edge", "answers its edge")
    return dict.fromkeys(("3×3 numbers", *demands.get(goal, edges)), True)


def _for(goals: tuple[str, ...], change: Any) -> Any:
    """A mistake that shows on these goals only."""
    return lambda op: lambda goal: change(op(goal)) if goal in goals else op(goal)


_OTHER = {"vertical_edges": "horizontal_edges", "horizontal_edges": "vertical_edges"}
_EDGES = ("vertical_edges", "horizontal_edges")
_NORMAL = "Your weights don't sum to 1, so the picture gets brighter or darker. What should a gray wall look like afterward?"
_FLAT = "On a flat wall there is no edge, but your edge kernel does not give 0. What must its weights sum to?"

EXERCISE = Exercise(
    name="design_kernel",
    points={
        "identity": 0.5,
        "box_blur": 0.5,
        "sharpen": 0.5,
        "vertical_edges": 0.75,
        "horizontal_edges": 0.75,
    },
    probes=design_kernel_probes,
    keras_reference=stated_behaviour,
    numpy_op=_kernel,
    describe=behaviour,
    evidence=1,
    twists=(
        Twist(
            "edges-swapped",
            on_args(lambda goal: (_OTHER.get(goal, goal),)),
            "Your two edge kernels have changed places. A vertical edge is a change along x. Along which axis does each of your kernels look for a change?",
        ),
        *(
            Twist("not-normalised", _for(g, lambda k: 9 * k), _NORMAL)
            for g in (("box_blur", "sharpen"), ("box_blur",), ("sharpen",))
        ),
        *(
            Twist("responds-to-flat", _for(g, np.abs), _FLAT)
            for g in (_EDGES, _EDGES[:1], _EDGES[1:])
        ),
    ),
    hints=(
        "Lay your kernel on a flat gray wall. Which number should come out: the gray itself, or 0?",
        "Weights that sum to 1 keep the brightness; weights that sum to 0 respond only to change. Which sum does each of your kernels need?",
        "For an edge, take the difference of two sides of the window. Which two sides does a vertical edge separate?",
    ),
    rung_hints={
        "identity": "The picture must come back as it is. Which single pixel of the window should count?",
        "box_blur": "Each pixel becomes the mean of its window. What share does each of the nine pixels have?",
        "sharpen": "A flat wall stays as it is, and a pixel that stands out must stand out more. What must the weights around it do?",
        "vertical_edges": "At a vertical edge the left and the right side differ. What should your kernel give where only up and down differ?",
        "horizontal_edges": "At a horizontal edge the upper and the lower side differ. What should your kernel give where only left and right differ?",
    },
)
