"""``cnnlab course``: the root of an nbgrader course, made in one command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.course.cli.terminal import console, fail, visible

if TYPE_CHECKING:
    from cnnlab.course.build.points import Points

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The course's root, such as cnn-2027.")]
Chapters = Annotated[
    list[str] | None,
    typer.Option(help="Such as ch01,ch02. Default: those of --exercises, or all."),
]
Exercises = Annotated[
    list[str] | None,
    typer.Option(
        help="Such as ch01::conv2d,ch01::relu. The others stay in their chapter as practice, "
        "without points."
    ),
]
PointsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Other points, as TOML: under \\[ch01], lines such as conv2d = 10 or relu = "
        '{ points = 3, robust = 0.1 }. The share "robust" is for input beyond the exercise; '
        "robust = 0.1 at the top is for all.",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--assignment",
        metavar="NAME",
        help="Put all exercises into one notebook of this name, also of several chapters.",
    ),
]
Solutions = Annotated[
    bool,
    typer.Option(
        "--solutions/--no-solutions", help="Whether solution(f) shows solutions to students."
    ),
]


def course(
    folder: Folder,
    chapters: Chapters = None,
    exercises: Exercises = None,
    points: PointsFile = None,
    assignment: Name = None,
    solutions: Solutions = True,
) -> None:
    """Make an nbgrader course: source/, settings, and a README that says what to do next.

    Each chapter is an assignment of its own, or all exercises are one with --assignment.

    In an existing course, assignments are added, and what is there stays as it is.

    Examples:

      cnnlab course cnn-2027 --chapters ch01,ch02,ch03 --points points.toml

      cnnlab course cnn-2027 --exercises ch01::relu,ch02::pad2d --assignment homework1
    """
    from cnnlab.autograder.submission.assignment import AssignmentError
    from cnnlab.course.build.course_root import choose, write_course
    from cnnlab.course.build.points import Points

    if assignment is not None and not re.fullmatch(r"[A-Za-z0-9_.-]*[A-Za-z0-9]", assignment):
        raise fail("--assignment must be a folder's name: letters, digits, _ and -.", 2)
    try:
        worth = _points_in(points) if points else Points()
        chosen = choose(_parted(chapters), _parted(exercises), worth, assignment)
        written = write_course(folder, chosen, solutions)
    except (ValueError, AssignmentError) as error:
        raise fail(str(error), 2) from None
    except OSError as error:
        raise fail(f"The course could not be written: {error}") from None
    for path in written.new:
        console.print(visible(f"written    {path}"), markup=False)
    for path in written.kept:
        console.print(visible(f"kept       {path}, which was there"), markup=False)
    console.print(visible(f"Next: {folder / 'README.md'}"), markup=False)


def _points_in(path: Path) -> Points:
    from cnnlab.course.build.points import read_points

    try:
        return read_points(path)
    except OSError as error:
        raise fail(f"--points cannot be read: {error}", 2) from None


def _parted(options: Iterable[str] | None) -> list[str]:
    """The parts of options that hold several names with commas between them."""
    return [part.strip() for each in options or () for part in each.split(",") if part.strip()]
