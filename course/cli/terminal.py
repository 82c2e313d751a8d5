"""What the commands share: how they print, and where the course is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Sandboxed = Annotated[
    bool,
    typer.Option(
        "--sandbox/--no-sandbox", help="Run learner code in the sandbox (Linux, bubblewrap)."
    ),
]
"""The option of every command that runs code of others."""

CHAPTERS = "ch[0-9][0-9]_*/ch[0-9][0-9]_*.ipynb"
"""A course folder's notebooks."""

COURSE = Path(__file__).parent.parent
ROOT = COURSE.parent


def visible(text: str) -> str:
    """Text that is not ours, with everything that a terminal might obey as an escape.

    Examples
    --------
    >>> print(visible("ch01\x1b[2J.py"))
    ch01\\x1b[2J.py
    """
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )


def fail(message: str, code: int = 1) -> typer.Exit:
    """Say what went wrong and what to do, without a traceback."""
    with suppress(OSError):  # a log on a full disk; the code says that it went wrong
        errors.print(Text(visible(message), style="red"))
    return typer.Exit(code)


def demand_there(paths: Iterable[Path]) -> None:
    """Refuse a path that was mistyped, before anything is done."""
    if lost := next((path for path in paths if not os.path.lexists(path)), None):
        near = meant(lost.name, sorted(each.name for each in lost.parent.glob("*")))
        raise fail(f"There is no {lost}.{near}", 2)


def meant(word: str, known: Iterable[str]) -> str:
    """What a mistyped word may have been, as a sentence behind another; or ``""``.

    Examples
    --------
    >>> meant("convstep", ["conv_step", "relu"]), meant("pool", ["conv_step", "relu"])
    (' Did you mean conv_step?', '')
    """
    near = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f" Did you mean {near[0]}?" if near else ""


def counted(count: int, noun: str) -> str:
    """
    Examples
    --------
    >>> counted(1, "student"), counted(30, "student")
    ('1 student', '30 students')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def is_checkout() -> bool:
    """Whether this is a clone of the repository, where learners work in ``exercises/``."""
    return (ROOT / "pyproject.toml").exists() and (ROOT / "nbgrader_config.py").exists()


def exercises_folder(given: Path | None = None) -> Path:
    """Where the learner's notebooks are: the folder given, where they stand, or the usual one."""
    if given is not None:
        return given
    here = Path.cwd()
    if any(here.glob(CHAPTERS)):
        return Path()
    if any(here.glob(f"{here.name}.ipynb")) and any(here.parent.glob(CHAPTERS)):
        return Path("..")
    if not is_checkout():
        return Path("cnnlab-exercises")
    usual = ROOT / "exercises"
    return usual.relative_to(here) if usual.is_relative_to(here) else usual


def refuse_without_sandbox(sandbox: bool) -> None:
    """Learner code of others never runs outside the sandbox unless it was asked for."""
    from cnnlab.autograder.sandbox.processes import available

    why = available() if sandbox else None
    if why:
        raise fail(why, 2)
