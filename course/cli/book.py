"""``cnnlab book``: the course as pages to read, without Python and without a network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cnnlab.course.cli.terminal import ROOT, console, errors, fail, is_checkout, visible

NEEDED = ("math_core", "myst_nb", "sphinx", "sphinx_book_theme")


def book(
    folder: Annotated[
        Path, typer.Option("--output", "-o", help="The book's folder. An old book is replaced.")
    ] = Path("book"),
    chapters: Annotated[
        list[str] | None,
        typer.Option("--chapters", "-c", help="A chapter, such as ch01; again for more of them."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="How many notebooks run at a time.")
    ] = None,
) -> None:
    """Write the course as a site of static pages, to be read in a browser.

    It holds every chapter, the glossary and the formula sheet. Exercises stand there as learners
    find them; solutions, and answers to questions, are behind folds.

    Open index.html in the book's folder. It needs no server and no network. Any web server can
    give the folder to others as it is.

    Notebooks with solutions are run for it. What they gave is kept in the cache, so that
    a second book takes seconds, until the course or its libraries change. Nothing is fetched:
    where VGG16's weights are not on this machine, chapters 9 to 12 show the small VGG.

    Examples:

      cnnlab book

      cnnlab book -o site -c ch01 -c ch02
    """
    from cnnlab.course.book import BookError
    from cnnlab.course.book.site import build_book

    _require_extra()
    names = _chosen(chapters)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=errors) as progress:
        task = progress.add_task("Running notebooks", total=len(names) + 1)

        def tell(done: str) -> None:
            what = "Writing pages" if done == "pages" else f"Ran {done}"
            progress.update(task, advance=done != "pages", description=what)

        try:
            complaints = build_book(ROOT, folder, names, jobs or _cores(), tell)
        except (BookError, OSError) as error:
            raise fail(f"There is no book: {error}") from None
        progress.update(task, advance=1, description="Wrote the pages")
    for complaint in complaints:
        errors.print(visible(complaint), style="yellow", markup=False)
    console.print(f"Open this in a browser: {visible(str(folder / 'index.html'))}", markup=False)


def _require_extra() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        way = "`uv sync --extra book`" if is_checkout() else '`pip install "cnnlab[book]"`'
        raise fail(f"The book is made by Sphinx, which is not installed here. Run {way}.", 2)


def _chosen(given: Sequence[str] | None) -> list[str]:
    """Full names of chapters, in order; those that cannot run here are refused."""
    from cnnlab.autograder.judging.exercise import chapter_names, find_chapter, load_chapter
    from cnnlab.course.light import keras_missing

    try:
        names = sorted({find_chapter(name) for name in given or chapter_names()})
    except ValueError as error:
        raise fail(str(error), 2) from None
    if why := keras_missing():
        by_hand = [name for name in names if not load_chapter(name).keras]
        if by_hand != names:
            others = " ".join(f"-c {name[:4]}" for name in by_hand)
            only = (
                f" Or leave out the chapters that need it: cnnlab book {others}" if others else ""
            )
            raise fail(why + only, 2)
    return names


def _cores() -> int:
    from cnnlab.autograder.settings import usable_cores

    return min(2, usable_cores(), os.cpu_count() or 1)
