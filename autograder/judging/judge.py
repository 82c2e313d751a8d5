"""The judge: outcomes of an exercise's probes → rungs, score, diagnosis, message, hint.

Pure: it runs no learner code, reads no file and knows no notebook. It is given the answer key
(probes with expected values) and what came back for each probe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnnlab.autograder.judging.answerkey import AnswerKey, Finding
from cnnlab.autograder.judging.compare import Difference, dtype_difference
from cnnlab.autograder.judging.diagnosis import diagnose, predicts
from cnnlab.autograder.judging.examine import examine
from cnnlab.autograder.judging.exercise import (
    BY_HAND,
    CORNERS,
    ROBUST,
    RUNGS,
    STOPPED_HINTS,
    WHOLE,
    Exercise,
)
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.results import ExerciseResult, RungResult
from cnnlab.autograder.judging.stubs import raised_by_stub
from cnnlab.autograder.judging.tolerance import constant
from cnnlab.autograder.judging.twists import CHANGES_INPUT, Twist, names
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
        Makes the case that will be shown smaller and more telling, see
        `cnnlab.autograder.judging.influence.look_into`.

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
    findings = {i: f for i, o in enumerate(outcomes) if (f := examine(key, i, o))}
    result.remarks = attempt(_accept, key, outcomes, findings, plainer=[])
    result.rungs = _climb(key, outcomes, findings)
    result.score = round(sum(rung.earned or 0.0 for rung in result.rungs), 2)
    changed = _changed(key, outcomes)
    failed = [rung for rung in result.rungs if not rung.passed and counts(exercise, rung.id)]
    advised = [rung for rung in result.rungs if not rung.passed and rung not in failed]
    if failed or advised or changed:
        found = attempt(diagnose, key, outcomes, bool(failed), plainer=tuple[Twist, ...]())
        said = [twist.says for twist in exercise.twists if twist in found]
    if failed:
        result.status = _status(key, outcomes)
        rung, telling = _telling(key, failed, findings, found, outcomes)
        _show(key, rung, findings, telling, result, smaller)
        result.diagnosis = list(dict.fromkeys(names(found, exercise.twists)))
        result.message = "\n".join([*dict.fromkeys(said), rung.message])
        ended = "" if found else _end_of(key, result.detail, outcomes)
        result.hint = STOPPED_HINTS.get(ended) or exercise.hint_for(rung.id)
    elif advised:
        result.remarks += [*dict.fromkeys(said), *(rung.message for rung in advised)]
    if changed:
        _deduct(result, changed, exercise)
    return result


KEPT_IF_CHANGED = 0.9
"""What a function keeps of its points that works on its caller's arrays."""

CHANGED_HINT = "Find the line that writes into an argument. Where can the result go instead?"


def counts(exercise: Exercise, rung: str) -> bool:
    """Whether a rung decides on the status: what is worth nothing does not, but to run does."""
    if exercise.decisive is not None and rung in exercise.points:
        return rung in exercise.decisive
    return exercise.points.get(rung, rung != ROBUST) > 0


def _telling(
    key: AnswerKey,
    failed: list[RungResult],
    findings: dict[int, Finding],
    found: tuple[Twist, ...],
    outcomes: Sequence[Outcome],
) -> tuple[RungResult, dict[int, Finding]]:
    """The rung that the message speaks of, and its cases: those that show the named mistake.

    A case that can be checked by hand goes first; a wrong shape alone shows least.
    """
    shows = {
        i: finding
        for i, finding in (findings if found else {}).items()
        if predicts(key, found, i, outcomes[i].value)
    }

    rungs = {key.probes[i].rung for i in shows}
    telling = min(
        (rung for rung in failed if rung.id in rungs),
        key=lambda rung: (rung.id != BY_HAND, rung.id == "shape"),
        default=None,
    )
    return (telling, shows) if telling else (failed[0], findings)


def _show(
    key: AnswerKey,
    rung: RungResult,
    findings: dict[int, Finding],
    telling: dict[int, Finding],
    result: ExerciseResult,
    smaller: Callable[[Finding], Finding],
) -> None:
    """Choose the case that the message speaks of, and make it as small as it can be."""
    said, shown = (_smallest(key, rung.id, among) for among in (findings, telling))
    result.detail = attempt(smaller, shown, plainer=shown) if shown else None
    if said and shown:
        rung.message = rung.message.replace(said.text(), result.detail.text())


def _end_of(key: AnswerKey, shown: Finding | None, outcomes: Sequence[Outcome]) -> str:
    """How the call ended that the message shows; empty where an error was asked for."""
    if shown is None or shown.probe.raises:
        return ""
    ends = (o.status for probe, o in zip(key.probes, outcomes, strict=True) if probe is shown.probe)
    return next(ends, "")


def _deduct(result: ExerciseResult, changed: str, exercise: Exercise) -> None:
    """A tenth of what was earned, and the mistake's name, for a changed argument."""
    result.score = round(result.score * KEPT_IF_CHANGED, 2)
    result.status = "failed" if result.passed else result.status
    result.diagnosis.append(CHANGES_INPUT)
    own = [twist.says for twist in exercise.twists if twist.name == CHANGES_INPUT]
    result.message = "\n".join([*own[:1], *filter(None, [result.message]), changed])
    result.hint = result.hint or CHANGED_HINT


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


def _status(key: AnswerKey, outcomes: Sequence[Outcome]) -> str:
    """The exercise's status once a rung failed; a limit that was hit says more than "failed"."""
    pairs = zip(key.probes, outcomes, strict=True)
    seen = {outcome.status for probe, outcome in pairs if counts(key.exercise, probe.rung)}
    for status in ("forbidden", "timeout", "memory", "crashed", "missing"):
        if status in seen:
            return status
    return "error" if seen == {"raised"} else "failed"


def _accept(key: AnswerKey, outcomes: Sequence[Outcome], findings: dict[int, Finding]) -> list[str]:
    """Take out the findings that another right way explains; what is to be said of that way.

    One way is chosen for all probes, so that no two of them are mixed in one function. What
    the exercise says of corners stands.
    """
    wrong = [
        i
        for i, finding in findings.items()
        if finding.difference.kind == "values" and key.probes[i].rung not in CORNERS
    ]
    best: tuple[list[int], str] = ([], "")
    for variant in key.exercise.variants if wrong else ():
        explained = [i for i in wrong if predicts(key, (variant,), i, outcomes[i].value)]
        best = max(best, (explained, variant.says), key=lambda found: len(found[0]))
    for i in best[0]:
        del findings[i]
    return [best[1]] if best[0] else []


def _climb(
    key: AnswerKey, outcomes: Sequence[Outcome], findings: dict[int, Finding]
) -> list[RungResult]:
    """Every rung with its points; the rungs are judged each on its own."""
    runs = any(o.status == "returned" for o in outcomes)
    first = "" if runs else findings[0].text() if 0 in findings else "no call returned a result."
    rungs = [RungResult("runs", runs, 0.0, first)]
    for rung, points in key.exercise.points.items():
        if rung != ROBUST:
            members = [i for i, probe in enumerate(key.probes) if probe.rung == rung]
            message = _rung_message(key, rung, members, outcomes, findings)
            earned = 0.0 if message else float(points)
            if message and rung not in WHOLE:
                earned = round(points * _share(key, members, findings), 2)
            rungs.append(RungResult(rung, not message, float(points), message, earned))
    rungs += _robust(key, outcomes, findings)
    return rungs


def _share(key: AnswerKey, members: list[int], findings: dict[int, Finding]) -> float:
    """Which part of a rung's properties holds.

    Probes of one title test one property, and one without a title tests its own.
    A property for which a constant would be right counts only beside one that holds and for
    which it would not: so zeros earn nothing.
    """
    held: dict[str, bool] = {}
    telling: set[str] = set()
    for i in members:
        title = key.probes[i].title or f"probe {i}"
        held[title] = held.get(title, True) and i not in findings
        if not constant(key.expected[i]):
            telling.add(title)
    if not any(held[title] for title in telling):
        return 0.0
    return sum(held.values()) / len(held)


def _robust(
    key: AnswerKey, outcomes: Sequence[Outcome], findings: dict[int, Finding]
) -> list[RungResult]:
    """The last rung."""
    found = _beyond(key, outcomes, findings)
    if not found and all(probe.rung != ROBUST for probe in key.probes):
        return []
    first = min(found.values(), key=lambda f: f.size, default=None)
    message = first.text() if first else ""
    points = float(key.exercise.points.get(ROBUST, 0))
    return [RungResult(ROBUST, not found, points, message)]


def beyond(key: AnswerKey, outcomes: Sequence[Outcome]) -> set[int]:
    """The probes that fail on the rung "robust"."""
    findings = {i: f for i, o in enumerate(outcomes) if (f := examine(key, i, o))}
    return set(_beyond(key, outcomes, findings))


def _beyond(
    key: AnswerKey, outcomes: Sequence[Outcome], findings: dict[int, Finding]
) -> dict[int, Finding]:
    """What fails on the rung "robust": its own probes, and dtypes there and on "shape"."""
    found = {i: finding for i, finding in findings.items() if key.probes[i].rung == ROBUST}
    for i, probe in enumerate(key.probes):
        compared = probe.rung in ("shape", ROBUST) and not probe.raises
        if compared and i not in findings and outcomes[i].status == "returned":
            value = key.describe(i, outcomes[i].value)
            if difference := dtype_difference(key.expected[i], value):
                found[i] = Finding(key.exercise, probe, difference)
    return found


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
        fail = "fails" if len(failed) == 1 else "fail"
        count = f", {len(failed)} of {len(members)} cases {fail}" if len(members) > 1 else ""
        return f"{label}{count}: {smallest.text()}"
    if rung in key.exercise.verdicts:
        verdict = key.exercise.verdicts[rung]([outcomes[i] for i in members])
        return f"{label}: {verdict}" if verdict else ""
    return ""


def _changed(key: AnswerKey, outcomes: Sequence[Outcome]) -> str:
    """A sentence on the smallest call that changed its arguments, or nothing."""
    calls = [
        Finding(key.exercise, probe, Difference("input", ""))
        for probe, outcome in zip(key.probes, outcomes, strict=True)
        if outcome.args_after is not None
    ]
    if not calls:
        return ""
    call = min(calls, key=lambda finding: finding.size).call()
    return (
        f"{call} changed its input, and that costs points. "
        "Work on a new array and leave the input as it was."
    )


def _smallest(key: AnswerKey, rung: str, findings: dict[int, Finding]) -> Finding | None:
    """The failed case of a rung that is quickest to read."""
    members = [f for i, f in findings.items() if key.probes[i].rung == rung]
    if rung == "runs":
        members = [findings[0]] if 0 in findings else []
    return min(members, key=lambda f: f.size, default=None)
