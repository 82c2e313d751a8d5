"""``cnnlab report``: what the class understood, as pages to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.course.cli.terminal import console, demand_there, fail, visible

if TYPE_CHECKING:
    from cnnlab.autograder.report.classbook import ClassBook

Results = Annotated[
    list[Path],
    typer.Argument(help="What `cnnlab grade --json` wrote; of several, the oldest first."),
]
Folder = Annotated[
    Path, typer.Option("--output", "-o", help="The report's folder. An old report is replaced.")
]
Names = Annotated[
    bool,
    typer.Option(
        "--names/--no-names",
        help="Without names: the class board alone, to be shown to the class.",
    ),
]


def report(results: Results, folder: Folder = Path("report"), names: Names = True) -> None:
    """Write a feedback page for each learner, and the class board.

    The board shows the class's mistakes by exercise and name, with a case of each.

    It also shows equal wrong answers without a name, and how points are spread.

    Several files of results, the oldest first, show how mistakes went over time.

    A learner's page is one file that names nobody else. It needs no network.

    Examples:

      cnnlab grade submitted/ --json week1.json

      cnnlab report week1.json -o report

      cnnlab report week1.json week2.json -o report --no-names
    """
    from cnnlab.autograder.report.pages import BOARD, write_report

    book = book_of(results)
    try:
        written = write_report(book, folder, names)
    except OSError as error:
        raise fail(f"The report could not be written: {error}") from None
    said = f"Learners' pages: {len(written) - 1}. The class board: {folder / BOARD}"
    console.print(visible(said), markup=False, soft_wrap=True)


def book_of(results: list[Path]) -> ClassBook:
    """The class that files of results speak of; ends in a message where they cannot be read."""
    from cnnlab.autograder.report.classbook import read_book

    demand_there(results)
    try:
        return read_book(results)
    except (OSError, ValueError) as error:
        raise fail(str(error), 2) from None
