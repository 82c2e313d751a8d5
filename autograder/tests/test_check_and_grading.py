"""`check` in a notebook and grading of the same cells say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import nbformat
import pytest

from cnnlab.autograder.grading_process import Grader
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.submission import read_text

CHAPTER = "ch01_convolution"
RIGHT = "def relu(z):\n    z = 1.0 * np.asarray(z)\n    return np.maximum(z, 0 * z)"
TABLE = "def relu(z):\n    z = 1.0 * np.asarray(z)\n    return np.maximum(z, z.dtype.type(TAB[1]))"

CASES: dict[str, tuple[list[str], str]] = {
    "loop": ([], "TAB = {}\nfor i in range(3):\n    TAB[i] = 0.0\n" + TABLE),
    "while": (["TAB = []\ni = 0\nwhile i < 3:\n    TAB.append(0.0)\n    i += 1"], TABLE),
    "three cells": (["TAB = {}", "def build():\n    TAB[1] = 0.0", "build()"], TABLE),
    "run twice": (["TAB = [1]", "TAB = [0, 0]", "TAB = [0, 0]"], TABLE),
    "idle import": ([], "import nbformat as nb\nimport jsonschema\n" + RIGHT),
    "idle import inside": ([], RIGHT.replace(":\n", ":\n    import nbformat\n", 1)),
    "used import": ([], "import nbformat\ndef relu(z):\n    return nbformat.relu(z)"),
    "import of ours": (["from cnnlab.course import ops"], "def relu(z):\n    return ops.relu(z)"),
    "old version imports": (
        ["def relu(z):\n    import nbformat\n    return nbformat"],
        RIGHT,
    ),
    "guarded import": (
        ["try:\n    import numba_of_nobody\nexcept ImportError:\n    numba_of_nobody = None"],
        RIGHT.replace("return", "assert numba_of_nobody is None\n    return"),
    ),
    "array of the course": (
        ["cat = np.ones((96, 96))[:, :]"],
        RIGHT.replace("return", "assert cat.shape == (96, 96)\n    return"),
    ),
    "plots": (
        ["import matplotlib.pyplot as plt"],
        RIGHT.replace(
            "return", "fig, ax = plt.subplots()\n    ax.plot(z.ravel())\n    plt.show()\n"
            "    display(fig)\n    print(z)\n    return"
        ),
    ),
    "lambda": ([], "relu = lambda z: np.maximum(1.0 * np.asarray(z), 0.0 * np.asarray(z))"),
    "object": ([], "class R:\n    def __call__(self, z):\n        z = 1.0 * np.asarray(z)\n"
               "        return np.maximum(z, 0 * z)\nrelu = R()"),
    "decorated": (
        ["def plain(f):\n    def inner(*args):\n        return f(*args)\n    return inner"],
        "@plain\n" + RIGHT,
    ),
    "wrong": ([], "def relu(z):\n    return np.abs(1.0 * np.asarray(z))"),
    "input": ([], "def relu(z):\n    return input()"),
    "stub": ([], "def relu(z):\n    raise NotImplementedError()"),
}  # fmt: skip

SETUP = f'import numpy as np\nfrom cnnlab.autograder import check, start\nstart("{CHAPTER}")'

PROGRAM = """
import json, sys
import matplotlib
matplotlib.use("agg")
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.history import HistoryManager
HistoryManager.enabled = False
from cnnlab.autograder import live

found = {}
for name, cells in json.load(sys.stdin).items():
    live.state = live.LiveState()
    shell = InteractiveShell.instance()
    for source in cells:
        shell.run_cell(source, store_history=True)
    result = shell.run_cell("check(relu)", store_history=True)
    error = result.error_before_exec or result.error_in_exec
    checked = result.result
    found[name] = {"error": repr(error)} if error else {
        "status": checked.result.status, "score": checked.score, "notes": checked.notes,
        "message": checked.result.message}
    InteractiveShell.clear_instance()
print("\\n" + json.dumps(found))
"""


def live(cases: dict[str, list[str]]) -> dict[str, Any]:
    """What `check(relu)` says after these cells, each list in an IPython shell of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(cases), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def checked() -> dict[str, Any]:
    told = CASES | {name: case[:2] for name, case in NOTES.items()}
    return live({name: [SETUP, *before, answer] for name, (before, answer) in told.items()})


@pytest.fixture(scope="module")
def graded() -> dict[str, Any]:
    found = {}
    with Grader(sandbox=available() is None) as grader:  # where it forks, a child is quick
        for name, (before, answer) in CASES.items():
            own = {"nbgrader": {"grade_id": "relu", "solution": True}}
            cells = [nbformat.v4.new_code_cell(source) for source in before]
            cells.append(nbformat.v4.new_code_cell(answer, metadata=own))
            book = nbformat.v4.new_notebook(cells=cells)
            result = grader.grade(read_text(nbformat.writes(book), f"{CHAPTER}.ipynb"), None)
            found[name] = next(e for e in result.exercises if e.name == "relu")
    return found


@pytest.mark.parametrize("name", CASES)
def test_check_and_grading_agree(checked, graded, name):
    said = checked[name]
    assert (said["status"], said["score"]) == (graded[name].status, graded[name].score), said
    if said["status"] in ("forbidden", "failed"):
        assert said["message"] == graded[name].message


def test_a_check_says_what_grading_leaves_out(checked):
    assert checked["idle import"]["notes"] == [
        "In grading, the import of jsonschema, which is not used, is left out.",
        "In grading, the import of nbformat, which is not used, is left out.",
    ]
    others = (name for name in CASES if not name.startswith("idle import"))
    assert not any(checked[name]["notes"] for name in others)


NOTES = {
    "a fallback": (
        ["try:\n    import nbformat\nexcept ImportError:\n    nbformat = None"],
        "def relu(z):\n    return z if nbformat is None else np.maximum(z, 0)",
        "In grading there is no nbformat",
    ),
    "an object of the course": (
        [],
        "def relu(z):\n    if z is None:\n        return photo\n    return np.maximum(z, 0)",
        "relu uses photo, which the course's own cells made. Grading does not have it",
    ),
    "a syntax error": (
        [RIGHT],
        "def relu(z)\n    return z",
        "was not taken over, so this is the version before it. Line 1 is not Python",
    ),
    "a cell that stops": ([RIGHT], "1 / 0\n" + RIGHT, "stopped before it did so"),
    "a helper that was edited": (
        ["def half(z):\n    import jsonschema as j\n    j()", "def half(z):\n    return 0 * z"],
        "def relu(z):\n    return np.maximum(z, half(z))",
        "",
    ),
    "a newer version": (["def relu(z)\n    return z"], RIGHT, ""),
}


def test_notes_in_a_shell(checked):
    for name, (_, _, expected) in NOTES.items():
        assert checked[name]["status"] != "forbidden", name
        said = " ".join(checked[name]["notes"])
        assert expected in said, name
        assert bool(said) == bool(expected), (name, said)


ERRORS = ['check("relu")', "check(lambda z: z)", "def conv_2d(x): ...\ncheck(conv_2d)"]


def test_wrong_calls_are_answered_without_a_traceback_of_ours():
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        f"shell = InteractiveShell.instance(colors='NoColor')\nshell.run_cell({SETUP!r})\n"
        f"for source in {ERRORS!r}:\n    print('-----')\n    shell.run_cell(source)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    _, *answers = done.stdout.split("-----\n")
    assert len(answers) == len(ERRORS)
    for said in map(str.strip, answers):
        assert len(said.splitlines()) == 1, said
        assert said.startswith(("TypeError: function must be", "ValueError: function must have"))
