"""The build: what it makes, what it never touches, and what its check finds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cnnlab.course import build as build_module
from cnnlab.course.build import MANIFEST, BuildError, build, check, release_path, solution_path

CONFIG = Path(build_module.__file__).parents[1] / "nbgrader_config.py"

GRADER = """
import numpy as np

from cnnlab.autograder.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.twists import Twist, on_output

relu = Exercise(
    name="relu",
    points={"by-hand": 1.5, "reference": 2.0},
    probes=lambda rng: [Probe("by-hand", (np.array([-1.0, 2.0]),))],
    reference=lambda z: np.maximum(z, 0),
    correct=lambda z: np.maximum(z, 0),
    twists=(Twist("absolute-value", on_output(np.abs), "You took the size."),),
    hints=("Concept.", "Closer.", "Detail."),
)
CHAPTER = Chapter(name="NAME", title="Tiny", exercises=(relu,))
"""

SOURCE = '''# ---
# jupyter:
#   kernelspec:
#     display_name: Some other kernel
#     name: other
# ---

# %% [markdown]
r"""
# A tiny chapter

What is below zero does not pass: $\\max(z, 0)$.
"""

# %% setup=true
import numpy as np

from cnnlab.autograder import check, start

start("NAME")

# %% [markdown]
"""
## Rectify

Write it.
"""


# %% exercise="relu"
def relu(z):
    """Keep what is above zero."""
    ### BEGIN SOLUTION
    passes = np.asarray(z) > 0
    return np.asarray(z) * passes
    ### END SOLUTION


# %% [markdown]
"""
## Look at it
"""

# %% tags=["wide"]
# %matplotlib inline
print(relu.__name__)
'''


def add_chapter(root: Path, name: str) -> None:
    for folder, text in (("course", SOURCE), ("autograder/graders", GRADER)):
        path = root / folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("NAME", name), encoding="utf-8")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def cells(path: Path) -> dict[str, nbformat.NotebookNode]:
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts and "__pycache__" not in path.parts
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of one chapter, not built yet."""
    add_chapter(tmp_path, "ch01_tiny")
    return tmp_path


SOURCE_PATH = "course/ch01_tiny.py"
GRADER_PATH = "autograder/graders/ch01_tiny.py"
EXERCISE = release_path("ch01_tiny")
SOLUTION = solution_path("ch01_tiny")


# What is built


def test_a_first_build_writes_both_notebooks_and_the_manifest(root):
    report = build(root)

    assert sorted(report.written) == [MANIFEST, EXERCISE, SOLUTION]
    assert (report.kept, report.unchanged) == ([], [])
    assert list(json.loads((root / MANIFEST).read_text())) == [EXERCISE]


def test_every_cell_carries_its_role(root):
    build(root)

    for path in (EXERCISE, SOLUTION):
        roles = {i: dict(cell.metadata.cnnlab) for i, cell in cells(root / path).items()}
        assert roles == {
            "prose-a-tiny-chapter": {"role": "prose"},
            "setup-a-tiny-chapter": {"role": "setup"},
            "prose-rectify": {"role": "prose"},
            "exercise-relu": {"role": "exercise", "exercise": "relu"},
            "check-relu": {"role": "check", "exercise": "relu"},
            "prose-look-at-it": {"role": "prose"},
            "demo-look-at-it": {"role": "demo"},
        }


def test_the_notebook_names_its_chapter_and_no_version(root):
    build(root)
    notebook = nbformat.read(root / EXERCISE, as_version=4)

    assert notebook.metadata.cnnlab == {"chapter": "ch01_tiny"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info
    assert "jupytext" not in notebook.metadata
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


def test_the_exercise_is_a_stub_and_the_solution_is_whole(root):
    build(root)
    stub = cells(root / EXERCISE)["exercise-relu"]
    solved = cells(root / SOLUTION)["exercise-relu"]

    assert stub.source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert '"""Keep what is above zero."""' in stub.source
    assert "return np.asarray(z) * passes" in solved.source
    for cell in (stub, solved):
        nbgrader = cell.metadata.nbgrader
        assert (nbgrader.grade_id, nbgrader.solution) == ("relu", True)
        assert (nbgrader.grade, nbgrader.locked, nbgrader.schema_version) == (False, False, 3)


def test_the_check_cell_follows_and_takes_its_points_from_the_grader(root):
    build(root)
    built = cells(root / EXERCISE)
    ids, cell = list(built), built["check-relu"]

    assert ids.index("check-relu") == ids.index("exercise-relu") + 1
    assert cell.source == "check(relu)"
    nbgrader = cell.metadata.nbgrader
    assert (nbgrader.grade_id, nbgrader.points) == ("check-relu", 3.5)
    assert (nbgrader.grade, nbgrader.locked, nbgrader.solution) == (True, True, False)


def test_prose_magics_and_tags_come_through(root):
    build(root)
    built = cells(root / EXERCISE)

    assert r"$\max(z, 0)$" in built["prose-a-tiny-chapter"].source
    assert built["demo-look-at-it"].source.startswith("%matplotlib inline\n")
    assert built["demo-look-at-it"].metadata.tags == ["wide"]


def test_the_same_source_gives_the_same_bytes_in_another_process(root, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(root, other, dirs_exist_ok=True)
    build(root)
    code = "import sys; from cnnlab.course.build import build; build(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", code, str(other)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )

    assert files(root) == files(other)
    data = (root / EXERCISE).read_bytes()
    text = json.dumps(json.loads(data), indent=1, sort_keys=True, ensure_ascii=False)
    assert data.decode() == text + "\n"


def test_a_second_build_changes_nothing(root):
    build(root)
    before = files(root)
    report = build(root)

    assert files(root) == before
    assert report.written == []
    assert EXERCISE in report.unchanged


def test_ids_do_not_move_when_another_section_grows(root):
    build(root)
    before = set(cells(root / EXERCISE))
    edit(
        root / SOURCE_PATH,
        "## Rectify",
        '## Before\n"""\n\n# %%\n1\n\n# %% [markdown]\n"""\n## Rectify',
    )
    build(root)

    assert set(cells(root / EXERCISE)) - before == {"prose-before", "demo-before"}
    assert before <= set(cells(root / EXERCISE))


def test_only_the_chosen_chapters_are_built(root):
    add_chapter(root, "ch02_tiny")
    build(root)
    for name in ("ch01_tiny", "ch02_tiny"):
        edit(root / f"course/{name}.py", "Write it.", "Write it now.")
    report = build(root, ["ch02"])

    assert sorted(report.written) == [
        MANIFEST,
        release_path("ch02_tiny"),
        solution_path("ch02_tiny"),
    ]
    assert set(json.loads((root / MANIFEST).read_text())) == {EXERCISE, release_path("ch02_tiny")}


@pytest.mark.parametrize("wanted", ["ch03", "ch0", ""])
def test_a_chapter_must_be_named_so_that_it_can_be_found(root, wanted):
    add_chapter(root, "ch02_tiny")
    with pytest.raises(ValueError, match=r"ch01_tiny, ch02_tiny\. Received: "):
        build(root, [wanted])


# Learners' work


def learn(root: Path) -> bytes:
    """Write something into the exercise, as a learner does, and give back the file."""
    edit(root / EXERCISE, "raise NotImplementedError()", "return abs(z)")
    return (root / EXERCISE).read_bytes()


def test_a_build_keeps_what_a_learner_wrote(root):
    build(root)
    work = learn(root)
    edit(root / SOURCE_PATH, "Write it.", "Write it now.")

    for _ in range(2):
        assert build(root).kept == [EXERCISE]
        assert (root / EXERCISE).read_bytes() == work
    assert "Write it now." in (root / SOLUTION).read_text()


@pytest.mark.parametrize("manifest", [None, "{}"])
def test_a_notebook_of_unknown_origin_is_kept(root, manifest):
    build(root)
    work = learn(root)
    (root / MANIFEST).unlink()
    if manifest:
        (root / MANIFEST).write_text(manifest)

    assert build(root).kept == [EXERCISE]
    assert (root / EXERCISE).read_bytes() == work


def test_an_emptied_notebook_is_kept(root):
    build(root)
    (root / EXERCISE).write_bytes(b"")

    assert build(root).kept == [EXERCISE]
    assert (root / EXERCISE).read_bytes() == b""


def test_an_untouched_release_is_replaced_and_a_missing_one_comes_back(root):
    build(root)
    edit(root / SOURCE_PATH, "Write it.", "Write it now.")
    assert EXERCISE in build(root).written
    assert "Write it now." in (root / EXERCISE).read_text()

    (root / EXERCISE).unlink()
    assert build(root).written == [EXERCISE]


def test_line_ends_alone_are_no_edit(root):
    build(root)
    path = root / EXERCISE
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert EXERCISE in build(root).unchanged

    edit(root / SOURCE_PATH, "Write it.", "Write it now.")
    assert build(root).kept == []


def test_who_returns_to_the_release_gets_the_next_one(root):
    build(root)
    release = (root / EXERCISE).read_bytes()
    learn(root)
    edit(root / SOURCE_PATH, "Write it.", "Write it now.")
    build(root)
    (root / EXERCISE).write_bytes(release)

    assert build(root).kept == []
    assert "Write it now." in (root / EXERCISE).read_text()


FAILURES = {
    "a syntax error": (SOURCE_PATH, "print(relu", "print(relu(", "not Python, line 4"),
    "nbgrader refuses": (
        SOURCE_PATH,
        "print(relu.__name__)",
        "### BEGIN SOLUTION",
        "nbgrader says",
    ),
    "no such exercise": (SOURCE_PATH, "relu", "gelu", "'gelu' is not in the grader"),
    "an unknown mark": (SOURCE_PATH, 'exercise="relu"', 'exercice="relu"', "exercice"),
    "a bad mark": (SOURCE_PATH, 'exercise="relu"', "exercise=1", "Received: 1"),
    "no solution": (SOURCE_PATH, "### BEGIN SOLUTION", "# so:", "### BEGIN SOLUTION"),
    "another function": (SOURCE_PATH, "def relu", "def rectify", "must define that function"),
    "two cells": (SOURCE_PATH, "# %% tags", '# %% exercise="relu"\n1\n# %% tags', "two cells"),
    "a broken grader": (GRADER_PATH, "import numpy", "import no_such_module", "no_such_module"),
    "another grader": (GRADER_PATH, "ch01_tiny", "ch99", "Received: 'ch99'"),
    "a broken manifest": (MANIFEST, "{", "<<<<<<<", "git checkout"),
    "a manifest of another kind": (MANIFEST, None, "[]", "must be an object"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_build_that_fails_changes_nothing(root, failure):
    path, old, new, message = FAILURES[failure]
    add_chapter(root, "ch00_tiny")  # comes first, and could be built
    build(root)
    learn(root)
    edit(root / "course/ch00_tiny.py", "Write it.", "Write it now.")
    edit(root / path, old or (root / path).read_text(), new)
    before = files(root)

    with pytest.raises(BuildError) as caught:
        build(root)
    assert message in str(caught.value)
    assert path in str(caught.value)
    assert files(root) == before


def test_a_chapter_without_grader_says_so(root):
    (root / GRADER_PATH).unlink()
    with pytest.raises(BuildError, match=f"Write {GRADER_PATH}"):
        build(root)


def test_a_disk_that_fails_midway_leaves_nothing_behind(root):
    add_chapter(root, "ch02_tiny")
    (root / "exercises").mkdir()
    (root / "exercises/ch02_tiny").write_text("a file where a folder must be")
    before = files(root)

    with pytest.raises(FileExistsError):
        build(root)
    assert files(root) == before


@pytest.mark.slow
def test_nbgrader_itself_leaves_exercises_alone(root):
    build(root)
    learn(root)
    config = CONFIG.read_text(encoding="utf-8")
    # Nothing need run: what matters is which files nbgrader writes.
    config += 'c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.SaveAutoGrades"]\n'
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    submitted = root / "submitted/ada/ch01_tiny/ch01_tiny.ipynb"
    submitted.parent.mkdir(parents=True)
    shutil.copy(root / EXERCISE, submitted)
    before = files(root / "exercises")
    released = root / "release/ch01_tiny/ch01_tiny.ipynb"
    released.parent.mkdir(parents=True)
    released.write_text("an old release")

    nbgrader(root, "generate_assignment", "ch01_tiny", "--force")
    nbgrader(root, "autograde", "ch01_tiny", "--force")

    assert files(root / "exercises") == before
    assert cells(released)["exercise-relu"].source.endswith("raise NotImplementedError()")
    assert (root / "autograded/ada/ch01_tiny/ch01_tiny.ipynb").exists()
    assert (root / "gradebook.db").exists()


def nbgrader(root: Path, *arguments: str) -> None:
    scripts = Path(sys.executable).parent  # nbgrader calls `alembic` by name
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


# What the check finds


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
