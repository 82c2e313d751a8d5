"""The build: what it makes, and what it never touches."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from ipykernel.ipkernel import IPythonKernel

from cnnlab.course import build as build_module
from cnnlab.course.build import MANIFEST, BuildError, build, release_path, solution_path
from cnnlab.course.tests.build.tiny import (
    EXERCISE,
    GRADER_PATH,
    SOLUTION,
    SOURCE_PATH,
    add_chapter,
    cells,
    edit,
    files,
    learn,
)

CONFIG = Path(build_module.__file__).parents[2] / "nbgrader_config.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of one chapter, not built yet."""
    add_chapter(tmp_path, "ch01_tiny")
    return tmp_path


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
            "navigation-top": {"role": "navigation"},
            "prose-a-tiny-chapter": {"role": "prose"},
            "setup-a-tiny-chapter": {"role": "setup"},
            "prose-rectify": {"role": "prose"},
            "exercise-relu": {"role": "exercise", "exercise": "relu"},
            "check-relu": {"role": "check", "exercise": "relu"},
            "prose-look-at-it": {"role": "prose"},
            "demo-look-at-it": {"role": "demo"},
            "navigation-end": {"role": "navigation"},
        }


def test_the_notebook_names_its_chapter_and_no_version(root):
    build(root)
    notebook = nbformat.read(root / EXERCISE, as_version=4)

    assert notebook.metadata.cnnlab.chapter == "ch01_tiny"
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info
    said = dict(IPythonKernel.language_info)  # what JupyterLab would add
    assert notebook.metadata.language_info == {k: v for k, v in said.items() if k != "version"}
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
    assert cell.source == "from cnnlab.autograder import check\n\ncheck(relu)"
    nbgrader = cell.metadata.nbgrader
    assert (nbgrader.grade_id, nbgrader.points) == ("check-relu", 3.5)
    assert (nbgrader.grade, nbgrader.locked, nbgrader.solution) == (True, True, False)


def test_prose_magics_and_tags_come_through(root):
    build(root)
    built = cells(root / EXERCISE)

    assert r"$\max(z, 0)$" in built["prose-a-tiny-chapter"].source
    assert built["demo-look-at-it"].source.startswith("%matplotlib inline\n")
    assert built["demo-look-at-it"].metadata.tags == ["wide"]


def test_chapters_lead_to_each_other_and_to_the_start_page(root):
    for name in ("ch02_tiny", "ch04_tiny"):
        add_chapter(root, name)
    edit(root / "course/chapters/ch02_tiny.py", "# A tiny chapter", "# Chapter 2: Less")
    build(root)

    start = "[Start page](../start.ipynb)"
    one, two = "../ch01_tiny/ch01_tiny.ipynb", "../ch02_tiny/ch02_tiny.ipynb"
    four = "../ch04_tiny/ch04_tiny.ipynb"
    for name, links in {
        "ch01_tiny": f"{start} · [Chapter 2: Less →]({two})",
        "ch02_tiny": f"[← ch01_tiny]({one}) · {start} · [ch04_tiny →]({four})",
        "ch04_tiny": f"[← Chapter 2: Less]({two}) · {start}",
    }.items():
        built = list(cells(root / release_path(name)).values())
        assert built[0].source == links
        assert built[-1].source == f"---\n\n{links}"


@pytest.mark.slow
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
        edit(root / f"course/chapters/{name}.py", "Write it.", "Write it now.")
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
    edit(root / "course/chapters/ch00_tiny.py", "Write it.", "Write it now.")
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
    ours = cells(root / EXERCISE)
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
    assert cells(released) == ours
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
