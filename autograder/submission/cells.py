"""A notebook or a ``.py`` file, as cells. Takes files from anybody and executes nothing.

What cannot be read raises `Unreadable`, whose message is a sentence for people.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_FILE = 64 << 20
"""Bytes in a file; pictures in the outputs take most of them."""
MAX_CELL = 1 << 20
"""Characters in one cell."""
MAX_CELLS = 5000
MAX_BRACKETS = 1_000_000
"""Opening brackets in a notebook's JSON: each becomes an object many times its size."""

_PERCENT = re.compile(r"^# ?(?:%%(?P<options>[^\n]*)|In ?\[[\d ]*\]:)", re.MULTILINE)
_OPTION = re.compile(r"\b(nbgrader|cnnlab|exercise|setup)=")


class Unreadable(ValueError):
    """A file is no notebook and no Python that could be read; the message says why."""


@dataclass
class Cell:
    """One cell.

    Parameters
    ----------
    number : int
        Its place in the notebook, from 1.
    kind : str
        ``"code"``, ``"markdown"``, or whatever else the file says.
    source : str
        With ``\\n`` between lines, and free of lone surrogates. Empty in a notebook's cells
        that hold no learner code: what was handed out, and text that answers nothing.
    mark : str
        The ``grade_id`` that nbgrader gave it, or the exercise that our metadata names.
    ours : bool
        Part of what was handed out (set-up, demo, prose, a locked check), not an answer.
    """

    number: int
    kind: str
    source: str
    mark: str = ""
    ours: bool = False


@dataclass
class Document:
    """A file's cells in order, and the chapter that a notebook says it is."""

    cells: list[Cell]
    chapter: str = ""
    warnings: list[str] = field(default_factory=list)


def read_bytes(path: str) -> bytes:
    """A submitted file's content; never through a symbolic link, never from a device.

    Raises
    ------
    Unreadable
        There is no such file, it is not a regular one, it is too large, or a link was handed
        in, which could point at the instructor's own files.
    """
    try:
        if link := next((p for p in _submitted_parts(path) if p.is_symlink()), None):
            raise Unreadable(
                f"{link.name} is a symbolic link. Hand in the file itself, not a link."
            )
        if not stat.S_ISREG(os.lstat(path).st_mode):  # opening a device may already do harm
            raise Unreadable("This is not a regular file. Hand in a notebook or a .py file.")
        flags = [getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")]
        with os.fdopen(os.open(path, os.O_RDONLY | sum(flags)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("This is not a regular file. Hand in a notebook or a .py file.")
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise Unreadable("There is no such file.") from None
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror or error}.") from None
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("The file cannot be opened: its name holds a null byte.") from None
    if len(data) > MAX_FILE:
        raise Unreadable(
            f"The file is larger than {MAX_FILE >> 20} MiB. Clear the notebook's outputs "
            "(Edit, Clear Outputs of All Cells) and hand it in again."
        )
    return data


def in_tree(path: str) -> tuple[str, str] | None:
    """Student and assignment, where a path is one of nbgrader's ``submitted`` tree.

    The outermost such folder counts: a learner may hand in a folder ``submitted/SOMEBODY/…``.

    Examples
    --------
    >>> in_tree("/course/submitted/ada/ch01_convolution/ch01_convolution.ipynb")
    ('ada', 'ch01_convolution')
    """
    parts = Path(path).absolute().parts
    if "submitted" not in parts or parts.index("submitted") != len(parts) - 4:
        return None
    return parts[-3], parts[-2]


def _submitted_parts(path: str) -> list[Path]:
    """The file, and the folders above it that a learner may have handed in."""
    parents = Path(path).absolute().parents
    return [Path(path), *(parents[:2] if in_tree(path) else [])]


def decode(data: bytes) -> tuple[str, str]:
    """A file's text, and a warning where it is not the UTF-8 that it should be."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what PowerShell's `>` writes
        return data.decode("utf-16", "replace"), "The file is UTF-16; save it as UTF-8."
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "The file is not UTF-8; it was read as Latin-1."


def parse(text: str, *, notebook: bool) -> Document:
    """The cells of a notebook (nbformat 3 or 4), or of a ``.py`` file.

    A ``.py`` file is cut at jupytext's ``# %%`` and nbconvert's ``# In[1]:``; without these
    it is one cell.

    Raises
    ------
    Unreadable
        The text is empty, is not a notebook, or exceeds a limit.
    """
    if len(text) > MAX_FILE:
        raise Unreadable(f"The file is larger than {MAX_FILE >> 20} MiB.")
    if not text.strip():
        raise Unreadable("The file is empty.")
    document = _notebook(text) if notebook else Document(list(_script(_plain(text))))
    if len(document.cells) > MAX_CELLS:
        raise Unreadable(f"The file has more than {MAX_CELLS} cells.")
    for cell in document.cells:
        if len(cell.source) > MAX_CELL:
            raise Unreadable(f"Cell {cell.number} is larger than {MAX_CELL >> 20} MiB.")
    return document


def _plain(text: str) -> str:
    """Lines end in a newline, and every character can be written as UTF-8."""
    if not text.isascii():
        text = text.removeprefix("\ufeff").encode("utf-8", "replace").decode()
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


# Notebooks


def _notebook(text: str) -> Document:
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise Unreadable("The notebook is too complex. Clear its outputs.")
    raw = _json(text.removeprefix("\ufeff"))
    if not isinstance(raw, dict):
        raise Unreadable("The file is JSON, but not a notebook.")
    cells = raw.get("cells")
    if not isinstance(cells, list):  # nbformat 3
        sheets = [_dict(sheet).get("cells") for sheet in _list(raw.get("worksheets"))]
        if not any(isinstance(sheet, list) for sheet in sheets):
            raise Unreadable("The file is JSON, but not a notebook: it has no cells.")
        cells = [cell for sheet in sheets for cell in _list(sheet)]
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"The file has more than {MAX_CELLS} cells.")
    chapter = _dict(_dict(raw.get("metadata")).get("cnnlab")).get("chapter")
    found = [_cell(number, cell) for number, cell in enumerate(cells, 1) if isinstance(cell, dict)]
    return Document(found, chapter if isinstance(chapter, str) else "")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"The file is not a notebook: line {error.lineno}, column {error.colno} is not "
            f"JSON ({error.msg}). Open it in JupyterLab, save it, and hand it in again."
        ) from None
    except ValueError:  # an integer of thousands of digits
        raise Unreadable("The file is not a notebook: it holds an impossible number.") from None
    except RecursionError:
        raise Unreadable("The file is not a notebook: it is nested too deeply.") from None


def _cell(number: int, raw: dict[str, Any]) -> Cell:
    kind = raw.get("cell_type")
    cell = Cell(number, kind if isinstance(kind, str) else "", "")
    _label(cell, _dict(raw.get("metadata")))
    if (cell.kind == "code" or cell.mark) and not cell.ours:  # nobody reads the others
        cell.source = _plain(_joined(raw.get("source", raw.get("input"))))
    return cell


def _joined(source: Any) -> str:
    """A cell's text, which a notebook holds as one string or as a list of lines."""
    if isinstance(source, list):
        return "".join([line for line in source if isinstance(line, str)])
    return source if isinstance(source, str) else ""


def _label(cell: Cell, metadata: dict[str, Any]) -> None:
    """What nbgrader's metadata and ours say that a cell is."""
    nbgrader, own = _dict(metadata.get("nbgrader")), _dict(metadata.get("cnnlab"))
    role = own.get("role")
    graded = nbgrader.get("grade") is True and nbgrader.get("solution") is not True
    cell.ours = (
        role in ("setup", "prose", "check", "demo") or graded or nbgrader.get("locked") is True
    )
    mark = own.get("exercise") if role == "exercise" else None
    if nbgrader and not cell.ours:
        mark = nbgrader.get("grade_id", mark)
    cell.mark = mark if isinstance(mark, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# Python files


def _script(text: str) -> Iterator[Cell]:
    marks = list(_PERCENT.finditer(text))
    starts = [mark.start() for mark in marks]
    if not marks:
        yield Cell(1, "code", text)
        return
    number = 0
    if head := text[: starts[0]]:
        number = 1
        yield Cell(number, "code", head)
    for mark, end in zip(marks, [*starts[1:], len(text)], strict=True):
        number += 1
        options = (mark["options"] or "")[:2000]
        kind = "markdown" if re.search(r"\[(markdown|md|raw)\]", options) else "code"
        cell = Cell(number, kind, text[mark.start() : end])
        _label(cell, _options(options))
        yield cell


def _options(line: str) -> dict[str, Any]:
    """The metadata on a ``# %%`` line, as jupytext writes it: ``key=JSON``."""
    found: dict[str, Any] = {}
    for option in _OPTION.finditer(line):
        try:
            found[option[1]] = json.JSONDecoder().raw_decode(line, option.end())[0]
        except (ValueError, RecursionError):
            continue
    if found.get("setup") is True:  # the two short marks of a chapter's own source
        found.setdefault("cnnlab", {"role": "setup"})
    elif "exercise" in found:
        found.setdefault("cnnlab", {"role": "exercise", "exercise": found["exercise"]})
    return found
