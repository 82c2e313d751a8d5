"""Numbers about a class, beside independent arithmetic."""

import math

import numpy as np
import pytest

from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.report.classbook import class_book
from cnnlab.autograder.report.statistics import ENOUGH, distribution, items, point_biserial
from cnnlab.autograder.tests.report.classes import CHAPTER, batch


def scored(student, scores, statuses=None):
    """A file with these scores of exercises worth 2 points each."""
    exercises = [
        ExerciseResult(f"e{i}", (statuses or {}).get(i, "passed" if s == 2 else "failed"), s, 2.0)
        for i, s in enumerate(scores)
    ]
    return SubmissionResult(
        f"{student}.py", student, CHAPTER, "graded", sum(scores), 2.0 * len(scores),
        exercises=exercises,
    )  # fmt: skip


def everybody(*files):
    return class_book([("r", batch(*files))]).of_chapter(CHAPTER)


def test_points_are_counted_in_tenths():
    points = [0, 1, 1.99, 2, 19, 20, 20]
    files = [SubmissionResult("p", f"s{i}", CHAPTER, "graded", p, 20) for i, p in enumerate(points)]
    spread = distribution(everybody(*files))
    assert spread.counts == [3, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert (spread.lower, spread.median, spread.upper) == (1.495, 2, 19.5)
    assert distribution([]) is None


def test_tenths_are_exact_for_points_that_are_no_binary_fractions():
    files = [SubmissionResult("p", f"s{i}", CHAPTER, "graded", i * 0.7, 7) for i in range(11)]
    assert distribution(everybody(*files)).counts == [1] * 9 + [2]


@pytest.mark.parametrize("seed", range(5))
def test_separation_is_the_formula_of_the_page(seed):
    rng = np.random.default_rng(seed)
    passed, others = rng.random(40) < 0.6, rng.normal(size=40)
    p = passed.mean()
    means = others[passed].mean() - others[~passed].mean()
    expected = means / others.std() * math.sqrt(p * (1 - p))
    assert point_biserial(passed, others) == pytest.approx(expected)


def test_there_is_no_separation_where_nothing_can_be_said():
    some = np.arange(ENOUGH) % 2 == 0
    points = np.arange(float(ENOUGH))
    assert point_biserial(some, points) is not None
    assert point_biserial(some[1:], points[1:]) is None
    assert point_biserial(some | True, points) is None
    assert point_biserial(some & False, points) is None
    assert point_biserial(some, np.full(ENOUGH, 0.1 + 0.2)) is None


def test_an_exercise_that_the_best_fail_is_found():
    def scores(i):
        return [2 if i > place else 0 for place in (3, 4, 5, 6)] + [0 if i > 5 else 2]

    files = [scored(f"s{i}", scores(i)) for i in range(12)]
    found = {item.name: item for item in items(everybody(*files))}
    assert [name for name, item in found.items() if item.separates_badly] == ["e4"]
    assert found["e4"].separation < -0.5 < 0.5 < found["e0"].separation
    assert (found["e2"].passed, found["e2"].learners, found["e2"].share) == (6, 12, 0.5)


def test_tried_is_what_was_written():
    statuses = {0: "not_attempted", 1: "missing", 2: "error"}
    files = [scored("a", [0, 0, 0], statuses), scored("b", [0, 2, 0])]
    unreadable = SubmissionResult("c.py", "c", CHAPTER, "unreadable", 0, 6.0)
    found = items(everybody(*files, unreadable))
    assert [(item.attempted, item.learners) for item in found] == [(1, 2), (1, 2), (2, 2)]
