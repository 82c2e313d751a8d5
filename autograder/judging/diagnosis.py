"""Which mistake, or pair of mistakes, explains everything that a function did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.compare import agrees
from cnnlab.autograder.judging.twists import Fails, Twist, candidates, names_all_numbers
from cnnlab.autograder.sandbox.calls import ErrorInfo, Outcome


def diagnose(key: AnswerKey, outcomes: Sequence[Outcome]) -> tuple[Twist, ...]:
    """The mistake, or the pair of mistakes, that explains every outcome; empty if none does.

    A combination is named only if it predicts what came on *every* probe that returned, and
    the wrong answer that came on at least ``exercise.evidence`` of them.
    """
    probed = [i for i, probe in enumerate(key.probes) if not probe.raises]
    values = {
        i: key.describe(i, outcomes[i].value) for i in probed if outcomes[i].status == "returned"
    }
    errors = [i for i in probed if i not in values]
    for twists in candidates(key.exercise.twists):
        if _explains(key, twists, values, errors, outcomes):
            return twists
    return ()


def _explains(
    key: AnswerKey,
    twists: tuple[Twist, ...],
    values: dict[int, Any],
    errors: list[int],
    outcomes: Sequence[Outcome],
) -> bool:
    """Whether a function with these mistakes would have done what was seen.

    Stops at the first probe that speaks against it: there are hundreds of combinations.
    """
    enough = key.exercise.evidence
    wrong_values = wrong_errors = same_errors = 0
    for i, value in values.items():
        predicted = key.predict(twists, i)
        terms = key.probes[i].terms
        if predicted.status != "returned":
            return False
        if not agrees(predicted.value, value, terms):
            return False
        if not _same_effect(predicted, outcomes[i]):
            return False
        wrong_values += bool(
            predicted.args_after is not None
            or not agrees(key.expected[i], predicted.value, terms)
            or (key.probes[i].quiet and predicted.warnings and outcomes[i].warnings)
        )
    if wrong_values >= enough:
        # A loop may raise on unequal sizes where our one-line version of the mistake answers.
        return True
    for i in errors:
        predicted = key.predict(twists, i)
        same = _same_error(predicted.error, outcomes[i].error)
        if predicted.status == "returned" or same is False:
            return False
        same_errors += same is True
        wrong_errors += predicted.status == "raised"
    return same_errors >= enough or (wrong_errors >= enough and len(values) >= enough)


def _same_error(predicted: ErrorInfo | None, error: ErrorInfo | None) -> bool | None:
    """Whether an error is just the one that a mistake ends in; None where none is predicted."""
    if predicted is None or predicted.type != Fails.__name__:
        return None
    return error is not None and names_all_numbers(predicted.message, error.message)


def _same_effect(predicted: Outcome, outcome: Outcome) -> bool:
    """Whether both calls left their arguments in the same state."""
    if predicted.args_after is None or outcome.args_after is None:
        return predicted.args_after is outcome.args_after
    return agrees(predicted.args_after, outcome.args_after)
