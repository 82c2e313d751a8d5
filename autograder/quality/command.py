"""What the commands of this folder share: how they behave, and which chapters they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from cnnlab.autograder.judging.exercise import chapter_names, find_chapter

COMMAND: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
Chapters = Annotated[
    list[str] | None, typer.Argument(help="As ch01; all chapters if none is given.")
]
out = Console(highlight=False, markup=False, soft_wrap=True)


def names_of(chapters: Sequence[str] | None) -> list[str]:
    """The full names of the chapters that were given, or of all.

    Raises
    ------
    typer.BadParameter
        There is no such chapter; the message lists those that there are.
    """
    try:
        return [find_chapter(given) for given in chapters or []] or chapter_names()
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
