"""Notebooks of chapter 1 as learners hand them in: the solved one, with changes."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.submission.solutions import SOLUTIONS

CHAPTER = "ch01_convolution"
NOTEBOOK = f"{CHAPTER}.ipynb"
NBGRADER_CONFIG = "nbgrader_config.py"
SOLVED = (SOLUTIONS / CHAPTER / NOTEBOOK).read_text()
EXERCISES = [exercise.name for exercise in load_chapter(CHAPTER).exercises]
POINTS = load_chapter(CHAPTER).max_score
"""What the chapter is worth today: an exercise more changes no test."""


def cell(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
    """The cell of a notebook that nbgrader knows by this name."""
    (found,) = (
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )
    return found


def hand_in(**changed: str) -> str:
    """The solved notebook's text, with other sources in some exercises' cells."""
    notebook = json.loads(SOLVED)
    for name, source in changed.items():
        cell(notebook, name)["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook)


def source(name: str) -> str:
    """An exercise's cell in the solved notebook."""
    return "".join(cell(json.loads(SOLVED), name)["source"])


def stub(name: str) -> str:
    """A cell that nobody has touched."""
    head = source(name).split("### BEGIN SOLUTION")[0]
    return f"{head}# YOUR CODE HERE\n    raise NotImplementedError()\n"


def flipped() -> str:
    """conv2d with the classic mistake."""
    before, after = source("conv2d").split("### BEGIN SOLUTION")
    return f"{before}kernels = np.asarray(kernels)[::-1, ::-1]\n    {after}"


def copy_course(folder: Path) -> None:
    """The files of the course that git knows and nbgrader reads, in a folder of their own."""
    listing = [
        "git",
        "ls-files",
        "-z",
        "--",
        NBGRADER_CONFIG,
        f"solutions/{CHAPTER}",
        f"exercises/{CHAPTER}",
    ]
    root = SOLUTIONS.parent
    names = subprocess.run(listing, cwd=root, check=True, capture_output=True, text=True).stdout
    for name in names.split("\0")[:-1]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, folder / name)
