"""Which mistake, or pair of mistakes, explains what a function did.

Probes of the plain rungs speak first; corners and what is beyond the exercise are second
witnesses, because many functions have a second flaw there. On a tenth of the plain probes a
single mistake may come in another shape than predicted, never in other numbers of that shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.compare import agrees, shape_difference
from cnnlab.autograder.judging.exercise import CORNERS
from cnnlab.autograder.judging.tolerance import constant
from cnnlab.autograder.judging.twists import Fails, Twist, names_all_numbers
from cnnlab.autograder.sandbox.calls import ErrorInfo, Outcome

UNEXPLAINED = 0.1
"""The share of plain probes on which a named mistake may come in another shape."""


@dataclass(frozen=True)
class Seen:
    """What a function did, as it is compared.

    ``plain`` and ``corners`` map probes that returned to what came; ``errors`` are the others.
    Probes that must raise say nothing about a mistake in the numbers.
    """

    outcomes: Sequence[Outcome]
    plain: dict[int, Any]
    corners: dict[int, Any]
    errors: list[int]
    compared: dict[int, bool] = field(default_factory=dict)
    """Whether what came agrees with a prediction, by the prediction's ``id``: many mistakes
    predict the same."""

    @classmethod
    def of(cls, key: AnswerKey, outcomes: Sequence[Outcome]) -> Seen:
        """What of a function's outcomes a diagnosis looks at."""
        probed = [i for i, probe in enumerate(key.probes) if not probe.raises]
        values = {
            i: key.describe(i, outcomes[i].value)
            for i in probed
            if outcomes[i].status == "returned"
        }
        corners = {i for i in values if key.probes[i].rung in CORNERS}
        return cls(
            outcomes,
            {i: value for i, value in values.items() if i not in corners},
            {i: value for i, value in values.items() if i in corners},
            [i for i in probed if i not in values],
        )


@dataclass(frozen=True)
class Fit:
    """How well mistakes explain what was seen: on how many plain probes and corners they agree."""

    twists: tuple[Twist, ...]
    plain: int
    corners: int
    exact: bool

    @property
    def rank(self) -> tuple[int, int, int]:
        """The larger, the better it explains: of equal ones, the one with fewer mistakes."""
        return self.plain, self.corners, -len(self.twists)

    @property
    def names(self) -> frozenset[str]:
        """The names of its mistakes."""
        return frozenset(twist.name for twist in self.twists)


def diagnose(key: AnswerKey, outcomes: Sequence[Outcome], pairs: bool = True) -> tuple[Twist, ...]:
    """The mistake, or the pair of mistakes, that explains the outcomes; empty if none does.

    Without ``pairs`` one mistake alone is looked for: enough where only advice hangs on it, and
    much faster, for there may be a thousand pairs.

    Named is what predicts every outcome; else what explains most, if nothing with other names
    explains as much. In any case at least ``exercise.evidence`` wrong answers came just so;
    where other calls failed, not all of the answers are 0 or one number everywhere.
    """
    seen = Seen.of(key, outcomes)
    near: list[Fit] = []
    for combination, allowed in _candidates(key, seen, pairs):
        fit = _fit(key, combination, seen, allowed)
        if fit and fit.exact:
            return combination
        near += [fit] if fit else []
    best = max(near, key=lambda fit: fit.rank, default=None)
    if best is None or any(fit.names != best.names and fit.rank >= best.rank for fit in near):
        return ()
    return best.twists


def _candidates(
    key: AnswerKey, seen: Seen, in_pairs: bool
) -> Iterator[tuple[tuple[Twist, ...], int]]:
    """What is tried, and how many plain probes it may leave unexplained: none, for a pair.

    Hundreds of pairs predict the same few answers to the first plain probe. So what came there is
    compared with those, and only pairs that predict it are tried.
    """
    misses = int(UNEXPLAINED * len(seen.plain))
    yield from (((twist,), misses) for twist in key.mistakes)
    if not in_pairs:
        return
    pairs, first = key.pairs, next(iter(seen.plain), None)
    numbers: Iterable[int] = range(len(pairs))
    if first is not None:
        alike = (g for g in key.alike(first) if _agrees(key, pairs[g[0]], first, seen))
        numbers = sorted(chain.from_iterable(alike))
    yield from ((pairs[n], 0) for n in numbers)


def _fit(key: AnswerKey, twists: tuple[Twist, ...], seen: Seen, misses: int) -> Fit | None:
    """How well these mistakes explain what was seen; None where they do not.

    Stops at the first plain probe too many that speaks against them.
    """
    plain, wrong_plain, telling = 0, 0, False
    for i, value in seen.plain.items():
        if _agrees(key, twists, i, seen):
            plain += 1
            telling = telling or not constant(value)
            wrong_plain += _wrong(key, twists, i, seen)
        else:
            misses -= 1
            if misses < 0 or not _of_another_form(key, twists, i, value):
                return None
    agreed = [i for i in seen.corners if _agrees(key, twists, i, seen)]
    wrong_corners = sum(_wrong(key, twists, i, seen) for i in agreed)
    telling = telling or not all(constant(seen.corners[i]) for i in agreed)
    exact = plain == len(seen.plain) and len(agreed) == len(seen.corners)
    fit = Fit(twists, plain, len(agreed), exact)
    evidence = wrong_plain + (wrong_corners if wrong_plain or exact else 0)
    if seen.plain and not telling and _fails(key, seen):
        return None
    if evidence >= key.exercise.evidence or _same_errors(key, twists, seen, fit):
        return fit
    return None


def _fails(key: AnswerKey, seen: Seen) -> bool:
    """Whether calls of plain probes failed. What is left may be zeros, which prove little."""
    return any(key.probes[i].rung not in CORNERS for i in seen.errors)


def predicts(key: AnswerKey, twists: tuple[Twist, ...], i: int, value: Any) -> bool:
    """Whether a function with these mistakes would have returned this value for probe ``i``."""
    return _same(key, i, key.predict(twists, i), key.describe(i, value))


def _agrees(key: AnswerKey, twists: tuple[Twist, ...], i: int, seen: Seen) -> bool:
    """Whether what came of probe ``i`` is what these mistakes answer."""
    predicted = key.predict(twists, i)
    if id(predicted) not in seen.compared:
        value = seen.plain[i] if i in seen.plain else seen.corners[i]
        seen.compared[id(predicted)] = _same(key, i, predicted, value)
    return seen.compared[id(predicted)]


def _same(key: AnswerKey, i: int, predicted: Outcome, described: Any) -> bool:
    if predicted.status != "returned":
        return False
    return agrees(predicted.value, described, key.probes[i].rounding)


def _of_another_form(key: AnswerKey, twists: tuple[Twist, ...], i: int, described: Any) -> bool:
    """Whether what came has another shape: a second flaw, and no other mistake in the numbers."""
    predicted = key.predict(twists, i)
    return predicted.status == "returned" and bool(shape_difference(predicted.value, described))


def _wrong(key: AnswerKey, twists: tuple[Twist, ...], i: int, seen: Seen) -> bool:
    """Whether what these mistakes answer to probe ``i`` is wrong."""
    predicted = key.predict(twists, i)
    noisy = key.probes[i].quiet and predicted.warnings and seen.outcomes[i].warnings
    return bool(noisy) or not key.is_right(i, predicted)


def _same_errors(key: AnswerKey, twists: tuple[Twist, ...], seen: Seen, fit: Fit) -> bool:
    """Whether the errors that came are those that these mistakes end in."""
    if not fit.exact:
        return False
    same = wrong = 0
    for i in seen.errors:
        predicted = key.predict(twists, i)
        alike = _same_error(predicted.error, seen.outcomes[i].error)
        if predicted.status == "returned" or alike is False:
            return False
        same += alike is True
        wrong += predicted.status == "raised"
    enough = key.exercise.evidence
    return same >= enough or (wrong >= enough and fit.plain + fit.corners >= enough)


def _same_error(predicted: ErrorInfo | None, error: ErrorInfo | None) -> bool | None:
    """Whether an error is just the one that a mistake ends in; None where none is predicted."""
    if predicted is None or predicted.type != Fails.__name__:
        return None
    return error is not None and names_all_numbers(predicted.message, error.message)
