"""``cnnlab check``, as a learner runs it."""

from __future__ import annotations

import queue
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cnnlab.autograder import standing
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.kept import find
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    EXERCISES,
    NOTEBOOK,
    SOLVED,
    flipped,
    hand_in,
    source,
    stub,
)
from cnnlab.course import cli
from cnnlab.course.cli import terminal

RELEASED = SOLUTIONS.parent / "exercises"
OTHER = "ch03_pooling"
KERAS = "ch06_cats_dogs"
UNTOUCHED = {name: stub(name) for name in EXERCISES}


def run(*arguments: object):
    return CliRunner().invoke(cli.app, ["check", *map(str, arguments)])


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course folder with three chapters; nobody stands in it."""
    monkeypatch.chdir(tmp_path)
    for name in (CHAPTER, OTHER, KERAS):
        put(tmp_path / "mine", name, (RELEASED / name / f"{name}.ipynb").read_text("utf-8"))
    put(tmp_path / "mine", CHAPTER, hand_in(**UNTOUCHED))
    return tmp_path / "mine"


def put(course: Path, name: str, text: str) -> Path:
    place = course / name / f"{name}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return place


# What is said


def test_untouched_chapters_start_no_process_not_even_of_a_keras_chapter(course, monkeypatch):
    monkeypatch.setattr(standing, "grade_submission", None)
    result = run("--dir", course)
    assert result.exit_code == 0, result.output
    assert result.output.count("not started") == 3
    assert f"Next: {EXERCISES[0]}, in {CHAPTER}" in result.output


def test_what_was_tried_and_fails_is_explained_not_what_is_unwritten(course):
    put(course, CHAPTER, hand_in(**UNTOUCHED | {"conv2d": flipped()}))
    said = run("--dir", course).output
    assert "You flipped the kernel" in said
    assert "✗ conv2d" in said
    assert "○ conv_step" in said
    assert "Hint: " in said
    assert "Next: " not in said
    assert said.count("not started") == 2


def test_a_half_written_function_is_judged(course):
    half = stub("relu").replace("# YOUR CODE HERE", "positive = z > 0")
    put(
        course, CHAPTER, hand_in(**UNTOUCHED | {"relu": half.replace("raise", "return positive #")})
    )
    said = run("--dir", course).output
    assert "relu: 0" in said
    assert "Hint: " in said


def test_full_marks_are_kept_for_later_chapters_as_in_a_notebook(course):
    put(course, CHAPTER, hand_in(**UNTOUCHED | {"conv2d": flipped(), "relu": source("relu")}))
    run("--dir", course)
    assert [path.name for path in (course / "_saved" / CHAPTER).iterdir()] == ["relu.py"]
    found = find(course / OTHER, CHAPTER, "relu")
    assert found is not None
    names: dict[str, Any] = {"np": np}
    exec(found.text, names)
    assert names["relu"](np.array([-1, 2])).tolist() == [0, 2]


def test_when_nothing_fails_the_next_exercise_is_of_the_chapter_begun_last(course):
    solved = (SOLUTIONS / OTHER / f"{OTHER}.ipynb").read_text("utf-8")
    put(course, OTHER, solved)
    put(course, CHAPTER, hand_in(relu=stub("relu")))
    assert f"Next: relu, in {CHAPTER}." in run("--dir", course).output
    assert "Everything passes." in run(OTHER, "--dir", course).output


def test_many_failures_are_not_all_explained(course):
    wrong = {name: f"def {name}(*args, **kwargs):\n    return 'no'\n" for name in EXERCISES}
    put(course, CHAPTER, hand_in(**wrong))
    said = " ".join(run("--dir", course).output.split())
    assert said.count("Hint: ") == 3
    assert f"`cnnlab check ch01::{EXERCISES[-1]}`" in said
    assert run(f"ch01::{EXERCISES[-1]}", "--dir", course).output.count("Hint: ") == 1


def test_code_that_is_no_python_is_told_without_a_process(course, monkeypatch):
    monkeypatch.setattr(standing, "grade_submission", None)
    put(course, CHAPTER, hand_in(**UNTOUCHED | {"relu": "def relu(z):\n    return z +\n"}))
    assert "Line 2 is not Python" in run("--dir", course).output


def test_a_damaged_notebook_is_said(course):
    put(course, CHAPTER, "{")
    result = run("ch01", "--dir", course)
    assert result.exit_code == 0
    assert "not a notebook" in " ".join(result.output.split())


# What is meant


@pytest.mark.parametrize(
    ("stand", "typed", "chapters"),
    [
        ("mine", "", [CHAPTER, OTHER, KERAS]),
        (f"mine/{OTHER}", "", [OTHER]),
        (f"mine/{OTHER}", "ch01", [CHAPTER]),
        ("mine", OTHER, [OTHER]),
        ("mine", f"ch01 {OTHER}", [CHAPTER, OTHER]),
        (".", "mine", [CHAPTER, OTHER, KERAS]),
        (".", f"mine/{OTHER}", [OTHER]),
        (".", f"mine/{CHAPTER}/{NOTEBOOK}", [CHAPTER]),
        ("mine", "ch01 .", [CHAPTER]),
        ("mine", f". {OTHER}", [OTHER]),
        (".", "ch01 mine", [CHAPTER]),
        (".", f"mine mine/{OTHER}/{OTHER}.ipynb", [OTHER]),
        (f"mine/{OTHER}", "ch01 .", [CHAPTER, OTHER]),
    ],
)
def test_paths_are_taken_as_pytest_takes_them(course, monkeypatch, stand, typed, chapters):
    monkeypatch.chdir(course.parent / stand)
    said = run(*typed.split()).output
    assert [name for name in (CHAPTER, OTHER, KERAS) if f"\n{name}" in said] == chapters


@pytest.mark.parametrize("typed", ["ch01::relu", f"mine/{CHAPTER}/{NOTEBOOK}::relu::by-hand"])
def test_one_exercise_is_judged_alone(course, typed):
    relu = load_chapter(CHAPTER)["relu"].max_score
    said = run(typed, "--dir", course).output
    assert f"relu of {CHAPTER}  0 / {relu:g} points" in said
    assert "not started" not in said
    put(course, CHAPTER, SOLVED)
    said = run(typed, "--dir", course).output
    assert f"relu of {CHAPTER}  {relu:g} / {relu:g} points" in said
    assert "What you asked for passes." in said
    assert "Next: " not in said  # the whole notebook is solved
    assert "conv2d" not in said
    put(course, CHAPTER, hand_in(**UNTOUCHED | {"relu": source("relu")}))
    said = " ".join(run(typed, "--dir", course).output.split())
    assert f"What you asked for passes. Next: {EXERCISES[0]}, in {CHAPTER}." in said


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("ch77", CHAPTER),
        ("chapter 1", "Did you mean ch01?"),
        ("design_kernel", "Did you mean ch01::design_kernel?"),
        ("ch01::convstep", "Did you mean conv_step?"),
        ("my-course", "no folder"),
        ("ch01::softmax", "relu"),
        ("nowhere/ch01.ipynb", "There is no"),
        ("ch02", "cnnlab lab"),
    ],
)
def test_what_names_nothing_is_said(course, typed, words):
    result = run(typed, "--dir", course)
    assert result.exit_code in (1, 2)
    assert words in " ".join(result.output.split())


def test_what_others_handed_in_is_not_run_here(course):
    theirs = put(course / "submitted" / "ada", CHAPTER, SOLVED)
    result = run(theirs)
    assert result.exit_code == 2
    assert "cnnlab grade" in result.output


def test_a_clone_is_found_from_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert terminal.exercises_folder() == terminal.ROOT / "exercises"


# Watching


def test_watch_explains_what_was_saved(course):
    command = [sys.executable, "-m", "cnnlab.course.cli", "check", "--watch", "--dir", course]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines: queue.Queue[str] = queue.Queue()
        Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()

        def until(words: str) -> str:
            said = ""
            while words not in said:
                said += lines.get(timeout=60)
            return said

        try:
            until("Watching")
            put(course, CHAPTER, hand_in(**UNTOUCHED | {"conv2d": flipped()}))
            until("You flipped the kernel")
            until("Hint:")
            solved = hand_in(**{n: s for n, s in UNTOUCHED.items() if n not in ("conv2d", "relu")})
            put(course, CHAPTER, solved)
            said = until("relu: 2 / 2 points, passed")
            assert "conv2d: 8 / 8 points, passed" in said
            assert "conv_step" not in said
        finally:
            process.terminate()
