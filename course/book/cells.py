"""What a reader sees of a notebook: figures in place, answers behind folds, no machinery.

A fold is a tag that MyST-NB knows, ``hide-input`` or ``hide-output``, and the words on it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator
from typing import Any

from nbformat import NotebookNode, from_dict

from cnnlab.course.build.source import BEGIN, END

WIDGET = "application/vnd.jupyter.widget-view+json"
PLAY = (
    '<p class="cnnlab-play"><strong>In JupyterLab you can play with this.</strong> '
    "It runs your own function.</p>"
)
_ABOUT_PYTHON = ("kernelspec", "language_info")
_PICTURES = ("text/html", "image/svg+xml", "image/png")


def prepared(notebook: NotebookNode) -> NotebookNode:
    """A page of the book: another notebook, made of an executed one with solutions.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; its cells have the roles that `cnnlab.course.build` gives them.
    """
    kept = (cell for cell in notebook.cells if not is_navigation(cell))
    cells = [shown for cell in kept for shown in _shown(cell)]
    return from_dict(
        {
            "cells": cells,
            "metadata": {k: v for k, v in notebook.metadata.items() if k in _ABOUT_PYTHON},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def is_navigation(cell: NotebookNode) -> bool:
    """Whether a cell only leads to other notebooks; the book has ways of its own."""
    return bool(cell.metadata.get("cnnlab", {}).get("role") == "navigation")


def _shown(cell: NotebookNode) -> Iterator[NotebookNode]:
    role = cell.metadata.get("cnnlab", {}).get("role")
    if cell.cell_type == "markdown":
        yield _cell(cell, cell.source)
    elif role == "exercise":
        yield _code(cell, stub(cell.source), outputs=[])
        yield _code(
            cell, solved(cell.source), "-solution", ["hide-input", "solution"], "One solution", []
        )
    elif role == "check":
        source = f"check({cell.metadata.cnnlab.exercise})"
        yield _code(cell, source, "", ["hide-output", "checked"], "What it says to this solution")
    elif role == "setup":
        asks = "whose_code()" in cell.source  # of a learner's folder, which a reader does not have
        outputs = [] if asks else cell.outputs
        yield _code(cell, cell.source, "", ["hide-input"], "The set-up of this chapter", outputs)
    elif re.match(r'guess\("\w+"\)\s*$', cell.source):
        yield _code(cell, cell.source, "", ["remove-input"])
    elif _only_draws(cell) and not cell.source.startswith("check("):
        yield _code(cell, cell.source, "", ["hide-input", "picture"], "The code of this picture")
    else:
        yield _code(cell, cell.source)


def without_dead_links(text: str, there: Container[str]) -> str:
    """A page's prose, with links to notebooks only where the book has them.

    Parameters
    ----------
    text : str
        Markdown.
    there : container of str
        The pages of the book, such as ``ch01_convolution`` and ``glossary``.

    Examples
    --------
    >>> without_dead_links("[Chapter 3](../ch03_pooling/ch03_pooling.ipynb) says why.", ())
    'Chapter 3 says why.'
    """

    def link(found: re.Match[str]) -> str:
        return found[0] if found["page"] in there else found["words"]

    return re.sub(r"\[(?P<words>[^\]]*)\]\((?:[./\w-]*/)?(?P<page>\w+)\.ipynb\)", link, text)


def stub(source: str) -> str:
    """An exercise's cell as a learner finds it.

    Examples
    --------
    >>> print(stub("def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION"))
    def f():
        raise NotImplementedError()
    """
    region = rf"^([ ]*)### {BEGIN}$.*?^[ ]*### {END}$"
    return re.sub(region, r"\1raise NotImplementedError()", source, flags=re.M | re.S)


def solved(source: str) -> str:
    """An exercise's cell with the solution, without marks and without the description.

    Examples
    --------
    >>> print(solved('def f():\\n    "One."\\n    ### BEGIN SOLUTION\\n    return 1'))
    def f():
        return 1
    """
    lines = source.splitlines()
    described: set[int] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            described |= set(range(first.lineno - 1, first.end_lineno or first.lineno))
    kept = [
        line
        for number, line in enumerate(lines)
        if number not in described and f"### {BEGIN}" not in line and f"### {END}" not in line
    ]
    return "\n".join(kept)


def _only_draws(cell: NotebookNode) -> bool:
    """Whether a cell gives pictures and says nothing."""
    given = [out for out in cell.outputs if out.output_type in ("display_data", "execute_result")]
    drawn = [out for out in given if any(kind in out.data for kind in _PICTURES)]
    written = [out for out in cell.outputs if out.output_type == "stream" and out.name == "stdout"]
    lives = any(WIDGET in out.data for out in given)
    return bool(drawn) and drawn == given and not written and not lives


def _code(
    cell: NotebookNode,
    source: str,
    suffix: str = "",
    tags: list[str] | None = None,
    fold: str = "",
    outputs: list[Any] | None = None,
) -> NotebookNode:
    given = cell.outputs if outputs is None else outputs
    made = _cell(cell, source, suffix, tags or [], fold)
    made.update(execution_count=None, outputs=[_still(out) for out in given])
    return made


def _cell(
    cell: NotebookNode, source: str, suffix: str = "", tags: list[str] | None = None, fold: str = ""
) -> NotebookNode:
    tags = [*cell.metadata.get("tags", []), *(tags or [])]
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if fold:
        metadata["mystnb"] = {"code_prompt_show": fold, "code_prompt_hide": fold}
    about = {"cell_type": cell.cell_type, "id": cell.id + suffix, "metadata": metadata}
    made: NotebookNode = from_dict({**about, "source": source})
    return made


def _still(output: NotebookNode) -> NotebookNode:
    """An output for a page behind which no Python runs."""
    if "data" not in output or WIDGET not in output.data:
        return output
    data = {kind: value for kind, value in output.data.items() if kind != WIDGET}
    if not any(kind in data for kind in _PICTURES):
        data = {"text/html": PLAY, "text/plain": "In JupyterLab you can play with this."}
    return from_dict({**output, "data": data, "metadata": {}})
