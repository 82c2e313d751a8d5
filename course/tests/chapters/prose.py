"""The chapters as their tests read them: cells of prose, questions, paragraphs, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jupytext
import nbformat

from cnnlab.course import cli, guesses

ROOT = Path(cli.__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "course/chapters").glob("ch[0-9][0-9]_*.py"))


@cache
def cells(name: str) -> list[nbformat.NotebookNode]:
    """The cells of a chapter's source."""
    text = (ROOT / f"course/chapters/{name}.py").read_text("utf-8")
    found: list[nbformat.NotebookNode] = jupytext.reads(text, fmt="py:percent").cells
    return found


def prose(name: str) -> Iterator[str]:
    """The texts of a chapter's cells of prose, and of its questions."""
    yield from (cell.source for cell in cells(name) if cell.cell_type == "markdown")
    yield from asked(name)


def asked(name: str) -> Iterator[str]:
    """What a chapter's questions say: the question, its reason, and what wrong guesses show."""
    for question in guesses.questions(name) if name in guesses.CHAPTERS else ():
        yield "\n\n".join([question.text, *question.options, question.why])
        yield from question.wrong.values()


def paragraphs(text: str) -> Iterator[str]:
    """What blank lines part, each in one line, without quote marks of Markdown at line starts."""
    lines = re.sub(r"^>[ ]?", "", text, flags=re.MULTILINE)
    for block in re.split(r"\n\s*\n", lines):
        if block.strip():
            yield " ".join(block.split())


def without_code(text: str) -> str:
    """The text without code, formulas' commands and the targets of links."""
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)
