"""``cnnlab collect``: a learning platform's download becomes nbgrader's ``submitted/`` tree."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cnnlab.course.cli.terminal import console, counted, errors, fail, visible

Downloads = Annotated[
    list[Path],
    typer.Argument(help="Zips or folders: from Canvas, Moodle, Gradescope, or one per student."),
]
Assignment = Annotated[
    str, typer.Option(help="The assignment's name: the chapter's, such as ch01_convolution.")
]
Tree = Annotated[Path, typer.Option("--to", help="The folder that holds a folder per student.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Replace files of an earlier download that differ.")
]

TIMESTAMP = "timestamp.txt"
"""Where nbgrader looks for the time at which something was handed in."""


def collect(
    downloads: Downloads,
    assignment: Assignment,
    tree: Tree = Path("submitted"),
    replace: Replace = False,
) -> None:
    """Sort what students handed in into submitted/STUDENT/ASSIGNMENT/.

    Canvas, Moodle: the zip with all submissions. Students are called NAME_NUMBER.

    Gradescope: Export Submissions. Students are called by number, else by address. Its times go
    to timestamp.txt, which late penalties are counted by. A student's own such file is left out.

    Then `cnnlab grade submitted/` and nbgrader's commands work as ever.

    Examples:

      cnnlab collect submissions.zip --assignment ch01_convolution
    """
    from cnnlab.autograder.submission.downloads import Download

    demand_assignment(assignment, tree.parent / "source")
    download = Download(downloads)
    notebooks = download.notebooks()
    students: dict[str, set[str]] = {}
    times: dict[str, datetime] = {}
    late: dict[str, None] = {}
    warnings = []
    for file in download:
        alone = notebooks[file.student] == 1 and file.name.endswith(".ipynb")
        names = students.setdefault(file.student, set())
        name = unused(f"{assignment}.ipynb" if alone else file.name, names)
        names.add(name)
        warnings += store(tree / file.student / assignment / name, file.data, replace)
        if file.time:
            times[file.student] = max(file.time, times.get(file.student, file.time))
        if file.late:
            late[file.student] = None
    for student, time in times.items():
        place = tree / student / assignment / TIMESTAMP
        warnings += store(place, f"{time:%Y-%m-%d %H:%M:%S} UTC\n".encode(), replace)
    several = [student for student in students if notebooks[student] > 1]
    warnings += [
        f"{student} handed in {notebooks[student]} notebooks: one student, the best one counts."
        for student in several
    ]
    if late:
        warnings.append(
            f"Late, by Canvas, which does not say how late: {', '.join(late)}. For a late penalty, "
            f"write the time into {TIMESTAMP} in their folders, as in 2027-02-01 18:00:00 UTC."
        )
    for warning in [*download.problems, *warnings]:
        errors.print(visible(warning), markup=False, style="yellow")
    if not students:
        raise fail("There is no notebook and no .py file of a student in it.", 2)
    console.print(visible(f"{counted(len(students), 'student')}: {tree}"), markup=False)


def demand_assignment(assignment: str, source: Path) -> None:
    """End with what is wrong with an assignment's name; a course's ``source`` says which it has."""
    if Path(assignment).name != assignment or assignment in ("", ".", ".."):
        raise fail(f"--assignment must be one folder's name. Received: {assignment!r}", 2)
    if source.is_dir() and not (source / assignment).is_dir():
        known = ", ".join(sorted(place.name for place in source.iterdir() if place.is_dir()))
        raise fail(f"--assignment must be one of {known}: {source} has no {assignment!r}.", 2)


def unused(name: str, names: set[str]) -> str:
    """The name, with a number where a student handed in two files of this name.

    Examples
    --------
    >>> unused("ch01.ipynb", {"ch01.ipynb", "ch01-2.ipynb"})
    'ch01-3.ipynb'
    """
    stem, suffix, number = Path(name).stem, Path(name).suffix, 1
    while name in names:
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def store(target: Path, data: bytes, replace: bool) -> list[str]:
    """Write a file, and return what to know: what is there and differs stays, unless replaced."""
    try:
        if target.is_symlink() or target.exists():
            if target.is_file() and not target.is_symlink() and target.read_bytes() == data:
                return []
            if not replace:
                return [f"{target} is there and differs; --replace would replace it."]
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".cnnlab-{os.getpid()}")
        try:
            beside.write_bytes(data)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)  # half a file would be graded
    except OSError as error:
        raise fail(f"{target} could not be written: {error}") from None
    return []
