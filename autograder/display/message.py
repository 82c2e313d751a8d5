"""What is said of a result, whether a card or a text says it."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.autograder.judging.answerkey import Finding
from cnnlab.autograder.judging.exercise import ROBUST, RUNGS
from cnnlab.autograder.judging.results import ExerciseResult, RungResult

STATUS_WORDS = {
    "passed": "passed",
    "failed": "not there yet",
    "not_attempted": "not written yet",
    "missing": "not found",
    "forbidden": "imports a module that is not allowed",
    "error": "stops with an error",
    "timeout": "took too long",
    "memory": "needs too much memory",
    "crashed": "crashed Python",
    "internal_error": "could not be graded",
}

MARKS = {"passed": "✓", "to do": "○", "failed": "✗"}
"""A symbol for each state of an exercise or a rung."""


def state_of(result: ExerciseResult) -> str:
    """``"passed"``, ``"to do"`` or ``"failed"``."""
    return {"passed": "passed", "not_attempted": "to do"}.get(result.status, "failed")


def rung_state(rung: RungResult, status: str) -> str:
    """The state of a rung, in a result with this status."""
    if rung.passed:
        return "passed"
    optional = rung.id == ROBUST and not rung.points
    return "to do" if optional or status == "not_attempted" else "failed"


def headline(result: ExerciseResult) -> str:
    """``"conv2d: 3 / 8 points, not there yet"``."""
    score = f"{result.score:g} / {result.max_score:g} points"
    return f"{result.name}: {score}, {STATUS_WORDS[result.status]}"


NOTHING_YET = "No function of an exercise is defined yet. Run the cells that hold yours first."


def total_of(results: Sequence[ExerciseResult]) -> str:
    """``"Together 5 / 12 points."``"""
    score, most = sum(r.score for r in results), sum(r.max_score for r in results)
    return f"Together {score:g} / {most:g} points."


def finding_of(result: ExerciseResult) -> Finding | None:
    """What the judge found of the case that is shown, where there is one."""
    return result.detail if isinstance(result.detail, Finding) else None


def failed_rung(result: ExerciseResult) -> RungResult | None:
    """The rung that the message speaks of: the shown case's, else the first that failed."""
    failed = [rung for rung in result.rungs if not rung.passed]
    runs = [rung for rung in failed if rung.id == "runs"]
    finding = finding_of(result)
    shown = [rung for rung in failed if finding and rung.id == finding.probe.rung]
    return next(iter([*runs, *shown, *(rung for rung in failed if rung.points)]), None)


def sentences(result: ExerciseResult) -> tuple[list[str], str]:
    """The sentences about the mistake, and what was said of the first failed rung."""
    failed = failed_rung(result)
    where = failed.message if failed else ""
    said = result.message.removesuffix(where).strip()
    return ([said] if result.status == "internal_error" else said.splitlines()), where


def case_of(finding: Finding, where: str) -> tuple[str, str]:
    """Which case is shown, and how its results differ."""
    heading, title = where.removesuffix(finding.text()).removesuffix(": "), finding.probe.title
    named = f"{heading} ({title})" if heading and title else heading or title
    if finding.probe.rung in RUNGS:  # other rungs are named after an argument, as it is spelt
        named = named[:1].upper() + named[1:]
    text = finding.difference.text
    sentence = " ".join(filter(None, [f"{text[:1].upper()}{text[1:]}.", finding.difference.entry]))
    return f"{named}:" if named else "", sentence


def invitation_of(result: ExerciseResult, live: bool) -> str:
    """Where a hint is, or the hint itself; empty where none is needed."""
    if result.passed or result.status == "internal_error":
        return ""
    if result.status == "not_attempted" or not live:
        more = f" hint({result.name}) has more." if live else ""
        return f"Hint: {result.hint}{more}" if result.hint else ""
    return f"hint({result.name}) tells you more."
