"""The links at a chapter's top and end: to the chapter before, the start page, the chapter after.

They are relative, so they hold wherever the folder is, and in whatever is made of the notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

START = "start.ipynb"
"""The start page, in the course folder."""
_TITLE = re.compile(r"^# Chapter (\d+): (.+)$", re.MULTILINE)


def title(name: str, text: str) -> str:
    """A chapter's title as its source begins, or else its name.

    Examples
    --------
    >>> title("ch03_pooling", '# %% [markdown]\\nr\"\"\"\\n# Chapter 3: Pooling\\n')
    'Chapter 3: Pooling'
    """
    found = _TITLE.search(text)
    return found[0].removeprefix("# ") if found else name


def titles(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Chapter → title, read in the chapters' sources."""
    folder = root / "course" / "chapters"
    return {name: title(name, (folder / f"{name}.py").read_text("utf-8")) for name in names}


def links(name: str, names: Sequence[str], titles: dict[str, str]) -> str:
    """A line of Markdown with a chapter's links.

    Examples
    --------
    >>> print(links("ch01_b", ["ch00_a", "ch01_b"], {"ch00_a": "Chapter 0: A"}))
    [← Chapter 0: A](../ch00_a/ch00_a.ipynb) · [Start page](../start.ipynb)
    """
    place = names.index(name)
    said = [f"[Start page](../{START})"]
    if place > 0:
        before = names[place - 1]
        said.insert(0, f"[← {titles[before]}]({_to(before)})")
    if place + 1 < len(names):
        after = names[place + 1]
        said.append(f"[{titles[after]} →]({_to(after)})")
    return " · ".join(said)


def _to(name: str) -> str:
    return f"../{name}/{name}.ipynb"
