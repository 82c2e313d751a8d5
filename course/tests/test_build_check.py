"""The build's check: drift, what a release gives away, and what a chapter lacks."""

import os
import subprocess
from pathlib import Path

import pytest

from cnnlab.course.build import MANIFEST, BuildError, build, check
from cnnlab.course.tests.tiny import (
    EXERCISE,
    GRADER_PATH,
    SOLUTION,
    SOURCE_PATH,
    add_chapter,
    edit,
    learn,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of one chapter, not built yet."""
    add_chapter(tmp_path, "ch01_tiny")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


@pytest.fixture
def clone(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same course, built, in git."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    build(root)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    return root


def test_a_fresh_build_is_in_order(clone):
    assert check(clone) == []


def test_the_working_copy_is_not_judged(clone):
    learn(clone)
    edit(clone / SOURCE_PATH, "Write it.", "Write it now.")
    edit(clone / GRADER_PATH, '"by-hand": 1.5', '"by-hand": 9')
    (clone / "exercises/notes.txt").write_text("mine")
    assert check(clone) == []


def test_outside_git_it_says_so(root):
    build(root)
    with pytest.raises(BuildError, match="must be a git checkout"):
        check(root)


def test_a_course_below_the_top_of_the_checkout_is_found(tmp_path):
    add_chapter(tmp_path / "below", "ch01_tiny")
    build(tmp_path / "below")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    assert check(tmp_path / "below") == []


def test_nothing_in_git_is_no_success(clone):
    git(clone, "rm", "--cached", "-r", "--quiet", ".")
    assert check(clone) == [
        "git has no chapter source. Write course/chNN_name.py and `git add` it."
    ]


def found(root: Path, rebuild: bool) -> list[str]:
    if rebuild:
        build(root)
    git(root, "add", "--all", ".")
    return check(root)


def test_a_changed_source_is_drift_until_it_is_built(clone):
    edit(clone / SOURCE_PATH, "Write it.", "Write it now.")
    assert found(clone, rebuild=False) == [
        f"{path} is not what {SOURCE_PATH} builds. Run `cnnlab build` and `git add` the result."
        for path in (SOLUTION, EXERCISE)
    ]
    assert found(clone, rebuild=True) == []


def test_changed_points_are_drift_too(clone):
    edit(clone / GRADER_PATH, '"by-hand": 1.5', '"by-hand": 9')
    assert len(found(clone, rebuild=False)) == 2


def test_a_committed_solution_of_a_learner_is_found(clone):
    learn(clone)
    problems = found(clone, rebuild=False)

    assert any("is not what" in problem for problem in problems)
    assert any("not a bare stub" in problem for problem in problems)
    assert any(f"{MANIFEST} does not record {EXERCISE}" in problem for problem in problems)


LEAKS = {
    "a solution line in a demo": (
        "print(relu.__name__)",
        "z = [1]\nprint(np.asarray( z )*passes)",
        "'return np.asarray(z) * passes'",
    ),
    "a solution line in prose": (
        "Write it.",
        "Try `passes = np.asarray(z) > 0`.",
        "'passes = np.asarray(z) > 0'",
    ),
    "references": ("print(relu.__name__)", "open('autograder/references/ch01.npz')", "references"),
    "code outside the region": ("### END SOLUTION", "### END SOLUTION\n    return 0", "bare stub"),
    "another chapter's start": ('start("ch01_tiny")', 'start("ch02_tiny")', 'start("ch01_tiny")'),
    "no hints": ("check, hint, solution, start", "check, solution, start", "must import hint from"),
    "no set-up": (" setup=true", "", "# %% setup=true"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_what_a_source_gives_away_or_lacks_is_found(clone, leak):
    old, new, message = LEAKS[leak]
    edit(clone / SOURCE_PATH, old, new)
    problems = found(clone, rebuild=True)

    assert len(problems) == 1
    assert message in problems[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Closer."', '" "', "must have three hints"),
        (', "Detail."', "", "must have three hints"),
        ('(Twist("absolute-value", on_output(np.abs), "You took the size."),)', "()", "no twist"),
        (
            "(relu,)",
            "(relu, dataclasses.replace(relu, name='gelu'))",
            "no cell for exercise 'gelu'",
        ),
        ('{"by-hand": 1.5, "reference": 2.0}', "{}", "gives no points"),
    ],
)
def test_an_incomplete_grader_is_found(clone, old, new, message):
    edit(clone / GRADER_PATH, old, new)
    edit(clone / GRADER_PATH, "import numpy as np", "import dataclasses\n\nimport numpy as np")
    problems = found(clone, rebuild=True)

    assert len(problems) == 1
    assert message in problems[0]


def test_an_exercise_without_grader_is_found(clone):
    edit(clone / GRADER_PATH, 'name="relu"', 'name="gelu"')
    assert len(found(clone, rebuild=False)) == 1
    assert "'relu' is not in the grader" in check(clone)[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"execution_count": null', '"execution_count": 3', "has outputs"),
        ("check(relu)", "### BEGIN HIDDEN TESTS", "says 'BEGIN HIDDEN TESTS'"),
        ("# YOUR CODE HERE", "### BEGIN SOLUTION", "says 'BEGIN SOLUTION'"),
        ("def relu(z):", "def relu(z:", "is not Python"),
        ('"role": "check"', '"role": "demo"', "has no check cell"),
    ],
)
def test_a_release_changed_by_hand_is_found(clone, old, new, message):
    edit(clone / EXERCISE, old, new)
    problems = found(clone, rebuild=False)

    assert any(message in problem for problem in problems)
    assert any("is not what" in problem for problem in problems)


def test_a_broken_notebook_is_found(clone):
    (clone / EXERCISE).write_text("{")
    assert any("is not a notebook" in problem for problem in found(clone, rebuild=False))


@pytest.mark.parametrize("path", [EXERCISE, SOLUTION])
def test_a_notebook_that_git_does_not_have_is_found(clone, path):
    (clone / path).unlink()
    problems = found(clone, rebuild=False)
    assert problems == [f"{path} is not in git. Run `cnnlab build` and `git add` it."]


def test_strays_are_found(clone):
    (clone / "exercises/ch01_tiny/answers.npz").write_bytes(b"")
    add_chapter(clone, "ch02_tiny")
    (clone / "course/ch02_tiny.py").unlink()

    assert found(clone, rebuild=False) == [
        "autograder/graders/ch02_tiny.py has no chapter. Write course/ch02_tiny.py, or delete it.",
        "exercises/ch01_tiny/answers.npz is built from no chapter. "
        "Take it out of git: git rm exercises/ch01_tiny/answers.npz",
    ]
