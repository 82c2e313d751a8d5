"""A submission: from a notebook or a ``.py`` file to the learner's definitions.

Nothing is executed, and nothing that a learner can hand in raises: what is wrong is said in
words, in a `Submission`'s ``problem`` or in a `Definition`'s.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePath

from cnnlab.autograder.judging.exercise import Chapter, chapter_names, find_chapter, load_chapter
from cnnlab.autograder.judging.worth import Asked, chapter_as_asked
from cnnlab.autograder.submission import cells as notebook
from cnnlab.autograder.submission.answer_cells import Definition
from cnnlab.autograder.submission.cells import Document, Unreadable
from cnnlab.autograder.submission.code import shown
from cnnlab.autograder.submission.definitions import find_answers
from cnnlab.autograder.submission.own_modules import Beside, files_beside, nothing_beside

__all__ = ["Definition", "Submission", "names_chapter", "read", "read_text", "writable"]

MAX_WARNINGS = 20


@dataclass
class Submission:
    """What was handed in.

    Parameters
    ----------
    path : str
        As given, with ``/``.
    student : str or None
        From nbgrader's tree, ``submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb``.
    chapter : str or None
        The chapter's full name.
    problem : str
        Why the whole file could not be read, as a sentence; or ``""``.
    warnings : list of str
    exercises : dict of str to Definition
        Every exercise of the chapter; empty where there is a ``problem``.
    course_names : set of str
        What its code uses and does not define; see `cnnlab.autograder.submission.course`.
    asked : tuple of Asked
        What the assignment asks for of this chapter; empty for all that its grader has.
    """

    path: str
    student: str | None
    chapter: str | None = None
    problem: str = ""
    warnings: list[str] = field(default_factory=list)
    exercises: dict[str, Definition] = field(default_factory=dict)
    course_names: set[str] = field(default_factory=set)
    asked: tuple[Asked, ...] = ()
    _cells: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def asks(self) -> Chapter:
        """The chapter with the exercises that are graded; only where the chapter is known."""
        assert self.chapter is not None
        return chapter_as_asked(self.chapter, self.asked)

    def cells(self) -> list[tuple[str, str]]:
        """What must be executed, in order: (name, source).

        An exercise's code has the exercise's name, helpers are ``cell 7``. Of the learner's
        other code only that which defines what an exercise uses is here: no plots, no prints,
        no calls of ``check``.
        """
        return list(self._cells)


def read(
    path: str | os.PathLike[str],
    chapter: str | Chapter | None = None,
    only: str = "",
    asked: tuple[Asked, ...] = (),
) -> Submission:
    """Read a submitted file.

    Parameters
    ----------
    path : str or path-like
        A notebook, or a ``.py`` file.
    chapter : str or Chapter, optional
        The chapter that it answers, ``"ch01"`` will do. Else the beginning of the assignment's
        folder says it, else that of the file's name, else the notebook's own metadata.
    only : str
        An exercise; then `Submission.cells` are those that it needs, and no others.
    asked : tuple of Asked
        What an assignment asks for, all of one chapter, which is then this submission's.
    """
    given = os.fspath(path)
    try:
        text, warning = notebook.decode(notebook.read_bytes(given))
    except Unreadable as error:
        submission = _named(given)
        submission.problem = str(error)
        _settle_chapter(submission, given, _meant(chapter, asked), "")
        submission.asked = asked
        return submission
    submission = read_text(text, given, chapter, only, asked, files_beside(given))
    if warning:
        submission.warnings.insert(0, warning)
    return submission


def read_text(
    text: str,
    path: str | os.PathLike[str],
    chapter: str | Chapter | None = None,
    only: str = "",
    asked: tuple[Asked, ...] = (),
    beside: Beside = nothing_beside,
) -> Submission:
    """As `read`, for text that is in memory; ``path`` gives the names and the kind of file.

    ``beside`` gives the learner's own modules, such as ``helper.py``.
    """
    given = os.fspath(path)
    submission = _named(given)
    submission.asked = asked
    document = Document([])
    suffix = PurePath(given).suffix.lower()
    try:
        if suffix not in (".ipynb", ".py"):
            raise Unreadable("Hand in a notebook (.ipynb) or a Python file (.py).")
        document = notebook.parse(text, notebook=suffix == ".ipynb")
    except Unreadable as error:
        submission.problem = str(error)
    except (RecursionError, MemoryError):
        submission.problem = "The file is nested too deeply, or too large."
    found = _settle_chapter(submission, given, _meant(chapter, asked), document.chapter)
    if found is not None and not submission.problem:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a learner's "\d" is no news to the instructor
            answers = find_answers(found, document, only, beside)
        submission.exercises, submission._cells = answers.definitions, answers.cells
        submission.warnings += answers.warnings
        submission.course_names = answers.course_names
    if len(submission.warnings) > MAX_WARNINGS:
        more = len(submission.warnings) - MAX_WARNINGS
        submission.warnings[MAX_WARNINGS:] = [f"And {more} more of these."]
    return submission


# Names


def _named(path: str) -> Submission:
    tree = notebook.in_tree(path) if "\0" not in path else None
    return Submission(writable(path.replace(os.sep, "/")), writable(tree[0]) if tree else None)


def writable(name: str) -> str:
    """A file's name as text that can be written as UTF-8, whatever bytes it is made of."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _meant(chapter: str | Chapter | None, asked: tuple[Asked, ...]) -> str | Chapter | None:
    """The chapter to read for: what an assignment asks for goes before what is given."""
    return chapter_as_asked(asked[0].chapter, asked) if asked else chapter


def _settle_chapter(
    submission: Submission, path: str, given: str | Chapter | None, said: str
) -> Chapter | None:
    """Set the submission's chapter; None, with a problem, where it cannot be known.

    What it was handed in for counts: what was given, else the folder, else the file's name. What
    the learner's file says of itself comes last.
    """
    hints = _hints(path, said)
    if isinstance(given, Chapter):
        chapter: Chapter | None = given
    else:
        guess = _chapter(given) if given is not None else next(filter(None, hints.values()), None)
        chapter = load_chapter(guess) if guess else None
    if chapter is not None:
        submission.chapter = chapter.name
        submission.warnings += _disagreements(hints, chapter.name)
        return chapter
    problem = "It is not clear which chapter this is. Begin the file's name with it, as in ch01."
    if isinstance(given, str):
        known = ", ".join(chapter_names())
        problem = f"chapter must be one of {known}. Received: {shown(given)!r}"
    submission.problem = submission.problem or problem
    return None


def _disagreements(hints: dict[str, str | None], chapter: str) -> list[str]:
    """A sentence for each other chapter that a folder, a name or a notebook says."""
    others = dict.fromkeys(name for name in hints.values() if name not in (None, chapter))
    says = {name: [who for who, said in hints.items() if said == name] for name in others}
    return [
        f"The {' and the '.join(who)} {'say' if len(who) > 1 else 'says'} {name}. "
        f"It was graded as {chapter}."
        for name, who in says.items()
    ]


def _hints(path: str, said: str) -> dict[str, str | None]:
    """Which chapter a file is, by whom, the weightiest first."""
    parts = PurePath(path).parts if "\0" not in path else ()
    tree = notebook.in_tree(path) if parts else None
    folder = tree[1] if tree else parts[-2] if len(parts) > 1 else ""
    return {
        "folder": _beginning(folder),
        "file's name": _beginning(PurePath(path).name),
        "notebook": _chapter(said),
    }


def names_chapter(name: str) -> bool:
    """Whether a file's name begins with a chapter, as in ``ch01_ada.py``."""
    return _beginning(name) is not None


def _beginning(name: str) -> str | None:
    """The chapter that a name begins with, as in ``ch01_ada.ipynb``."""
    begins = re.match(r"(ch\d\d)(?!\d)", name, re.I)
    return _chapter(begins[1].lower()) if begins else None


@lru_cache(maxsize=256)  # a notebook may name anything
def _find_chapter(name: str) -> str | None:
    try:
        return find_chapter(name)
    except ValueError:
        return None


def _chapter(name: str) -> str | None:
    return _find_chapter(name) if len(name) < 100 else None
