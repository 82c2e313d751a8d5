"""A look into a function: which inputs does its first wrong number depend on, and how much?

On a small case each number of an array is moved a little, once for the course's own op and once
for the learner's function. So a window that is shifted by one, a kernel that is transposed or a
channel that is missing can be seen, whether or not the mistake has a name. No point depends on
it, and where there is no clear answer nothing is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from cnnlab.autograder.judging.answerkey import AnswerKey, Finding, Influence
from cnnlab.autograder.judging.compare import agrees
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.shrink import Args, shrink
from cnnlab.autograder.judging.tolerance import as_numbers
from cnnlab.autograder.sandbox.calls import Outcome, invoke

CELLS = 64
"""Numbers at most in an array whose numbers are moved, each by a call of its own."""
SECONDS = 0.15
"""What all calls together may take; a function that is slower is not asked."""
STEP = 2.0**-8
"""How far a number is moved, for arrays of numbers up to 1; a power of two rounds least."""
UNUSED = 1e-3
"""A weight below this share of the largest one is rounding."""

Call = Callable[[Args, Mapping[str, Any]], Outcome]


class _NoAnswer(Exception):
    """The function cannot be asked in this way."""


def look_into(key: AnswerKey, finding: Finding, call: Call) -> Finding:
    """The finding on a smaller case, with what the function uses there if that can be asked.

    Parameters
    ----------
    key : AnswerKey
    finding : Finding
    call : callable, (args, kwargs) → Outcome
        Calls the learner's function.
    """
    small = attempt(shrink, key, finding, lambda args: call(args, {}), plainer=finding)
    return replace(small, influence=attempt(ask, small, call, plainer=None))


def ask(finding: Finding, call: Call) -> Influence | None:
    """What the first wrong number should depend on, and what it does depend on.

    The first array is asked about, and a later one, or a number, where nothing differs there.
    None for a function that is slow or random, that fails when a number is moved, or that gives
    another wrong number where the same input comes as float64.
    """
    if finding.difference.kind != "values" or finding.exercise.driver:
        return None
    deadline = perf_counter() + SECONDS
    found: Influence | None = None
    for place, name in _numbers(finding):
        try:
            influence = _compared(finding, place, name, call, deadline)
        except _NoAnswer:
            break
        if influence.differs:
            return influence
        found = found or influence
    return found


def _numbers(finding: Finding) -> Iterator[tuple[int, str]]:
    """Place and name of each positional argument that is a small array, or a number, of floats.

    Whole numbers outside of arrays count something: strides, sizes.
    """
    named = zip(finding.arguments(), finding.probe.args, strict=False)
    for place, ((name, _), value) in enumerate(named):
        array = np.asarray(value) if isinstance(value, np.ndarray | float) else np.empty(0)
        if array.dtype.kind in "iuf" and 0 < array.size <= CELLS and np.isfinite(array).all():
            yield place, name


def _compared(finding: Finding, place: int, name: str, call: Call, deadline: float) -> Influence:
    """The weights of one argument's numbers, as they should be and as they are."""
    difference, op = finding.difference, finding.exercise.numpy_op
    ours = _Asked(
        lambda args, kwargs: invoke(op, args, kwargs), difference.expected, finding, deadline
    )
    theirs = _Asked(call, difference.received, finding, deadline)
    expected, received = ours.weights(place), theirs.weights(place)
    least = UNUSED * max(np.max(np.abs(expected)), np.max(np.abs(received)))
    expected, received = (np.where(np.abs(w) > least, w, 0.0) for w in (expected, received))
    return Influence(difference.where, difference.index or (), name, expected, received)


@dataclass(frozen=True)
class _Asked:
    """A function that is called again and again on nearly the same arguments.

    ``answered`` is what it gave for them at first: where it does not do so again, what it uses
    says nothing about that answer.
    """

    call: Call
    answered: Any
    finding: Finding
    deadline: float

    def weights(self, place: int) -> np.ndarray:
        """``(f(x + step e_i) - f(x)) / step`` for each number ``x_i`` of an argument."""
        x = np.asarray(self.finding.probe.args[place], np.float64)
        step = STEP * 2.0 ** math.ceil(math.log2(max(1.0, np.max(np.abs(x)))))
        start = perf_counter()
        still = self.number(place, x, first=True)
        if start + (perf_counter() - start) * x.size > self.deadline:
            raise _NoAnswer
        moved = [self.number(place, x + step * unit.reshape(x.shape)) for unit in np.eye(x.size)]
        if self.number(place, x) != still:
            raise _NoAnswer  # it is random, or remembers earlier calls
        if not np.isfinite([still, *moved]).all():
            raise _NoAnswer
        return (np.array(moved).reshape(x.shape) - still) / step

    def number(self, place: int, x: np.ndarray, first: bool = False) -> float:
        """The number in question, where the argument at ``place`` is ``x``."""
        if perf_counter() > self.deadline:
            raise _NoAnswer
        args, kwargs = self.finding.probe.args, self.finding.probe.kwargs
        given = x if x.ndim else float(x)
        outcome = self.call((*args[:place], given, *args[place + 1 :]), kwargs)
        if outcome.status != "returned":
            raise _NoAnswer
        leaf = _leaf(outcome.value, self.finding.difference.where)
        if leaf.shape != np.shape(self.answered) or leaf.dtype.kind != "f":
            raise _NoAnswer
        if first and not agrees(np.asarray(self.answered), leaf, self.finding.probe.rounding):
            raise _NoAnswer
        return float(leaf[self.finding.difference.index or ()])


def _leaf(value: Any, where: str) -> np.ndarray:
    """The array or number at a place such as ``"[1]"`` in what a function returned."""
    for i in re.findall(r"\[(\d+)\]", where):
        if not isinstance(value, list | tuple) or int(i) >= len(value):
            raise _NoAnswer
        value = value[int(i)]
    leaf = as_numbers(value)
    if leaf is None:
        raise _NoAnswer
    return leaf
