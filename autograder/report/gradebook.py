"""Grade books: tables of our own, and the tables of Canvas and Moodle with points filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnnlab.autograder.display import marks
from cnnlab.autograder.display.message import headline
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.report.classbook import ClassBook, Latest, exercise_of, exercises, title

Row = list[Any]
POINTS_POSSIBLE = "Points Possible"
"""Begins the row of Canvas's table that says what each assignment is worth."""
CANVAS = ("ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account")
"""Columns by which Canvas knows a student."""
CANVAS_NAMES = (("Student",), ("LastName", "FirstName"))
"""The columns that come before them, as the grade book's settings want it."""
EXCUSED = "EX"
MOODLE = ("Identifier", "Username", "ID number", "Email address")
GRADE, MAXIMUM, COMMENTS = "Grade", "Maximum grade", "Feedback comments"
"""Columns of Moodle's grading worksheet that are filled in or read."""
CHANGED, CHANGEABLE, SCALE = "Last modified (grade)", "Grade can be changed", "Scale"
"""Further columns there: Moodle demands the first; "No" in the second means a locked grade."""


@dataclass
class Filled:
    """A table with points filled in.

    Parameters
    ----------
    rows : list of list
        The header first.
    filled : int
        Students who got their points.
    notes : list of str
        Sentences: who could not be found, and what else to know.
    """

    rows: list[Row] = field(default_factory=list)
    filled: int = 0
    notes: list[str] = field(default_factory=list)


# Our own


def by_student(book: ClassBook) -> Iterator[Row]:
    """A header, then one row for each student: points by chapter, and their sum."""
    yield ["student", *book.chapters, "points", "of"]
    for learner in book.learners:
        found = [book.latest.get((learner.key, chapter)) for chapter in book.chapters]
        results = [latest.result for latest in found if latest]
        points = [latest.result.score if latest else "" for latest in found]
        sums = sum(r.score for r in results), sum(r.max_score for r in results)
        yield [learner.name, *points, *(round(total, 2) for total in sums)]


def by_exercise(book: ClassBook) -> Iterator[Row]:
    """A header, then one row for each student and exercise."""
    yield ["student", "chapter", "exercise", "status", "points", "of", "diagnosis"]
    for chapter in book.chapters:
        results = book.of_chapter(chapter)
        names = exercises(latest.result for latest in results)
        for latest in results:
            for name in names:
                found = exercise_of(latest.result, name)
                said = [found.status, found.score, found.max_score] if found else ["", 0.0, ""]
                diagnosis = " ".join(found.diagnosis) if found else latest.result.status
                yield [latest.learner.name, chapter, name, *said, diagnosis]


# Canvas and Moodle


def fill_canvas(
    table: Sequence[Sequence[str]], book: ClassBook, chapter: str, column: str
) -> Filled:
    """Canvas's exported grade book, with a chapter's points in one column.

    Only what Canvas needs to know a student is kept, and the column. Where the column is worth
    other points than the chapter, the points are scaled. Who is excused stays excused.

    Parameters
    ----------
    table : sequence of sequence of str
        As Canvas exported it.
    column : str
        The assignment's name in Canvas, with or without its number in brackets.

    Raises
    ------
    ValueError
        It is no grade book that Canvas would take, or the column is not in it.
    """
    head = _head(table)
    names = next((n for n in CANVAS_NAMES if head[: len(n) + 1] == [*n, "ID"]), None)
    if names is None or "Section" not in head:
        raise ValueError(
            "This is no grade book of Canvas: it does not begin with the columns Student (or "
            "LastName and FirstName) and ID, or has no Section."
        )
    place = _canvas_column(head, column)
    kept = [i for i, name in enumerate(head) if name in (*names, *CANVAS, "Section")] + [place]
    worth, result, excused = None, Filled([[head[i] for i in kept]]), []
    students = _Students(book, chapter)
    for row in table[1:]:
        cells = [*row, *[""] * (len(head) - len(row))]
        about = [cells[head.index(name)] for name in CANVAS if name in head]
        if cells[0].strip().startswith(POINTS_POSSIBLE):
            worth = _number(cells[place])
        elif any(c.strip() for c in [cells[0], *about]) and (latest := students.take(about)):
            if cells[place].strip().upper() == EXCUSED:
                excused.append(latest.learner.name)
            else:
                cells[place] = f"{_scaled(latest.result, worth):g}"
                result.filled += 1
        result.rows.append([cells[i] for i in kept])
    result.notes = [*students.notes(), *_scaling(students.results, worth)]
    if excused:
        result.notes.append(f"Excused there, and left so: {', '.join(excused)}.")
    return result


def fill_moodle(
    table: Sequence[Sequence[str]], book: ClassBook, chapter: str, comments: bool = True
) -> Filled:
    """Moodle's grading worksheet, with a chapter's points and, if asked for, comments.

    Raises
    ------
    ValueError
        It is no grading worksheet that Moodle would take points from.
    """
    head = _head(table)
    columns = {name.casefold(): i for i, name in enumerate(head)}
    if missing := [n for n in (MOODLE[0], GRADE, CHANGED) if n.casefold() not in columns]:
        raise ValueError(f"This is no grading worksheet of Moodle: it lacks {', '.join(missing)}.")
    if SCALE.casefold() in columns:
        raise ValueError(
            "This assignment is graded by a scale, which has words in the place of points. In "
            "its settings in Moodle, under Grade, choose the type Point."
        )
    result, students = Filled([head]), _Students(book, chapter)
    worth, locked = None, []
    for row in table[1:]:
        cells = [*row, *[""] * (len(head) - len(row))]
        said = {name: cells[i] for name, i in columns.items()}
        names = [said[name.casefold()] for name in MOODLE if name.casefold() in columns]
        latest = students.take([re.sub(r"^Participant\s+", "", name) for name in names])
        if latest:
            worth = _number(said.get(MAXIMUM.casefold(), ""))
            if said.get(CHANGEABLE.casefold(), "").strip().casefold() == "no":
                locked.append(latest.learner.name)
            cells[columns[GRADE.casefold()]] = f"{_scaled(latest.result, worth):g}"
            if comments and COMMENTS.casefold() in columns:
                cells[columns[COMMENTS.casefold()]] = comment(latest.result)
            result.filled += 1
        result.rows.append(cells)
    result.notes = [*students.notes(), *_scaling(students.results, worth)]
    if locked:
        result.notes.append(f"Locked there, so Moodle will not take them: {', '.join(locked)}.")
    return result


def _head(table: Sequence[Sequence[str]]) -> list[str]:
    return [cell.strip().lstrip("\ufeff") for cell in table[0]] if table else []


def comment(result: SubmissionResult) -> str:
    """What is said of each exercise that does not pass, as HTML, which Moodle keeps."""
    said = [result.message, *result.warnings]
    said += [
        "\n".join(filter(None, [headline(e), e.message, e.hint and f"Hint: {e.hint}"]))
        for e in result.exercises
        if not e.passed
    ]
    paragraphs = [marks.html(text).replace("\n", "<br>") for text in filter(None, said)]
    return "".join(f"<p>{text}</p>" for text in paragraphs) or "<p>Everything passes.</p>"


class _Students:
    """A chapter's results, looked up by what a table says of a student."""

    def __init__(self, book: ClassBook, chapter: str) -> None:
        self.results = book.of_chapter(chapter)
        self._by_name: dict[str, list[Latest]] = {}
        for latest in self.results:
            for name in _names(latest.learner.key):
                self._by_name.setdefault(name, []).append(latest)
        self._taken: dict[str, int] = {}
        self._twice: list[str] = []

    def take(self, names: Sequence[str]) -> Latest | None:
        """The best result of whoever has one of these names."""
        wanted = {name.strip().casefold() for name in names} - {""}
        found = {
            latest.learner.key: latest
            for name in sorted(wanted)
            for latest in self._by_name.get(name, [])
        }
        for key in found:
            self._taken[key] = self._taken.get(key, 0) + 1
        if len(found) > 1:
            self._twice.append(
                f"{' and '.join(sorted(found))} are one student: the better result counts."
            )
        return max(found.values(), key=lambda latest: latest.result.score, default=None)

    def notes(self) -> list[str]:
        """Who is not in the table, and who is there more than once."""
        names = [latest.learner.name for latest in self.results]
        missing = [n for n, latest in zip(names, self.results, strict=True)
                   if latest.learner.key not in self._taken]  # fmt: skip
        said = list(self._twice)
        if missing:
            said.append(f"Not in the table, so without points there: {', '.join(missing)}.")
        several = [key for key, count in self._taken.items() if count > 1]
        if several:
            said.append(f"In several rows, please check: {', '.join(several)}.")
        return said


def _names(key: str) -> set[str]:
    """What a learner may be called: the key, and the number that a download put at its end.

    Examples
    --------
    >>> sorted(_names("lovelaceada_3143"))
    ['3143', 'lovelaceada_3143']
    """
    number = re.search(r"_(\d+)$", key)
    return {key.casefold(), *([number[1]] if number else [])}


def _canvas_column(head: list[str], column: str) -> int:
    """The place of an assignment, whose number in brackets may be left out."""
    wanted = column.strip().casefold()
    numbered = {i: name for i, name in enumerate(head) if re.search(r"\(\d+\)$", name)}
    names = {i: re.sub(r"\s*\(\d+\)$", "", name).casefold() for i, name in numbered.items()}
    found = [i for i, name in numbered.items() if wanted in (name.casefold(), names[i])]
    if len(found) != 1:
        there = ", ".join(numbered.values()) or "none"
        raise ValueError(f"column must be one of the assignments: {there}. Received: {column!r}")
    return found[0]


def _scaled(result: SubmissionResult, worth: float | None) -> float:
    if not worth or not result.max_score:
        return result.score
    return round(result.score / result.max_score * worth, 2)


def _scaling(results: Sequence[Latest], worth: float | None) -> list[str]:
    most = max((latest.result.max_score for latest in results), default=0.0)
    if not worth or worth == most:
        return []
    return [f"The assignment is worth {worth:g} points there and {most:g} here: they are scaled."]


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def chapter_in(book: ClassBook, wanted: str | None) -> str:
    """The chapter that is meant; none needs to be named where there is only one.

    Raises
    ------
    ValueError
        It is not clear which one; the message lists them.
    """
    found = [c for c in book.chapters if wanted is None or c.startswith(wanted)]
    if len(found) != 1:
        there = ", ".join(f"{chapter} ({title(chapter)})" for chapter in book.chapters) or "none"
        wrong = f" Received: {wanted!r}" if wanted else ""
        raise ValueError(f"--chapter must be one of {there}.{wrong}")
    return found[0]
