"""A file that was handed in, as a notebook that nbgrader can go on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cnnlab.autograder.nbgrader_bridge.gradebook import KnownCell
from cnnlab.autograder.submission.cells import Unreadable, decode, parse, read_bytes


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
