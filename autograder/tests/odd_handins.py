"""What students hand in besides one sound notebook: the table for both ways of grading."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnlab.autograder.tests.handins import NOTEBOOK, POINTS, SOLVED, cell, hand_in, source

Notebook = dict[str, Any]


@dataclass(frozen=True)
class HandIn:
    """One student's folder.

    Parameters
    ----------
    files : dict of str to bytes
    score : float or None
        What it earns in either way; None where that is not the point.
    said : str
        Part of what the student hears.
    """

    files: dict[str, bytes]
    score: float | None = POINTS
    said: str = ""


def changed(change: Callable[[Notebook], None]) -> str:
    notebook = json.loads(SOLVED)
    change(notebook)
    return json.dumps(notebook)


def as_markdown(notebook: Notebook) -> None:
    answer = cell(notebook, "conv2d")
    answer["cell_type"] = "markdown"
    del answer["outputs"], answer["execution_count"]


def large_output(notebook: Notebook) -> None:
    """50 MB of it."""
    text = {"output_type": "stream", "name": "stdout", "text": "x" * 50_000_000}
    cell(notebook, "relu")["outputs"] = [text]


def copied(notebook: Notebook) -> None:
    """The copy below is right, the original is not."""
    original = cell(notebook, "relu")
    notebook["cells"].insert(notebook["cells"].index(original) + 1, copy.deepcopy(original))
    original["source"] = "def relu(z):\n    return z"


def split(notebook: Notebook) -> None:
    """As JupyterLab's Ctrl+Shift+Minus does it: both halves have the cell's metadata."""
    first = cell(notebook, "conv2d")
    before, after = source("conv2d").split("    for n, i", 1)
    second = copy.deepcopy(first) | {"source": f"    for n, i{after}", "id": "second-half"}
    first["source"] = before
    notebook["cells"].insert(notebook["cells"].index(first) + 1, second)


SPLIT_AT = json.loads(SOLVED)["cells"].index(cell(json.loads(SOLVED), "conv2d")) + 2
"""The number of the second half's cell."""
HELPED = hand_in(relu="from helper import *\n\n\ndef relu(z):\n    return positive(z)\n")
HELPER = "import numpy as np\n" + source("relu").replace("def relu(", "def positive(")
ACCENT = hand_in(relu=source("relu") + "\n# première tentative")

HAND_INS: dict[str, HandIn] = {
    "sound": HandIn({NOTEBOOK: SOLVED.encode()}),
    "markdown": HandIn({NOTEBOOK: changed(as_markdown).encode()}),
    "output": HandIn({NOTEBOOK: changed(large_output).encode()}),
    "copied-cell": HandIn({NOTEBOOK: changed(copied).encode()}),
    "copy1": HandIn({NOTEBOOK.replace(".ipynb", "-Copy1.ipynb"): SOLVED.encode()}),
    "renamed": HandIn({"my work.ipynb": SOLVED.encode()}),
    "latin-1": HandIn(
        {NOTEBOOK: json.dumps(json.loads(ACCENT), ensure_ascii=False).encode("latin-1", "replace")}
    ),
    "utf-16": HandIn({NOTEBOOK: ACCENT.encode("utf-16")}),
    "empty": HandIn({NOTEBOOK: b""}, 0.0, "The file is empty."),
    "truncated": HandIn({NOTEBOOK: SOLVED.encode()[:30_000]}, 0.0, "The file is not a notebook"),
    "split": HandIn(
        {NOTEBOOK: changed(split).encode()}, None, f"Your loop is in cell {SPLIT_AT}, outside"
    ),
    "helper": HandIn({NOTEBOOK: HELPED.encode(), "helper.py": HELPER.encode()}),
    "no-helper": HandIn({NOTEBOOK: HELPED.encode()}, None, "relu imports helper."),
}
"""By the student's name."""
