"""Points of an assignment: scaled ladders, and what they do to a result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.autograder.judging.exercise import ROBUST, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.worth import Asked, chapter_as_asked, scaled, shared_out
from cnnlab.autograder.sandbox.calls import invoke

CH01 = load_chapter("ch01_convolution")
RELU = CH01["relu"]


def judged(function, points, robust=None):
    key = recorded(CH01.name)["relu"].for_(scaled(RELU, points, robust))
    return judge(key, [invoke(function, probe.args, probe.kwargs) for probe in key.probes])


def right(z):
    z = np.asarray(z)
    return np.maximum(z if z.dtype.kind == "f" else z.astype(np.float64), 0)


def plain(z):
    return z * (z > 0)


def wrong(z):
    return z


@given(
    points=st.integers(0, 20_000).map(lambda cents: cents / 100),
    weights=st.lists(st.floats(0.01, 10), min_size=1, max_size=9),
)
def test_what_is_shared_out_adds_up_and_keeps_its_proportions(points, weights):
    named = {str(i): weight for i, weight in enumerate(weights)}

    shares = shared_out(points, named)

    assert round(sum(shares.values()), 9) == points
    for name, weight in named.items():
        assert round(shares[name] * 100, 6) == round(shares[name] * 100)
        assert abs(shares[name] - points * weight / sum(weights)) < 0.0101


def test_every_exercise_takes_any_points_and_a_share_for_robust():
    for exercise in CH01.exercises:
        assert scaled(exercise, exercise.max_score) is exercise
        for points in (0, 0.5, 1, 7, 10, 100):
            ladder = scaled(exercise, points, 0.1).points
            assert round(sum(ladder.values()), 9) == points
            assert ladder[ROBUST] == pytest.approx(points / 10, abs=0.011)
            assert set(ladder) == {*exercise.points, ROBUST}
        without = scaled(exercise, exercise.max_score, 0)
        assert without is exercise, "none of these graders gives points for the rung robust"


@pytest.mark.parametrize("points", [2, 3, 0.5, 100])
def test_marks_follow_the_points(points):
    assert (judged(right, points).score, judged(right, points).status) == (points, "passed")
    (part, whole) = judged(wrong, points), judged(wrong, RELU.max_score)
    assert part.status == whole.status == "failed"
    assert part.diagnosis == whole.diagnosis
    assert part.max_score == points
    assert part.score / points == pytest.approx(whole.score / whole.max_score, abs=0.021 / points)


def test_a_robust_rung_with_points_is_asked_for_and_costs_its_share():
    advised = judged(plain, 10)
    asked = judged(plain, 10, robust=0.2)

    assert (advised.status, advised.score) == ("passed", 10)
    assert advised.remarks
    assert (asked.status, asked.score) == ("failed", 8)
    assert judged(right, 10, robust=0.2).score == 10


def test_an_exercise_worth_nothing_is_judged_all_the_same():
    for function, status in ((right, "passed"), (wrong, "failed")):
        result = judged(function, 0)
        assert (result.status, result.score, result.max_score) == (status, 0, 0)


def test_a_chapter_as_asked_has_its_own_order_and_no_other_exercises():
    asked = tuple(Asked(CH01.name, name, 4) for name in ("relu", "conv2d"))

    chapter = chapter_as_asked(CH01.name, asked)

    assert [exercise.name for exercise in chapter.exercises] == ["conv2d", "relu"]
    assert chapter.max_score == 8
    assert chapter_as_asked(CH01.name, ()) is CH01
