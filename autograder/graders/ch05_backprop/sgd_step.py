"""Chapter 5's ``sgd_step``: one step downhill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._descent import (
    ASCENDS,
    IN_PLACE,
    RATE,
    into_list,
    into_params,
    keras_sgd,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.gradients import Array
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args
from cnnlab.course.ops import descent as ops

Rng = np.random.Generator


def sgd_probes(rng: Rng) -> Iterator[Probe]:
    def arrays(*shapes: tuple[int, ...], draw: Any = reals, dtype: Any = np.float32) -> list[Array]:
        return [draw(rng, *shape, dtype=dtype) for shape in shapes]

    several = (2, 3, 1, 2), (2,), (4, 3), (3,)
    yield Probe("shape", (arrays(*several), arrays(*several), 0.5))
    whole = {"draw": wholes, "dtype": np.int64}
    yield Probe("robust", (arrays((2, 2), **whole), arrays((2, 2), **whole), 0.5), title="integers")
    yield Probe("robust", ([[1, 2], [3]], [[4, 5], [6]], 0.25), title="lists")
    one = arrays((3,), draw=wholes), arrays((3,), draw=wholes), 0.5
    yield Probe("by-hand", one, title="one array")
    two = arrays((2,), (1, 2), draw=wholes), arrays((2,), (1, 2), draw=wholes), 0.25
    yield Probe("by-hand", two, title="two arrays")
    yield Probe("reference", (arrays(*several), arrays(*several), 0.125))
    yield Probe("reference", (arrays((3, 3), (3,)), arrays((3, 3), (3,)), 2.0), title="a long step")
    double = [rng.normal(size=shape) for shape in several], [rng.normal(size=s) for s in several]
    yield Probe("reference", (*double, 0.0625), title="float64")
    params, grads = arrays((2, 3), (3,)), arrays((2, 3), (3,))
    for title, wrong in {
        "a gradient is missing": grads[:1],
        "a gradient too many": [*grads, grads[0]],
        "a gradient of another shape": [grads[0][:1], grads[1]],
        "a row too many": [np.concatenate([grads[0], grads[0]]), grads[1]],
        "gradients in another order": grads[::-1],
    }.items():
        yield Probe("robust", (params, wrong, 0.5), title=title, raises="grads")
    yield Probe("robust", (params, grads, 0.5), title="all in order")


EXERCISE = Exercise(
    name="sgd_step",
    points={"shape": 0.25, "by-hand": 0.75, "reference": 1},
    probes=sgd_probes,
    keras_reference=keras_sgd,
    numpy_op=ops.sgd_step,
    twists=(
        Twist("ascends", on_args(lambda p, g, rate: (p, g, -rate)), ASCENDS),
        Twist("rate-ignored", on_args(lambda p, g, rate: (p, g, 1.0)), RATE),
        Twist(
            "steps-only",
            lambda op: (
                lambda p, g, rate: [
                    floats(n) - floats(o) for n, o in zip(op(p, g, rate), p, strict=True)
                ]
            ),
            "You return the steps alone. Each step leads from the old parameters to the new ones. Where do the old ones come in?",
        ),
        Twist("changes-input", into_params, IN_PLACE),
        Twist("changes-input", into_list, IN_PLACE),
    ),
    hints=(
        "The gradient points uphill. The loss should become smaller: in which direction do you step, and how far?",
        "Every array of parameters has its own array of gradients, in the same place of the list. How can one loop go through both lists?",
        "Make a new list, with new arrays in it. What happens to the caller's array if you write p −= …?",
    ),
    rung_hints={
        "shape": "The list has as many arrays as there are parameters, each in its parameter's shape. Which of yours differs?",
        "robust": "zip stops quietly at the shorter list. Compare the lengths first, and then each pair of shapes.",
    },
)
