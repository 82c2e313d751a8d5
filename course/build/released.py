"""What a notebook was when it was handed out, noted in the notebook itself.

Its metadata hold, for each cell in order, the id and the beginning of a SHA-256. So whatever
becomes of the file, each cell tells whether somebody has edited it: `cnnlab.course.build.merge`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

KEY = "released"
LENGTH = 16
"""Hexadecimal digits of a digest: enough to tell the versions of a cell apart."""


def source_of(cell: Mapping[str, Any]) -> str:
    """A cell's source as text; a file may hold it as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def digest(cell: Mapping[str, Any]) -> str:
    """What changes when a cell's source or its kind is edited.

    Examples
    --------
    >>> one, same = {"cell_type": "code", "source": "a\\nb"}, {"cell_type": "code"}
    >>> digest(one) == digest(same | {"source": ["a\\n", "b"], "outputs": [1]})
    True
    """
    text = f"{cell.get('cell_type')}\n{source_of(cell)}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:LENGTH]


def note(notebook: dict[str, Any]) -> None:
    """Write into a notebook's metadata what its cells are now."""
    noted = [f"{cell['id']} {digest(cell)}" for cell in notebook["cells"]]
    notebook["metadata"].setdefault("cnnlab", {})[KEY] = noted


def noted(notebook: Mapping[str, Any]) -> dict[str, str]:
    """Cell id → digest, in the order in which they were handed out; empty where nothing is noted.

    Examples
    --------
    >>> book = {"metadata": {}, "cells": [{"id": "a", "cell_type": "code", "source": "1"}]}
    >>> note(book)
    >>> noted(book) == {"a": digest(book["cells"][0])}
    True
    """
    metadata = notebook.get("metadata")
    own = metadata.get("cnnlab") if isinstance(metadata, dict) else None
    lines = own.get(KEY) if isinstance(own, dict) else None
    if not isinstance(lines, list):
        return {}
    pairs = [line.split(" ") for line in lines if isinstance(line, str)]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
