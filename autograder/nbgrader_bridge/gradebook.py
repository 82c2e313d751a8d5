"""What nbgrader's database knows of an assignment, where learners can change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, Notebook

from cnnlab.autograder.judging.exercise import Chapter, chapter_names, load_chapter
from cnnlab.autograder.submission.assignment import asked_by


class JudgeError(RuntimeError):
    """A notebook was not graded, through no fault of its author; nothing is recorded for it."""


@dataclass(frozen=True)
class KnownCell:
    """A cell that nbgrader knows, as it was when the assignment was generated.

    Parameters
    ----------
    name : str
        Its ``grade_id``.
    kind : str
        ``"code"`` or ``"markdown"``.
    points : float or None
        None where it is worth nothing.
    """

    name: str
    kind: str
    source: str
    checksum: str
    locked: bool
    grade: bool = False
    solution: bool = False
    task: bool = False
    points: float | None = None

    @property
    def automatic(self) -> bool:
        """Whether nbgrader reads its score from its outputs."""
        return self.grade and not self.solution and self.kind == "code"

    @property
    def shows_something(self) -> bool:
        """Whether its grade needs what it, or a cell before it, shows: only a text does not."""
        return self.task or (self.grade and self.kind == "code")

    @property
    def exercise(self) -> str | None:
        """The exercise whose check this is; None for every other cell."""
        return asked_by(self.name, self.source) if self.automatic else None

    @property
    def metadata(self) -> dict[str, Any]:
        """What stands under ``nbgrader`` in the cell's metadata."""
        found = {
            "cell_type": self.kind,
            "checksum": self.checksum,
            "grade": self.grade,
            "grade_id": self.name,
            "locked": self.locked,
            "points": self.points,
            "schema_version": 3,
            "solution": self.solution,
            "task": self.task,
        }
        return {key: value for key, value in found.items() if value is not None}


def known_cells(about: Mapping[str, str]) -> dict[str, KnownCell]:
    """The cells that nbgrader knows in a notebook, by name, in their order; none if it knows none.

    Parameters
    ----------
    about : mapping
        What nbgrader tells its preprocessors: ``notebook``, ``assignment``, ``db_url``.
    """
    with Gradebook(about["db_url"]) as gradebook:
        try:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
        except MissingEntry:
            return {}
        return cells_in(notebook)


def notebooks_of(about: Mapping[str, str]) -> list[str]:
    """The names of the notebooks of an assignment; none if nbgrader does not know it."""
    with Gradebook(about["db_url"]) as gradebook:
        try:
            return [each.name for each in gradebook.find_assignment(about["assignment"]).notebooks]
        except MissingEntry:
            return []


def cells_in(notebook: Notebook) -> dict[str, KnownCell]:
    """The cells of a notebook in nbgrader's database, by name, in their order."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    return {
        cell.name: KnownCell(
            cell.name,
            cell.cell_type,
            cell.source or "",
            cell.checksum,
            cell.locked,
            grade=cell.name in points,
            solution=cell.name in solutions,
            task=cell.name in tasks,
            points=(points | tasks).get(cell.name),
        )
        for cell in notebook.source_cells
    }


def checks_of(
    notebook: str, cells: Mapping[str, KnownCell]
) -> tuple[Chapter | None, list[KnownCell]]:
    """The chapter that a notebook belongs to, and its grade cells that the judge fills in.

    Raises
    ------
    JudgeError
        Several chapters have these exercises.
    """
    checks = {cell.exercise: cell for cell in cells.values() if cell.exercise}
    chapter = chapter_of(notebook, set(checks))
    names = {exercise.name for exercise in chapter.exercises} if chapter else set()
    return chapter, [cell for exercise, cell in checks.items() if exercise in names]


def chapter_of(notebook: str, exercises: set[str]) -> Chapter | None:
    """The chapter that a notebook's grade cells belong to, None if to none.

    Parameters
    ----------
    notebook : str
        Its name; that of the chapter, unless the instructor renamed it.
    exercises : set of str
        What its grade cells ask for.

    Raises
    ------
    JudgeError
        Several chapters have these exercises.
    """
    chapters = [load_chapter(name) for name in chapter_names()] if exercises else []
    asked = {c.name: {e.name for e in c.exercises} & exercises for c in chapters}
    found = [c for c in chapters if asked[c.name] and c.name == notebook]
    found = found or [c for c in chapters if asked[c.name] and asked[c.name] == exercises]
    if len(found) > 1:
        names = ", ".join(chapter.name for chapter in found)
        raise JudgeError(f"{notebook}.ipynb may be {names}: name it after its chapter.")
    return found[0] if found else None
