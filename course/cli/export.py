"""``cnnlab export``: grades for other systems."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.course.cli.grade import defused, write_whole
from cnnlab.course.cli.report import Results, book_of
from cnnlab.course.cli.terminal import console, counted, fail, visible

if TYPE_CHECKING:
    from cnnlab.autograder.report.gradebook import Filled

export = typer.Typer(
    help="Write grades for a spreadsheet, Canvas, Moodle or Gradescope.",
    no_args_is_help=True,
)

Target = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]
ChapterName = Annotated[
    str | None, typer.Option(help="Whose points are meant, such as ch01, if there are several.")
]
SPREADSHEET = "utf-8-sig"
"""With its mark at the beginning, spreadsheets know that it is UTF-8."""


@export.command("csv")
def as_csv(
    results: Results,
    target: Target = Path("points.csv"),
    exercises: Annotated[
        bool, typer.Option("--exercises", help="One row for each student and exercise.")
    ] = False,
) -> None:
    """Write a table with one row for each student.

    Moodle's grade book takes it: Grades, Import, CSV file, where student is mapped to what your
    students' folders are called by, such as the email address.

    The table of `nbgrader export` is called grades.csv, so this one is not.

    Examples:

      cnnlab export csv results.json -o points.csv

      cnnlab export csv results.json -o exercises.csv --exercises
    """
    from cnnlab.autograder.report.gradebook import by_exercise, by_student

    book = book_of(results)
    rows = by_exercise(book) if exercises else by_student(book)
    _write(target, ([defused(cell) for cell in row] for row in rows), SPREADSHEET)
    console.print(visible(f"{counted(len(book.learners), 'student')}: {target}"), markup=False)


@export.command()
def canvas(
    results: Results,
    table: Annotated[Path, typer.Option(help="The grade book that Canvas exported.")],
    column: Annotated[str, typer.Option(help="The assignment's name there.")],
    target: Target = Path("canvas.csv"),
    chapter: ChapterName = None,
) -> None:
    """Fill points into Canvas's grade book, to be imported there.

    In Canvas, first: Grades, Export. Students are found by ID, SIS ID or login. Who is excused
    there stays so.

    Who was collected from a download of Canvas is found by its number.

    Examples:

      cnnlab export canvas results.json --table export.csv --column "Chapter 1" -o import.csv
    """
    from cnnlab.autograder.report.gradebook import chapter_in, fill_canvas

    book = book_of(results)
    try:
        filled = fill_canvas(_table(table), book, chapter_in(book, chapter), column)
    except ValueError as error:
        raise fail(str(error), 2) from None
    _report(target, table, filled)


@export.command()
def moodle(
    results: Results,
    table: Annotated[Path, typer.Option(help="The grading worksheet that Moodle exported.")],
    target: Target = Path("moodle.csv"),
    chapter: ChapterName = None,
    comments: Annotated[
        bool, typer.Option("--comments/--no-comments", help="Fill in feedback comments, too.")
    ] = True,
) -> None:
    """Fill points and comments into Moodle's grading worksheet, to be uploaded there.

    In Moodle, first: the assignment's settings, Feedback types, Offline grading worksheet; then
    View all submissions, Download grading worksheet. Upload it there with a comma as separator.

    Students are found by identifier, user name, ID number or email address.

    Examples:

      cnnlab export moodle results.json --table worksheet.csv -o upload.csv
    """
    from cnnlab.autograder.report.gradebook import chapter_in, fill_moodle

    book = book_of(results)
    try:
        filled = fill_moodle(_table(table), book, chapter_in(book, chapter), comments)
    except ValueError as error:
        raise fail(str(error), 2) from None
    _report(target, table, filled)


Visibility = Annotated[
    str,
    typer.Option(
        help="When students see each exercise's points and messages: visible, after_due_date, "
        "after_published or hidden. Until then Gradescope hides the sum, too."
    ),
]


def demand_visibility(visibility: str) -> None:
    """Refuse what Gradescope does not know."""
    from cnnlab.autograder.report.gradescope import VISIBILITIES

    if visibility not in VISIBILITIES:
        known = ", ".join(VISIBILITIES)
        raise fail(f"--visibility must be one of {known}. Received: {visibility!r}", 2)


@export.command()
def gradescope(
    results: Annotated[Path, typer.Argument(help="What `cnnlab grade --json` wrote.")],
    target: Target = Path("results.json"),
    visibility: Visibility = "visible",
    student: Annotated[
        str | None, typer.Option(help="Who is meant, if the results are of several students.")
    ] = None,
    chapter: ChapterName = None,
    together: Annotated[
        bool,
        typer.Option(
            "--one-student",
            help="All files are one student's, whatever they are called: the best one counts, and "
            "the student is told so.",
        ),
    ] = False,
) -> None:
    """Write Gradescope's results.json for one student's submission.

    The zip of `cnnlab export autograder` runs this on Gradescope.

    Examples:

      cnnlab export gradescope results.json --student ada -o ada.json
    """
    from cnnlab.autograder.judging.results import from_json
    from cnnlab.autograder.report.gradescope import (
        gradescope_results,
        of_one_chapter,
        of_one_student,
    )

    demand_visibility(visibility)
    if target.exists() and results.exists() and target.samefile(results):
        raise fail(f"--output must not be {results} itself: a class's results would be lost.", 2)
    try:
        batch = from_json(results.read_text(encoding="utf-8"))
        found = (
            of_one_chapter(batch.submissions, chapter)
            if together
            else of_one_student(batch, student, chapter)
        )
        said = gradescope_results(found, visibility)
        write_whole(target, [json.dumps(said, indent=1, ensure_ascii=False) + "\n"], "utf-8")
    except ValueError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"The results could not be written: {error}") from None


@export.command()
def autograder(
    assigned: Annotated[
        str,
        typer.Argument(
            metavar="CHAPTER",
            help="The chapter to grade, such as ch01; or an assignment's notebook in your course's "
            "source/: then its exercises and points count.",
        ),
    ],
    wheel: Annotated[Path, typer.Option(help="CNN Lab; `uv build --wheel` writes it to dist/.")],
    target: Target = Path("autograder.zip"),
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh/--recorded",
            help="New probes for each submission, answered by Keras; or the recorded ones, which "
            "are public, with a smaller image.",
        ),
    ] = True,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox/--no-sandbox",
            help="Without: where Gradescope's container allows no sandbox. Learner code can then "
            "read and write what the grading reads and writes there.",
        ),
    ] = True,
    visibility: Visibility = "visible",
) -> None:
    """Write the zip with which Gradescope grades a chapter or an assignment.

    On Gradescope, upload it as the assignment's autograder, and test it with one submission.

    Examples:

      uv build --wheel

      cnnlab export autograder ch01 --wheel dist/cnnlab-0.2.0-py3-none-any.whl

      cnnlab export autograder source/homework1/homework1.ipynb --wheel dist/cnnlab-….whl
    """
    from cnnlab.autograder.report.gradescope import Assigned, Autograder, write_autograder
    from cnnlab.autograder.submission.assignment import AssignmentError

    demand_visibility(visibility)
    notebook = Path(assigned) if assigned.endswith(".ipynb") else None
    try:
        what = Assigned.assignment(notebook) if notebook else Assigned.chapter(assigned)
        write_autograder(target, what, wheel, Autograder(fresh, sandbox, visibility))
    except (ValueError, AssignmentError) as error:
        raise fail(str(error), 2) from None
    except OSError as error:
        raise fail(f"The zip could not be written: {error}") from None
    console.print(visible(f"Upload this to Gradescope: {target}"), markup=False)


def _table(path: Path) -> list[list[str]]:
    """A table that another system wrote; in some countries its columns are parted by ;."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise fail(f"{path} cannot be read as a table: {error}", 2) from None


def _write(target: Path, rows: Iterable[Iterable[Any]], encoding: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    try:
        write_whole(target, [text.getvalue()], encoding)
    except OSError as error:
        raise fail(f"The table could not be written: {error}") from None


def _report(target: Path, table: Path, filled: Filled) -> None:
    """Write a filled table beside the one that was exported, and say how many have points."""
    if target.exists() and target.samefile(table):
        raise fail(f"--output must not be {table} itself: choose another name.", 2)
    for note in filled.notes:
        console.print(visible(note), markup=False)
    if not filled.filled:
        how = "The command's --help says in which columns students are looked for."
        raise fail(f"Nobody of these results is in {table}, so nothing was written. {how}")
    _write(target, filled.rows, "utf-8")
    console.print(
        visible(f"{counted(filled.filled, 'student')} with points: {target}"), markup=False
    )
