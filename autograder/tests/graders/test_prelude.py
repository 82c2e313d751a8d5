"""The cell of given functions: read from the chapter's source, and the one that learners see."""

from __future__ import annotations

import nbformat
import pytest

from cnnlab.autograder.graders.shared import prelude as reader
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.submission.solutions import SOLUTIONS


def source(chapter: str) -> str:
    return (reader.CHAPTERS / f"{chapter}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("chapter", chapter_names())
def test_a_marked_cell_is_a_set_up_cell_and_in_the_prelude(chapter):
    """Cut out here by a mark, and by jupytext when the notebook was built: the same text."""
    notebook = nbformat.read(SOLUTIONS / chapter / f"{chapter}.ipynb", 4)
    setup = [c.source for c in notebook.cells if c.metadata["cnnlab"]["role"] == "setup"]
    for cell in reader.marked(source(chapter)):
        assert cell in setup
        assert load_chapter(chapter).prelude.endswith(f"\n\n\n{cell}\n")


@pytest.mark.parametrize("marks", ["", "# %% prelude=true\nA = 1\n\n# %% prelude=true\nB = 2\n"])
def test_a_chapter_that_marks_no_cell_or_two_is_refused(marks, tmp_path, monkeypatch):
    (tmp_path / "ch98_marks.py").write_text(f"# %%\nprint()\n\n{marks}", encoding="utf-8")
    monkeypatch.setattr(reader, "CHAPTERS", tmp_path)
    with pytest.raises(ValueError, match="must mark one cell with prelude=true"):
        reader.prelude("ch98_marks")
