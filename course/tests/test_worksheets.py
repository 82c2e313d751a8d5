"""An instructor's assignment with exercises of several chapters, where its learners work on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.autograder import live
from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.results import to_dict
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.standing import Judge
from cnnlab.autograder.submission.assignment import read_assignment, read_copy
from cnnlab.autograder.submission.own_work import read_own
from cnnlab.autograder.tests.handins import cell
from cnnlab.course import cli
from cnnlab.course.build.course_root import write_course

pytest_plugins = ["pytester"]

CH01, CH02, CH04 = "ch01_convolution", "ch02_stride_padding", "ch04_network"
HOMEWORK = "homework1"
ASKED = {
    HOMEWORK: (Asked(CH01, "relu", 4, 0.25), Asked(CH04, "flatten", 5), Asked(CH02, "conv2d", 20)),
    CH01: (Asked(CH01, "conv2d", 50), Asked(CH01, "relu", 1)),
}
PRACTICE = ["output_size", "same_padding", "pad2d"]
"""They give no points; conv2d of chapter 2 may call them."""
STUB = "def {}(*args):\n    raise NotImplementedError()\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write_course(root, ASKED)
    return root


@pytest.fixture
def work(course, tmp_path, monkeypatch):
    """Puts a learner's copy into a folder of its own, solved but for some cells."""
    monkeypatch.chdir(tmp_path)

    def put(name: str = HOMEWORK, **changed: str) -> Path:
        notebook = json.loads((course / "source" / name / f"{name}.ipynb").read_text())
        for exercise, source in changed.items():
            cell(notebook, exercise)["source"] = source
        path = tmp_path / name / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(notebook))
        return path

    return put


def check(*arguments: object) -> str:
    ran = CliRunner().invoke(cli.app, ["check", *map(str, arguments)], env={"COLUMNS": "120"})
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_what_a_learner_hears_is_what_grading_gives(course, work):
    path = work(relu="def relu(z):\n    return np.abs(z)\n", flatten=STUB.format("flatten"))
    settings = Settings(fresh=False, sandbox=False, workers=1, course=course)
    (graded,) = grade([path], settings).submissions

    with Judge() as judge:
        mine = judge.judge(path).result
        again = judge.judge(path)

    assert (graded.chapter, mine.chapter) == (HOMEWORK, HOMEWORK)
    assert (graded.score, graded.max_score) == (mine.score, mine.max_score) == (20.38, 29)
    assert again.changed == ()
    assert to_dict(again.result) == to_dict(mine)
    others = {e.name: e for e in mine.exercises}
    for exercise in graded.exercises:
        other = others.pop(exercise.name)
        exercise.seconds = other.seconds = 0.0
        assert to_dict(exercise) == to_dict(other)
    practice = {name: (e.status, e.max_score) for name, e in others.items()}
    assert practice == dict.fromkeys(PRACTICE, ("passed", 0.0))


def test_check_knows_a_worksheet_by_folder_name_and_where_it_lies(work):
    work(relu="def relu(z):\n    return np.abs(z)\n")

    said = check()

    assert "25.38 / 29 points" in said
    assert "✗ relu" in said
    assert "✓ pad2d" in said
    assert "Hint: " in said
    assert "25.38 / 29 points" in check(HOMEWORK)
    one = check(f"{HOMEWORK}::flatten")
    assert "5 / 5 points" in one
    assert "conv2d" not in one
    assert "What you asked for passes." in one
    assert "next chapter" not in one


def test_a_chapter_of_which_some_was_chosen_counts_so(work):
    said = check(work(CH01, relu=STUB.format("relu")))
    assert "50 / 51 points" in said
    assert "0 / 0" in said
    assert f"Next: relu, in {CH01}." in said


def test_in_the_notebook_the_next_exercise_is_one_of_the_worksheets(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "state", live.LiveState())
    live.begin("ch01::relu", "ch04::flatten")
    step = live.next_step(tmp_path, CH01, "relu")
    assert step is not None
    assert str(step) == "Next in this notebook: flatten."
    assert live.next_step(tmp_path, CH04, "flatten") is None


def test_pytest_has_a_test_for_each_rung_of_a_worksheet(work, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    stub = STUB.format("flatten")
    path = work(
        pad2d="def pad2d(x, pad):\n    return x\n", flatten=stub, relu="def relu(z):\n  1/0"
    )

    ran = pytester.runpytest_inprocess("-p", "cnnlab", "-rs", path)

    ran.stdout.fnmatch_lines(
        [
            "homework1: 20 / 29 points",
            "  relu: 0 / 4 points, *",
            "  flatten: 0 / 5 points, not written yet",
            "  pad2d: 0 / 0 points, *",
            "  conv2d: 20 / 20 points, passed",
        ]
    )
    ran.stdout.fnmatch_lines(["SKIPPED *flatten is not written yet"])
    outcomes = ran.parseoutcomes()
    assert outcomes["failed"] == 2, "relu and pad2d: what gives no points may fail, too"
    assert outcomes["passed"] > 3


def test_what_a_learner_does_to_their_copy_ends_nothing(course, work):
    path = work()
    source = read_assignment(course / "source" / HOMEWORK / f"{HOMEWORK}.ipynb")
    whole = read_copy(path)
    assert source is not None
    assert whole is not None
    assert [each for each in whole.asked if each.points] == list(source.asked)

    notebook = json.loads(path.read_text())
    relu = cell(notebook, "check-relu")
    notebook["cells"].append(json.loads(json.dumps(relu)))
    notebook["cells"].remove(cell(notebook, "check-flatten"))
    path.write_text(json.dumps(notebook))
    assert list(read_own(path).places) == ["relu", *PRACTICE, "conv2d"]
    odds: list[object] = [float("nan"), -1, "x", [], 1e300]
    for odd in odds:
        relu["metadata"]["nbgrader"]["points"] = odd
        path.write_text(json.dumps(notebook))
        assert read_copy(path) is None
        assert read_own(path).problem, "the file's name says no chapter"
    path.write_text('{"metadata": {"cnnlab": {"solutions": true}}, "cells": [3, {"metadata": []}]}')
    assert read_copy(path) is None
    assert "not clear which chapter" in check(path)
