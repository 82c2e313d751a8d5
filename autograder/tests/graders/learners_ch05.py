"""What the tests of chapter 5's graders share."""

from __future__ import annotations

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function


def judged(exercise, function):
    return judge_function(recorded("ch05_backprop")[exercise], function)


def assert_named(exercise, function, diagnosis):
    result = judged(exercise, function)
    assert result.diagnosis == diagnosis, f"{result.diagnosis}: {result.message}"
    assert result.score < result.max_score
