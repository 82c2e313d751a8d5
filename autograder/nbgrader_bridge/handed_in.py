"""What was handed in for a notebook of an assignment: which file it is, and what that holds."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cnnlab.autograder.nbgrader_bridge.gradebook import KnownCell
from cnnlab.autograder.submission.cells import Unreadable, decode, parse, read_bytes


def files_of(folder: Path, notebooks: Collection[str]) -> dict[str, Path]:
    """Which file of a submitted folder counts as which notebook of its assignment.

    The file with the notebook's name; where there is none, the last one whose name begins with it,
    such as ``ch01_convolution-Copy1.ipynb``. Where one notebook of the assignment and one file are
    left, they belong together, whatever the file's name.

    Parameters
    ----------
    folder : Path
        ``submitted/STUDENT/ASSIGNMENT``.
    notebooks : collection of str
        The names of the assignment's notebooks, without ``.ipynb``.
    """
    left = {p.stem: p for p in folder.glob("*.ipynb") if p.name[0] not in "._"}
    found = {name: left.pop(name) for name in notebooks if name in left}
    for name in sorted(set(notebooks) - found.keys(), key=len, reverse=True):
        copies = [stem for stem in left if stem.lower().startswith(name.lower())]
        if copies:
            found[name] = left[max(copies, key=_in_order)]
            left = {stem: path for stem, path in left.items() if stem not in copies}
    missing = set(notebooks) - found.keys()
    if len(missing) == len(left) == 1:
        found[missing.pop()] = left.popitem()[1]
    return found


def _in_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """A key by which ``-Copy10`` comes after ``-Copy9``."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(p) if p.isascii() and p.isdigit() else -1, p) for p in parts], name


def notebook_in(path: Path, cells: Mapping[str, KnownCell]) -> NotebookNode:
    """A submitted file as a notebook, whatever its encoding.

    Where it cannot be read, these are the cells that nbgrader knows, as they were released: the
    learner hears in them why there are no points.
    """
    try:
        text, _ = decode(read_bytes(str(path)))
        parse(text, notebook=True)
        return _reads(text)
    except (Unreadable, RecursionError, MemoryError):
        kinds = {"code": new_code_cell, "markdown": new_markdown_cell}
        released = [
            kinds[cell.kind](cell.source, metadata={"nbgrader": cell.metadata})
            for cell in cells.values()
        ]
        return new_notebook(cells=released)


def _reads(text: str) -> NotebookNode:
    try:
        return nbformat.reads(text, as_version=4)
    except Exception:  # nbformat has an exception of another kind for each kind of damage
        raw = json.loads(text.removeprefix("\ufeff"))
        return NotebookNode(cells=raw.get("cells"), metadata=raw.get("metadata"))
