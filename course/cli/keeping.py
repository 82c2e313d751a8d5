"""Where `cnnlab grade` keeps its journal, and how it says that a run can go on."""

from __future__ import annotations

import secrets
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from cnnlab.course.cli.terminal import counted, errors, fail, visible

if TYPE_CHECKING:
    from cnnlab.autograder.journal import Journal
    from cnnlab.autograder.settings import Settings

UNNAMED = Path("cnnlab.journal")
"""The folder of a run that writes no file."""
PUBLIC = (
    "Without a sandbox, learner code could read the seed of fresh probes in a journal, so there "
    "is none. Use --recorded, or leave --resume out."
)


def open_journal(
    settings: Settings, resume: Path | None, output: Path | None, count: int
) -> Journal | None:
    """The journal to go on with, or a new one beside the output; says in a line where it is.

    None for a single file, which is soon graded again, and where learner code could read it.
    """
    from cnnlab.autograder.journal import Journal, JournalError, place

    readable = settings.fresh and not settings.sandbox
    if resume is not None:
        if readable:
            raise fail(PUBLIC, 2)
        try:
            journal = Journal(resume)
        except JournalError as error:
            raise fail(str(error), 2) from None
        if settings.seed not in (None, journal.seed):
            raise fail(f"The run in {resume} has another seed. Leave --seed out.", 2)
        say(f"Going on with {resume}, which holds {counted(journal.count, 'result')}.")
        return journal
    if readable or count < 2:
        return None
    wanted = output.with_name(f"{output.stem}.journal") if output else UNNAMED
    folder = place(wanted)
    seed = secrets.randbits(53) if settings.seed is None else settings.seed
    try:
        journal = Journal.begin(folder, seed)
    except OSError as error:
        advice = "Make room, or name another place with --json."
        raise fail(f"The journal could not be written: {error}. {advice}", 2) from None
    if folder != wanted:
        say(f"{wanted} holds a run that did not end; --resume {wanted} goes on with it.")
    say(f"Each result is kept in {folder} at once; --resume {folder} goes on from there.")
    return journal


def remedy(journal: Journal | None) -> str:
    """How to go on with a run that did not end."""
    if journal is None:
        return ""
    words = without("--resume", sys.argv[1:])
    return f"Go on with: {shlex.join(['cnnlab', *words, '--resume', str(journal.folder)])}"


def without(option: str, words: list[str]) -> list[str]:
    """A command's words without an option and its value.

    Examples
    --------
    >>> without("--resume", ["grade", "--resume", "a", "b"])
    ['grade', 'b']
    >>> without("--resume", ["grade", "--resume=a", "b"])
    ['grade', 'b']
    """
    left = [word for word in words if not word.startswith(f"{option}=")]
    while option in left:
        at = left.index(option)
        del left[at : at + 2]
    return left


def say(text: str) -> None:
    """A line for people; the terminal's standard output is for results.

    Where it cannot be written, as into a log on a full disk, the work goes on.
    """
    with suppress(OSError):
        errors.print(Text(visible(text)))
