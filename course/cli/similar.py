"""``cnnlab similar``: code that few in a class wrote, and two of them alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from cnnlab.course.cli.terminal import console, counted, demand_there, fail, visible

if TYPE_CHECKING:
    from cnnlab.autograder.report.similarity import Pair
    from cnnlab.autograder.submission import Submission

Paths = Annotated[
    list[Path], typer.Argument(help="Notebooks, .py files, or folders such as submitted/.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write the pairs side by side, as HTML.")
]
AtLeast = Annotated[
    int,
    typer.Option(min=1, max=100, help="Per cent of the rare code that a pair has in common."),
]


def similar(paths: Paths, output: Output = None, at_least: AtLeast = 70) -> None:
    """Show learners whose code is alike, as places to look. It is no verdict.

    Names, comments and layout do not count, nor does what everybody was given. Short functions are
    often equal by nature, so code counts by its rarity in the class. Nothing is executed.

    Examples:

      cnnlab similar submitted/ -o similar.html
    """
    from cnnlab.autograder.report.similar_page import page
    from cnnlab.autograder.report.similarity import compare
    from cnnlab.autograder.submission import read
    from cnnlab.autograder.submission.assignment import (
        AssignmentError,
        assignment_of,
        course_root,
    )
    from cnnlab.autograder.submission.files import find_submissions

    demand_there(paths)
    chapters: dict[str, list[Submission]] = defaultdict(list)
    root = course_root(paths)
    try:
        for path in find_submissions(paths, root):
            assignment = assignment_of(root, path) if root else None
            for asked in assignment.parts() if assignment else [()]:
                submission = read(path, asked=asked)
                if submission.chapter and not submission.problem:
                    chapters[submission.chapter].append(submission)
    except AssignmentError as error:
        raise fail(str(error), 2) from None
    if not chapters:
        raise fail("There is nothing to compare in " + ", ".join(map(str, paths)), 2)
    found = {name: compare(chapters[name], at_least / 100) for name in sorted(chapters)}
    for name, pairs in found.items():
        of = f"{name}: {counted(len(chapters[name]), 'submission')}"
        console.print(table(of, pairs) if pairs else f"{of}, no pair with rare code in common.")
    if output is not None:
        text = page(found, {name: len(some) for name, some in chapters.items()})
        try:
            output.write_bytes(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise fail(f"The page could not be written: {error}") from None
    if any(found.values()):
        console.print("These are places to look, no verdicts: short functions are often equal.")


def table(of: str, pairs: Sequence[Pair]) -> Table:
    """One line for each pair, of the submissions that are named so."""
    said = f"{of}, {counted(len(pairs), 'pair')} with rare code in common"
    rows = Table(title=said, title_justify="left")
    for column in ("learners", "and", "in common", "where"):
        rows.add_column(column, overflow="fold")
    for pair in pairs:
        same = pair.one is pair.other
        who = [", ".join(pair.one.learners), "the same" if same else ", ".join(pair.other.learners)]
        cells = [*who, f"{100 * pair.share:.0f} %", ", ".join(pair.names())]
        rows.add_row(*(Text(visible(cell)) for cell in cells))
    return rows
