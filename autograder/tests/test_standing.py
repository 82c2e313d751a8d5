"""A learner's own notebook, judged again and again."""

import ast
import json

import pytest

from cnnlab.autograder import standing
from cnnlab.autograder.grading_process import Grader
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.results import to_dict
from cnnlab.autograder.standing import Judge
from cnnlab.autograder.submission import read
from cnnlab.autograder.submission.solutions import SOLUTIONS, solution_source
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    EXERCISES,
    NOTEBOOK,
    POINTS,
    SOLVED,
    cell,
    flipped,
    hand_in,
    stub,
)


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / NOTEBOOK
    path.write_text(SOLVED, encoding="utf-8")
    return path


@pytest.fixture
def ran(monkeypatch):
    """The exercises that ran, a list for each time."""
    found = []
    grade = standing.grade_submission

    def counting(submission, keys, workers):
        written = [n for n, d in submission.exercises.items() if d.status == "written"]
        found.append(written)
        return grade(submission, keys, workers)

    monkeypatch.setattr(standing, "grade_submission", counting)
    return found


def test_the_marks_are_those_of_grading(notebook):
    notebook.write_text(hand_in(conv2d=flipped(), relu=stub("relu")), encoding="utf-8")
    with Judge() as judge, Grader(sandbox=False) as grader:
        mine = judge.judge(notebook).result
        theirs = grader.grade(read(notebook), None)
    for result in (mine, theirs):
        result.probes = ""
        for exercise in result.exercises:
            exercise.seconds = 0.0
    assert to_dict(mine) == to_dict(theirs)


def test_only_what_changed_runs_again(notebook, ran):
    with Judge() as judge:
        assert set(judge.judge(notebook).changed) == set(EXERCISES)
        assert judge.judge(notebook).changed == ()
        notebook.write_text(hand_in(relu="def relu(z):\n    return z\n"), encoding="utf-8")
        again = judge.judge(notebook)
    assert ran == [EXERCISES, ["relu"]]
    assert again.changed == ("relu",)
    assert again.result.score == POINTS - load_chapter(CHAPTER)["relu"].max_score + next(
        e.score for e in again.result.exercises if e.name == "relu"
    )


def test_a_helper_of_ones_own_counts_as_a_change_of_what_uses_it(notebook, ran):
    mine = json.loads(hand_in(relu="def relu(z):\n    return larger(z)\n"))
    helper = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    place = mine["cells"].index(cell(mine, "relu"))
    mine["cells"].insert(place, helper | {"source": "def larger(z):\n    return z\n"})
    notebook.write_text(json.dumps(mine), encoding="utf-8")
    with Judge() as judge:
        assert not next(
            e for e in judge.judge(notebook).result.exercises if e.name == "relu"
        ).passed
        mine["cells"][place]["source"] = "def larger(z):\n    return np.maximum(z, 0)\n"
        notebook.write_text(json.dumps(mine), encoding="utf-8")
        again = judge.judge(notebook)
    assert again.changed == ("relu",)
    assert again.result.score == POINTS


def test_what_an_exercise_may_call_runs_with_it(tmp_path, ran):
    name = "ch13_fast_convolution"
    needs = {e.name: set(e.needs) for e in load_chapter(name).exercises if e.needs}
    exercise, needed = next(iter(needs.items()))
    with Judge() as judge:
        standing = judge.judge(SOLUTIONS / name / f"{name}.ipynb", [exercise])
    assert set(ran[0]) == {exercise} | needed
    assert [e.name for e in standing.result.exercises] == [exercise]
    assert standing.result.exercises[0].passed


def test_a_process_that_waits_gives_the_same_marks(notebook):
    with Judge() as judge:
        judge.prepare(load_chapter(CHAPTER))
        judge.prepare(load_chapter(CHAPTER))
        assert judge.judge(notebook).result.score == POINTS
        judge.prepare(load_chapter("ch03_pooling"))  # for another chapter: it is not used
        notebook.write_text(hand_in(conv2d=flipped()), encoding="utf-8")
        assert judge.judge(notebook).result.exercises[2].diagnosis


@pytest.mark.parametrize("name", chapter_names())
def test_what_a_solution_calls_stands_in_for_it_too(name):
    """Where a learner's function does not work, the course's does, and all that it calls."""
    chapter = load_chapter(name)
    exercises = {e.name for e in chapter.exercises}
    for exercise in chapter.exercises:
        sources = (solution_source(name, e) for e in (exercise.name, *exercise.needs))
        nodes = (node for source in sources for node in ast.walk(ast.parse(source)))
        called = {n.id for n in nodes if isinstance(n, ast.Name)} & exercises
        assert called - {exercise.name} <= set(exercise.needs), exercise.name
