"""A box: a function with one mistake in it, which can be called and not read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from cnnlab.autograder.display.card import card
from cnnlab.autograder.display.picture import SOFT
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.puzzles import Puzzle
from cnnlab.autograder.sandbox.calls import invoke
from cnnlab.course import palette

_CODE = "font-family:var(--jp-code-font-family,monospace);"


class BoxError(ValueError):
    """What the function in a box raised, without the way through it."""


class Box:
    """A function with one mistake in it.

    It holds where to look, and neither the mistake's name nor the function: so nothing that a
    notebook shows of an object gives it away, and an error comes without the lines that raised it.

    Parameters
    ----------
    chapter, exercise : str
        The chapter's full name, and the exercise that asks for the mistake: ``expose_relu``.
    """

    __slots__ = ("_chapter", "_exercise")

    def __init__(self, chapter: str, exercise: str) -> None:
        self._chapter, self._exercise = chapter, exercise

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function gives for these arguments, which stay as they are."""
        value, problem = _called(_puzzle(self).box, args, kwargs)
        if problem:
            raise BoxError(f"the function in the box stops with an error. {problem}")
        return value

    def __repr__(self) -> str:
        puzzle = _puzzle(self)
        listed = [f"  {name}: {does}" for name, does in puzzle.choices.items()]
        return "\n".join([_title(puzzle), _how(puzzle), *listed, _task(puzzle)])

    def _repr_html_(self) -> str:
        puzzle = _puzzle(self)
        rows = "".join(
            f'<dt style="{_CODE}font-weight:600;">{escape(name)}</dt>'
            f'<dd style="margin:0 0 5px 1.5em;">{escape(does)}</dd>'
            for name, does in puzzle.choices.items()
        )
        return card(
            f'<strong style="font-size:16px;">{escape(_title(puzzle))}</strong>'
            f'<p style="margin:6px 0;">{escape(_how(puzzle))}</p>'
            f'<dl style="margin:6px 0;">{rows}</dl>'
            f'<p style="margin:6px 0;color:{SOFT};">{escape(_task(puzzle))}</p>',
            palette.BOX,
            _title(puzzle),
        )


def _called(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, str]:
    """What a call gives, and what it stops with; where it stopped is left behind here."""
    outcome = invoke(function, args, kwargs)
    if outcome.error:
        return None, f"{outcome.error.type}: {outcome.error.message}"
    return outcome.value, "" if outcome.status == "returned" else outcome.status


def _puzzle(box: Box) -> Puzzle:
    found = load_chapter(box._chapter)[box._exercise].puzzle
    assert found is not None
    return found


def _title(puzzle: Puzzle) -> str:
    return f"A box: {puzzle.exercise.name} with one mistake"


def _how(puzzle: Puzzle) -> str:
    return (
        f"Call it with {', '.join(puzzle.takes)}. One of these mistakes is in it. Beside each "
        "stands what somebody would be told who made it."
    )


def _task(puzzle: Puzzle) -> str:
    most = f"{puzzle.few} number{'s' * (puzzle.few > 1)}"
    return (
        f"{puzzle.name} returns its name and an input on which it alone shows, "
        f"for full marks with at most {most}."
    )
