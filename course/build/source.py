"""A chapter's source, ``course/chapters/chNN_name.py``, as a notebook for nbgrader.

The source is jupytext's ``py:percent``. Cells are told apart by their marker line:
``# %% [markdown]`` is prose, ``# %% setup=true`` the set-up cell, ``# %% exercise="relu"`` an
exercise, any other ``# %%`` a demo. A set-up cell that is marked ``prelude=true``, too, holds given
functions, which the grader reads there. The cell ``check(relu)`` after an exercise is written here,
and so are the links to other chapters.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import nbformat

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    # No version: the notebook must not change with the Python that builds it.
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
"""What JupyterLab would write into a notebook that it opens with this kernel."""
_KEPT_KEYS = {"tags", "jupyter"}
_OWN_KEYS = {"setup", "prelude", "exercise", "title"}
_JUPYTEXT_KEYS = {"cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker"}


class SourceError(ValueError):
    """A chapter's source cannot become a notebook; the message says what to change."""


def to_notebook(
    name: str, text: str, points: Callable[[str], float], links: str = ""
) -> nbformat.NotebookNode:
    """The notebook with solutions that a chapter's source describes.

    Parameters
    ----------
    name : str
        The chapter, ``ch01_convolution``.
    text : str
        The source, as jupytext's ``py:percent``.
    points : callable, str → float
        The points of an exercise, by its name; a `KeyError` says that the grader has none.
    links : str
        Markdown with links to other chapters, for the top and the end.

    Returns
    -------
    NotebookNode
        nbformat 4.5, without outputs, the same for the same text on every machine.

    Raises
    ------
    SourceError
        The text is not Python, a cell has a mark that means nothing, or an exercise is not
        one function with one solution region and points.
    """
    import jupytext  # takes a second, which no other command should pay

    _parse(text, f"the source of {name}")
    cells = []
    seen: set[str] = set()
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        role, exercise = _role(cell)
        if exercise in seen:
            raise SourceError(f"exercise {exercise!r} has two cells. Keep one of them.")
        cells.append(_shipped(cell, role, exercise))
        if exercise:
            seen.add(exercise)
            _require_solution(exercise, cell.source)
            cells.append(_check_cell(exercise, _points(name, exercise, points)))
    if links:
        cells = [_navigation("top", links), *cells, _navigation("end", f"---\n\n{links}")]
    _set_ids(cells)
    metadata = {**METADATA, "cnnlab": {"chapter": name}}
    notebook = nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )
    nbformat.validate(notebook)
    return notebook


def to_bytes(notebook: nbformat.NotebookNode) -> bytes:
    """A notebook as Jupyter itself writes it: sorted keys, indent 1, a trailing newline."""
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def cells_of(notebook: nbformat.NotebookNode, role: str) -> Iterator[nbformat.NotebookNode]:
    """The cells that the build has given this role."""
    return (c for c in notebook.cells if c.metadata.get("cnnlab", {}).get("role") == role)


def solution_lines(source: str) -> list[str]:
    """The lines between ``### BEGIN SOLUTION`` and ``### END SOLUTION``, stripped.

    Examples
    --------
    >>> solution_lines("def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION")
    ['return 1']
    """
    found, inside = [], False
    for line in source.splitlines():
        if BEGIN in line or END in line:
            inside = BEGIN in line
        elif inside and line.strip():
            found.append(line.strip())
    return found


def find_function(name: str, source: str) -> ast.FunctionDef | None:
    """The function of this name that the source defines at top level.

    Raises
    ------
    SourceError
        The source is not Python.
    """
    for statement in _parse(source, f"the cell of exercise {name!r}").body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return statement
    return None


def _parse(source: str, where: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            # LaTeX in a prose string is fine: jupytext takes the text as it is.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        message = f"{where} is not Python, line {error.lineno}: {error.msg}. Correct that line."
        raise SourceError(message) from error


def _role(cell: nbformat.NotebookNode) -> tuple[str, str | None]:
    unknown = set(cell.metadata) - _KEPT_KEYS - _OWN_KEYS - _JUPYTEXT_KEYS
    if unknown:
        raise SourceError(
            f"a cell's marks must be among {sorted(_KEPT_KEYS | _OWN_KEYS)}. "
            f"Received: {sorted(unknown)} on the cell that begins {cell.source[:40]!r}"
        )
    if cell.cell_type != "code":
        return "prose", None
    exercise = cell.metadata.get("exercise")
    if exercise is None:
        return ("setup" if cell.metadata.get("setup") else "demo"), None
    if not (isinstance(exercise, str) and exercise.isidentifier()):
        raise SourceError(f"exercise must be a function's name. Received: {exercise!r}")
    return "exercise", exercise


def _shipped(cell: nbformat.NotebookNode, role: str, exercise: str | None) -> dict[str, Any]:
    metadata = {key: cell.metadata[key] for key in _KEPT_KEYS & set(cell.metadata)}
    metadata["cnnlab"] = {"role": role}
    if exercise:
        metadata["cnnlab"]["exercise"] = exercise
        metadata["nbgrader"] = _nbgrader(exercise, solution=True)
    shipped: dict[str, Any] = {
        "cell_type": cell.cell_type,
        "id": cell.metadata.get("title", ""),
        "metadata": metadata,
        "source": cell.source,
    }
    if cell.cell_type == "code":
        shipped |= {"execution_count": None, "outputs": []}
    return shipped


def _navigation(place: str, links: str) -> dict[str, Any]:
    metadata = {"cnnlab": {"role": "navigation"}}
    return {"cell_type": "markdown", "id": place, "metadata": metadata, "source": links}


def _check_cell(exercise: str, points: float) -> dict[str, Any]:
    """A check brings its own ``check`` along: an answer cell may have redefined that name."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "",
        "metadata": {
            "cnnlab": {"role": "check", "exercise": exercise},
            "nbgrader": {
                **_nbgrader(f"check-{exercise}", grade=True, locked=True),
                "points": int(points) if points == int(points) else points,
            },
        },
        "outputs": [],
        "source": f"from cnnlab.autograder import check\n\ncheck({exercise})",
    }


def _nbgrader(
    grade_id: str, *, solution: bool = False, grade: bool = False, locked: bool = False
) -> dict[str, Any]:
    return {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def _points(name: str, exercise: str, points: Callable[[str], float]) -> float:
    try:
        return points(exercise)
    except KeyError as error:
        raise SourceError(
            f"exercise {exercise!r} is not in the grader. Add it to "
            f"autograder/graders/{name}/__init__.py, or correct the name in the source."
        ) from error


def _require_solution(exercise: str, source: str) -> None:
    if find_function(exercise, source) is None:
        raise SourceError(f"the cell of exercise {exercise!r} must define that function.")
    marks = re.findall(f"{BEGIN}|{END}", source)
    if marks != [BEGIN, END]:
        raise SourceError(
            f"the cell of exercise {exercise!r} must hold one ### {BEGIN} and, after it, "
            f"one ### {END}. Received: {marks}"
        )


def _set_ids(cells: list[dict[str, Any]]) -> None:
    """Ids from what a cell is and where it is, so that an edit elsewhere changes none."""
    used: set[str] = set()
    section = "start"
    for cell in cells:
        own = cell["metadata"]["cnnlab"]
        heading = re.search(r"^#{1,6} +(.+)$", cell["source"], re.MULTILINE)
        if own["role"] == "prose" and heading:
            section = _slug(heading[1]) or section
        about = own.get("exercise") or _slug(cell["id"]) or section
        stem = f"{own['role']}-{about}"[:56]
        number, cell["id"] = 1, stem
        while cell["id"] in used:
            number += 1
            cell["id"] = f"{stem}-{number}"
        used.add(cell["id"])


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")
