"""Chapter 6's ``smooth``: an exponential moving average, corrected."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch06_cats_dogs._curves import history, steps, weighted_means
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args, with_mistake
from cnnlab.course.ops.evaluation import WEIGHT

Rng = np.random.Generator


def smooth_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, values: Any, weight: float | None = None, title: str = "", terms: int = 0
    ) -> Probe:
        args = (values,) if weight is None else (values, weight)
        return Probe(rung, args, title=title, terms=terms or 3 * len(values))

    yield probe("shape", history(rng, 9, np.float32), title="float32")
    yield probe("shape", history(rng, 7), 0.6, "float64")
    yield probe("robust", [1, 2, 4], title="whole numbers in a list")
    most = varied(rng, 9, lambda: 60)
    first, second = (int(n) for n in rng.choice(range(1, most), 2, replace=False))
    few = partial(np.array, dtype=float)
    yield probe("by-hand", few([first, second, second]), 0.5, "three values, weight ½")
    yield probe("by-hand", few([first, second]), 0.75, "two values, weight ¾")
    yield probe("by-hand", np.array([float(first)]), title="a single value")
    flat = varied(rng, np.full(8, 2.5), lambda: np.full(whole(rng, 6, 14), whole(rng, 9, 80) / 8))
    yield probe("structure", flat, title="the same value again and again")
    epochs, at = varied(rng, (7, 2), lambda: (whole(rng, 8, 24), whole(rng, 1, 6)))
    impulse = np.zeros(epochs)
    impulse[at] = 1
    yield probe("structure", impulse, title="a single 1 among zeros")
    yield probe("structure", history(rng, 12), 0.3, "weight 0.3")
    yield probe("structure", history(rng, 12), 0.9, "weight 0.9")
    yield probe("reference", history(rng, 60), title="60 epochs, float64")
    yield probe("reference", history(rng, 40, np.float32), title="40 epochs, float32")
    yield probe("reference", history(rng, 50), 0.95, "50 epochs, weight 0.95")
    yield probe("edge-cases", history(rng, 6), 0.0, "weight 0: nothing is smoothed")
    yield probe("edge-cases", -history(rng, 6), 0.7, "values below 0")
    weight = varied(rng, None, lambda: whole(rng, 1, 99) / 100)
    yield probe("edge-cases", few([]), weight, "no values at all")
    values = history(rng, 5)
    for weight in (1.0, 1.5, -0.25):
        said = f"weight {weight:g}"
        yield Probe("robust", (values, weight), title=said, raises="weight")
    yield probe("robust", values, 0.5, "all in order")


_NO_CORRECTION = {"correct": lambda weight, t: 1.0}
_ZERO = (
    "Your curve begins far too low: after one value of 1 it says 0.2. The average starts at 0, and 0 "
    "is no value of yours. Divide by the share of the weights that real values have so far."
)
_REVERSED = "You have swapped the two weights. A larger weight must make a smoother curve. Which part of the average should it multiply?"
_EXPONENT = "The exponent of your correction is off by one. After the first value, the corrected average is that value itself. How large is t then?"

EXERCISE = Exercise(
    name="smooth",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1.25, "edge-cases": 0.5},
    probes=smooth_probes,
    keras_reference=weighted_means,
    numpy_op=steps,
    twists=(
        Twist("starts-at-zero", with_mistake(**_NO_CORRECTION), _ZERO),
        Twist(
            "starts-at-first-value",
            with_mistake(begin=lambda values: float(values[0]), **_NO_CORRECTION),
            "Your average starts at the first value, so that one counts far more than all others. Start "
            "at 0 and divide by 1 - weight to the power of t.",
        ),
        Twist(
            "weight-reversed",
            on_args(lambda values, weight=WEIGHT: (values, 1 - weight)),
            _REVERSED,
        ),
        Twist("weight-reversed", with_mistake(mix=lambda weight: (1 - weight, weight)), _REVERSED),
        Twist(
            "exponent-off-by-one",
            with_mistake(correct=lambda weight, t: 1 - weight ** (t - 1)),
            _EXPONENT,
        ),
        Twist(
            "exponent-off-by-one",
            with_mistake(correct=lambda weight, t: 1 - weight ** (t + 1)),
            _EXPONENT,
        ),
        Twist(
            "exponent-missing",
            with_mistake(correct=lambda weight, t: 1 - weight),
            "You divide by 1 - weight each time. The share of the real values grows with every epoch. How large is it after two?",
        ),
        Twist(
            "correction-kept",
            with_mistake(keep=True),
            "You go on with the corrected average, so it is corrected again and again. Keep m as it is, "
            "and divide only in what you return.",
        ),
        Twist(
            "weight-ignored",
            on_args(lambda values, weight=WEIGHT: (values, WEIGHT)),
            "Your curve is the same for every weight. Where do you use weight?",
        ),
    ),
    hints=(
        "An average that forgets: at each epoch the old average counts with weight, the new value with 1 - weight. Write down m for two equal values, and look at what is missing.",
        "Keep one number m, from 0 on. Let t count the values from 1. What must m be divided by, so that a flat curve stays flat?",
        "In a loop over the values: update m, then divide it by 1 - weight ** t and put that into the result. Make the result with np.empty_like or from a list.",
    ),
    rung_hints={
        "shape": "As many values come out as came in. How long is your result?",
        "by-hand": "After the first value the result is that value. For 1 and then 3 with weight ½, m is 0.5 and then 1.75. What is it divided by each time?",
        "structure": "A flat curve must stay flat, at its own height. What does yours do at the start?",
        "edge-cases": "With weight 0 nothing is smoothed, and a list may be empty. What does your function give there?",
        "robust": "Raise a ValueError whose message contains the word weight, if it is below 0, 1 or more.",
    },
)
