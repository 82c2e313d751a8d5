"""A learner's own function in a demo: run it, and say in words what cannot be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.judging.stubs import is_stub


@dataclass(frozen=True)
class Answer:
    """What a demo shows for one call.

    Parameters
    ----------
    map : ndarray, shape (rows, columns), float64
    learners : bool
        Whether the learner's function computed it.
    message : str
        What the learner should know; ``""`` where all is well.
    """

    map: NDArray[np.float64]
    learners: bool
    message: str


def ask(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    right: NDArray[Any],
    plane: Callable[[NDArray[Any]], NDArray[Any]] = lambda result: result,
    meant: str = "the sum of the products",
    near: float = 1e-5,
) -> Answer:
    """Call a learner's function on copies, and judge whether its result can be shown.

    Parameters
    ----------
    function : callable
        May be a stub, raise, or give anything at all.
    args : tuple
        Its arguments; arrays are copied.
    right : ndarray
        What it should give.
    plane : callable
        From such a result to the (rows, columns) that are shown.
    meant : str
        What each of its numbers is, in words.
    near : float
        How far a right number may be off, besides a ten-thousandth of itself.

    Examples
    --------
    >>> ask(lambda x: 1 / 0, (np.ones((1, 1)),), np.ones((1, 1))).message
    "Your function raised ZeroDivisionError: division by zero. You see the course's result."
    """
    name = getattr(function, "__name__", "")
    name = name if name.isidentifier() else "function"  # a lambda's name is <lambda>
    shown = plane(right)
    instead = "You see the course's result."
    if is_stub(function):
        message = f"Your {name} is not written yet. {instead} Write it, then run this cell again."
        return Answer(shown, False, message)
    given = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)
    try:
        result = function(*given)
    except Exception as error:  # whatever a learner's code may raise
        what = f"{type(error).__name__}: {error}".rstrip(": .")
        return Answer(shown, False, f"Your {name} raised {what}. {instead}")
    trouble = _unusable(result, right.shape)
    if trouble:
        return Answer(shown, False, f"Your {name} gave {trouble}. {instead}")
    learners = plane(np.asarray(result, dtype=float))
    if not all(map(np.array_equal, given, args)):
        message = f"Your {name} changes the array that it is given. Work on a new one."
        return Answer(learners, True, message)
    return Answer(learners, True, _doubts(name, learners, shown, meant, near))


def _unusable(result: Any, shape: tuple[int, ...]) -> str:
    """Why a result cannot be drawn, or ``""``."""
    if result is None:
        return "None, as a function does that has no return"
    try:
        array = np.asarray(result, dtype=float)
    except (TypeError, ValueError):
        return f"{type(result).__name__}, which is not an array of numbers"
    if array.shape != shape:
        return f"an array of shape {array.shape}, but {shape} is needed here"
    if not np.isfinite(array).all():
        return "numbers that are not finite (nan or inf)"
    return ""


def _doubts(name: str, learners: NDArray[Any], right: NDArray[Any], meant: str, near: float) -> str:
    """What is odd about a map that can be drawn, or ``""``."""
    apart = ~np.isclose(learners, right, rtol=1e-4, atol=near)
    if not apart.any():
        return ""
    i, j = np.argwhere(apart)[0]
    return (
        f"At {apart.sum()} of {apart.size} places your {name} does not give {meant}, "
        f"first at row {i}, column {j}. You see your result."
    )
