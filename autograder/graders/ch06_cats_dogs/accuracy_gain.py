"""Chapter 6's gain of one accuracy over another, in points and in percent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops import evaluation

Rng = np.random.Generator


def gain_probes(rng: Rng) -> Iterator[Probe]:
    def shares(low: int, high: int) -> tuple[float, float]:
        before, after = rng.choice(range(low, high), 2, replace=False)
        return float(before) / 1000, float(after) / 1000

    yield Probe("shape", shares(500, 990))
    before = varied(rng, 0.5, lambda: whole(rng, 200, 660) / 1000)
    half_more = varied(rng, "from a half to three quarters", lambda: "half as many again")
    yield Probe("by-hand", (before, 1.5 * before), title=half_more)
    before = varied(rng, 0.25, lambda: whole(rng, 100, 300) / 1000)
    yield Probe("by-hand", (before, 3 * before), title="three times as many")
    per_cent = varied(rng, (73, 81), lambda: (whole(rng, 41, 69), whole(rng, 71, 99)))
    said = varied(rng, "the article's {} % and {} %", lambda: "{} % and {} %").format(*per_cent)
    yield Probe("by-hand", (per_cent[0] / 100, per_cent[1] / 100), title=said)
    for _ in range(3):
        yield Probe("reference", tuple(sorted(shares(500, 990))), title="a gain")
    better, worse = sorted(shares(500, 990))[::-1]
    yield Probe("edge-cases", (better, worse), title="a loss")
    same, worse, lost = varied(
        rng, (0.625, 0.9, 0.875), lambda: (*shares(200, 990), shares(200, 990)[0])
    )
    yield Probe("edge-cases", (same, same), title="nothing gained")
    yield Probe("edge-cases", (worse, 1.0), title="everything right")
    yield Probe("edge-cases", (1.0, lost), title="everything was right before")
    zero = "nothing was right before"
    yield Probe("robust", (0.0, 0.5), title=zero, raises="before")
    yield Probe("robust", (0.5, 0.0), title="nothing is right now", raises="after")
    yield Probe("robust", (73, 81), title="percent for shares", raises="before|after")
    for wrong, what in ((1.5, "a share above 1"), (-0.25, "a share below 0")):
        yield Probe("robust", (wrong, 0.5), title=what, raises="before")
        yield Probe("robust", (0.5, wrong), title=what, raises="after")
    yield Probe("robust", (0.5, 0.625), title="all in order")


def exact_gain(before: float, after: float) -> tuple[float, float]:
    """In fractions. Keras has no function for this."""
    gained = Fraction(after) - Fraction(before)
    return float(100 * gained), float(100 * gained / Fraction(before))


_BASE = "You compare with the wrong number. From 50 % to 75 % is half as much again, so 50 percent. Percent of which number is that?"
_CONFUSED = "You have taken percentage points for percent. Points come first: from 50 % to 75 % are 25 points. How many percent more is it than before?"

EXERCISE = Exercise(
    name="accuracy_gain",
    points={"shape": 0.25, "by-hand": 1.5, "reference": 1, "edge-cases": 0.25},
    probes=gain_probes,
    keras_reference=exact_gain,
    numpy_op=evaluation.accuracy_gain,
    twists=(
        Twist(
            "confuses-points-and-percent",
            on_output(lambda gain: gain[::-1]),
            _CONFUSED,
        ),
        Twist("confuses-points-and-percent", on_output(lambda gain: (gain[0],) * 2), _CONFUSED),
        Twist("confuses-points-and-percent", on_output(lambda gain: (gain[1],) * 2), _CONFUSED),
        *(
            Twist("wrong-base", lambda op, base=base: _other_base(op, base), _BASE)  # type: ignore[misc]
            for base in (
                lambda before, after: after,
                lambda before, after: 1 - before,
                lambda before, after: (before + after) / 2,
            )
        ),
        Twist(
            "direction-reversed",
            lambda op: lambda before, after: tuple(-gain for gain in op(before, after)),
            "A gain should be above 0 where more is right than before. Which of the two must be subtracted?",
        ),
        Twist(
            "not-in-hundred",
            on_output(lambda gain: tuple(part / 100 for part in gain)),
            "Your numbers are shares of 1. How many hundredths is a share of 0.25?",
        ),
        *(
            Twist(
                "rounded",
                on_output(lambda gain, digits=digits: tuple(round(part, digits) for part in gain)),  # type: ignore[misc]
                "You round. Return the exact numbers; they can be rounded when they are shown.",
            )
            for digits in (None, 1, 2)
        ),
    ),
    hints=(
        "How many more of 100 pictures are right is one number. By what part did the old number grow?",
        "The first is a difference. The second is the same difference, compared with one of the two numbers. With which one?",
        "Both numbers count in hundredths, and only the second one needs a division. By which number?",
    ),
    rung_hints={
        "shape": "There are two numbers: points first, then percent. What does your function return?",
        "by-hand": "From a half to three quarters: of 100 pictures, 25 more. How many percent of 50 are these 25?",
        "robust": "Shares are above 0 and at most 1. Name the argument that is not: before or after.",
    },
)


def _other_base(op: Op, base: Callable[[float, float], float]) -> Op:
    """Percent of something else; where that is 0, of a whole."""

    def mistaken(before: float, after: float) -> Any:
        points = op(before, after)[0]
        return points, points / (base(before, after) or 1)

    return mistaken
