"""What a function's first wrong number should use and what it uses: a sentence and two pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlab.autograder.display.exhibits import Exhibit
from cnnlab.autograder.display.picture import (
    SIDE_BY_SIDE,
    all_cuts,
    axes,
    number,
    plane,
    scale,
)
from cnnlab.autograder.judging.answerkey import Influence

NAMED = 2
"""Numbers at most that the sentence names one by one; of more it says how many they are."""


def target(influence: Influence) -> str:
    """The number that it is about: ``"result[0, 1]"``, ``"result[1][2]"`` or ``"result"``."""
    cell = ", ".join(map(str, influence.cell))
    return f"result{influence.where}" + (f"[{cell}]" if cell else "")


def in_words(influence: Influence) -> str:
    """What the number should use and what it uses instead, in at most 40 words."""
    which = "The first wrong number" if influence.cell else "The wrong number"
    should = f"It should use {_cells(influence, influence.expected)}"
    if not influence.expected.any():
        should = f"It should not depend on {influence.argument} here"
    return f"{which} is {target(influence)}. {should}. {_yours(influence)}"


def _yours(influence: Influence) -> str:
    """How the learner's function differs from what it should use."""
    expected, received = influence.expected != 0, influence.received != 0
    left_out, more = expected & ~received, received & ~expected
    if not influence.differs:
        same = ", and with the same weights" if expected.any() else ""
        return f"So it is in yours{same}: the difference comes from something else."
    if not received.any():
        return f"Yours does not use {influence.argument} here."
    if not left_out.any() and not more.any():
        return f"Yours uses the same, but with {_other_weights(influence)}."
    if not left_out.any() and expected.any():
        return f"Yours uses {_cells(influence, more, 'more ')} as well."
    if not more.any():
        return f"Yours leaves out {_cells(influence, left_out)}."
    return f"Yours uses {_cells(influence, received)}."


def _other_weights(influence: Influence) -> str:
    if np.count_nonzero(influence.changed) > 1:
        return "other weights"
    pair = influence.received, influence.expected
    received, expected = (number(weights[influence.changed][0]) for weights in pair)
    return f"weight {received} instead of {expected}"


def _cells(influence: Influence, chosen: np.ndarray, more: str = "") -> str:
    """``"x[0, 1] and x[0, 2]"``, ``"4 numbers of x"``, ``"2 more numbers of x"``."""
    name, places = influence.argument, np.argwhere(chosen)
    if not chosen.ndim:
        return name
    if len(places) > NAMED:
        return f"{len(places)} {more}numbers of {name}"
    cells = (", ".join(map(str, place)) for place in places.tolist())
    return " and ".join(f"{name}[{cell}]" for cell in cells)


def pictures(influence: Influence) -> list[Exhibit]:
    """The weights as they should be and as they are, cut alike and in one scale.

    Shown are the cuts where most differs; nothing where two equal pictures would stand side by
    side, or two numbers that the sentence gives already.
    """
    if not influence.differs or not influence.expected.ndim:
        return []
    pair = influence.expected, influence.received
    names = axes(influence.argument, influence.expected.ndim)
    cuts = all_cuts(influence.expected.shape, names)
    apart, used = np.abs(pair[1] - pair[0]), np.abs(pair[0]) + np.abs(pair[1])

    def telling(cut: tuple[Any, ...]) -> tuple[float, float]:
        return np.max(apart[cut]), np.max(used[cut])

    first = sorted(cuts, key=telling, reverse=True)[:SIDE_BY_SIDE]
    shown = [cut for cut in cuts if cut in first and used[cut].any()] or cuts[:1]
    shape, limit = "×".join(map(str, influence.expected.shape)), scale(*pair)
    titles = (f"{influence.argument}: weights it should have", "weights in yours")
    return [
        Exhibit(title, shape, [plane(weights, names, cut) for cut in shown], limit, hollow=True)
        for title, weights in zip(titles, pair, strict=True)
    ]


def legend(influence: Influence) -> str:
    """What the numbers in the pictures mean."""
    return (
        f"A weight says how much {target(influence)} changes for each unit that this number of "
        f"{influence.argument} grows."
    )
