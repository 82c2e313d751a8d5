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
from cnnlab.course.cli.terminal import console, fail, visible

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
    target: Target = Path("grades.csv"),
    exercises: Annotated[
        bool, typer.Option("--exercises", help="One row for each student and exercise.")
    ] = False,
) -> None:
    """Write a table with one row for each student.

    Examples:

      cnnlab export csv results.json -o grades.csv

      cnnlab export csv results.json -o exercises.csv --exercises
    """
    from cnnlab.autograder.report.gradebook import by_exercise, by_student

    book = book_of(results)
    rows = by_exercise(book) if exercises else by_student(book)
    _write(target, ([defused(cell) for cell in row] for row in rows), SPREADSHEET)
    console.print(visible(f"{len(book.learners)} students: {target}"), markup=False)


@export.command()
def canvas(
    results: Results,
    table: Annotated[Path, typer.Option(help="The grade book that Canvas exported.")],
    column: Annotated[str, typer.Option(help="The assignment's name there.")],
    target: Target = Path("canvas.csv"),
    chapter: ChapterName = None,
) -> None:
    """Fill points into Canvas's grade book, to be imported there.

    In Canvas, first: Grades, Export. Students are found by ID, SIS ID or login.

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
    _report(target, filled, "utf-8")


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

    In Moodle, first: the assignment, View all submissions, Download grading worksheet.

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
    _report(target, filled, "utf-8")


@export.command()
def gradescope(
    results: Annotated[Path, typer.Argument(help="What `cnnlab grade --json` wrote.")],
    target: Target = Path("results.json"),
) -> None:
    """Write Gradescope's results.json for one student's submission.

    The zip of `cnnlab export autograder` runs this on Gradescope.

    Examples:

      cnnlab export gradescope results.json -o results/results.json
    """
    from cnnlab.autograder.judging.results import from_json
    from cnnlab.autograder.report.gradescope import gradescope_results

    try:
        said = gradescope_results(from_json(results.read_text(encoding="utf-8")).submissions)
        write_whole(target, [json.dumps(said, indent=1, ensure_ascii=False) + "\n"], "utf-8")
    except ValueError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"The results could not be written: {error}") from None


@export.command()
def autograder(
    chapter: Annotated[str, typer.Argument(help="The chapter to grade, such as ch01.")],
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
) -> None:
    """Write the zip with which Gradescope grades a chapter.

    On Gradescope, upload it as the assignment's autograder, and test it with one submission.

    Examples:

      uv build --wheel

      cnnlab export autograder ch01 --wheel dist/cnnlab-0.2.0-py3-none-any.whl
    """
    from cnnlab.autograder.judging.exercise import find_chapter
    from cnnlab.autograder.report.gradescope import write_autograder

    try:
        write_autograder(target, find_chapter(chapter), wheel, fresh, sandbox)
    except ValueError as error:
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


def _report(target: Path, filled: Filled, encoding: str) -> None:
    _write(target, filled.rows, encoding)
    for note in filled.notes:
        console.print(visible(note), markup=False)
    console.print(visible(f"{filled.filled} students have points: {target}"), markup=False)
