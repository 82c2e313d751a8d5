"""The check judges what git has: all that a chapter depends on, and never the working copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.course.build import BuildError, staged
from cnnlab.course.tests.build.tiny import GRADER_PATH, SOURCE_PATH, add_chapter, edit, learn

OURS = Path(staged.__file__).parents[2]
NAME = "ch01_tiny"

# A chapter that depends on one file of each kind.
POINTS = "autograder/graders/tiny_points.py"
OP = "course/tiny_ops.py"
DRIVER = "autograder/sandbox/drivers/tiny.py"
ANSWERS = "autograder/references/tensorflow-cpu/ch01.wire.gz"
PARTS = {
    POINTS: 'POINTS = {"by-hand": 1.5, "reference": 2.0}\n',
    OP: "import numpy as np\n\n\ndef rectified(z):\n    return np.maximum(z, 0)\n",
    DRIVER: "def called(function, args, kwargs, given):\n    return function(*args)\n",
    GRADER_PATH: f"""
import numpy as np

from cnnlab.autograder.judging.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.graders.tiny_points import POINTS
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course import tiny_ops


def probes(rng):
    yield Probe("by-hand", (np.array([-1.0, 2.0]),))
    yield Probe("reference", (rng.integers(-9, 9, 20) + 0.5,))


relu = Exercise(
    name="relu",
    points=POINTS,
    probes=probes,
    keras_reference=lambda z, given: np.maximum(z, 0),
    numpy_op=lambda z: tiny_ops.rectified(z),
    twists=(Twist("absolute-value", lambda op: lambda z: np.abs(z), "You took the size."),),
    hints=("Concept.", "Closer.", "Detail."),
    driver="tiny.called",
)
CHAPTER = Chapter(name="{NAME}", title="Tiny", exercises=(relu,))
""",
}
BUILD_AND_RECORD = f"""
from pathlib import Path

from cnnlab.autograder.judging import keras_process, record
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.course.build import build


class NoProcess:
    # The tiny chapter's reference is plain NumPy, so it is asked here.
    engine = record.DEFAULT_ENGINE

    def answers(self, name, asked):
        chapter = load_chapter(name)
        return "CPU", {{e: keras_process.answers(chapter[e], asked[e]) for e in asked}}


record.record("{NAME}", NoProcess())
build(Path(__file__).parents[1])
"""


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CNN Lab with one tiny chapter in the place of its own, built and recorded."""
    root = tmp_path_factory.mktemp("staged") / "course"
    without = shutil.ignore_patterns(
        "ch[0-9][0-9]_*", "tests", "bench", "references", "demos", "*.webp"
    )
    for folder in ("autograder", "course", "datasets"):
        shutil.copytree(OURS / folder, root / folder, ignore=without)
    (root / "pyproject.toml").touch()  # by which a clone is known
    add_chapter(root, NAME)
    for path, text in {**PARTS, "course/tiny_steps.py": BUILD_AND_RECORD}.items():
        (root / path).write_text(text)
    script = str(OURS / "course/build/from_tree.py")
    subprocess.run(
        [sys.executable, "-P", script, str(root), "cnnlab.course.tiny_steps"], check=True
    )
    return root


@pytest.fixture
def clone(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, in git."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    root = tmp_path / "course"
    shutil.copytree(course, root, ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "init", "--quiet")
    git(root, "add", ".")
    return root


CHANGES = {
    "points in a helper of a grader": (POINTS, '"reference": 2.0', '"reference": 9.0'),
    "an op": (OP, "np.maximum", "np.minimum"),
    "a driver": (DRIVER, "return function", "return -function"),
    "what a grader draws": (GRADER_PATH, "-9, 9, 20", "-9, 9, 21"),
    "recorded answers": (ANSWERS, None, "noise"),
}
SAID = {
    "points in a helper of a grader": f"is not what course/chapters/{NAME}.py builds",
    "an op": f"{NAME}: relu: the course's own op fails",
    "a driver": f"{NAME}: relu: the course's own op fails",
    "what a grader draws": f"The references of {NAME} answer other questions",
    "recorded answers": "references/tensorflow-cpu/ch01.wire.gz cannot be read",
}


def make(root: Path, change: str) -> None:
    path, old, new = CHANGES[change]
    if old is None:
        (root / path).write_text(new)
    else:
        edit(root / path, old, new)


@pytest.mark.parametrize(
    "change",
    [pytest.param(c, marks=[] if c.startswith("points") else [pytest.mark.slow]) for c in CHANGES],
)
def test_what_is_staged_is_judged_although_the_working_copy_is_right(clone, change):
    path = clone / CHANGES[change][0]
    right = path.read_bytes()
    make(clone, change)
    git(clone, "add", ".")
    path.write_bytes(right)
    problems = staged.check(clone, proof=SAID[change].startswith(NAME))

    assert problems
    assert all(SAID[change] in problem for problem in problems)


@pytest.mark.slow
def test_the_working_copy_is_not_judged(clone):
    for change in CHANGES:
        make(clone, change)
    edit(clone / SOURCE_PATH, "Write it.", "Write it now.")
    learn(clone)
    (clone / "exercises/notes.txt").write_text("mine")
    assert staged.check(clone) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param(
            POINTS,
            "No module named 'cnnlab.autograder.graders.tiny_points' among the files that",
            marks=pytest.mark.slow,
        ),
        (ANSWERS, "is missing"),
    ],
)
def test_what_was_not_added_is_missed(clone, path, said):
    git(clone, "rm", "--cached", "--quiet", path)
    problems = staged.check(clone)
    assert len(problems) == 1
    assert said in problems[0]
    assert staged.not_staged(clone) == [path]


@pytest.mark.slow
def test_a_check_that_stops_is_no_success(clone):
    git(clone, "rm", "--cached", "--quiet", "course/build/staged.py")
    (problem,) = staged.check(clone)
    assert "could not be checked" in problem
    assert "No module named 'cnnlab.course.build.staged' among the files that git has" in problem


def test_outside_git_it_says_so(course):
    with pytest.raises(BuildError, match="must be a git checkout"):
        staged.check(course)


def test_nothing_in_git_is_no_success(clone):
    git(clone, "rm", "--cached", "-r", "--quiet", ".")
    assert staged.check(clone) == [staged.NO_CHAPTER]


def test_a_course_below_the_top_of_the_checkout_is_found(tmp_path):
    add_chapter(tmp_path / "top/below", NAME)
    git(tmp_path, "init", "--quiet", "top")
    git(tmp_path / "top", "add", ".")
    (tmp_path / "tree").mkdir()
    tree = staged.write_index(tmp_path / "top/below", tmp_path / "tree")
    assert tree == tmp_path / "tree/below"
    assert staged.sources(tree) == [NAME]
