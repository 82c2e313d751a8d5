"""A submitted notebook, repaired before nbgrader's own preprocessors see it.

A copied cell, old or empty metadata, an id that occurs twice: each ends a run of nbgrader, and
with it the grading of everybody who comes later. What a cell is to nbgrader is therefore written
anew from the database. A learner's notebook says only which cell it is, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import nbformat
from nbformat import NotebookNode, ValidationError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from cnnlab.autograder.nbgrader_bridge.gradebook import KnownCell

_NEW = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


def repaired(nb: NotebookNode, known: Mapping[str, KnownCell]) -> tuple[NotebookNode, list[str]]:
    """The notebook that nbgrader can go on with.

    Parameters
    ----------
    nb : NotebookNode
        As it was read; it is not changed.
    known : mapping
        The cells that nbgrader knows in it.

    Returns
    -------
    NotebookNode
        Valid nbformat 4.5, in which each cell of nbgrader's occurs once at most.
    list of str
        What was repaired, for the instructor.
    """
    cells = [_plain_cell(cell) for cell in _list(nb.get("cells")) if isinstance(cell, dict)]
    named = list(_named(cells, known))
    used: set[str] = set()
    for i, (cell, (name, _)) in enumerate(zip(cells, named, strict=True)):
        cell["id"] = _cell_id(cell.get("id"), used)
        cell.metadata.pop("nbgrader", None)
        if name:
            cells[i] = _as_known(cell, known[name])
    book = {"cells": cells, "metadata": _dict(nb.get("metadata"))}
    whole, invalid = _valid(_writable(book | {"nbformat": 4, "nbformat_minor": 5}))
    return whole, [change for _, change in named if change] + invalid


# Which cell is which


def _named(
    cells: list[NotebookNode], known: Mapping[str, KnownCell]
) -> Iterator[tuple[str | None, str]]:
    """For each cell, the name that nbgrader knows it by, and what is wrong with what it says.

    Of two cells that claim a name the later one has it, as in nbgrader. A locked cell that lost
    its name is found by its text.
    """
    claims = [_claim(cell) for cell in cells]
    last = {claim: i for i, claim in enumerate(claims) if claim in known}
    lost = {c.source.strip(): c.name for c in known.values() if c.locked and c.name not in last}
    for i, (cell, claim) in enumerate(zip(cells, claims, strict=True)):
        if claim in known and last[claim] == i:
            current = cell.metadata["nbgrader"].get("schema_version") == 3
            yield claim, "" if current else f"cell {i + 1} had old metadata of nbgrader's"
        elif claim in known:
            yield None, f"cell {i + 1} is a second {claim!r}; the last one counts"
        elif name := lost.pop(cell.source.strip(), None):
            yield name, f"cell {i + 1} had lost its name {name!r}"
        else:
            marked = "nbgrader" in cell.metadata
            yield None, f"cell {i + 1} is none that nbgrader knows" if marked else ""


def _claim(cell: NotebookNode) -> str | None:
    claim = _dict(cell.metadata.get("nbgrader")).get("grade_id")
    return claim if isinstance(claim, str) else None


def _as_known(cell: NotebookNode, known: KnownCell) -> NotebookNode:
    """The cell as one of its kind, with nbgrader's own metadata."""
    if cell.cell_type != known.kind:
        cell = _bare(known.kind, cell)
    cell.metadata["nbgrader"] = known.metadata
    return cell


# Valid cells


def _plain_cell(raw: Mapping[str, Any]) -> NotebookNode:
    """A copy of a cell, in which the parts that we read have the right types."""
    cell = NotebookNode(raw)
    kind = cell.get("cell_type")
    cell.cell_type = kind if isinstance(kind, str) and kind in _NEW else "raw"
    cell.source = _text(cell.get("source", cell.get("input")))
    cell.metadata = NotebookNode(_dict(cell.get("metadata")))
    return cell


def _valid(nb: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """The notebook with what is valid in it, and what was not."""
    if is_valid(nb):
        return nb, []
    invalid = []
    for i, cell in enumerate(nb.cells):
        if not is_valid(cell, f"{cell.cell_type}_cell"):
            nb.cells[i] = _bare(cell.cell_type, cell)
            invalid.append(f"cell {i + 1} was not valid; its text was kept")
    if not is_valid(nb):
        nb.metadata = NotebookNode()
        invalid.append("the notebook's metadata were not valid and are left out")
    return nb, invalid


def is_valid(node: NotebookNode, kind: str | None = None) -> bool:
    """Whether this is a notebook, or a cell of this kind."""
    try:
        nbformat.validate(node, kind, version=4, version_minor=5, relax_add_props=True)
    except ValidationError:
        return False
    return True


def _bare(kind: str, cell: NotebookNode) -> NotebookNode:
    kept = {k: v for k, v in cell.metadata.items() if k in ("nbgrader", "cnnlab")}
    return _NEW[kind](cell.source, id=cell["id"], metadata=NotebookNode(kept))


def _cell_id(said: Any, used: set[str]) -> str:
    """The cell's own id if it is a valid one and the first of its kind, else a new one."""
    if not isinstance(said, str) or not re.fullmatch(r"[\w-]{1,64}", said, re.A) or said in used:
        said = uuid4().hex[:8]
    used.add(said)
    return said


def _writable(value: Any) -> Any:
    """The same, with every character one that can be written as UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_writable(item) for item in value]
    if isinstance(value, dict):
        return NotebookNode({_writable(key): _writable(item) for key, item in value.items()})
    return value


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
