"""Pages beside the chapters, such as the glossary: ``course/pages/*.md`` → ``exercises/pages/``.

They become notebooks because JupyterLab shows a notebook's text with its formulas and links, and
opens a Markdown file as plain source. The start page is ``course/start/start.md``, a cell that
shows the map of the course, and plain links for where the map is not to be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat

from cnnlab.course.build.navigation import START, titles
from cnnlab.course.build.released import note
from cnnlab.course.build.source import METADATA, to_bytes


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
    return _notebook(
        _prose(f"section-{place}", section) for place, section in enumerate(filter(None, sections))
    )


def start_page(text: str, titles: Mapping[str, str]) -> bytes:
    """The start page as the bytes of its notebook.

    Parameters
    ----------
    text : str
        Markdown, its beginning.
    titles : Mapping of str to str
        Chapter → title.
    """
    chapters = "\n".join(f"- [{title}]({name}/{name}.ipynb)" for name, title in titles.items())
    shows: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "start-map",
        "metadata": {"cnnlab": {"role": "map"}, "jupyter": {"source_hidden": True}},
        "outputs": [],
        "source": "from cnnlab.course.start import overview\n\noverview()",
    }
    links = (
        "[Glossary](pages/glossary.ipynb) · [Formula sheet](pages/formulas.ipynb)\n\n<details>"
        f"<summary>All chapters as plain links</summary>\n\n{chapters}\n\n</details>"
    )
    return _notebook([_prose("start-title", text.strip()), shows, _prose("start-links", links)])


def _prose(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _notebook(cells: Iterable[dict[str, Any]]) -> bytes:
    notebook = nbformat.from_dict(
        {"cells": list(cells), "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    )
    note(notebook)
    nbformat.validate(notebook)
    return to_bytes(notebook)


def pages(root: Path) -> dict[str, bytes]:
    """Every page under this root: where it goes, and the bytes of its notebook."""
    course = root / "course"
    found = sorted((course / "pages").glob("*.md"))
    built = {page_path(source.stem): page(source.read_text("utf-8")) for source in found}
    if (start := course / "start" / "start.md").exists():
        names = sorted(path.stem for path in (course / "chapters").glob("ch[0-9][0-9]_*.py"))
        text = start.read_text("utf-8")
        built[f"exercises/{START}"] = start_page(text, titles(root, names))
    return built
