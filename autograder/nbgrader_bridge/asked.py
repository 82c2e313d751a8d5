"""What a notebook asks for, in nbgrader's words: its grade cells, and which exercises they are.

Points are those that nbgrader's database has. Which chapter an exercise belongs to, and the share
of the rung "robust", are in the course's source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter

from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError, KnownCell, checks_of
from cnnlab.autograder.submission.assignment import (
    Assignment,
    AssignmentError,
    chapters_with,
    read_assignment,
)


def asked_for(
    exporter: Exporter, about: Mapping[str, Any], cells: Mapping[str, KnownCell]
) -> tuple[Assignment | None, list[KnownCell]]:
    """As `asked_in`, of what nbgrader tells its preprocessors: ``notebook``, ``assignment``."""
    return asked_in(source_of(exporter, about), about["notebook"], cells)


def asked_in(
    source: Path | None, notebook: str, cells: Mapping[str, KnownCell]
) -> tuple[Assignment | None, list[KnownCell]]:
    """What a notebook asks for, and the grade cells that the judge fills in.

    Parameters
    ----------
    source : Path or None
        The instructor's notebook in the course's source folder, where there is one.
    notebook : str
        Its name.
    cells : mapping
        What nbgrader's database knows of it.

    Raises
    ------
    JudgeError
        It is not clear which chapter an exercise belongs to, or the source has changed since the
        assignment was generated.
    """
    checks = {cell.exercise: cell for cell in cells.values() if cell.exercise}
    if not checks:
        return None, []
    known = _in_source(source)
    if not known:
        chapter, found = checks_of(notebook, cells)
        known = {str(c.exercise): Asked(chapter.name, str(c.exercise), 0) for c in found if chapter}
    elif gone := [name for name in checks if name not in known and chapters_with(str(name))]:
        assignment = source.parent.name if source else notebook
        raise JudgeError(
            f"The gradebook has {gone[0]} in {notebook}.ipynb, and the source has it no more. "
            f"Run `nbgrader generate_assignment {assignment} --force`, or put it back."
        )
    ours = {known[name]: cell for name, cell in checks.items() if name in known}
    if not ours:
        return None, []
    asked = (replace(each, points=round(cell.points or 0.0, 2)) for each, cell in ours.items())
    return Assignment(notebook, tuple(asked)), list(ours.values())


def _in_source(source: Path | None) -> dict[str, Asked]:
    try:
        said = read_assignment(source) if source else None
    except AssignmentError as error:
        raise JudgeError(str(error)) from error
    return {each.name: each for each in (said.asked if said else ())}


def source_of(exporter: Exporter, about: Mapping[str, Any]) -> Path | None:
    """The instructor's notebook in the course's source folder; None where there is none."""
    course = getattr(exporter.parent, "coursedir", None)
    if course is None:
        return None
    folder = course.format_path(course.source_directory, ".", about["assignment"])
    path = Path(folder, f"{about['notebook']}.ipynb")
    return path if path.is_file() else None
