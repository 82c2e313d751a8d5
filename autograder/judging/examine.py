"""What is wrong with one call: its outcome against the answer key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnnlab.autograder.judging.answerkey import AnswerKey, Finding
from cnnlab.autograder.judging.compare import Difference, shape_difference, value_difference
from cnnlab.autograder.judging.exercise import Probe
from cnnlab.autograder.sandbox.calls import Outcome


def examine(key: AnswerKey, i: int, outcome: Outcome) -> Finding | None:
    """What is wrong with the outcome of probe ``i``, or None."""
    probe = key.probes[i]
    if probe.raises:
        difference = _error_difference(probe.raises, asked_for(key.probes), outcome)
    elif outcome.status != "returned":
        difference = Difference("error", _trouble(outcome))
    elif probe.rung == "shape":
        value = key.describe(i, outcome.value)
        difference = shape_difference(key.expected[i], value)
    else:
        value = key.describe(i, outcome.value)
        difference = value_difference(key.expected[i], value, probe.rounding)
        difference = difference or _noise(probe, outcome)
    if difference and key.exercise.puzzle and outcome.status == "returned":
        difference = key.exercise.puzzle.in_words(probe.rung, outcome.value, difference)
    return Finding(key.exercise, probe, difference) if difference else None


def _noise(probe: Probe, outcome: Outcome) -> Difference | None:
    """What NumPy warned of in a call that must be quiet."""
    if not probe.quiet or not outcome.warnings:
        return None
    said = f"the numbers are right, but NumPy warned: {outcome.warnings[0]}"
    return Difference("warning", said)


def _error_difference(argument: str, asked: set[str], outcome: Outcome) -> Difference | None:
    """What keeps the outcome from being a ValueError that names the argument."""
    wanted = f"expected a ValueError that names {argument.replace('|', ' or ')}"
    error = outcome.error
    if outcome.status == "returned":
        return Difference("error", f"{wanted}, but the call returned a result")
    if outcome.status != "raised" or error is None:
        return Difference("error", f"{wanted}; {_trouble(outcome)}")
    if error.type != "ValueError":
        return Difference("error", f"{wanted}; the call raised {error.type}: {error.message}")
    if not names_one(error.message, {*argument.split("|")}, asked):
        said = f"{wanted}; the message was {error.message!r}"
        return Difference("error", said)
    return None


def asked_for(probes: Sequence[Probe]) -> set[str]:
    """All arguments whose names some probe wants to read in an error."""
    return {name for probe in probes if probe.raises for name in probe.raises.split("|")}


def names_one(message: str, wanted: set[str], asked: set[str]) -> bool:
    """Whether an error's message names one of the wanted arguments.

    A message that names all that are ever asked for would fit every fault, so it names none,
    unless each of them is to blame here.

    Examples
    --------
    >>> names_one("bias must have one number", {"bias"}, {"x", "kernels", "bias"})
    True
    >>> names_one("x kernels bias", {"bias"}, {"x", "kernels", "bias"})
    False
    >>> names_one("patch and kernel differ", {"kernel", "patch"}, {"kernel", "patch"})
    True
    """
    named = {name for name in asked if re.search(rf"\b{re.escape(name)}\b", message)}
    return bool(named & wanted) and (named != asked or wanted == asked)


def _trouble(outcome: Outcome) -> str:
    """Why there is no result, in a sentence's end."""
    error = outcome.error
    if outcome.status == "raised" and error is not None:
        at = f" in {error.function}, line {error.line}" if error.line else ""
        code = f": `{error.text.strip()}`" if error.text else ""
        said = f": {error.message}" if error.message else ""
        return f"the call raised {error.type}{said}{at}{code}"
    reasons = {
        "timeout": "the call took too long and was stopped (is there a loop that never ends?)",
        "memory": "the call asked for more memory than it may have",
        "crashed": "the process that ran the call died",
        "missing": "there is no such function",
    }
    if outcome.status in reasons:
        return reasons[outcome.status]
    return error.message if error else outcome.status
