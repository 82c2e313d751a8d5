"""An exercise's answer key, and one finding about an answer."""

from __future__ import annotations

import inspect
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from itertools import permutations, product
from typing import Any

import numpy as np

from cnnlab.autograder.judging.compare import Difference, Undescribed, agrees
from cnnlab.autograder.judging.exercise import Exercise, Probe, same
from cnnlab.autograder.judging.timing import Runner
from cnnlab.autograder.judging.twists import CHANGES_INPUT, Twist, combine
from cnnlab.autograder.sandbox.calls import Outcome, invoke, load_driver, request


@dataclass
class AnswerKey:
    """An exercise's probes, what each should give, and what each mistake would give.

    One key serves a whole batch: predictions of twists are computed when first asked for.

    Parameters
    ----------
    exercise : Exercise
    probes : list of Probe
    expected : list
        As the exercise describes it; None for probes that must raise.
    """

    exercise: Exercise
    probes: list[Probe]
    expected: list[Any]
    _predicted: dict[tuple[int, ...], tuple[tuple[Twist, ...], Outcome]] = field(
        default_factory=dict, repr=False
    )
    """By probe and the twists' ``id``; kept with them, so that no other object gets such an id."""
    _distinct: dict[tuple[int, bytes], Outcome] = field(default_factory=dict, repr=False)
    _alike: dict[int, list[list[int]]] = field(default_factory=dict, repr=False)
    _right: dict[int, bool] = field(default_factory=dict, repr=False)
    _others: dict[int, AnswerKey] = field(default_factory=dict, repr=False, compare=False)
    """Keys for the same exercise with other points, by its ``id``; they hold it."""

    def for_(self, exercise: Exercise) -> AnswerKey:
        """This key where the exercise has other points; what was computed for it is kept."""
        if exercise is self.exercise:
            return self
        if id(exercise) not in self._others:
            other = self._others[id(exercise)] = replace(self, exercise=exercise)
            other.__dict__ |= {"requests": self.requests, "_sent": self._sent}
        return self._others[id(exercise)]

    @cached_property
    def requests(self) -> list[bytes]:
        """Every probe's call, encoded once for the whole batch."""
        pairs = zip(self.probes, self._sent, strict=True)
        return [request(probe.args, probe.kwargs, sent) for probe, sent in pairs]

    @cached_property
    def _sent(self) -> list[Any]:
        """What the driver gets of what each probe gives."""
        return [self.exercise.sent(probe.given) for probe in self.probes]

    @cached_property
    def mistakes(self) -> list[Twist]:
        """The mistakes that are known by what a function returns."""
        return [twist for twist in self.exercise.twists if twist.name != CHANGES_INPUT]

    @cached_property
    def pairs(self) -> list[tuple[Twist, Twist]]:
        """Mistakes with another right way, then two mistakes, in both orders."""
        variants = product(self.mistakes, self.exercise.variants)
        return [*variants, *permutations(self.mistakes, 2)]

    def outcomes(self, runner: Runner) -> list[Outcome]:
        """What comes of every probe, where the runner calls the learner's function."""
        baseline = self.exercise.baseline
        if baseline is None:
            return runner.call(range(len(self.probes)))
        return baseline.outcomes([probe.rung for probe in self.probes], runner)

    def call(self, function: Callable[..., Any], probe: Probe) -> Outcome:
        """A function of this process, called as a learner's is."""
        driver = load_driver(self.exercise.driver)
        given = self.exercise.sent(probe.given)
        return invoke(function, probe.args, probe.kwargs, driver, given)

    def describe(self, i: int, value: Any) -> Any:
        """A result as it is compared; one that has no description is `Undescribed`.

        What the judge gave a driver, or kept back, is taken from the probe, never from the
        learner's process. A dict that comes back as it is has not been described either: it could
        be the judge's own.
        """
        probe = self.probes[i]
        if self.exercise.describe is same:
            return value
        if self.exercise.driver and isinstance(value, dict) and isinstance(probe.given, dict):
            known = {*value, *(probe.given.keys() - self._sent[i].keys())}
            value = value | {name: each for name, each in probe.given.items() if name in known}
        try:
            described = self.exercise.describe(probe.args, value)
        except Exception:
            return Undescribed(value)
        if self.exercise.puzzle:
            return described[probe.rung]
        return Undescribed(value) if described is value and isinstance(value, dict) else described

    def call_numpy_op(self, probe: Probe, twists: tuple[Twist, ...] = ()) -> Outcome:
        """What the course's own op answers, with these mistakes made in it."""
        op = combine(*twists)(self.exercise.numpy_op)
        if self.exercise.simulated:
            return invoke(op, probe.args, probe.kwargs, _simulated, probe.given)
        return self.call(op, probe)

    def predict(self, twists: tuple[Twist, ...], i: int) -> Outcome:
        """What a function with these mistakes would answer to probe ``i``.

        Equal answers to a probe are one object: so much less memory, and comparisons.
        """
        label = (i, *map(id, twists))
        if label not in self._predicted:
            outcome = self.call_numpy_op(self.probes[i], twists)
            if outcome.status == "returned":
                outcome = replace(outcome, value=self.describe(i, outcome.value))
            outcome = self._distinct.setdefault((i, _fingerprint(outcome)), outcome)
            self._predicted[label] = twists, outcome
        return self._predicted[label][1]

    def alike(self, i: int) -> list[list[int]]:
        """The numbers of its pairs, those together that answer the same to probe ``i``."""
        if i not in self._alike:
            groups: dict[int, list[int]] = {}
            for number, twists in enumerate(self.pairs):
                groups.setdefault(id(self.predict(twists, i)), []).append(number)
            self._alike[i] = [*groups.values()]
        return self._alike[i]

    def is_right(self, i: int, predicted: Outcome) -> bool:
        """Whether a prediction for probe ``i`` is the right answer."""
        if id(predicted) not in self._right:
            rounding = self.probes[i].rounding
            self._right[id(predicted)] = agrees(self.expected[i], predicted.value, rounding)
        return self._right[id(predicted)]


def _fingerprint(outcome: Outcome) -> bytes:
    """The same for outcomes that nothing but their seconds tells apart."""
    said = outcome.status, outcome.value, outcome.error, outcome.warnings
    return sha256(pickle.dumps(said)).digest()


ALIKE = 0.01
"""Weights that differ by less than this share of the largest one are the same."""


@dataclass(frozen=True, eq=False)
class Influence:
    """What one number of a result depends on in one argument, and should depend on.

    Parameters
    ----------
    where : str
        The place of the number's array in a tuple, ``"[1]"``; else ``""``.
    cell : tuple of int
        The number's place in that array; empty where the result is a number.
    argument : str
        The argument's name.
    expected, received : ndarray, shape of the argument
        By how much the number changes for each unit that a number of the argument grows, as it
        should be and in the learner's function.
    """

    where: str
    cell: tuple[int, ...]
    argument: str
    expected: np.ndarray
    received: np.ndarray

    @property
    def changed(self) -> np.ndarray:
        """Where the two differ, as an array of bool."""
        largest = max(np.max(np.abs(self.expected)), np.max(np.abs(self.received)))
        return np.abs(self.expected - self.received) > ALIKE * largest

    @property
    def differs(self) -> bool:
        """Whether the two differ anywhere."""
        return bool(self.changed.any())


@dataclass(frozen=True)
class Finding:
    """One probe that failed: what a person needs to see of it."""

    exercise: Exercise
    probe: Probe
    difference: Difference
    influence: Influence | None = None

    @property
    def size(self) -> int:
        """How much there is to read: the number of input cells."""
        return sum(_cells(a) for a in self.probe.args if isinstance(a, np.ndarray | list))

    def arguments(self) -> list[tuple[str, Any]]:
        """The call's arguments by name, in order."""
        parameters = list(inspect.signature(self.exercise.numpy_op).parameters)
        return [*zip(parameters, self.probe.args, strict=False), *self.probe.kwargs.items()]

    def call(self) -> str:
        """The call, with every small argument written out."""
        given = ", ".join(f"{name} = {_brief(value)}" for name, value in self.arguments())
        return f"{self.exercise.name}({given})"

    def text(self) -> str:
        """The call, the case's title, and how the results differ, in one line."""
        case = f" ({self.probe.title})" if self.probe.title else ""
        return f"{self.call()}{case}: {self.difference.text}."


def _simulated(op: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> Any:
    """In a driver's place, so that what a call leaves behind is compared with what one leaves."""
    return op(*args, **kwargs, given=given)


def _cells(value: Any) -> int:
    """The numbers in an array or in nested lists, which need not be regular."""
    if isinstance(value, list | tuple):
        return sum(_cells(item) for item in value)
    return int(np.size(value))


def _brief(value: Any) -> str:
    """An argument in a call: small ones whole, large ones by shape."""
    if isinstance(value, np.ndarray) and value.size > 20:
        return f"<{'×'.join(map(str, value.shape))} {value.dtype}>"
    if isinstance(value, np.ndarray):
        numbers = np.array2string(
            np.squeeze(value), separator=", ", precision=4, floatmode="maxprec"
        )
        numbers = re.sub(r"\s+", " ", numbers).replace("[ ", "[")
        numbers = re.sub(r" (?=[],])", "", numbers)
        numbers = re.sub(r"\.(?=[],]|$)", "", numbers)
        return numbers + (f" of shape {value.shape}" if 1 in value.shape else "")
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 80 else f"<{type(value).__name__}>"
