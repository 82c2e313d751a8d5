"""``cnnlab check``: a learner's points so far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from cnnlab.course.cli.terminal import console, exercises_folder, fail

if TYPE_CHECKING:
    from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult

MARKS = {
    "passed": "[green]✓ passed[/]",
    "failed": "[red]✗ not yet[/]",
    "not_attempted": "[dim]· not attempted[/]",
    "missing": "[yellow]? missing[/]",
}


def check(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="ch01, ch02 … Default: every chapter in the folder.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="The folder with your notebooks.")
    ] = None,
    watch: Annotated[bool, typer.Option(help="Check again whenever a notebook is saved.")] = False,
) -> None:
    """Show your points in every exercise, and the next hint.

    Save your notebook first: what counts is what is on disk.
    """
    target = exercises_folder(folder)
    show_standing(target, chapters or [])
    if watch:
        from watchfiles import watch as changes

        console.print(f"Watching {target} (Ctrl+C ends this) …")
        for changed in changes(target, raise_interrupt=False):
            if any(path.endswith(".ipynb") for _, path in changed):
                show_standing(target, chapters or [])


def show_standing(folder: Path, chapters: list[str]) -> None:
    """Grade the learner's own notebooks with recorded references, and print a table each."""
    from cnnlab.autograder.batch import Settings, grade
    from cnnlab.autograder.judging.exercise import load_chapter
    from cnnlab.course.light import keras_missing

    paths = chapter_notebooks(folder, chapters)
    missing = keras_missing()
    left_out = [path for path in paths if missing and load_chapter(path.stem).keras]
    settings = Settings(fresh=False, sandbox=False, workers=1)
    for result in grade([p for p in paths if p not in left_out], settings).submissions:
        console.print(standing_table(result))
        following = next((e for e in result.exercises if e.status != "passed"), None)
        if result.message:
            console.print(Text(result.message, style="yellow"))
        elif following is None:
            console.print("Everything passes. On to the next chapter.", style="green")
        else:
            console.print(next_step(following))
    if left_out:
        names = ", ".join(path.stem for path in left_out)
        console.print(Text(f"Left out: {names}. {missing}", style="yellow"))


def chapter_notebooks(folder: Path, chapters: list[str]) -> list[Path]:
    """The notebooks of the named chapters (or of all) in the learner's folder."""
    from cnnlab.autograder.judging.exercise import find_chapter

    try:
        wanted = [find_chapter(name) for name in chapters]
    except ValueError as error:
        raise fail(str(error), 2) from None
    found = sorted(folder.glob("ch*/ch*.ipynb"))
    paths = [p for p in found if not wanted or p.stem in wanted]
    if not paths:
        raise fail(f"No chapter's notebook is in {folder}. `cnnlab lab {folder}` puts them there.")
    return paths


def standing_table(result: SubmissionResult) -> Table:
    """One chapter's exercises with status and points."""
    table = Table(title=result.chapter or result.path, title_justify="left")
    table.add_column("exercise")
    table.add_column("status")
    table.add_column("points", justify="right")
    for exercise in result.exercises:
        mark = MARKS.get(exercise.status, f"[red]! {exercise.status.replace('_', ' ')}[/]")
        table.add_row(exercise.name, mark, f"{exercise.score:g} / {exercise.max_score:g}")
    table.add_section()
    table.add_row("", "", f"{result.score:g} / {result.max_score:g}")
    return table


def next_step(exercise: ExerciseResult) -> Text:
    """What to work on, and the hint for it."""
    text = Text.assemble(("Next: ", "bold"), (exercise.name, "bold"), "\n")
    if exercise.status != "not_attempted":
        text.append(exercise.message + "\n")
    if exercise.hint:
        text.append("Hint: ", "bold").append(exercise.hint)
    return text
