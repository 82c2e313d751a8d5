"""Pages beside the chapters, such as the glossary: ``course/pages/*.md`` → ``exercises/pages/``.

They become notebooks because JupyterLab shows a notebook's text with its formulas and links, and
opens a Markdown file as plain source.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from cnnlab.course.build.released import note
from cnnlab.course.build.source import to_bytes


def page_path(name: str) -> str:
    """The path of a page for learners.

    Examples
    --------
    >>> page_path("glossary")
    'exercises/pages/glossary.ipynb'
    """
    return f"exercises/pages/{name}.ipynb"


def page(text: str) -> bytes:
    """A page as the bytes of its notebook: one cell of prose for each section.

    Parameters
    ----------
    text : str
        Markdown; a section begins with ``## ``.
    """
    sections = [part.strip() for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)]
    cells = [
        {"cell_type": "markdown", "id": f"section-{place}", "metadata": {}, "source": section}
        for place, section in enumerate(filter(None, sections))
    ]
    notebook = nbformat.from_dict(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )
    note(notebook)
    nbformat.validate(notebook)
    return to_bytes(notebook)


def pages(root: Path) -> dict[str, bytes]:
    """Every page under this root: where it goes, and the bytes of its notebook."""
    found = sorted((root / "course" / "pages").glob("*.md"))
    return {page_path(source.stem): page(source.read_text("utf-8")) for source in found}
