"""``cnnlab reset``: begin again, without losing what was there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cnnlab.course.cli.selection import select_one
from cnnlab.course.cli.terminal import ROOT, console, exercises_folder, fail, visible


def reset(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="CHAPTER [EXERCISE] [FOLDER]",
            help="ch01, or a notebook; one exercise of it: ch01 conv2d, or ch01::conv2d; "
            "ch01 conv2d FOLDER is that exercise there. Default: the whole chapter.",
        ),
    ],
    folder: Annotated[
        Path | None, typer.Option("--dir", help="The folder with your notebooks.")
    ] = None,
) -> None:
    """Put back an exercise, or a whole chapter, as it was handed out.

    Your notebook is first saved, with date and time, in the folder _saved beside the chapters. So
    nothing is lost: open it there, and copy what you want to have again. Close the notebook in
    JupyterLab before you reset it.

    Examples:

      cnnlab reset ch01 conv2d

      cnnlab reset ch01 my-course
    """
    selected = select_one(what, exercises_folder(folder))
    from cnnlab.course.build.work import Trouble

    try:
        saved = reset_one(selected.path, next(iter(selected.exercises), ""))
    except Trouble as trouble:
        raise fail(f"{selected.path.name}: {trouble}") from trouble
    said = f"As it was before: {saved}" if saved else "It was so before, and nothing was written."
    console.print(Text(f"{selected.what} is as it was handed out. {said}"))
    for sentence in elsewhere(selected.path, selected.exercises):
        console.print(Text(sentence, style="yellow"))


def reset_one(path: Path, exercise: str = "") -> Path | None:
    """Put back one exercise of a notebook, or all of it; returns where the old one is saved.

    None where the exercise is as it was handed out, so that there is nothing to save.

    Raises
    ------
    Trouble
        The notebook is open, locked, damaged, or no chapter of ours; nothing was changed.
    """
    from cnnlab.course.build import merge, work

    if path.resolve() in work.open_notebooks():
        raise work.Trouble(work.IS_OPEN)
    new = json.loads(_handed_out(path))
    if not exercise:
        saved = work.save_version(path)  # even where it is damaged
        work.write(path, new)
        return saved
    mine = work.read(path)
    merged = merge.reset(mine, new, exercise)
    if merged.notebook == mine:
        return None
    saved = work.save_version(path)
    work.write(path, merged.notebook)
    return saved


def _handed_out(path: Path) -> bytes:
    from cnnlab.autograder.submission import read
    from cnnlab.course.build.work import Trouble, installed

    chapter = read(path).chapter
    for _, data in installed(ROOT, [chapter] if chapter else []):
        return data
    raise Trouble("It is not clear which chapter this is. Begin the file's name with it, as ch01.")


def elsewhere(path: Path, exercises: frozenset[str]) -> list[str]:
    """A sentence for each exercise that another cell still answers."""
    from cnnlab.autograder.submission import read

    written = [n for n in exercises if read(path).exercises[n].status == "written"]
    return [
        f"Another cell of yours defines {visible(name)}, too. It counts until you delete it."
        for name in written
    ]
