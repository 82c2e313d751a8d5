"""Puzzles in a notebook that is handed in: answers are data, and the box is not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cnnlab.autograder.grading_process import Grader
from cnnlab.autograder.judging.puzzles import POINTS
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.submission import read_text
from cnnlab.autograder.tests.handins import NOTEBOOK, SOLVED, hand_in, stub

FULL = sum(POINTS.values())


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(sandbox=False) as grader:
        yield grader


def graded(grader: Grader, notebook: str) -> dict[str, ExerciseResult]:
    result = grader.grade(read_text(notebook, NOTEBOOK), None)
    return {exercise.name: exercise for exercise in result.exercises}


def relu(grader: Grader, body: str) -> ExerciseResult:
    """What an ``expose_relu`` with this body gets."""
    return graded(grader, hand_in(expose_relu=f"def expose_relu():\n    {body}\n"))["expose_relu"]


def test_the_solutions_earn_full_points_and_stubs_are_not_attempted(grader):
    results = graded(grader, SOLVED)
    assert [results[f"expose_{n}"].score for n in ("correlate2d", "relu")] == [FULL, FULL]
    left = graded(grader, hand_in(expose_relu=stub("expose_relu")))["expose_relu"]
    assert (left.status, left.score) == ("not_attempted", 0.0)


def test_a_right_input_under_a_wrong_name_earns_its_own_points(grader):
    result = relu(grader, "return 'leaky', (np.array([2.0]),)")
    assert (result.diagnosis, result.score) == (["wrong-name"], FULL - POINTS["name"])


def test_an_answer_that_calls_the_box_is_told_that_it_is_not_there(grader):
    result = relu(grader, "return 'capped-at-one', broken_relu(np.array([2.0])) + 1")
    assert (result.status, result.score) == ("error", 0.0)
    assert "broken_relu comes from the course's own cells" in result.message


@pytest.mark.parametrize(
    "body",
    [
        "from cnnlab.autograder import box\n    return box('relu')",
        "from cnnlab.autograder.judging import puzzles\n    return puzzles",
        "import cnnlab.autograder.graders.ch01_convolution.expose_relu as e\n    return e.EXERCISE",
    ],
)
def test_an_answer_that_imports_the_catalog_is_refused(grader, body):
    result = relu(grader, body)
    assert (result.status, result.score) == ("forbidden", 0.0)


def test_there_is_no_puzzle_to_find_where_learner_code_runs(grader):
    result = relu(
        grader,
        "import gc, sys\n"
        "    kinds = {type(thing).__name__ for thing in gc.get_objects()}\n"
        "    seen = 'Puzzle' in kinds or any('puzzle' in name for name in sys.modules)\n"
        "    return 'capped-at-one', np.array([2.0 if not seen else 0.5])",
    )
    assert result.score == FULL


@pytest.mark.parametrize(
    "arguments",
    ["[0.0] * 10**5", "np.zeros((300, 300))", "np.array([np.nan])", "1e999", "[[]] * 999", "{}"],
)
def test_what_is_too_large_or_no_number_exposes_nothing(grader, arguments):
    result = relu(grader, f"return 'capped-at-one', {arguments}")
    assert result.status in ("failed", "error")
    assert result.score <= POINTS["name"]


def test_facts_that_an_answer_claims_are_not_taken_for_the_judges(grader):
    facts = "'listed named few formed accepted wrong alone small'.split()"
    result = relu(grader, f"return {{'by': '', **dict.fromkeys({facts}, True)}}")
    assert (result.status, result.score) == ("failed", 0.0)
