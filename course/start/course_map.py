"""The map of the course, as ``course/chapters/map.toml`` has it: parts, minutes, needs, routes."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnnlab.course.build.navigation import titles

COURSE = Path(__file__).parent.parent
WORDS_A_MINUTE = 200
"""How fast people read a text that explains something."""


@dataclass(frozen=True)
class Entry:
    """A chapter on the map.

    Parameters
    ----------
    name, title : str
        ``ch03_pooling``, ``Pooling``.
    about : str
        Half a sentence.
    minutes : int
        To work it through.
    reading : int
        Minutes to read it without its exercises.
    needs : tuple of int
        Numbers of chapters whose ideas it uses.
    """

    name: str
    title: str
    about: str
    minutes: int
    reading: int
    needs: tuple[int, ...]

    @property
    def number(self) -> int:
        return int(self.name[2:4])

    @property
    def path(self) -> str:
        """Of its notebook, from the start page."""
        return f"{self.name}/{self.name}.ipynb"


@dataclass(frozen=True)
class Route:
    """Chapters to work through and chapters to read; ``minutes`` is what both take together."""

    title: str
    about: str
    work: tuple[int, ...]
    read: tuple[int, ...]
    minutes: int


@dataclass(frozen=True)
class CourseMap:
    """Parts (title and chapters) and routes, in the order of the course."""

    parts: tuple[tuple[str, tuple[Entry, ...]], ...]
    routes: tuple[Route, ...]

    @property
    def chapters(self) -> dict[int, Entry]:
        """Number → chapter."""
        return {entry.number: entry for _, entries in self.parts for entry in entries}


@cache
def course_map(course: Path = COURSE) -> CourseMap:
    """The map of the course whose folder ``course`` is.

    Examples
    --------
    >>> course_map().chapters[3].title
    'Pooling'
    """
    text = (course / "chapters" / "map.toml").read_text("utf-8")
    said = tomllib.loads(text)
    parts = tuple(
        (part["title"], tuple(_entry(course, *pair) for pair in part["chapters"].items()))
        for part in said["part"]
    )
    entries = {entry.number: entry for _, some in parts for entry in some}
    routes = []
    for route in said["route"]:
        minutes = sum(entries[n].minutes for n in route["work"])
        minutes += sum(entries[n].reading for n in route["read"])
        work, read = tuple(route["work"]), tuple(route["read"])
        routes.append(Route(route["title"], route["about"], work, read, minutes))
    return CourseMap(parts, tuple(routes))


def _entry(course: Path, name: str, said: dict[str, object]) -> Entry:
    text = (course / "chapters" / f"{name}.py").read_text("utf-8")
    title = titles(course.parent, [name])[name].partition(": ")[2]
    needs = said["needs"]
    assert isinstance(needs, list)
    reading = max(5, 5 * round(len(prose(text).split()) / WORDS_A_MINUTE / 5))
    return Entry(name, title, str(said["about"]), int(str(said["minutes"])), reading, tuple(needs))


def prose(source: str) -> str:
    """The text of a chapter's source, without its code.

    Examples
    --------
    >>> prose('# %% [markdown]\\nr\"\"\"\\nSome words\\n\"\"\"\\n\\n# %%\\n1 + 1\\n')
    'Some words'
    """
    cells = re.split(r"^# %%", source, flags=re.MULTILINE)
    texts = (cell.partition("\n")[2] for cell in cells if cell.startswith(" [markdown]"))
    return "\n".join(re.sub(r'^r?"""\n|"""\s*$', "", text.strip() + "\n").strip() for text in texts)


def in_words(minutes: int) -> str:
    """A time as people say it.

    Examples
    --------
    >>> in_words(90), in_words(30), in_words(455)
    ('1½ h', '30 min', '7½ h')
    """
    halves = round(minutes / 30)
    if halves < 2:
        return f"{minutes} min"
    return f"{halves // 2}{'½' if halves % 2 else ''} h"
