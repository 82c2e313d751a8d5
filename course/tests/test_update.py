"""`cnnlab update` and `cnnlab reset`, as people type them, on real notebooks edited in between."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.autograder import kept
from cnnlab.autograder.submission import read
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.course import cli
from cnnlab.course.build import merge, work
from cnnlab.course.build.released import note, source_of
from cnnlab.course.cli import lab, reset, terminal, update

EXERCISES = SOLUTIONS.parent / "exercises"
CHAPTER = "ch01_convolution"
STUB = "raise NotImplementedError()"


@pytest.fixture(autouse=True)
def nothing_open(monkeypatch):
    """No JupyterLab that happens to run here is asked."""
    monkeypatch.setattr(work, "open_notebooks", set)


@pytest.fixture
def version(tmp_path, monkeypatch):
    """An installed version of two chapters and a page, which a test may make newer."""
    root = tmp_path / "installed"
    for path in (
        f"{CHAPTER}/{CHAPTER}",
        "ch02_stride_padding/ch02_stride_padding",
        "pages/formulas",
    ):
        place = root / "exercises" / f"{path}.ipynb"
        place.parent.mkdir(parents=True)
        place.write_bytes((EXERCISES / f"{path}.ipynb").read_bytes())
    monkeypatch.setattr(update, "ROOT", root)
    monkeypatch.setattr(reset, "ROOT", root)
    return root / "exercises"


@pytest.fixture
def course(version, tmp_path):
    """A learner's folder, as `cnnlab lab` has made it."""
    folder = tmp_path / "my course"
    lab.copy_missing(version, folder)
    return folder


def notebook(folder: Path) -> Path:
    return folder / CHAPTER / f"{CHAPTER}.ipynb"


def change(path: Path, key: str, before: str, after: str, noted: bool = False) -> None:
    """Edit one cell of a notebook; `noted` where a new release has it so."""
    book = json.loads(path.read_text("utf-8"))
    (cell,) = (c for c in book["cells"] if c["id"] == key)
    assert before in source_of(cell)
    cell["source"] = source_of(cell).replace(before, after)
    if noted:
        note(book)
    work.write(path, book)


def source(folder: Path, key: str) -> str:
    book = json.loads(notebook(folder).read_text("utf-8"))
    return next(source_of(c) for c in book["cells"] if c["id"] == key)


def solve(folder: Path) -> None:
    change(notebook(folder), "exercise-relu", STUB, "return np.maximum(z, 0)")


def newer(version: Path) -> None:
    """A release with another title, another task of relu, a chapter and a text more."""
    path = notebook(version)
    change(path, "prose-chapter-1-convolution", "# Chapter 1", "# Chapter 1, newer", noted=True)
    book = json.loads(path.read_text("utf-8"))
    book["cells"].insert(
        2, {"cell_type": "markdown", "id": "more", "metadata": {}, "source": "## More to see"}
    )
    note(book)
    work.write(path, book)
    third = version / "ch03_pooling/ch03_pooling.ipynb"
    third.parent.mkdir()
    third.write_bytes((EXERCISES / "ch03_pooling/ch03_pooling.ipynb").read_bytes())


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    return result.exit_code, " ".join(result.output.split())


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# update


def test_an_update_brings_what_is_new_and_keeps_the_answer(version, course):
    solve(course)
    before = notebook(course).read_bytes()
    newer(version)
    code, said = run("update", course)
    assert code == 0
    assert source(course, "prose-chapter-1-convolution").startswith("# Chapter 1, newer")
    assert source(course, "more") == "## More to see"
    assert "np.maximum(z, 0)" in source(course, "exercise-relu")
    assert (course / "ch03_pooling/ch03_pooling.ipynb").exists()
    assert "kept relu Your answer stays." in said
    assert "new ## More to see" in said
    assert ": 1 new, 2 up to date, 1 updated." in said
    (saved,) = (course / "_saved" / CHAPTER).iterdir()
    assert saved.read_bytes() == before
    assert str(saved) in said
    status = read(notebook(course)).exercises
    assert [name for name, d in status.items() if d.status == "written"] == ["relu"]


def test_a_second_update_has_nothing_to_do(version, course):
    solve(course)
    newer(version)
    run("update", course)
    after = files(course)
    code, said = run("update", course)
    assert code == 0
    assert ": 4 up to date." in said
    assert files(course) == after


def test_a_dry_run_says_it_all_and_writes_nothing(version, course):
    solve(course)
    newer(version)
    before = files(course)
    code, said = run("update", course, "--dry-run")
    assert code == 0
    assert "new ## More to see" in said
    assert "Nothing was written (--dry-run)." in said
    assert files(course) == before


def test_untouched_notebooks_are_replaced_without_a_copy(version, course):
    newer(version)
    assert run("update", course)[0] == 0
    assert notebook(course).read_bytes() == notebook(version).read_bytes()
    assert not (course / "_saved").exists()


def test_a_damaged_notebook_stays_and_the_others_are_updated(version, course):
    notebook(course).write_text('{"cells": [')
    newer(version)
    code, said = run("update", course)
    assert code == 1
    assert f"{CHAPTER}: It is damaged" in said
    assert notebook(course).read_text() == '{"cells": ['
    assert (course / "ch03_pooling/ch03_pooling.ipynb").exists()


@pytest.mark.parametrize("text", ["[]", "{}", '{"cells": [3], "metadata": {}, "nbformat": 4}'])
def test_what_is_no_notebook_stays(version, course, text):
    notebook(course).write_text(text)
    code, said = run("update", course)
    assert (code, notebook(course).read_text()) == (1, text)
    assert "not a notebook of format 4" in said


def test_a_notebook_that_is_open_waits(version, course, monkeypatch):
    solve(course)
    newer(version)
    before = notebook(course).read_bytes()
    monkeypatch.setattr(work, "open_notebooks", lambda: {notebook(course).resolve()})
    code, said = run("update", course)
    assert code == 1
    assert "open in JupyterLab. Save it, close it with File, Close and Shut Down" in said
    assert notebook(course).read_bytes() == before


def test_a_locked_file_is_a_sentence_and_stays(version, course, monkeypatch):
    solve(course)
    newer(version)
    before, really = notebook(course).read_bytes(), kept.replace_file

    def locked(path, data):
        if path.name == f"{CHAPTER}.ipynb":
            raise PermissionError(13, "Permission denied")
        really(path, data)

    monkeypatch.setattr(work, "replace_file", locked)
    code, said = run("update", course)
    assert code == 1
    assert "cannot be written: Permission denied. Close it in other programs" in said
    assert notebook(course).read_bytes() == before


def test_an_empty_folder_is_told_how_to_begin(version, tmp_path):
    code, said = run("update", tmp_path / "empty")
    assert code == 1
    assert "`cnnlab lab" in said


def test_answers_earn_after_an_update_what_they_earned_before(version, course):
    solve(course)
    newer(version)
    assert "relu 2 / 2" in run("check", notebook(course))[1]
    run("update", course)
    assert "relu 2 / 2" in run("check", notebook(course))[1]


# In a clone: `git pull` does not touch edited notebooks, and how it goes on


def git(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    command = ["git", *who, "-C", str(folder), *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True)


def test_a_pull_refuses_and_a_folder_of_ones_own_is_the_way(version, tmp_path):
    upstream, clone, mine = version.parent, tmp_path / "clone", tmp_path / "my-course"
    git(upstream, "init")
    git(upstream, "add", "-A")
    git(upstream, "commit", "-m", "first")
    git(tmp_path, "clone", str(upstream), str(clone))
    solve(clone / "exercises")
    newer(version)
    git(upstream, "add", "-A")
    git(upstream, "commit", "-m", "second")
    refused = git(clone, "pull", check=False)
    assert refused.returncode != 0
    assert "np.maximum(z, 0)" in source(clone / "exercises", "exercise-relu")
    # what the README says
    (clone / "exercises").rename(mine)
    git(clone, "checkout", "--", "exercises")
    git(clone, "pull")
    update.ROOT = clone  # type: ignore[attr-defined] # put back by the fixture
    assert run("update", mine)[0] == 0
    assert "np.maximum(z, 0)" in source(mine, "exercise-relu")
    assert source(mine, "more") == "## More to see"


def test_in_this_clone_a_chapter_that_was_edited_in_place_is_built_anew(tmp_path, monkeypatch):
    root, name = terminal.ROOT, "ch02_stride_padding"
    ((path, data),) = work.installed(root, [name])
    assert (path, data) == (f"{name}/{name}.ipynb", (EXERCISES / path).read_bytes())
    really, place = work.build.read, root / "exercises" / path
    monkeypatch.setattr(work.build, "read", lambda p: b"edited" if p == place else really(p))
    assert list(work.installed(root, [name])) == [(path, data)]


# reset


def test_reset_brings_a_stub_back_and_saves_what_was_there(version, course):
    solve(course)
    change(notebook(course), "exercise-conv2d", STUB, "return 7")
    before = notebook(course).read_bytes()
    code, said = run("reset", "ch01", "relu", "--dir", course)
    assert code == 0
    assert source(course, "exercise-relu") == source(version, "exercise-relu")
    assert "return 7" in source(course, "exercise-conv2d")
    (saved,) = (course / "_saved" / CHAPTER).iterdir()
    assert saved.read_bytes() == before
    assert saved.name.startswith(f"{CHAPTER}_20")
    assert f"relu of {CHAPTER} is as it was handed out. As it was before:" in said


def test_two_resets_in_one_second_save_both(version, course):
    for exercise in ("relu", "conv2d", "correlate2d"):
        change(notebook(course), f"exercise-{exercise}", STUB, "return 7")
    for exercise in ("relu", "conv2d", "correlate2d"):
        assert run("reset", f"ch01::{exercise}", "--dir", course)[0] == 0
    assert len(list((course / "_saved" / CHAPTER).iterdir())) == 3
    code, said = run("reset", "ch01::relu", "--dir", course)
    assert code == 0
    assert "nothing was written" in said
    assert len(list((course / "_saved" / CHAPTER).iterdir())) == 3


def test_reset_of_a_chapter(version, course):
    solve(course)
    before = notebook(course).read_bytes()
    assert run("reset", "ch01", "--dir", course)[0] == 0
    assert notebook(course).read_bytes() == notebook(version).read_bytes()
    (saved,) = (course / "_saved" / CHAPTER).iterdir()
    assert saved.read_bytes() == before


def test_reset_mends_a_damaged_chapter_and_keeps_the_pieces(version, course):
    notebook(course).write_text('{"cells": [')
    code, said = run("reset", "ch01", "relu", "--dir", course)
    assert code == 1
    assert "damaged" in said
    assert run("reset", "ch01", "--dir", course)[0] == 0
    assert notebook(course).read_bytes() == notebook(version).read_bytes()
    (saved,) = (course / "_saved" / CHAPTER).iterdir()
    assert saved.read_text() == '{"cells": ['


def test_reset_says_where_another_cell_still_answers(version, course):
    book = json.loads(notebook(course).read_text("utf-8"))
    code = "def relu(z):\n    return z * (z > 0)"
    own = {"cell_type": "code", "id": "own", "metadata": {}, "source": code, "outputs": []}
    book["cells"].append(own | {"execution_count": None})
    work.write(notebook(course), book)
    assert (
        "Another cell of yours defines relu, too"
        in run("reset", "ch01", "relu", "--dir", course)[1]
    )


@pytest.mark.parametrize("words", ["ch01 relu {}", "ch01::relu {}", "{} ch01 relu"])
def test_reset_takes_its_folder_as_check_does(version, course, words):
    solve(course)
    change(notebook(course), "exercise-conv2d", STUB, "return 7")
    code, said = run("reset", *(word.format(course) for word in words.split()))
    assert code == 0, said
    assert source(course, "exercise-relu") == source(version, "exercise-relu")
    assert "return 7" in source(course, "exercise-conv2d")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ch01", "rleu"], "has no exercise rleu. It has conv_step,"),
        (["ch99"], "ch01_convolution"),
        (["."], "one chapter at a time"),
        (["ch01::relu", "ch02"], "one chapter at a time"),
        (["ch01::relu", "ch01::conv2d"], "one exercise of it"),
        (["ch01", "my-corse"], "no folder"),
        (["ch01::relu", "my-corse"], "no folder"),
    ],
)
def test_what_cannot_be_reset_is_said(version, course, monkeypatch, arguments, said):
    monkeypatch.chdir(course)
    before = files(course)
    code, words = run("reset", *arguments)
    assert code == 2
    assert said in words
    assert files(course) == before


def test_an_open_notebook_is_not_reset(version, course, monkeypatch):
    monkeypatch.setattr(work, "open_notebooks", lambda: {notebook(course).resolve()})
    code, said = run("reset", "ch01", "--dir", course)
    assert code == 1
    assert "open in JupyterLab" in said
    assert not (course / "_saved").exists()


def test_saved_versions_are_nobodys_exercises(version, course):
    solve(course)
    run("reset", "ch01", "--dir", course)
    (saved,) = (course / "_saved" / CHAPTER).iterdir()
    assert "not your own work" in run("check", saved)[1]


def test_merging_never_runs_nor_imports_what_a_notebook_holds(version, course, tmp_path):
    harm = tmp_path / "harm"
    change(notebook(course), "exercise-relu", STUB, f"return 0\nopen({str(harm)!r}, 'w')")
    newer(version)
    assert run("update", course)[0] == 0
    assert not harm.exists()
    assert merge.edited(json.loads(notebook(course).read_text("utf-8")))
