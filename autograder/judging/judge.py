"""The judge: outcomes of an exercise's probes → rungs, score, diagnosis, message, hint.

Pure: it runs no learner code, reads no file and knows no notebook. It is given the answer key
(probes with expected values) and what came back for each probe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cnnlab.autograder.judging.answerkey import AnswerKey, Finding
from cnnlab.autograder.judging.compare import Difference, shape_difference, value_difference
from cnnlab.autograder.judging.diagnosis import diagnose
from cnnlab.autograder.judging.exercise import RUNGS, Exercise, Probe
from cnnlab.autograder.judging.results import ExerciseResult, RungResult
from cnnlab.autograder.judging.stubs import raised_by_stub
from cnnlab.autograder.judging.twists import names
from cnnlab.autograder.sandbox.calls import Outcome


def judge(
    key: AnswerKey,
    outcomes: Sequence[Outcome],
    smaller: Callable[[Finding], Finding] = lambda finding: finding,
) -> ExerciseResult:
    """Judge one exercise.

    Parameters
    ----------
    key : AnswerKey
    outcomes : sequence of Outcome
        One for each of the key's probes, in their order.
    smaller : callable
        Makes the case that will be shown smaller, see `cnnlab.autograder.judging.shrink`.

    Returns
    -------
    ExerciseResult
        With ``detail`` set to the `Finding` that the message speaks of, if there is one.
    """
    exercise = key.exercise
    result = ExerciseResult(
        exercise.name,
        "passed",
        max_score=exercise.max_score,
        seconds=round(sum(outcome.seconds for outcome in outcomes), 6),
    )
    if _not_attempted(exercise, outcomes):
        return not_attempted(exercise)
    findings = {i: f for i, o in enumerate(outcomes) if (f := _examine(key, i, o))}
    result.rungs = _climb(key, outcomes, findings)
    result.score = sum(rung.points for rung in result.rungs if rung.passed)
    failed = [rung for rung in result.rungs if not rung.passed]
    if not failed:
        return result
    result.status = _status(outcomes)
    shown = _smallest(key, failed[0].id, findings)
    result.detail = smaller(shown) if shown else None
    if shown and result.detail is not shown:
        failed[0].message = failed[0].message.replace(shown.text(), result.detail.text())
    found = diagnose(key, outcomes)
    result.diagnosis = list(dict.fromkeys(names(found, exercise.twists)))
    said = [twist.says for twist in exercise.twists if twist in found]
    result.message = "\n".join([*dict.fromkeys(said), failed[0].message])
    result.hint = exercise.rung_hints.get(failed[0].id, exercise.hints[0])
    return result


def not_attempted(exercise: Exercise) -> ExerciseResult:
    """The result of an untouched stub."""
    return ExerciseResult(
        exercise.name,
        "not_attempted",
        max_score=exercise.max_score,
        message=f"{exercise.name} is not written yet.",
        hint=exercise.hints[0],
        rungs=[RungResult(i, False, p) for i, p in {"runs": 0.0, **exercise.points}.items()],
    )


def _not_attempted(exercise: Exercise, outcomes: Sequence[Outcome]) -> bool:
    """Whether the stub's own NotImplementedError came from the very first call."""
    error = outcomes[0].error
    return (
        outcomes[0].status == "raised"
        and error is not None
        and raised_by_stub(exercise.name, error.type, error.function)
    )


def _status(outcomes: Sequence[Outcome]) -> str:
    """The exercise's status once a rung failed; a limit that was hit says more than "failed"."""
    seen = {outcome.status for outcome in outcomes}
    for status in ("forbidden", "timeout", "memory", "crashed", "missing"):
        if status in seen:
            return status
    return "error" if seen == {"raised"} else "failed"


def _examine(key: AnswerKey, i: int, outcome: Outcome) -> Finding | None:
    """What is wrong with the outcome of probe ``i``, or None."""
    probe = key.probes[i]
    if probe.raises:
        difference = _error_difference(probe.raises, outcome)
    elif outcome.status != "returned":
        difference = Difference("error", _trouble(outcome))
    elif probe.rung == "shape":
        difference = shape_difference(key.expected[i], key.describe(i, outcome.value))
    else:
        value = key.describe(i, outcome.value)
        difference = value_difference(key.expected[i], value, probe.terms)
        difference = difference or _noise(probe, outcome)
    return Finding(key.exercise, probe, difference) if difference else None


def _noise(probe: Probe, outcome: Outcome) -> Difference | None:
    """What NumPy warned of in a call that must be quiet."""
    if not probe.quiet or not outcome.warnings:
        return None
    said = f"the numbers are right, but NumPy warned: {outcome.warnings[0]}"
    return Difference("warning", said)


def _error_difference(argument: str, outcome: Outcome) -> Difference | None:
    """What keeps the outcome from being a ValueError that names the argument."""
    wanted = f"expected a ValueError that names {argument.replace('|', ' or ')}"
    error = outcome.error
    if outcome.status == "returned":
        return Difference("error", f"{wanted}, but the call returned a result")
    if outcome.status != "raised" or error is None:
        return Difference("error", f"{wanted}; {_trouble(outcome)}")
    if error.type != "ValueError":
        return Difference("error", f"{wanted}; the call raised {error.type}: {error.message}")
    if not re.search(rf"\b({argument})\b", error.message):
        said = f"{wanted}; the message was {error.message!r}"
        return Difference("error", said)
    return None


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


def _climb(
    key: AnswerKey, outcomes: Sequence[Outcome], findings: dict[int, Finding]
) -> list[RungResult]:
    """Every rung with its points; the rungs are judged each on its own."""
    runs = any(o.status == "returned" for o in outcomes)
    first = "" if runs else findings[0].text() if 0 in findings else "no call returned a result."
    rungs = [RungResult("runs", runs, 0.0, first)]
    for rung, points in key.exercise.points.items():
        members = [i for i, probe in enumerate(key.probes) if probe.rung == rung]
        message = _rung_message(key, rung, members, outcomes, findings)
        rungs.append(RungResult(rung, not message, float(points), message))
    return rungs


def _rung_message(
    key: AnswerKey,
    rung: str,
    members: list[int],
    outcomes: Sequence[Outcome],
    findings: dict[int, Finding],
) -> str:
    """What the learner hears of a failed rung; empty when it passed."""
    label = RUNGS.get(rung, rung)
    failed = [i for i in members if i in findings]
    if failed:
        smallest = _smallest(key, rung, findings)
        assert smallest is not None
        return f"{label}, {len(failed)} of {len(members)} cases fail: {smallest.text()}"
    if rung == "shape" and (changed := _changed(key, outcomes)):
        return f"{label}: {changed}"
    if rung in key.exercise.verdicts:
        verdict = key.exercise.verdicts[rung]([outcomes[i] for i in members])
        return f"{label}: {verdict}" if verdict else ""
    return ""


def _changed(key: AnswerKey, outcomes: Sequence[Outcome]) -> str:
    """A sentence on the first call that changed its arguments, or nothing."""
    for probe, outcome in zip(key.probes, outcomes, strict=True):
        if outcome.args_after is not None:
            call = Finding(key.exercise, probe, Difference("input", "")).call()
            return f"{call} changed its input. Work on a new array and leave the input as it was."
    return ""


def _smallest(key: AnswerKey, rung: str, findings: dict[int, Finding]) -> Finding | None:
    """The failed case of a rung that is quickest to read."""
    members = [f for i, f in findings.items() if key.probes[i].rung == rung]
    if rung == "runs":
        members = [findings[0]] if 0 in findings else []
    return min(members, key=lambda f: f.size, default=None)
