"""What a learner calls in a notebook: `start`, `check`, `hint`, `solution`, `box`.

The engine, and NumPy with it, is imported by the first call: importing these names takes
almost no time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from cnnlab.autograder.display.box import Box
    from cnnlab.autograder.display.show import Check, Note, Overview, Source, Ungraded

JUDGE = "CNNLAB_JUDGE"
"""Set where nbgrader executes a notebook for its other cells, and a judge gives our points."""


def start(chapter: str, *more: str, solutions: bool = True) -> None:
    """Begin a chapter: from now on, `check` and the others mean its exercises.

    Parameters
    ----------
    chapter : str
        The chapter's name or its beginning: ``"ch01"``. In a notebook with exercises of several
        chapters, one of them: ``"ch01::relu"``.
    *more : str
        The other exercises of such a notebook.
    solutions : bool
        Whether `solution` shows solutions; a graded course may keep them to itself.

    Raises
    ------
    ValueError
        There is no such chapter or exercise; the message lists those that there are.
    """
    from cnnlab.autograder import live
    from cnnlab.autograder.display.show import Note, show

    title = live.begin(chapter, *more)
    live.state.solutions = solutions
    offers = ["check(f) tests your function f", "hint(f) gives you a hint"]
    offers += ["solution(f) shows one way to write it"] if solutions else []
    show(Note(title, ", ".join(offers) + "."))


@overload
def check(function: Callable[..., Any]) -> Check | Ungraded: ...
@overload
def check(function: None = None) -> Overview | Ungraded: ...
def check(function: Callable[..., Any] | None = None) -> Check | Overview | Ungraded:
    """Check a function of yours: does it do what its exercise asks for?

    Parameters
    ----------
    function : callable, optional
        The function itself: ``check(conv2d)``. Without it, every exercise that the notebook
        defines is checked.

    Returns
    -------
    Check, Overview or Ungraded
        Shows itself as the last line of a cell; its ``result`` holds the details. Where
        nbgrader grades without our judge, `Ungraded` gives no points.

    Raises
    ------
    TypeError
        Something other than a function was passed.
    ValueError
        No exercise has the function's name, or several chapters have one of this name and
        none was started.
    RuntimeError
        There is nothing to search for functions: no notebook, and no argument either.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde" and JUDGE not in os.environ:
        from cnnlab.autograder.display.show import Ungraded

        return Ungraded()
    from cnnlab.autograder import live

    if function is None:
        return live.judge_all()
    target = live.find(function)
    found = live.check(function, target)
    live.remember(target, found.result)
    return found


def hint(function: Callable[..., Any] | str | None = None) -> Note:
    """The next hint for an exercise: what went wrong first, then from the idea to the detail.

    What the card of `check` has said is not said again.

    Parameters
    ----------
    function : callable or str, optional
        Your function, or its name. Without it, the exercise that you checked last is meant, unless
        it passed.

    Raises
    ------
    TypeError, ValueError
        As `check`.
    """
    from cnnlab.autograder import live
    from cnnlab.autograder.display.show import Note

    function = function or live.state.failing
    if not function:
        return _which_one("hint", "gives you a hint")
    target = live.find(function, by_name=True)
    name, result = target.name, live.state_of(function, target)
    if result is not None and result.passed:
        beyond = next((rung.id for rung in result.rungs if not rung.passed), "")
        if beyond:
            return Note(f"{name}: beyond the exercise", target.key.exercise.hint_for(beyond))
        return Note(name, f"{name} passes every rung. There is nothing left to hint at.")
    text, left = live.next_hint(target, result)
    if text is None:
        every = "\n\n".join(target.key.exercise.hints)
        return Note(f"{name}: all hints once more", f"{every}\n\n{_mention_solution(name)}")
    more = f"{left} more hint{'s' if left > 1 else ''}: call hint({name}) again."
    return Note(f"{name}: a hint", f"{text}\n\n{more if left else _mention_solution(name)}")


def solution(
    function: Callable[..., Any] | str | None = None, anyway: bool = False
) -> Source | Note:
    """One way to write an exercise's function.

    Parameters
    ----------
    function : callable or str
        Your function, or its name. Without it, you are told which names there are.
    anyway : bool
        Show it also where nothing has been tried yet.

    Raises
    ------
    TypeError, ValueError
        As `check`.
    FileNotFoundError
        The chapter's notebook with solutions is not there.
    """
    from cnnlab.autograder import live
    from cnnlab.autograder.display.show import Note, Source
    from cnnlab.autograder.submission.solutions import solution_source

    if function is None:
        return _which_one("solution", "shows one way to write it")
    target = live.find(function, by_name=True)
    name = target.name
    if not live.state.solutions:
        said = f"In this course, solutions are not shown. hint({name}) gives you a hint."
        return Note(f"{name}: no solution here", said)
    if not anyway and not live.attempted(function):
        return Note(
            f"{name} is not written yet",
            f"Try it first: you learn most from your own mistakes. hint({name}) gives you a hint."
            f"\n\nsolution({name}, anyway=True) shows the solution anyway.",
        )
    return Source(name, solution_source(target.chapter, name))


def box(name: str) -> Box:
    """A function of the chapter with one mistake in it, to be called and not to be read.

    Parameters
    ----------
    name : str
        The function's name: ``box("relu")`` belongs to the exercise ``expose_relu``.

    Returns
    -------
    Box
        Called as the function is. It shows the list of mistakes of which one is in it.

    Raises
    ------
    ValueError
        No exercise exposes a mistake in this function, or several chapters have one and none was
        started.
    """
    from cnnlab.autograder import live
    from cnnlab.autograder.display.box import Box

    target = live.find(f"expose_{name}", by_name=True)
    return Box(target.chapter, target.name)


def _which_one(verb: str, does: str) -> Note:
    """What is said where no exercise was named."""
    from cnnlab.autograder import live
    from cnnlab.autograder.display.show import Note

    names = live.exercises_here()
    said = f"{verb}({names[0]}) {does}. The exercises are {', '.join(names)}."
    return Note("For which exercise?", said)


def _mention_solution(name: str) -> str:
    from cnnlab.autograder import live

    offer = f" solution({name}) shows one way to write it." if live.state.solutions else ""
    return f"There are no more hints.{offer}"
