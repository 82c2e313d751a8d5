"""Questions that learners answer before they read on; each chapter's are in a file of its own.

>>> from cnnlab.course.guesses import guess
>>> guess("first_step", 9)
Not right.
You counted the products. Most of them are 0: add them up.

Nothing is graded and nothing waits: an untouched question stays behind while the notebook runs on.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnlab.autograder.display.show import Note
    from cnnlab.course.guesses.cell import GuessCell
    from cnnlab.course.guesses.question import Question

CHAPTERS = sorted(path.stem for path in Path(__file__).parent.glob("ch[0-9][0-9]_*.py"))
"""The chapters that have questions."""


def guess(name: str, given: object = None) -> GuessCell | Note:
    """Ask a question: guess first, then see the answer and its reason.

    Parameters
    ----------
    name : str
        The question's name, as it stands in the notebook.
    given : number, tuple of int, or str, optional
        Your guess, where no form can be shown, as in a terminal.

    Returns
    -------
    GuessCell or Note
        A small form; or, with a guess, what there is to say about it.

    Raises
    ------
    ValueError
        There is no such question; the message names a similar one.
    """
    question = find(name)
    if given is not None:
        from cnnlab.autograder.display.show import Note

        verdict = question.judge(str(given))
        return Note(verdict.title, "\n\n".join(filter(None, [verdict.text, verdict.reason])))
    from cnnlab.course.guesses.cell import GuessCell

    return GuessCell(question)


def find(name: str) -> Question:
    """The question of this name.

    Raises
    ------
    ValueError
        There is none.
    """
    known = {question.name: question for chapter in CHAPTERS for question in questions(chapter)}
    if name not in known:
        near = get_close_matches(str(name), known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"name must be that of a question. Received: {name!r}.{hint}")
    return known[name]


@cache
def questions(chapter: str) -> tuple[Question, ...]:
    """A chapter's questions, in the order of the notebook.

    Parameters
    ----------
    chapter : str
        Its full name, ``ch01_convolution``; one of `CHAPTERS`.
    """
    module: Any = import_module(f"{__name__}.{chapter}")
    return tuple(module.QUESTIONS)
