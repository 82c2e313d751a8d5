"""``cnnlab case``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from cnnlab.course.cli.selection import select_one
from cnnlab.course.cli.terminal import (
    Sandboxed,
    console,
    exercises_folder,
    fail,
    refuse_without_sandbox,
)

if TYPE_CHECKING:
    from cnnlab.autograder.judging.results import ExerciseResult


Answer = Annotated[
    str, typer.Argument(metavar="FILE", help="Your notebook or .py file, or a chapter: ch01.")
]
ExerciseName = Annotated[str, typer.Argument(help="The function that was judged, such as conv2d.")]
Course = Annotated[
    Path | None,
    typer.Argument(
        metavar="FOLDER",
        help="Where the chapter is. Default: as for `cnnlab check`.",
    ),
]
Words = Annotated[str | None, typer.Option(help="What it does. Else you are asked.")]
Kind = Annotated[str | None, typer.Option(help="right, edge or wrong. Else you are asked.")]
Names = Annotated[
    str, typer.Option(help="The diagnosis it should get: ids of twists, or ? for a new one.")
]
Remove = Annotated[
    list[str] | None, typer.Option(help="A person's name that must not be in it. Repeatable.")
]
Folder = Annotated[Path, typer.Option("--to", help="Where the file is written.")]
ChapterName = Annotated[str | None, typer.Option(help="Read the file as this chapter.")]


def case(
    answer: Answer,
    exercise: ExerciseName,
    course: Course = None,
    words: Words = None,
    kind: Kind = None,
    names: Names = "",
    remove: Remove = None,
    folder: Folder = Path(),
    chapter: ChapterName = None,
    sandbox: Sandboxed = True,
) -> None:
    """Write one answer as a case to attach to a report: without names, comments and outputs.

    The case is graded beside your file, and must earn the same.

    Examples:

      cnnlab case ch01 conv2d

      cnnlab case ch03.py max_pool2d --kind wrong --words "pads with zeros" --names pads-with-zero
    """
    from cnnlab.autograder.submission.case import take

    refuse_without_sandbox(sandbox)
    file = file_of(answer, course)
    twists = names.replace(",", " ").split()
    try:
        take(file, exercise, "tried before anything is asked", "right", twists, chapter)
        words = words or typer.prompt("In one line: what does this answer do, or do wrong?")
        kind = kind or typer.prompt(
            "Is it right, a right idea that misses one corner (edge), or wrong?", default="right"
        )
        made = take(file, exercise, words, kind, twists, chapter, remove or [])
    except ValueError as error:
        raise fail(str(error), 2) from None
    written = folder / made.file_name
    try:
        written.write_text(made.text, encoding="utf-8")
    except OSError as error:
        raise fail(f"The case could not be written: {error}") from None
    console.print(Text(made.text))
    demand_same_result(file, written, made.chapter, exercise, sandbox)
    console.print("Read it before you attach it: a name in a text or a variable may be left.")


def file_of(answer: str, course: Path | None) -> Path:
    """The file that is meant: its path, or a chapter in the learner's folder."""
    path = Path(answer)
    if path.suffix or path.is_file():
        return path
    return select_one([answer], exercises_folder(course)).path


def demand_same_result(
    file: Path, written: Path, chapter: str, exercise: str, sandbox: bool
) -> None:
    """Say what the case earns; fail where the file that it came from earns something else."""
    from cnnlab.autograder.submission.case import same_result

    before, after = (grade_one(path, chapter, exercise, sandbox) for path in (file, written))
    names = ", ".join(after.diagnosis) or "no diagnosis"
    points = f"{after.score:g} of {after.max_score:g} points"
    console.print(f"Written to {written}. The judge says: {after.status}, {points}, {names}.")
    if not same_result(before, after):
        said = f"{before.status}, {before.score:g} points"
        raise fail(f"Your own file is graded differently ({said}). Please say so in your report.")


def grade_one(path: Path, chapter: str, exercise: str, sandbox: bool) -> ExerciseResult:
    """One exercise's result, on recorded probes."""
    from cnnlab.autograder.batch import grade
    from cnnlab.autograder.settings import Settings

    settings = Settings(fresh=False, sandbox=sandbox, chapter=chapter, workers=1)
    (submission,) = grade([path], settings).submissions
    return next(result for result in submission.exercises if result.name == exercise)
