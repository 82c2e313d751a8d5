"""Grading never runs what a learner has kept: no mark depends on it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from cnnlab.autograder import own_code
from cnnlab.autograder.grading_process import Grader
from cnnlab.autograder.judging.results import to_dict
from cnnlab.autograder.kept import find, keep
from cnnlab.autograder.own_code import own
from cnnlab.autograder.standing import Judge
from cnnlab.autograder.submission import course, read
from cnnlab.autograder.submission.files import find_submissions
from cnnlab.autograder.submission.solutions import SOLUTIONS

CH01, CH02, CH04 = "ch01_convolution", "ch02_stride_padding", "ch04_network"

WRONG = (
    "def conv2d(x, kernels, bias, strides=(1, 1), padding='valid', dilation=(1, 1)):\n    return 7"
)


def courses_relu(z):
    return np.maximum(z, 0)


courses_relu.__name__ = "relu"


@pytest.fixture
def hostile(tmp_path):
    """A solved chapter 4, beside saved files that are wrong, vouched for, and do harm when run."""
    for chapter in (CH01, CH02, CH04):
        (tmp_path / chapter).mkdir()
    shutil.copy(SOLUTIONS / CH04 / f"{CH04}.ipynb", tmp_path / CH04)
    harm = tmp_path / "harm"
    for chapter, name in ((CH01, "relu"), (CH02, "conv2d"), (CH04, "dense"), (CH04, "predict")):
        source = f"open({str(harm)!r}, 'a').write({name!r})\n{WRONG}\n{name} = conv2d"
        keep(tmp_path / chapter, chapter, name, [(name, source)])
        own_code.prove(find(tmp_path / chapter, chapter, name))
    return tmp_path / CH04 / f"{CH04}.ipynb", harm


def scores(result):
    return [(e["name"], e["status"], e["score"]) for e in to_dict(result)["exercises"]]


def test_grading_never_runs_what_was_saved_and_no_mark_changes(hostile, tmp_path):
    path, harm = hostile
    plain = tmp_path / "elsewhere" / path.name
    plain.parent.mkdir()
    shutil.copy(path, plain)
    with Grader(sandbox=False) as grader, Judge() as judge:
        without = scores(grader.grade(read(plain), None))
        assert scores(grader.grade(read(path), None)) == without
        assert scores(judge.judge(path).result) == without
    assert all(status == "passed" for _, status, _ in without)
    assert not harm.exists()


@pytest.mark.slow
def test_pytest_and_the_command_never_run_it(hostile, tmp_path):
    path, harm = hostile
    tested = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path.name]
    done = subprocess.run(tested, cwd=path.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    results = tmp_path / "results.json"
    options = ["--no-sandbox", "--recorded", "--json", str(results)]
    command = [sys.executable, "-m", "cnnlab.course.cli", "grade", path.name, *options]
    subprocess.run(command, cwd=path.parent, check=True, capture_output=True)
    (graded,) = json.loads(results.read_text())["submissions"]
    assert graded["score"] == graded["max_score"]
    assert not harm.exists()


@pytest.mark.parametrize("tree", ["submitted", "autograded"])
def test_nbgraders_own_run_of_a_notebook_does_not_find_it(hostile, tmp_path, monkeypatch, tree):
    """Without our bridge nbgrader executes a submission's cells, and `own` is among them."""
    path, harm = hostile
    student = tmp_path / tree / "ada"
    shutil.copytree(path.parent, student / CH04)
    shutil.copytree(path.parents[1] / "_saved", student / "_saved")
    monkeypatch.chdir(student / CH04)
    assert own(courses_relu, "ch01").function is None
    assert not harm.exists()


def test_a_folder_that_is_graded_is_graded_without_what_is_saved_in_it(hostile, tmp_path):
    path, _ = hostile
    assert find_submissions([tmp_path]) == [path]


def test_our_own_cells_run_without_it_where_grading_needs_their_values(hostile, monkeypatch):
    path, harm = hostile
    monkeypatch.chdir(path.parent)
    with course.course_stands_in():
        assert own(courses_relu, "ch01").function is None
    assert not harm.exists()
    assert own(courses_relu, "ch01").function is not None  # so the file does run elsewhere
    assert harm.exists()


def test_the_process_that_computes_values_stands_in(monkeypatch):
    seen = []

    def codes(chapter):
        seen.append(course.standing_in())
        return None, ()

    monkeypatch.setattr(course, "made_by_course", lambda chapter, name: set())
    monkeypatch.setattr(course, "_course", codes)
    monkeypatch.setattr(sys, "argv", ["course", CH01, "cat"])
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back afterwards
    with pytest.raises(KeyError):
        course.main()
    assert seen == [True]
