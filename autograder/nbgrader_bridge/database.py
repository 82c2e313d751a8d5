"""nbgrader's database, written to directly: one submission, one transaction.

What is written, and what is kept, is what nbgrader's own autograding writes and keeps: automatic
scores and comments are new; manual scores, extra credit, manual comments and flags stay.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from traitlets.config import Config

from cnnlab.autograder.submission.cells import Unreadable, read_bytes

TRIES = 6
"""How often a transaction is tried where the database is locked, or away for a moment."""


MAX_TIMESTAMP = 200
"""Characters; dateutil takes long for long nonsense."""
_FILE_AS_ZONE = re.compile(r"\.\.|\s[:/]")
"""A time zone that is the path of a file, which dateutil would open."""


class DatabaseError(RuntimeError):
    """The gradebook cannot be used; the message says why."""


def url_of(given: str) -> str:
    """A database's URL, from that or from the name of an SQLite file.

    Examples
    --------
    >>> url_of("postgresql://teacher@host/course")
    'postgresql+psycopg://teacher@host/course'

    Raises
    ------
    DatabaseError
        It is no URL, or the SQLite file does not exist: nbgrader makes it.
    """
    url = given if "://" in given else f"sqlite:///{Path(given).absolute()}"
    try:
        known = make_url(url)
    except (ArgumentError, ValueError) as error:  # the latter of a port that is no number
        raise DatabaseError(f"{given} is no database: {error}") from None
    if known.get_backend_name() == "sqlite" and not Path(known.database or "").is_file():
        raise DatabaseError(
            f"There is no gradebook in {known.database or given}. "
            "`nbgrader generate_assignment` makes it."
        )
    if known.drivername == "postgresql":
        known = known.set(drivername="postgresql+psycopg")
    return known.render_as_string(hide_password=False)


def opened(url: str) -> Gradebook:
    """The gradebook at this URL.

    Raises
    ------
    DatabaseError
        It cannot be reached, or the package that speaks with such a database is missing.
    """
    try:
        return Gradebook(url)
    except ModuleNotFoundError as error:
        remedy = "For PostgreSQL: pip install 'cnnlab[postgresql]'"
        raise DatabaseError(f"{error.name} is not installed. {remedy}") from None
    except SQLAlchemyError as error:
        raise DatabaseError(_said(error)) from error


@dataclass(frozen=True)
class Graded:
    """A submission with the notebooks that are graded.

    Parameters
    ----------
    notebooks : mapping of str to list of NotebookNode
        The cells of each notebook, with the outputs that hold the scores.
    missing : sequence of str
        The assignment's notebooks that were not handed in under their name. What no file of
        another name holds is worth nothing, as in nbgrader.
    timestamp : datetime or None
        When it was handed in, in UTC, where that is known.
    """

    student: str
    assignment: str
    notebooks: Mapping[str, Sequence[NotebookNode]]
    missing: Sequence[str] = ()
    timestamp: datetime | None = None


@dataclass(frozen=True)
class _Notebook:
    """A notebook of an assignment: its row, and the names of its cells by their rows."""

    name: str
    id: str
    grades: Mapping[str, str]
    comments: Mapping[str, str]

    @classmethod
    def of(cls, row: Notebook) -> _Notebook:
        graded = [*row.grade_cells, *row.task_cells]
        commented = [*row.solution_cells, *row.task_cells]
        return cls(
            row.name, row.id, {c.id: c.name for c in graded}, {c.id: c.name for c in commented}
        )


class Writer:
    """Writes submissions into a gradebook.

    Parameters
    ----------
    gradebook : Gradebook
        Open.
    config : Config
        The course's settings; its rule for late submissions counts.
    """

    def __init__(self, gradebook: Gradebook, config: Config) -> None:
        self._engine = gradebook.engine
        self._ids = {each.name: each.id for each in gradebook.assignments}
        self._notebooks = {
            each.name: [_Notebook.of(row) for row in each.notebooks]
            for each in gradebook.assignments
        }
        late = AssignLatePenalties(config=config)
        late.init_plugin()
        self._late = late.plugin_inst

    def write(self, graded: Graded) -> None:
        """Write a submission, all of it or nothing; twice is as once.

        Raises
        ------
        DatabaseError
            It could not be written.
        """
        for attempt in range(1, TRIES + 1):
            try:
                with Session(self._engine, autoflush=False) as db, db.begin():
                    self._write(db, graded)
                return
            except OperationalError as error:  # locked by formgrader, or the server restarts
                if attempt == TRIES or _is_full(error):
                    raise DatabaseError(_said(error)) from error
                time.sleep(0.25 * 2**attempt)
            except SQLAlchemyError as error:
                raise DatabaseError(_said(error)) from error

    def _write(self, db: Session, graded: Graded) -> None:
        submitted, rows = self._rows(db, graded)
        if graded.timestamp is not None:
            submitted.timestamp = graded.timestamp
        for notebook in self._notebooks[graded.assignment]:
            mine = rows[notebook.id]
            if notebook.name in graded.missing:
                for grade in mine.grades:
                    grade.auto_score, grade.needs_manual_grade = 0, False
            if notebook.name in graded.notebooks:
                _save(mine, notebook, graded.notebooks[notebook.name])
                mine.late_submission_penalty = self._penalty(db, submitted, mine)

    def _rows(
        self, db: Session, graded: Graded
    ) -> tuple[SubmittedAssignment, dict[str, SubmittedNotebook]]:
        """The submission's row, and its notebooks' by the notebook; new ones where need be."""
        if db.get(Student, graded.student) is None:
            db.add(Student(id=graded.student))
            db.flush()
        about = {"assignment_id": self._ids[graded.assignment], "student_id": graded.student}
        submitted = db.scalars(select(SubmittedAssignment).filter_by(**about)).one_or_none()
        if submitted is None:
            db.add(submitted := SubmittedAssignment(**about))
            db.flush()
        found = select(SubmittedNotebook).filter_by(assignment_id=submitted.id)
        rows = {row.notebook_id: row for row in db.scalars(found)}
        for notebook in self._notebooks[graded.assignment]:
            if notebook.id not in rows:
                new = SubmittedNotebook(notebook_id=notebook.id, assignment_id=submitted.id)
                db.add(new)
                rows[notebook.id] = new
        db.flush()
        for notebook in self._notebooks[graded.assignment]:
            mine = rows[notebook.id]
            for kind, there, cells in (
                (Grade, mine.grades, notebook.grades),
                (Comment, mine.comments, notebook.comments),
            ):
                for cell in cells.keys() - {row.cell_id for row in there}:
                    there.append(kind(cell_id=cell))
        return submitted, rows

    def _penalty(
        self, db: Session, submitted: SubmittedAssignment, mine: SubmittedNotebook
    ) -> float | None:
        """What a late notebook loses by the course's rule, as nbgrader counts it."""
        late = submitted.total_seconds_late
        if not late > 0:
            return None
        db.flush()
        for grade in mine.grades:
            db.refresh(grade, ["score"])  # the database computes it
        score = sum(grade.score for grade in mine.grades)
        penalty = self._late.late_submission_penalty(submitted.student_id, score, late)
        return None if penalty is None else min(max(penalty, 0), score)


def _save(mine: SubmittedNotebook, notebook: _Notebook, cells: Sequence[NotebookNode]) -> None:
    """Take scores and comments from a notebook's cells, by nbgrader's own rules."""
    grades = {notebook.grades[row.cell_id]: row for row in mine.grades}
    comments = {notebook.comments[row.cell_id]: row for row in mine.comments}
    for cell in cells:
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id")
        if utils.is_grade(cell) and name in grades:
            grade = grades[name]
            grade.auto_score, _ = utils.determine_grade(cell)
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        if (utils.is_solution(cell) or utils.is_task(cell)) and name in comments:
            untouched = about.get("checksum") == utils.compute_checksum(cell)
            empty = untouched and not utils.is_task(cell)
            comments[name].auto_comment = "No response." if empty else None


def timestamp_in(folder: Path) -> datetime | None:
    """When a folder was handed in, as nbgrader's ``timestamp.txt`` says; None where it does not.

    A student can have written that file, so whatever it is and says, no run ends with it.
    """
    with suppress(Unreadable, UnicodeDecodeError):
        said = read_bytes(str(folder / "timestamp.txt")).decode().strip()
        if said and len(said) <= MAX_TIMESTAMP and not _FILE_AS_ZONE.search(said):
            with suppress(Exception):  # dateutil has one of another kind for each kind of nonsense
                found: datetime = utils.parse_utc(said)
                return found
    return None


def _is_full(error: SQLAlchemyError) -> bool:
    """Whether the database's disk is full, by SQLite's or PostgreSQL's own code: no use to wait."""
    original = getattr(error, "orig", None)
    codes = getattr(original, "sqlite_errorname", None), getattr(original, "sqlstate", None)
    return codes in (("SQLITE_FULL", None), (None, "53100"))


def _said(error: SQLAlchemyError) -> str:
    """What a database says, in its own words, without the statement."""
    original = getattr(error, "orig", None) or error
    advice = " What was there before is unchanged. Make room on its disk." * _is_full(error)
    return f"The gradebook could not be used: {str(original).strip().rstrip('.')}.{advice}"
