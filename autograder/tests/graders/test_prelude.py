"""The functions that a chapter gives: what learners import is what the judge defines."""

from __future__ import annotations

import inspect
from importlib import import_module

import nbformat
import pytest

from cnnlab.autograder.graders.shared import prelude as reader
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.submission.solutions import SOLUTIONS

GIVING = [name for name in chapter_names() if (reader.COURSE / "given" / f"{name}.py").exists()]


def source(chapter: str) -> str:
    return (reader.COURSE / "chapters" / f"{chapter}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("chapter", chapter_names())
def test_a_chapter_that_gives_functions_marks_a_set_up_cell(chapter):
    """Cut out here by a mark, and by jupytext when the notebook was built: the same text."""
    notebook = nbformat.read(SOLUTIONS / chapter / f"{chapter}.ipynb", 4)
    setup = [c.source for c in notebook.cells if c.metadata["cnnlab"]["role"] == "setup"]
    cells = reader.marked(source(chapter))
    assert len(cells) == (chapter in GIVING)
    assert all(cell in setup for cell in cells)


@pytest.mark.parametrize("chapter", GIVING)
def test_what_learners_import_is_what_the_judge_defines(chapter):
    module = import_module(f"cnnlab.course.given.{chapter}")
    own = [f for f in vars(module).values() if inspect.isfunction(f)]
    assert own
    for function in own:
        assert f"\n\n\n{inspect.getsource(function)}" in f"{load_chapter(chapter).prelude}\n"
    defined: dict[str, object] = {}
    exec(load_chapter(chapter).prelude, defined)  # nothing else of ours is needed
    assert {f.__name__ for f in own} <= defined.keys()


@pytest.fixture
def written(tmp_path, monkeypatch):
    """(chapter's source, given functions) → a course that has both."""

    def write(chapter, functions="def one():\n    return 1\n"):
        for folder, text in {"chapters": chapter, "given": functions}.items():
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "ch98_marks.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(reader, "COURSE", tmp_path)

    reader.prelude.cache_clear()
    yield write
    reader.prelude.cache_clear()


@pytest.mark.parametrize("marks", ["", "# %% prelude=true\nA = 1\n\n# %% prelude=true\nB = 2\n"])
def test_a_chapter_that_marks_no_cell_or_two_is_refused(marks, written):
    written(f"# %%\nprint()\n\n{marks}")
    with pytest.raises(ValueError, match="must mark one cell with prelude=true"):
        reader.prelude("ch98_marks")


@pytest.mark.parametrize("names", ["two", "one, two", "(\n    one,\n    two,\n)"])
def test_a_cell_that_imports_something_else_is_refused(names, written):
    written(f"# %% prelude=true\nfrom cnnlab.course.given.ch98_marks import {names}\n")
    with pytest.raises(ValueError, match="import one'"):
        reader.prelude("ch98_marks")


def test_a_cell_that_imports_what_there_is_is_read(written):
    written("# %% prelude=true\nfrom cnnlab.course.given.ch98_marks import one\n\n# %%\n2\n")
    assert reader.prelude("ch98_marks", "import math\n") == (
        "import math\n\n\ndef one():\n    return 1\n"
    )
