"""The root of an nbgrader course: sources, settings, and a page that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cnnlab.autograder.judging.exercise import chapter_names, find_chapter, load_chapter
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.submission.assignment import SOURCE, read_assignment
from cnnlab.course.build.assignment import notebook
from cnnlab.course.build.points import Points
from cnnlab.course.build.source import to_bytes

TEMPLATES = Path(__file__).parent / "templates"
CONFIG, README = "nbgrader_config.py", "README.md"


def choose(
    chapters: Sequence[str], exercises: Sequence[str], points: Points, assignment: str | None = None
) -> dict[str, tuple[Asked, ...]]:
    """What each assignment asks for, by its name.

    Parameters
    ----------
    chapters : sequence of str
        Names or their beginnings; all chapters where there are none.
    exercises : sequence of str
        ``ch01::relu``, or ``relu`` where one of the chapters has it; all where there are none.
    points : Points
    assignment : str, optional
        The name of one assignment with all of them; else each chapter is one.

    Raises
    ------
    ValueError
        There is no such chapter or exercise, or several have the name.
    """
    names = [find_chapter(each) for each in chapters] or _named_in(exercises) or chapter_names()
    places = [(name, e.name) for name in dict.fromkeys(names) for e in load_chapter(name).exercises]
    if exercises:
        places = list(dict.fromkeys(_place(each, places) for each in exercises))
    found: dict[str, list[Asked]] = {}
    for chapter, exercise in places:
        found.setdefault(assignment or chapter, []).append(points.of(chapter, exercise))
    return {name: tuple(asked) for name, asked in found.items()}


def _named_in(exercises: Sequence[str]) -> list[str]:
    """The chapters that are written with every exercise; none where one is written without."""
    if not all("::" in each for each in exercises):
        return []
    return [find_chapter(each.partition("::")[0]) for each in exercises]


def _place(said: str, places: Sequence[tuple[str, str]]) -> tuple[str, str]:
    chapter, _, exercise = said.rpartition("::")
    found = [p for p in places if p[1] == exercise and p[0].startswith(chapter)]
    if len(found) != 1:
        there = ", ".join(f"{c[:4]}::{e}" for c, e in (found or places))
        raise ValueError(f"exercises must be among {there}. Received: {said!r}")
    return found[0]


@dataclass
class Written:
    """What became of a course's files; paths relative to its root."""

    new: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def write_course(
    root: Path, assignments: Mapping[str, Sequence[Asked]], solutions: bool = True
) -> Written:
    """Write a course, or add assignments to one. What is there stays as it is.

    Raises
    ------
    AssignmentRefused
        Exercises of an assignment cannot stand in one notebook. Nothing is written then.
    OSError
        The folder cannot be written.
    """
    there = [folder.name for folder in (root / SOURCE).glob("*") if folder.is_dir()]
    others = {*there, *assignments}
    files = {
        f"{SOURCE}/{name}/{name}.ipynb": to_bytes(notebook(name, asked, solutions, others))
        for name, asked in assignments.items()
    }
    ours = [name for name in (CONFIG, README) if there and _is_ours(root, name)]
    written = Written()
    for path, data in files.items():
        _write(root, path, data, written)
    for name in ours:
        (root / name).unlink()
    for name in (CONFIG, README):
        _write(root, name, _filled(name, _about(root)).encode(), written)
    return written


def _is_ours(root: Path, name: str) -> bool:
    """Whether a file is still as it was written for the assignments that are there."""
    path = root / name
    return path.is_file() and path.read_text(encoding="utf-8") == _filled(name, _about(root))


def _write(root: Path, path: str, data: bytes, written: Written) -> None:
    target = root / path
    if target.exists():
        written.kept.append(path)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.write_bytes(data)
    except OSError:
        target.unlink(missing_ok=True)  # half a file would be kept, as one that was there
        raise
    written.new.append(path)


def _filled(name: str, about: Mapping[str, object]) -> str:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return templates.get_template(f"{name}.j2").render(about)


def _about(root: Path) -> dict[str, object]:
    """What the course's page and settings say of its assignments."""
    found = [
        (path.parent.name, asked)
        for path in sorted((root / SOURCE).glob("*/*.ipynb"))
        if (asked := read_assignment(path))
    ]
    chapters = dict.fromkeys(each.chapter for _, asked in found for each in asked.asked)
    light = [chapter[:4] for chapter in chapters if not load_chapter(chapter).keras]
    return {
        "course": root.resolve().name,
        "version": version("cnnlab"),
        "assignments": [name for name, _ in found],
        "notebooks": [asked.name for _, asked in found],
        "table": [(name, ", ".join(each.name for each in asked.asked)) for name, asked in found],
        "light": "this course"
        if len(light) == len(chapters)
        else ", ".join(light) or "nothing here",
    }
