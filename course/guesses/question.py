"""One question: what is right, and which misunderstanding a typical wrong guess shows.

Questions are data, and their answers are computed: ``number("…", answer=150 * 150 * 3, …)``. Where
the answer is a word, or needs more than a line, ``proof`` computes it once more for the tests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Guess = float | tuple[int, ...] | str
"""What is guessed: a number, a shape, or one of several answers."""

ROUNDED = 0.012
"""Relative difference up to which a typed number means a fraction: 0.33 for 1/3."""
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "%": 1.0, "percent": 1.0}


@dataclass(frozen=True)
class Verdict:
    """What there is to say about a guess.

    Parameters
    ----------
    right : bool or None
        None where the guess could not be read.
    title, text : str
        In short; and what the guess shows, or how to write one.
    reason : str
        The answer with its reason, where the guess was right.
    """

    right: bool | None
    title: str
    text: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Question:
    """A question with a checkable answer; made by `number`, `shape` or `choice`.

    Parameters
    ----------
    name : str
        One name in the whole course.
    kind : str
        ``"number"``, ``"numbers"`` (a shape, or several whole numbers in a row) or ``"choice"``.
    text : str
        The question. Code stands between backticks.
    answer : number, tuple of int, or str
    why : str
        The reason, shown after the answer.
    wrong : mapping
        Typical wrong guesses, and the misunderstanding that each shows.
    options : tuple of str
        The answers to choose from.
    unit : str
        Written after a number, and between several: ``" × "`` in a shape.
    within : float
        The relative error that is near enough; for numbers that one can only estimate.
    proof : callable, optional
        Computes the answer once more.
    """

    name: str
    kind: str
    text: str
    answer: Guess
    why: str
    wrong: Mapping[Any, str]
    options: tuple[str, ...] = ()
    unit: str = ""
    within: float = 0.0
    proof: Callable[[], Guess] | None = field(default=None, compare=False)

    def read(self, typed: str) -> Guess:
        """What was typed, as a number, a shape or an option.

        Raises
        ------
        ValueError
            It is none; the message says what to write.
        """
        if self.kind == "choice":
            if typed not in self.options:
                raise ValueError("Choose one of: " + "; ".join(self.options) + ".")
            return typed
        if self.kind == "numbers":
            return read_numbers(typed)
        return read_number(typed, self.unit)

    def judge(self, typed: str) -> Verdict:
        """What there is to say about a guess as it was typed."""
        try:
            given = self.read(typed)
        except ValueError as error:
            return Verdict(None, "Guess again.", str(error))
        if self._same(given, self.answer):
            return Verdict(True, "Right.", reason=self.why)
        if text := next((t for wrong, t in self.wrong.items() if self._same(given, wrong)), ""):
            return Verdict(False, "Not right.", text)
        if self._near(given):
            return Verdict(True, "Near enough.", f"It is {self.written(self.answer)}.", self.why)
        return Verdict(False, "Not right.", self._direction(given))

    def written(self, guess: Guess) -> str:
        """A number, a shape or an option as people write it.

        Examples
        --------
        >>> number("n", "?", 67500, "").written(67500)
        '67,500'
        >>> shape("s", "?", (32, 32, 3), "").written((32, 32, 3))
        '32 × 32 × 3'
        """
        if isinstance(guess, tuple):
            text = self.unit.join(map(str, guess)) if len(guess) > 1 else f"({guess[0]},)"
            return text.replace("-", "−")
        if isinstance(guess, str):
            return guess
        figure = f"{guess:,.0f}" if float(guess).is_integer() else f"{guess:,.4g}"
        return f"{figure} {self.unit}".strip().replace("-", "−")

    def _same(self, one: Guess, other: Guess) -> bool:
        """Whether a guess means this number, up to rounding where it is not a whole one."""
        if isinstance(one, int | float) and isinstance(other, int | float):
            whole = float(other).is_integer()
            return math.isclose(one, other, rel_tol=1e-9 if whole else ROUNDED, abs_tol=1e-9)
        return one == other

    def _near(self, given: Guess) -> bool:
        if isinstance(given, int | float) and isinstance(self.answer, int | float):
            return abs(given - self.answer) <= self.within * abs(self.answer)
        return False

    def _direction(self, given: Guess) -> str:
        if isinstance(given, int | float) and isinstance(self.answer, int | float):
            return f"The number is {'larger' if given < self.answer else 'smaller'}."
        if isinstance(given, tuple) and isinstance(self.answer, tuple):
            if len(given) != len(self.answer):
                count = len(self.answer)
                return f"The answer has {count} number{'s' if count > 1 else ''}."
            off = [n for n, (a, b) in enumerate(zip(given, self.answer, strict=True), 1) if a != b]
            return f"Look again at number {' and '.join(map(str, off))} of yours."
        return "Think again, or look at the answer."


def number(
    name: str,
    text: str,
    answer: float,
    why: str,
    wrong: Mapping[Any, str] | None = None,
    *,
    unit: str = "",
    within: float = 0.0,
    proof: Callable[[], float] | None = None,
) -> Question:
    """A question whose answer is a number."""
    return Question(
        name, "number", text, answer, why, dict(wrong or {}), (), unit, within, proof
    )  # fmt: skip


def shape(
    name: str,
    text: str,
    answer: tuple[int, ...],
    why: str,
    wrong: Mapping[Any, str] | None = None,
    *,
    proof: Callable[[], tuple[int, ...]] | None = None,
) -> Question:
    """A question whose answer is the shape of an array."""
    return Question(
        name, "numbers", text, tuple(answer), why, dict(wrong or {}), unit=" × ", proof=proof
    )  # fmt: skip


def numbers(
    name: str,
    text: str,
    answer: Iterable[float],
    why: str,
    wrong: Mapping[Any, str] | None = None,
    *,
    proof: Callable[[], tuple[int, ...]] | None = None,
) -> Question:
    """A question whose answer is several whole numbers in a row."""
    row = tuple(round(n) for n in answer)
    return Question(name, "numbers", text, row, why, dict(wrong or {}), unit=", ", proof=proof)


def choice(
    name: str,
    text: str,
    answer: str,
    why: str,
    options: Mapping[str, str],
    *,
    proof: Callable[[], str] | None = None,
) -> Question:
    """A question with several answers to choose from.

    Parameters
    ----------
    options : mapping of str to str
        In the order in which they are shown, each with what choosing it shows; the right one
        with ``""``.
    """
    wrong = {option: shows for option, shows in options.items() if option != answer}
    return Question(name, "choice", text, answer, why, wrong, tuple(options), proof=proof)


def read_number(typed: str, unit: str = "") -> float:
    """A number as people type it.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> read_number("67,500"), read_number("15.5 billion"), read_number("1/4"), read_number("−0,5")
    (67500.0, 15500000000.0, 0.25, -0.5)
    """
    text = typed.strip().lower().replace("−", "-").removesuffix(unit.lower() or "\0").strip()
    figure, scale = text, 1.0
    for word, size in _SCALES.items():
        if text.endswith(word):
            figure, scale = text.removesuffix(word).strip(), size
    parts = figure.split("/")
    try:
        value = _float(parts[0]) / (_float(parts[1]) if len(parts) == 2 else 1.0)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if len(parts) > 2 or not math.isfinite(value):
        raise ValueError("Write a number, such as 12, 0.25 or 1/4.")
    return value * scale


def _float(figure: str) -> float:
    """A figure with or without separators of thousands; a single comma is a decimal one."""
    if re.fullmatch(r"-?[1-9]\d{0,2}([ ,_']\d{3})+(\.\d+)?", figure.strip()):
        return float(re.sub(r"[ ,_']", "", figure))
    return float(figure.replace(",", "."))


def read_numbers(typed: str) -> tuple[int, ...]:
    """A shape or several whole numbers as people type them.

    Raises
    ------
    ValueError
        They are none.

    Examples
    --------
    >>> read_numbers("28 × 28x10"), read_numbers("(512,)"), read_numbers("[0, -8, 0]")
    ((28, 28, 10), (512,), (0, -8, 0))
    """
    text = typed.strip().strip("()[]").rstrip(", ").lower().replace("−", "-")
    parts = re.split(r"\s*[×x*,;]\s*|\s+", text)
    if not all(re.fullmatch(r"-?\d{1,9}", part) for part in parts):
        raise ValueError("Write whole numbers, such as 32, 32, 3 or 32 × 32 × 3.")
    return tuple(map(int, parts))
