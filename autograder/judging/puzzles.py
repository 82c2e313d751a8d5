"""Puzzles: a mistake in a box; a learner names it, and gives a small input on which it shows.

A puzzle takes a mistake from an exercise's own catalog of twists and asks for ``expose_NAME()``,
which returns the mistake's name and arguments. They expose it where this mistake gives a wrong
result and the other mistakes of the puzzle's list give the right one. What is right there, the
course's own op says: the one exception to "never from the course's own ops".

Learner code never meets a box in grading. It returns data, which is read here before anything is
computed with it: so many numbers at most, none of them large, of the kinds that the function takes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from cnnlab.autograder.judging.compare import Difference, agrees
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.tolerance import Rounding, is_number
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.autograder.judging.wording import kind_of
from cnnlab.autograder.sandbox.calls import Outcome, invoke

MOST = 64
"""Numbers at most in an answer's arguments; with more, nothing is computed."""
LARGEST = 1000
"""The largest number that is taken, of either sign: float64's roundings then show nowhere."""
LARGEST_COUNT = 16
"""The largest size, step or number of cells that is taken beside the arrays."""
ROUNDING = Rounding(MOST)
POINTS = {"name": 0.5, "exposes": 1, "small": 0.5}


# What a function takes

Reader = Callable[[Any], Any]
"""From what came for a parameter to what the function is given; raises for anything else."""


def array(value: Any) -> np.ndarray:
    """Numbers or nested lists of numbers; float64, but bytes and truth values stay."""
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "biuf" or numbers.size == 0 or numbers.ndim > 5:
        raise ValueError("an array of numbers")
    kept = numbers if numbers.dtype in (np.uint8, np.bool_) else numbers.astype(np.float64)
    if not np.all(np.abs(kept.astype(np.float64)) <= LARGEST):  # nor is nan
        raise ValueError(f"numbers from -{LARGEST} to {LARGEST}")
    return kept


def real(value: Any) -> float:
    """One number."""
    if not is_number(value) or not abs(float(value)) <= LARGEST:
        raise ValueError(f"a number from -{LARGEST} to {LARGEST}")
    return float(value)


def count(value: Any) -> int:
    """One whole number, of either sign."""
    if not is_number(value) or not abs(int(value)) <= LARGEST_COUNT or int(value) != value:
        raise ValueError(f"a whole number up to {LARGEST_COUNT}")
    return int(value)


def counts(value: Any) -> tuple[int, ...]:
    """A tuple of whole numbers: sizes, strides, a shape."""
    return tuple(count(number) for number in value)


def counts_or_none(value: Any) -> tuple[int, ...] | None:
    """Whole numbers, or None for the default."""
    return None if value is None else counts(value)


def flag(value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError("True or False")
    return bool(value)


def text(value: Any) -> str:
    """A word, such as ``"same"``."""
    if not isinstance(value, str) or len(value) > LARGEST_COUNT:
        raise ValueError("a word")
    return value


def text_or_none(value: Any) -> str | None:
    """A word, or None for the default."""
    return None if value is None else text(value)


def texts(value: Any) -> list[str]:
    """A list of words."""
    if not isinstance(value, list | tuple) or len(value) > MOST:
        raise ValueError(f"a list of at most {MOST} words")
    return [text(word) for word in value]


def numbers_in(value: Any) -> int:
    """How many numbers there are in arrays, tuples and lists, however deep."""
    if isinstance(value, list | tuple):
        return sum(map(numbers_in, value))
    return 0 if value is None or isinstance(value, str) else int(np.size(value))


# A puzzle


@dataclass(frozen=True)
class Puzzle:
    """A mistake to name and to expose.

    Parameters
    ----------
    exercise : Exercise
        Whose catalog the mistakes are from.
    mistake : str
        The name of the twist in the box; its first version, where there are several.
    among : tuple of str
        Names of other twists that are offered beside it.
    takes : Mapping of str to Reader
        The parameters of the boxed function that may be given, in order.
    witness : tuple
        A small input that exposes the mistake. So many numbers earn full marks.
    hints : three str
        From the idea to the detail; never the answer.
    of_arrays : callable, op → function
        What the box holds, where it is not the op itself: one that needs a model or a generator
        besides, which is fixed here.
    """

    exercise: Exercise
    mistake: str
    among: tuple[str, ...]
    takes: Mapping[str, Reader]
    witness: tuple[Any, ...]
    hints: tuple[str, str, str]
    of_arrays: Callable[[Op], Op] = lambda op: op

    @property
    def name(self) -> str:
        """The name of the puzzle as an exercise."""
        return f"expose_{self.exercise.name}"

    @cached_property
    def few(self) -> int:
        """So many numbers earn full marks."""
        return numbers_in(self.witness)

    @cached_property
    def choices(self) -> dict[str, str]:
        """The list of mistakes in the alphabet's order, and what each of them does."""
        told = {twist.name: _told(twist.says) for twist in reversed(self.exercise.twists)}
        return {name: told[name] for name in sorted((self.mistake, *self.among))}

    def _made(self, name: str) -> list[Op]:
        """The function with this mistake, in each of its versions."""
        twists = [twist for twist in self.exercise.twists if twist.name == name]
        return [self.of_arrays(twist.apply(self.exercise.numpy_op)) for twist in twists]

    @cached_property
    def right(self) -> Op:
        """The right function."""
        return self.of_arrays(self.exercise.numpy_op)

    @cached_property
    def box(self) -> Op:
        """The function with the mistake."""
        return self._made(self.mistake)[0]

    @cached_property
    def others(self) -> list[Op]:
        """The functions with the other mistakes that are offered, in all their versions."""
        return [op for name in self.among for op in self._made(name)]

    def read(self, arguments: Any) -> tuple[Any, ...]:
        """What the function is given.

        Raises
        ------
        TypeError, ValueError, OverflowError
            The function does not take this; the message says what it takes.
        """
        alone = len(self.takes) == 1 and not isinstance(arguments, tuple)
        given = (arguments,) if alone else tuple(arguments)
        if len(given) > len(self.takes):
            raise ValueError(f"at most {len(self.takes)} arguments")
        return tuple(read(value) for read, value in zip(self.takes.values(), given, strict=False))

    def in_words(self, rung: str, answer: Any, difference: Difference) -> Difference:
        """A difference that says what came, where no name came or another one."""
        try:
            name, _ = answer
        except (TypeError, ValueError):
            said = f"expected a name and an input, received {kind_of(answer)}"
            form = f'It ends as in `return "NAME", ({", ".join(self.takes)},)`.'
            return replace(difference, text=said, entry=form)
        if rung != "name":
            return difference
        known = isinstance(name, str) and name in self.choices
        listed = "" if known else f"The box's list has {', '.join(self.choices)}."
        said = f"{difference.text}, and the name was {kind_of(name)}"
        return replace(difference, text=said, entry=listed)


def _told(says: str) -> str:
    """What a twist says, without the question or the step at its end; in the box's own voice."""
    sentences = re.split(r"(?<=[.?!]) +", says)
    return " ".join(s for s in sentences[:-1] if not s.endswith("?")) or says


# What an answer shows


def examine(puzzle: Puzzle, answer: Any) -> dict[str, bool]:
    """What is true of an answer; nothing is computed with too many numbers.

    Parameters
    ----------
    answer : (str, tuple)
        A name, and arguments.
    """
    name, arguments = answer
    facts = dict.fromkeys(FACTS, False)
    facts["listed"] = isinstance(name, str) and name in puzzle.choices
    facts["named"] = isinstance(name, str) and name == puzzle.mistake
    size = numbers_in(arguments)
    facts["few"], facts["small"] = size <= MOST, size <= puzzle.few
    return facts | (_tried(puzzle, arguments) if facts["few"] else {})


FACTS = ("listed", "named", "few", "formed", "accepted", "wrong", "alone", "small")


def _tried(puzzle: Puzzle, arguments: Any) -> dict[str, bool]:
    """What the right function, the box and the other mistakes do with these arguments."""
    try:
        args = puzzle.read(arguments)
    except (TypeError, ValueError, OverflowError):
        return {}
    right = invoke(puzzle.right, args)
    if right.status != "returned":
        return {"formed": True}
    return {
        "formed": True,
        "accepted": True,
        "wrong": _differs(right, invoke(puzzle.box, args)),
        "alone": not any(_differs(right, invoke(other, args)) for other in puzzle.others),
    }


def _differs(right: Outcome, other: Outcome) -> bool:
    """Whether another function gives something else, or fails."""
    return other.status != "returned" or not agrees(right.value, other.value, ROUNDING)


def on_rungs(puzzle: Puzzle, facts: Mapping[str, bool]) -> dict[str, dict[str, bool]]:
    """The facts as they count for each rung, in the learner's words."""
    function = puzzle.exercise.name
    return {
        "name": {
            "the name is on the list": facts["listed"],
            "it is the mistake in the box": facts["named"],
        },
        "exposes": {
            f"at most {MOST} numbers": facts["few"],
            f"of the kind that {function} takes, none above {LARGEST}": facts["formed"],
            f"{function} gives a result there": facts["accepted"],
            "the box gives another one": facts["wrong"],
            "no other mistake on the list does": facts["alone"],
        },
        "small": {
            "the mistake shows": facts["wrong"] and facts["alone"],
            f"at most {puzzle.few} number{'s' * (puzzle.few > 1)}": facts["small"],
        },
    }


# The exercise that a puzzle is

_OURS = secrets.token_hex(16)
"""Marks facts that a mistake of ours states. No other process knows it: what a learner's function
returns is always examined."""


def _stating(**stated: bool) -> Callable[[Op], Op]:
    """An answer of which these facts are otherwise."""
    return on_output(lambda facts: {**facts, **stated})


_NOTHING_RUNS = dict.fromkeys(("few", "formed", "accepted", "wrong", "alone", "small"), False)
_NOTHING = (
    "On your input the box gives what the right function gives, so nothing shows. "
    "What must an input have, for this mistake to matter?"
)
_ANOTHER = (
    "On your input another mistake of the list shows as well, so it does not tell them apart. "
    "Which part of your input is to blame?"
)
_ELSEWHERE = (
    "On your input another mistake of the list would show, and the one in the box does not. "
    "What does the box do differently?"
)
_LARGE = "Your input is larger than it must be. Which numbers can you leave out?"
_TOO_LARGE = (
    f"Your input has more than {MOST} numbers, so nothing was tried. Begin with one or two."
)
_NAME = (
    "The name is not that of the mistake in the box. Call the box with simple inputs: what do its "
    "wrong results have in common?"
)
TWISTS = (
    Twist("shows-nothing", _stating(wrong=False), _NOTHING),
    Twist("shows-another", _stating(alone=False), _ANOTHER),
    Twist("shows-another", _stating(wrong=False, alone=False), _ELSEWHERE),
    Twist("wrong-name", _stating(named=False), _NAME),
    Twist("too-large", _stating(small=False), _LARGE),
    Twist("too-large", _stating(**_NOTHING_RUNS), _TOO_LARGE),
)


def exposing(puzzle: Puzzle) -> Exercise:
    """The exercise ``expose_NAME`` of a puzzle."""
    return Exercise(
        name=puzzle.name,
        points=POINTS,
        probes=_probes,
        keras_reference=lambda: on_rungs(puzzle, dict.fromkeys(FACTS, True)),
        numpy_op=lambda: {"by": _OURS, **examine(puzzle, (puzzle.mistake, puzzle.witness))},
        twists=TWISTS,
        hints=puzzle.hints,
        rung_hints=_RUNG_HINTS,
        describe=lambda args, value: on_rungs(puzzle, _facts(puzzle, value)),
        evidence=1,
        puzzle=puzzle,
    )


def _probes(rng: np.random.Generator) -> Iterator[Probe]:
    """One call for each rung; there is nothing to draw."""
    return (Probe(rung, ()) for rung in POINTS)


def _facts(puzzle: Puzzle, value: Any) -> Mapping[str, bool]:
    """The facts that our own mistakes state, or what is true of an answer."""
    ours = isinstance(value, dict) and value.get("by") == _OURS
    return value if ours else examine(puzzle, value)


_RUNG_HINTS = {
    "name": (
        "Give the box an input so small that you know the right result. Which mistake on its list "
        "would give just what came?"
    ),
    "exposes": (
        "Call your own function and the box with your input. Then go through the list: which other "
        "mistake would show there, too?"
    ),
    "small": (
        "Take one number out of your input, or make one 0, and try again. Which of them does the "
        "mistake need?"
    ),
}
