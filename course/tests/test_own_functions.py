"""Every chapter runs from top to bottom with the functions that the learner wrote before.

Minutes in all, so it is long. A chain of chapters 1 to 4, from check to check, is in
`autograder/tests/test_own_code.py`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.course.tests.saved import save_earlier

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SECONDS = 300.0
"""So long may a cell take: what hangs ends here, and nothing is timed."""
NOTHING_FETCHED = {"PIP_NO_INDEX": "1", "https_proxy": "http://127.0.0.1:9"}


def asked_for(chapter: str) -> set[str]:
    """The functions that a chapter's source takes from the learner."""
    source = (ROOT / "course" / "chapters" / f"{chapter}.py").read_text(encoding="utf-8")
    return set(re.findall(r"^(\w+) = own\(", source, re.MULTILINE))


def test_later_chapters_ask_for_the_learners_functions() -> None:
    assert len(asked_for("ch05_backprop")) == 6


@pytest.mark.parametrize("chapter", chapter_names())
def test_a_chapter_runs_with_all_that_was_written_before(chapter: str, tmp_path: Path) -> None:
    save_earlier(tmp_path, chapter)
    (tmp_path / chapter).mkdir()
    notebook = nbformat.read(SOLUTIONS / chapter / f"{chapter}.ipynb", as_version=4)
    place = {"metadata": {"path": str(tmp_path / chapter)}}
    client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=place)
    client.execute(env=os.environ | NOTHING_FETCHED)  # raises where a cell does

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in cells]
    marks = {
        name.removeprefix("check-"): float(cell.outputs[-1].data["text/plain"])
        for name, cell in zip(names, cells, strict=True)
        if name.startswith("check-")
    }
    assert marks == {each.name: each.max_score for each in load_chapter(chapter).exercises}
    said = [
        line
        for cell in cells
        if "whose_code(" in cell.source
        for output in cell.outputs
        for line in output.data["text/plain"].splitlines()
    ]
    print(*said, sep="\n")
    asked = asked_for(chapter)
    yours = {
        line.split(":")[0] for line in said if re.search(r": yours, from chapter \d+ \(", line)
    }
    assert yours == asked
    assert not [line for line in said if "It stopped with" in line]
