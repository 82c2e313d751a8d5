"""What the check finds: drift, what a release gives away, and what a chapter lacks."""

from pathlib import Path

import pytest

from cnnlab.course.build import MANIFEST, build
from cnnlab.course.build.staged import release
from cnnlab.course.tests.build.tiny import (
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
    """A course of one chapter, built."""
    add_chapter(tmp_path, "ch01_tiny")
    build(tmp_path)
    return tmp_path


def found(root: Path, rebuild: bool) -> list[str]:
    if rebuild:
        build(root)
    return release(root)


def test_a_fresh_build_is_in_order(root):
    assert release(root) == []


def test_a_changed_source_is_drift_until_it_is_built(root):
    edit(root / SOURCE_PATH, "Write it.", "Write it now.")
    assert found(root, rebuild=False) == [
        f"{path} is not what {SOURCE_PATH} builds. Run `cnnlab build` and `git add` the result."
        for path in (SOLUTION, EXERCISE)
    ]
    assert found(root, rebuild=True) == []


def test_changed_points_are_drift_too(root):
    edit(root / GRADER_PATH, '"by-hand": 1.5', '"by-hand": 9')
    assert len(found(root, rebuild=False)) == 2


def test_a_committed_solution_of_a_learner_is_found(root):
    learn(root)
    problems = found(root, rebuild=False)

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
    "an import that fails": (
        "print(relu.__name__)",
        "from cnnlab.course.demos.ch99_none import demo",
        "imports demo from cnnlab.course.demos.ch99_none, which does not have it",
    ),
    "a name that is not there": (
        "print(relu.__name__)",
        "from cnnlab.course.build import build, raze",
        "imports raze from cnnlab.course.build, which",
    ),
    "no hints": ("check, hint, solution, start", "check, solution, start", "must import hint from"),
    "no set-up": (" setup=true", "", "# %% setup=true"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_what_a_source_gives_away_or_lacks_is_found(root, leak):
    old, new, message = LEAKS[leak]
    edit(root / SOURCE_PATH, old, new)
    problems = found(root, rebuild=True)

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
def test_an_incomplete_grader_is_found(root, old, new, message):
    edit(root / GRADER_PATH, old, new)
    edit(root / GRADER_PATH, "import numpy as np", "import dataclasses\n\nimport numpy as np")
    problems = found(root, rebuild=True)

    assert len(problems) == 1
    assert message in problems[0]


def test_an_exercise_without_grader_is_found(root):
    edit(root / GRADER_PATH, 'name="relu"', 'name="gelu"')
    assert len(found(root, rebuild=False)) == 1
    assert "'relu' is not in the grader" in release(root)[0]


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
def test_a_release_changed_by_hand_is_found(root, old, new, message):
    edit(root / EXERCISE, old, new)
    problems = found(root, rebuild=False)

    assert any(message in problem for problem in problems)
    assert any("is not what" in problem for problem in problems)


def test_a_broken_notebook_is_found(root):
    (root / EXERCISE).write_text("{")
    assert any("is not a notebook" in problem for problem in found(root, rebuild=False))


@pytest.mark.parametrize("path", [EXERCISE, SOLUTION])
def test_a_notebook_that_git_does_not_have_is_found(root, path):
    (root / path).unlink()
    problems = found(root, rebuild=False)
    assert problems == [f"{path} is not in git. Run `cnnlab build` and `git add` it."]


def test_strays_are_found(root):
    (root / "exercises/ch01_tiny/answers.npz").write_bytes(b"")
    add_chapter(root, "ch02_tiny")
    (root / "course/chapters/ch02_tiny.py").unlink()

    assert found(root, rebuild=False) == [
        "autograder/graders/ch02_tiny has no chapter. "
        "Write course/chapters/ch02_tiny.py, or delete it.",
        "exercises/ch01_tiny/answers.npz is built from no chapter. "
        "Take it out of git: git rm exercises/ch01_tiny/answers.npz",
    ]
