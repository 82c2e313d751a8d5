"""What earned full marks in `check`, kept as source: later chapters run it.

``_saved/ch02_stride_padding/conv2d.py``, beside the chapters' folders, holds a function and the
code of the learner's that it needs, as grading reads it. Nothing here executes it, grading never
looks for it, and it changes no mark.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.others_work import SAVED, is_own_work
from cnnlab.autograder.submission.solutions import SOLUTIONS

MAX_SIZE = 1 << 20
"""Bytes of a file that is read."""
_FUTURE = re.compile(r"^from __future__ import .*\n?", re.MULTILINE)


class Damaged(ValueError):
    """A kept file cannot be used; the message says why, and how to get a new one."""


@dataclass(frozen=True)
class Kept:
    """A function that earned full marks.

    Parameters
    ----------
    path : Path
    chapter : str
        Its full name.
    exercise : str
    date : datetime.date
        When it earned them.
    text : str
        The whole file, which is Python.
    proven : bool
        Whether this very text, all by itself, earned full marks in the installed version.
    """

    path: Path
    chapter: str
    exercise: str
    date: datetime.date
    text: str
    proven: bool = False

    @property
    def day(self) -> str:
        """``"27 November 2026"``."""
        return f"{self.date.day} {self.date:%B %Y}"

    @property
    def where(self) -> str:
        """``"check(conv2d) in chapter 2"``, which writes it anew."""
        return f"check({self.exercise}) in chapter {int(self.chapter[2:4])}"


def learners_folder(place: Path) -> Path | None:
    """The course folder that a notebook's folder belongs to; None where it is nobody's own.

    Parameters
    ----------
    place : Path
        Where the notebook is: ``exercises/ch02_stride_padding``, or a folder that holds notebooks
        of several chapters.
    """
    place = place.absolute()
    if place.name in chapter_names():
        folder = place.parent
    elif any((place / f"{name}.ipynb").exists() for name in chapter_names()):
        folder = place
    else:
        return None
    ours = folder.is_relative_to(SOLUTIONS.absolute())  # ours: nobody's own work
    return folder if is_own_work(place / "any.ipynb") and not ours else None


def keep(place: Path, chapter: str, exercise: str, pieces: Iterable[tuple[str, str]]) -> bool:
    """Keep an answer that earned full marks; returns whether it is new.

    Parameters
    ----------
    place : Path
        The folder of its notebook.
    chapter, exercise : str
    pieces : iterable of (name, source)
        What must be executed, as `cnnlab.autograder.submission.Submission.cells` gives it.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    folder = learners_folder(place)
    source = "\n\n".join(piece.strip("\n") for _, piece in pieces)
    if folder is None or not source:
        return False
    first = "".join(sorted({line.strip() + "\n" for line in _FUTURE.findall(source)}))
    source = first + _FUTURE.sub("", source) + "\n"
    path = _place(folder, chapter, exercise)
    try:
        if (found := _read(path, chapter, exercise)) and _source(found.text) == source:
            return False
    except Damaged:
        pass  # it is replaced by one that is in order
    _write(Kept(path, chapter, exercise, datetime.date.today(), source))
    return True


def find(place: Path, chapter: str, exercise: str) -> Kept | None:
    """What was kept of an exercise; None where nothing was.

    Raises
    ------
    Damaged
        There is a file, and it cannot be used.
    """
    folder = learners_folder(place)
    return _read(_place(folder, chapter, exercise), chapter, exercise) if folder else None


def not_kept(place: Path, chapter: str) -> list[str]:
    """The exercises of a chapter of which nothing is kept, in order.

    Parameters
    ----------
    place : Path
        The folder of its notebook.
    chapter : str
    """
    left = []
    for exercise in load_chapter(chapter).exercises:
        try:
            found = find(place, chapter, exercise.name)
        except Damaged:
            found = None
        left += [] if found else [exercise.name]
    return left


def prove(kept: Kept) -> None:
    """Note that it earned full marks by itself, so that it need not be judged again."""
    _write(replace(kept, text=_source(kept.text)), _stamp(_source(kept.text)))


# The file: two lines of comment, and the source


def _place(folder: Path, chapter: str, exercise: str) -> Path:
    return folder / SAVED / chapter / f"{exercise}.py"


def _read(path: Path, chapter: str, exercise: str) -> Kept | None:
    again = f"check({exercise}) in chapter {int(chapter[2:4])} writes it anew."
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SIZE + 1)
        text = data.decode()
        about = json.loads(text.split("\n", 2)[1].removeprefix("# "))
        date = datetime.date.fromisoformat(about["date"])
        if len(data) > MAX_SIZE or about["exercise"] != exercise:
            raise ValueError
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(f"Your saved file cannot be opened: {error.strerror}.") from error
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise Damaged(f"Your saved file {path.name} is damaged. {again}") from None
    proven = about.get("proven") == _stamp(_source(text))
    return Kept(path, chapter, exercise, date, text, proven)


def _source(text: str) -> str:
    return text.split("\n", 2)[2]


def _stamp(source: str) -> str:
    """What changes with the source and with the version that judged it."""
    return hashlib.sha256(f"{_version()}\n{source}".encode()).hexdigest()


@cache
def _version() -> str:
    return version("cnnlab")


def _write(kept: Kept, proven: str = "") -> None:
    about = {"exercise": kept.exercise, "chapter": kept.chapter, "date": kept.date.isoformat()}
    head = (
        f"# {kept.exercise} of {kept.chapter}: full marks. Later chapters run it; marks do not.\n"
        f"# {json.dumps(about | {'proven': proven})}\n"
    )
    replace_file(kept.path, (head + kept.text).encode())


def replace_file(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all; folders that are missing are made.

    Raises
    ------
    OSError
        It cannot be written, or another program holds it; then the old one is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@cache
def _umask() -> int:
    """The rights that this user's new files do not get."""
    os.umask(mask := os.umask(0o077))
    return mask
