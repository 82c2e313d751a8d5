"""`pytest exercises`, as learners run it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cnnlab.autograder import grading_process
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import StaleReferences
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    EXERCISES,
    NOTEBOOK,
    POINTS,
    SOLVED,
    cell,
    flipped,
    hand_in,
    source,
    stub,
)

pytest_plugins = ["pytester"]
PLUGIN = ["-p", "cnnlab"]  # the name of its entry point
RUNGS = {e.name: ["runs", *e.points, "robust"] for e in load_chapter(CHAPTER).exercises}
ALL = sum(map(len, RUNGS.values()))


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs pytest with our plugin and no other (some take seconds to import)."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return lambda *options: pytester.runpytest_inprocess(*PLUGIN, *options)


@pytest.fixture
def check(pytester, run):
    """Writes a notebook and runs pytest where it stands."""

    def check(text, *options, folder="."):
        path = pytester.path / folder / NOTEBOOK
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return run(*options)

    return check


def failures(result):
    """Rungs that failed: those whose exercise was explained there, and those that said no more."""
    found = result.parseoutcomes()
    return found.get("failed", 0), found.get("likewise", 0)


def points(name):
    """What an exercise is worth, as it is written."""
    return f"{load_chapter(CHAPTER)[name].max_score:g}"


def of_chapter(name):
    return json.dumps(json.loads(SOLVED) | {"metadata": {"cnnlab": {"chapter": name}}})


def untouched():
    return hand_in(**{name: stub(name) for name in EXERCISES})


# What becomes of a notebook


def test_a_solved_notebook_is_graded_once_and_passes_on_every_rung_with_points(check, monkeypatch):
    graded = []

    class Counting(grading_process.Grader):
        def grade(self, submission, answers):
            graded.append(submission.path)
            return super().grade(submission, answers)

    monkeypatch.setattr(grading_process, "Grader", Counting)

    result = check(SOLVED, "-rs")

    assert len(graded) == 1
    result.assert_outcomes(passed=ALL - len(RUNGS), skipped=len(RUNGS))
    result.stdout.fnmatch_lines(["SKIPPED *relu(z = *) (a list)*"])  # beyond the exercise: advice
    result.stdout.fnmatch_lines(
        [
            "*CNN Lab*",
            f"{CHAPTER}: {POINTS:g} / {POINTS:g} points",
            f"  conv2d: {points('conv2d')} / {points('conv2d')} points, passed",
        ]
    )


def test_an_untouched_notebook_is_skipped_and_nothing_is_run(check, monkeypatch):
    monkeypatch.setattr(grading_process, "Grader", None)

    result = check(untouched(), "-rs")

    result.assert_outcomes(skipped=ALL)
    result.stdout.fnmatch_lines(
        ["*CNN Lab*", f"  relu: 0 / {points('relu')} points, not written yet"]
    )
    result.stdout.fnmatch_lines([f"SKIPPED *{NOTEBOOK}*: conv2d is not written yet"])


def test_a_stub_that_is_only_reached_when_called_is_skipped_too(check):
    late = source("relu").replace("### BEGIN SOLUTION", "z = 1\n    raise NotImplementedError")

    result = check(hand_in(relu=late), f"{NOTEBOOK}::relu")

    result.assert_outcomes(skipped=len(RUNGS["relu"]))


def test_a_mistake_is_explained_once_without_a_traceback(check):
    result = check(hand_in(conv2d=flipped()), "-k", "conv2d")
    said = result.stdout.str()

    result.assert_outcomes(passed=2, failed=1, skipped=1)
    assert failures(result) == (1, len(RUNGS["conv2d"]) - 4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*conv2d: a case you can check by hand*",
            "conv2d: 1.4 / 8 points, not there yet",
            "  ✗ a case you can check by hand (0 of 2.5 points)",
            "You flipped the kernel*",
            "*conv2d(x = *kernels = *",
            "*xpected*received*",
            "Hint: *",
            "FAILED *::conv2d::by-hand - You flipped the kernel*",
        ]
    )
    explained, _, short = said.partition("short test summary")
    assert explained.count("You flipped the kernel") == 1
    assert explained.count("✗ structure") == 1
    assert short.count("FAILED") == 1
    assert "Traceback" not in said
    assert "plugin.py" not in said


def test_an_exercise_that_does_not_run_is_told_once_and_the_others_pass(check):
    result = check(hand_in(relu="def relu(z):\n    return z +\n"))

    failed, advised = len(RUNGS["relu"]) - 1, len(RUNGS)
    result.assert_outcomes(passed=ALL - failed - advised, failed=1, skipped=advised)
    assert failures(result) == (1, failed - 1)
    explained, _, short = result.stdout.str().partition("short test summary")
    assert explained.count("Line 2 is not Python") == 1
    assert short.count("FAILED") == 1
    result.stdout.fnmatch_lines(
        ["Line 2 is not Python*", f"  relu: 0 / {points('relu')} points, stops with*"]
    )


def test_an_endless_loop_is_told_once(check, monkeypatch):
    chapter = replace(load_chapter(CHAPTER), seconds=0.5)
    name = "cnnlab.autograder.submission.chapter_as_asked"
    monkeypatch.setattr(name, lambda name, asked: chapter)

    result = check(
        hand_in(relu="def relu(z):\n    while True:\n        pass\n"), f"{NOTEBOOK}::relu"
    )

    assert failures(result) == (1, len(RUNGS["relu"]) - 2)
    explained, _, short = result.stdout.str().partition("short test summary")
    assert explained.count("The call took too long") == 1
    assert short.count("FAILED") == 1


def test_each_wrong_exercise_is_told_once(check):
    wrong = {"conv2d": flipped(), "relu": "def relu(z):\n    return np.abs(z)\n"}

    result = check(hand_in(**wrong))

    assert failures(result)[0] == len(wrong)
    explained, _, short = result.stdout.str().partition("short test summary")
    assert explained.count("Hint: ") == len(wrong)
    assert short.count("FAILED") == len(wrong)


def test_a_later_rung_alone_is_explained_in_full(check):
    result = check(hand_in(conv2d=flipped()), f"{NOTEBOOK}::conv2d::structure")

    assert failures(result) == (1, 0)
    result.stdout.fnmatch_lines(["You flipped the kernel*"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SOLVED[:-20], "*not*JSON*"),
        ("", "*empty*"),
        (of_chapter("ch77_none"), "It is not clear which chapter*"),
    ],
    ids=["cut off", "empty", "another chapter"],
)
def test_a_notebook_that_cannot_be_read_is_one_failure_with_a_sentence(
    pytester, run, text, sentence
):
    name = "mine.ipynb" if "ch77" in text else NOTEBOOK
    (pytester.path / name).write_text(text, encoding="utf-8")

    result = run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{name}*", sentence])
    assert "Traceback" not in result.stdout.str()


def test_a_failure_of_ours_is_told_once_and_is_no_skip(check, monkeypatch):
    def stale(*asked):
        raise StaleReferences("out of date")

    monkeypatch.setattr(grading_process, "recorded", stale)

    result = check(SOLVED)

    assert failures(result) == (1, ALL - 1)
    explained = result.stdout.str().partition("short test summary")[0]
    assert explained.count("StaleReferences") == 1


def test_a_warning_of_the_reader_is_shown(check):
    notebook = json.loads(SOLVED)
    notebook["cells"].append(cell(notebook, "relu"))

    result = check(json.dumps(notebook), f"{NOTEBOOK}::relu")

    result.assert_outcomes(passed=len(RUNGS["relu"]) - 1, skipped=1)
    result.stdout.fnmatch_lines(["*PytestWarning: *relu*"])


# What is run


@pytest.mark.parametrize(
    ("options", "selected"),
    [
        (["-k", "design_kernel"], RUNGS["design_kernel"]),
        (["-k", "conv_step and not by-hand"], [r for r in RUNGS["conv_step"] if r != "by-hand"]),
        ([f"{NOTEBOOK}::relu"], RUNGS["relu"]),
        ([f"{NOTEBOOK}::relu::by-hand"], ["by-hand"]),
    ],
)
def test_exercises_and_rungs_can_be_selected(check, options, selected):
    result = check(SOLVED, "--collect-only", "-q", *options)

    listed = [line for line in result.outlines if line.startswith(NOTEBOOK)]
    assert [line.rpartition("::")[2] for line in listed] == selected
    assert len({line.split("::")[1] for line in listed}) == 1
    assert "CNN Lab" not in result.stdout.str()


@pytest.mark.parametrize(
    "folder", ["submitted/ada/week1", "autograded/ada/week1", f"_saved/{CHAPTER}"]
)
def test_what_others_handed_in_and_what_a_reset_saved_is_never_run(check, folder):
    assert check(SOLVED, folder=folder).ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize("metadata", [{}, {"cnnlab": "mine"}, {"cnnlab": {"chapter": 3}}, []])
def test_other_notebooks_are_none_of_our_business(pytester, run, metadata):
    text = json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    (pytester.path / "other.ipynb").write_text(text)
    (pytester.path / "broken.ipynb").write_text("{")

    result = run()

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "CNN Lab" not in result.stdout.str()


# What it looks like, and what it costs


def test_colours_are_pytests(check):
    wrong = hand_in(conv2d=flipped())

    coloured = check(wrong, "--color=yes", "-k", "by-hand").stdout.str()
    plain = check(wrong, "--color=no", "-k", "by-hand").stdout.str()

    assert "\x1b[32m  ✓ runs" in coloured
    assert "\x1b[31m  ✗ a case you can check by hand" in coloured
    assert "\x1b" not in plain


def _subprocess(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *PLUGIN]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_somebody_elses_tests_load_nothing_of_ours(tmp_path):
    (tmp_path / "other.ipynb").write_text('{"cells": [], "metadata": {}}')
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    ours = {name for name in sys.modules if name.startswith('cnnlab')}\n"
        "    own = {f'cnnlab.autograder.{name}' for name in ('plugin', 'others_work')}\n"
        "    assert ours <= {'cnnlab', 'cnnlab.autograder', *own}\n"
        "    assert not {'numpy', 'nbformat', 'tensorflow'} & set(sys.modules)\n"
    )

    run = _subprocess(tmp_path)

    assert run.returncode == 0, run.stdout + run.stderr


def test_grading_by_recorded_answers_never_imports_tensorflow(tmp_path):
    (tmp_path / NOTEBOOK).write_text(SOLVED, encoding="utf-8")
    (tmp_path / "test_z.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    assert 'cnnlab.autograder.grading' in sys.modules\n"
        "    assert not {'tensorflow', 'keras', 'matplotlib', 'pandas'} & set(sys.modules)\n"
    )

    run = _subprocess(tmp_path)

    assert run.returncode == 0, run.stdout + run.stderr
