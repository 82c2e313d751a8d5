"""Gradescope's format, and its autograder run in a folder that looks like Gradescope's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.report.gradescope import (
    Assigned,
    Autograder,
    gradescope_results,
    write_autograder,
)
from cnnlab.autograder.submission.assignment import AssignmentError
from cnnlab.autograder.tests.handins import POINTS, flipped
from cnnlab.autograder.tests.handins import hand_in as notebook
from cnnlab.autograder.tests.report.classes import CHAPTER, EXERCISES, hand_in
from cnnlab.course.build.course_root import write_course

WHEEL = "cnnlab-0.2.0-py3-none-any.whl"
CHAPTER_ONE = Assigned.chapter(CHAPTER)


@pytest.fixture
def wheel(tmp_path):
    """A file that is called as the wheel is."""
    with zipfile.ZipFile(tmp_path / WHEEL, "w") as archive:
        archive.writestr("cnnlab/course/__init__.py", "")
    return tmp_path / WHEEL


def test_results_have_a_test_for_each_exercise():
    submission = hand_in(None, "submission/ch01.ipynb", correlate2d="kernel-flipped")
    said = gradescope_results([submission])
    assert said["score"] == sum(test["score"] for test in said["tests"]) == submission.score
    assert [test["name"] for test in said["tests"]] == EXERCISES
    flipped = said["tests"][EXERCISES.index("correlate2d")]
    assert flipped["status"] == "failed"
    assert "You flipped the kernel" in flipped["output"]
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_of_two_files_the_better_counts_with_a_warning():
    worse, better = hand_in(None, "s/a.ipynb", relu="stub"), hand_in(None, "s/b.ipynb")
    said = gradescope_results([worse, better])
    assert said["score"] == better.score
    assert "2 files were handed in (a.ipynb, b.ipynb). b.ipynb counts." in said["output"]


def test_a_file_that_cannot_be_read_says_so():
    broken = SubmissionResult("a.ipynb", None, CHAPTER, "unreadable", 0, 20, message="No JSON.")
    said = gradescope_results([broken])
    assert (said["score"], said["output"], said["tests"]) == (0, "No JSON.", [])


def test_our_own_failure_is_no_result():
    lost = hand_in(None, "a.ipynb")
    lost.exercises[0] = replace(lost.exercises[0], status="internal_error", score=0.0)
    for submissions in ([lost], []):
        with pytest.raises(ValueError, match=r"failed to grade|no submission"):
            gradescope_results(submissions)


@pytest.mark.parametrize("name", ["other-1.0-py3-none-any.whl", "cnnlab.whl", WHEEL])
def test_what_is_no_wheel_of_ours_is_refused(name, tmp_path):
    (tmp_path / name).write_text("no zip")
    with pytest.raises(ValueError, match="wheel must be"):
        write_autograder(tmp_path / "a.zip", CHAPTER_ONE, tmp_path / name)


def test_the_zip_has_what_gradescope_runs(wheel, tmp_path):
    written = []
    for name in ("one.zip", "two.zip"):
        write_autograder(tmp_path / name, CHAPTER_ONE, wheel)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert modes == {"setup.sh": 0o100755, "run_autograder": 0o100755, WHEEL: 0o100644}
        scripts = [archive.read(name).decode() for name in ("setup.sh", "run_autograder")]
    assert all(text.startswith("#!/usr/bin/env bash\n") and "\r" not in text for text in scripts)
    assert f"/autograder/source/{WHEEL}[keras]" in scripts[0]
    assert "bubblewrap" in scripts[0]
    assert "--fresh" in scripts[1]


@pytest.mark.parametrize(
    ("chapter", "fresh", "keras"),
    [(CHAPTER, True, True), (CHAPTER, False, False), ("ch06_cats_dogs", False, True)],
)
def test_tensorflow_is_installed_where_it_is_needed(chapter, fresh, keras, wheel, tmp_path):
    write_autograder(
        tmp_path / "a.zip", Assigned.chapter(chapter), wheel, Autograder(fresh, sandbox=False)
    )
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        setup, run = (archive.read(name).decode() for name in ("setup.sh", "run_autograder"))
    assert ("[keras]" in setup) == keras
    assert "bubblewrap" not in setup
    assert "--no-sandbox" in run
    for text in (setup, run):
        assert subprocess.run(["bash", "-n"], input=text.encode()).returncode == 0


@pytest.fixture
def run(wheel, tmp_path):
    """What Gradescope gets for these files; None where there is no result."""
    root = tmp_path / "autograder"

    def ran(assigned=CHAPTER_ONE, **files):
        for folder in ("source", "submission", "results", "environment/bin"):
            (root / folder).mkdir(parents=True)
        command = Path(sys.executable).parent / "cnnlab"
        (root / "environment/bin/cnnlab").symlink_to(command)
        how = Autograder(fresh=False, sandbox=False, visibility="after_due_date")
        write_autograder(tmp_path / "a.zip", assigned, wheel, how)
        shutil.unpack_archive(tmp_path / "a.zip", root / "source")
        for name, text in files.items():
            (root / "submission" / name.replace("__", ".")).write_text(text)
        environment = os.environ | {"AUTOGRADER": str(root)}
        subprocess.run(["bash", root / "source/run_autograder"], env=environment, check=False)
        result = root / "results/results.json"
        return json.loads(result.read_text()) if result.exists() else None

    return ran


@pytest.mark.skipif(os.name == "nt", reason="a script for Ubuntu")
def test_the_autograder_grades_a_notebook(run):
    said = run(my_homework__ipynb=notebook(conv2d=flipped()))
    assert 0 < said["score"] < POINTS
    assert said["visibility"] == "after_due_date"
    flipped_kernel = said["tests"][EXERCISES.index("conv2d")]
    assert "You flipped the kernel" in flipped_kernel["output"]
    assert flipped_kernel["extra_data"] == {"status": "failed", "diagnosis": ["kernel-flipped"]}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a script for Ubuntu")
def test_the_autograder_knows_an_assignments_exercises_and_points(run, worksheet, tmp_path):
    """And its zip holds no solution: without a sandbox, learner code could read it."""
    handed_in = worksheet.read_text().replace("np.where(z > 0, z, 0)", "np.abs(z)")
    assert handed_in != worksheet.read_text()

    said = run(Assigned.assignment(worksheet), something_else__ipynb=handed_in)

    points = {test["name"]: (test["score"], test["max_score"]) for test in said["tests"]}
    assert points == {"relu": (0.5, 4), "flatten": (5, 5), "conv2d": (20, 20)}
    assert (said["score"], said["extra_data"]["chapter"]) == (25.5, "homework1")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        inside = archive.read("course/source/assignment/homework1.ipynb").decode()
    assert "SOLUTION" not in inside
    assert "def " not in inside


@pytest.fixture
def worksheet(tmp_path):
    """An instructor's notebook with exercises of three chapters."""
    asked = [("ch01_convolution", "relu", 4), ("ch04_network", "flatten", 5)]
    asked += [("ch02_stride_padding", "conv2d", 20)]
    write_course(tmp_path / "course", {"homework1": tuple(Asked(*each) for each in asked)})
    return tmp_path / "course/source/homework1/homework1.ipynb"


def test_a_notebook_that_asks_for_nothing_is_no_assignment(tmp_path):
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [], "metadata": {}}))
    with pytest.raises(AssignmentError, match="no grade cell"):
        Assigned.assignment(tmp_path / "n.ipynb")


@pytest.mark.skipif(os.name == "nt", reason="a script for Ubuntu")
def test_a_submission_without_a_notebook_is_told(run):
    said = run(essay__txt="Dear sir")
    assert said["score"] == 0
    assert "There is no notebook" in said["output"]
