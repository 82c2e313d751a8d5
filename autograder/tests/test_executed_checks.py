"""Checks in a notebook that a real kernel executes, as nbgrader does without our bridge."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

CELLS = {
    "setup": "import numpy as np\nfrom cnnlab.autograder import check, start\nstart('ch01')",
    "solved": "def relu(z):\n    z = 1.0 * np.asarray(z)\n    return np.where(z > 0, z, 0 * z)",
    "stub": "def relu(z):\n    raise NotImplementedError()",
    "partly": "import sys, warnings\ndef relu(z):\n    print('hello', file=sys.stderr)\n"
    "    warnings.warn('careful')\n    return np.maximum(z, 0).tolist()",
    "broken": "def relu(z):\n    return undefined",
}


@pytest.fixture(scope="module")
def executed():
    cells = []
    for name, source in CELLS.items():
        cells.append(nbformat.v4.new_code_cell(source))
        if name != "setup":
            grade = {
                "grade": True,
                "solution": False,
                "locked": True,
                "points": 2,
                "grade_id": name,
            }
            mark = {"nbgrader": grade | {"schema_version": 3}}
            cells.append(nbformat.v4.new_code_cell("check(relu)", metadata=mark))
    cells.append(nbformat.v4.new_code_cell("from cnnlab.autograder import hint\nhint(relu)"))
    cells.append(nbformat.v4.new_code_cell("check()"))
    book = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(book, timeout=60, kernel_name="python3").execute()
    return book


@pytest.mark.parametrize(
    ("name", "score"), [("solved", 2.0), ("stub", 0.0), ("partly", 1.75), ("broken", 0.0)]
)
def test_nbgrader_reads_the_score_from_a_plainly_executed_cell(executed, name, score):
    (cell,) = (c for c in executed.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)
    assert determine_grade(cell) == (score, 2.0)
    (output,) = cell.outputs
    assert output.data["text/plain"] == str(score)
    assert "</section>" in output.data["text/html"]


def test_a_notebook_shows_cards(executed):
    outputs = [cell.outputs[0].data for cell in (executed.cells[0], *executed.cells[-2:])]
    assert all("</section>" in data["text/html"] for data in outputs)
    assert "check(f)" in outputs[0]["text/html"]
    assert "hint" in outputs[1]["text/html"]
    assert outputs[2]["text/plain"] == "0.0"
