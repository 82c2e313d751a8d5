"""How often chance alone costs a right function a point: the bound, added up, and many seeds."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from cnnlab.autograder.graders.ch07_dropout._binomial import (
    ALIKE,
    ALPHA,
    ANEW,
    SAME,
    agreement,
    binomial,
    false_alarm,
    limits,
    study,
)
from cnnlab.autograder.graders.ch07_dropout.dropout import EXERCISE as dropout
from cnnlab.autograder.graders.ch07_dropout.spatial_dropout2d import EXERCISE as spatial_dropout2d
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.sandbox.calls import invoke, load_driver
from cnnlab.autograder.sandbox.drivers.ch07 import AGAIN
from cnnlab.course.ops import dropout as dropping

ALLOWED = 1e-5
RNG = np.random.default_rng


@pytest.mark.parametrize(("n", "p"), [(12, 0.3), (40, 0.75), (7, 0.5)])
def test_binomial_probabilities_are_those_of_the_formula(n, p):
    by_formula = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    np.testing.assert_allclose(binomial(n, p), by_formula, rtol=1e-10)


@pytest.mark.parametrize("p", [0, 1])
def test_what_is_certain_is_certain(p):
    assert limits(10, p) == (10 * p, 10 * p)


@pytest.mark.parametrize(("n", "p"), [(200, 0.3), (5000, 0.58), (30_000, 0.8)])
def test_outside_of_the_limits_lies_less_than_alpha_and_no_step_less(n, p):
    low, high = limits(n, p)
    probabilities = binomial(n, p)
    assert probabilities[:low].sum() < ALPHA / 2 <= probabilities[: low + 1].sum()
    assert probabilities[high + 1 :].sum() < ALPHA / 2 <= probabilities[high:].sum()


# What a right submission risks


def no_draw(cells: int, p: float) -> float:
    """How likely it is that no cell of many is kept, or none dropped."""
    return p**cells + (1 - p) ** cells


def risk(exercise, probe) -> float:
    """At most how likely a right function fails this probe."""
    x, rate = np.asarray(probe.args[0]), float(probe.args[1])
    asks, calls = probe.given["asks"], probe.given["calls"]
    if rate in (0, 1) or probe.raises or not probe.kwargs.get("training", True):
        return 0.0
    shape = (x.shape[0], 1, 1, x.shape[3]) if exercise is spatial_dropout2d else x.shape
    drawn, few = int(np.prod(shape)), min(AGAIN, calls)
    total = 0.0
    if "share" in asks or "independence" in asks:
        total += false_alarm((calls, *shape), 1 - rate)
    if "independence" in asks:
        total += agreement(rate) ** (drawn * few)
    if "factors" in asks:
        total += no_draw(drawn * (calls + 2 * few), 1 - rate)
    return total


@pytest.mark.parametrize("seed", range(20))
def test_the_risk_of_a_whole_submission_is_far_below_one_in_a_hundred_thousand(seed):
    exercises = (dropout, spatial_dropout2d)
    risks = [risk(e, probe) for e in exercises for probe in e.draw(seed)]
    assert 0 < sum(risks) < ALLOWED / 10


def test_a_right_function_passes_with_many_seeds():
    """Two thousand studies of fresh masks, of both exercises' shapes: no finding."""
    shapes = {
        (16, 6, 8, 9, 4): 0.7,
        (16, 8, 12): 0.3,
        (48, 5, 1, 1, 5): 0.75,
        (48, 6, 1, 1, 8): 0.2,
    }
    for shape, p in shapes.items():
        for seed in range(500):
            found = study(RNG(seed).random(shape) < p, p)
            axes = [ANEW] * len(shape)
            assert found == {"share": p, "axes": axes, "varies": True}, (shape, seed)


@pytest.mark.parametrize("name", ["dropout", "spatial_dropout2d"])
def test_a_right_function_keeps_full_marks_with_other_probes(name):
    """Twenty seeds of probes; Keras's answers are the same description for every seed."""
    function = getattr(dropping, name)
    exercise = recorded("ch07_dropout")[name].exercise
    driver = load_driver(exercise.driver)
    for seed in range(20):
        probes = [probe for probe in exercise.draw(seed) if not probe.raises]
        reference = [
            exercise.describe(
                p.args, invoke(exercise.numpy_op, p.args, p.kwargs, driver, p.given).value
            )
            for p in probes
        ]
        result = judge_function(AnswerKey(exercise, probes, reference), function)
        assert result.status == "passed", result.message


# What is found


def masks(draw, calls=16, shape=(6, 8, 9, 4), p=0.7):
    rng = RNG(5)
    return np.stack([np.broadcast_to(draw(rng, shape, p), shape) for _ in range(calls)])


@pytest.mark.parametrize(
    ("draw", "axes"),
    [
        (lambda rng, s, p: rng.random((1, *s[1:])) < p, [ANEW, SAME, ANEW, ANEW, ANEW]),
        (lambda rng, s, p: rng.random((s[0], 1, 1, s[3])) < p, [ANEW, ANEW, SAME, SAME, ANEW]),
        (lambda rng, s, p: RNG(0).random(s) < p, [SAME, ANEW, ANEW, ANEW, ANEW]),
        (lambda rng, s, p: RNG(0).random((1, *s[1:])) < p, [SAME, SAME, ANEW, ANEW, ANEW]),
    ],
)
def test_masks_that_repeat_themselves_along_an_axis(draw, axes):
    assert study(masks(draw), 0.7) == {"share": 0.7, "axes": axes, "varies": True}


def every_other_row(rng, shape, p):
    """Each row of cells once more below it."""
    half = rng.random((shape[0], shape[1] // 2, *shape[2:])) < p
    return np.repeat(half, 2, axis=1)


def test_parts_that_are_alike_without_being_the_same_everywhere():
    assert study(masks(every_other_row), 0.7)["axes"] == [ANEW, ANEW, ALIKE, ANEW, ANEW]


@pytest.mark.parametrize("each", [False, True])
def test_counts_that_never_vary(each):
    def draw(rng, shape, p):
        rows = shape[0] if each else 1
        lots = rng.random((rows, int(np.prod(shape)) // rows)).argsort(axis=1)
        return (lots < round(lots.shape[1] * p)).reshape(shape)

    assert study(masks(draw), 0.7) == {"share": 0.7, "axes": [ANEW] * 5, "varies": False}


@pytest.mark.parametrize(("kept", "share"), [(0.3, 0.3), (0.5, 0.5), (0.65, 0.65)])
def test_another_share_is_told(kept, share):
    found = study(masks(lambda rng, shape, p: rng.random(shape) < kept), 0.7)
    assert found["share"] == pytest.approx(share, abs=0.015)
    assert found["axes"] == [ANEW] * 5
