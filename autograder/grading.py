"""One submission, graded: what was read, run in a worker, and judged.

Where the pieces meet, so it holds no rule of its own beyond the order of things.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import STOPPED_HINTS, Chapter, Exercise
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.influence import look_into
from cnnlab.autograder.judging.judge import judge, not_attempted
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.sandbox.budget import Account, Budget, BudgetSpent
from cnnlab.autograder.sandbox.calls import ErrorInfo, Outcome
from cnnlab.autograder.sandbox.session import Session, Workers
from cnnlab.autograder.submission import MAX_WARNINGS, Definition, Submission
from cnnlab.autograder.submission.code import shown
from cnnlab.autograder.submission.course import course_values
from cnnlab.autograder.submission.solutions import solution_source

Draw = Callable[[ExerciseResult], tuple[str, str]]


@dataclass(frozen=True)
class Earlier:
    """What the same submission was given before some of its exercises' graders changed.

    Parameters
    ----------
    results : dict of str to ExerciseResult
        Every exercise's.
    changed : frozenset of str
        The exercises that must be judged again.
    """

    results: dict[str, ExerciseResult]
    changed: frozenset[str]


def grade_submission(
    submission: Submission,
    keys: Mapping[str, AnswerKey],
    workers: Workers | None,
    budget: Budget | None = None,
    draw: Draw | None = None,
    earlier: Earlier | None = None,
) -> SubmissionResult:
    """Grade every exercise that a submission's assignment asks for.

    Parameters
    ----------
    submission : Submission
    keys : Mapping of str to AnswerKey
        The chapter's answer keys by exercise, recorded or fresh.
    workers : Workers or None
        Where learner code runs; None only for a submission that cannot be read.
    budget : Budget or None
        What it may cost. What has been graded when it runs out counts; the rest says so.
    draw : callable, optional
        Makes HTML and text of a result, for its ``card``.
    earlier : Earlier, optional
        What need not be judged again.

    Returns
    -------
    SubmissionResult
        Never an exception: what goes wrong on our side is an ``internal_error`` of the one
        exercise that it happened to.
    """
    result = SubmissionResult(
        submission.path,
        submission.student,
        submission.chapter,
        "graded",
        warnings=list(submission.warnings),
    )
    if submission.problem or submission.chapter is None:
        return _unreadable(submission, result)
    assert workers is not None
    chapter = submission.asks()
    result.max_score = chapter.max_score
    account = Account(budget) if budget else None
    with workers.session(account) as session:
        errors = _define(submission, chapter, session)
        result.warnings += _failed_helpers(errors, chapter)
        kept = _Kept(earlier)
        for exercise in chapter.exercises:
            key = keys[exercise.name].for_(exercise)
            grader = _Grader(chapter, submission.exercises[exercise.name], key)
            lent = grader.lent(errors, result.exercises)
            if known := kept.result(exercise, lent):
                grader.lend(session, lent or ())
                result.exercises.append(known)
                continue
            try:
                with account.spending() if account else nullcontext():
                    graded = grader.grade(session, workers, errors, lent or ())
                    graded.card = attempt(draw, graded, plainer=None) if draw else None
            except BudgetSpent as spent:
                graded = grader.not_graded(spent)
            result.exercises.append(graded)
    result.score = sum(exercise.score for exercise in result.exercises)
    return result


def _unreadable(submission: Submission, result: SubmissionResult) -> SubmissionResult:
    """The result of what cannot be read, or belongs to no chapter."""
    result.status = "unreadable"
    result.message = submission.problem or "It is not clear which chapter this is."
    if submission.chapter is not None:
        result.max_score = submission.asks().max_score
    return result


def _define(submission: Submission, chapter: Chapter, session: Session) -> dict[str, ErrorInfo]:
    """Execute the submission's cells, after what the course's own made; errors by cell.

    No errors where nothing is left of the budget: the exercises say so then.
    """
    given = course_values(chapter.name, frozenset(submission.course_names))
    ours = [("set-up", given.imports)] if given.imports else []
    try:
        return session.define(
            [*ours, *submission.cells()],
            chapter.prelude,
            chapter.imports,
            chapter.seconds,
            chapter.drivers,
            given.values,
            given.absent,
        )
    except BudgetSpent:
        return {}


def _failed_helpers(errors: Mapping[str, ErrorInfo], chapter: Chapter) -> list[str]:
    """A warning for each helper cell that stopped: the rest of it is missing in what follows."""
    names = {exercise.name for exercise in chapter.exercises}
    said = [
        f"{name.capitalize()} stops with {error.type}: {shown(error.message, 200)}"
        for name, error in errors.items()
        if name not in names
    ]
    return said[:MAX_WARNINGS]


class _Kept:
    """Results that still hold: their graders are the same, and so is what of ours stands in."""

    def __init__(self, earlier: Earlier | None) -> None:
        self._earlier = earlier
        self._now: set[str] = set()
        self._then: set[str] = set()

    def result(self, exercise: Exercise, lent: Sequence[str] | None) -> ExerciseResult | None:
        """An exercise's result, if it still holds; to be asked of each in turn."""
        if self._earlier is None:
            return None
        results = self._earlier.results
        if lent is not None:
            self._now.update(lent)
            passed = {name for name, result in results.items() if result.passed}
            self._then.update(need for need in exercise.needs if need not in passed)
        if exercise.name in self._earlier.changed or self._now != self._then:
            return None
        return results[exercise.name]


_STATUS_OF_ERROR = {
    "ForbiddenImport": "forbidden",
    "Timeout": "timeout",
    "MemoryError": "memory",
    "Crash": "crashed",
}


TOO_LARGE = "is too large to be compared with the right answer"


class _Grader:
    """One exercise of one submission."""

    def __init__(self, chapter: Chapter, definition: Definition, key: AnswerKey) -> None:
        self.chapter = chapter
        self.definition = definition
        self.key = key
        self.exercise: Exercise = key.exercise

    def grade(
        self,
        session: Session,
        workers: Workers,
        errors: Mapping[str, ErrorInfo],
        lent: Sequence[str],
    ) -> ExerciseResult:
        """Judge what the function does, with the course's own in place of what is ``lent``."""
        try:
            return self._unrunnable(errors) or self._run(session, workers, lent)
        except MemoryError:
            return self._nothing("memory", f"What {self.exercise.name} returned {TOO_LARGE}.")
        except Exception:  # our fault: say so, lose nothing else
            return ExerciseResult(
                self.exercise.name,
                "internal_error",
                max_score=self.exercise.max_score,
                message="CNN Lab failed here, not the learner. Please report this:\n"
                + traceback.format_exc(limit=-4),
            )

    def lent(
        self, errors: Mapping[str, ErrorInfo], before: Sequence[ExerciseResult]
    ) -> list[str] | None:
        """Which needs the results before leave open; None where there is nothing to call."""
        if self._unrunnable(errors):
            return None
        passed = {result.name for result in before if result.passed}
        return [need for need in self.exercise.needs if need not in passed]

    def lend(self, session: Session, lent: Sequence[str]) -> None:
        """Have the course's own functions stand in for these, for all that follows."""
        for need in lent:
            session.provide(need, solution_source(self.chapter.name, need))

    def not_graded(self, spent: BudgetSpent) -> ExerciseResult:
        """The result where the submission has cost what it may cost."""
        name = self.exercise.name
        said = f"This submission used up {spent}, so {name} was not graded."
        return self._unrunnable({}) or self._nothing("timeout", said)

    def _unrunnable(self, errors: Mapping[str, ErrorInfo]) -> ExerciseResult | None:
        """The result where there is nothing to call."""
        if told := without_running(self.exercise, self.definition):
            return told
        error = errors.get(self.exercise.name)
        if error is None:
            return None
        at = f" (line {error.line}: `{error.text}`)" if error.line else ""
        said = f"Your cell stops with {error.type}: {error.message}{at}."
        return self._nothing(_STATUS_OF_ERROR.get(error.type, "error"), said)

    def _nothing(self, status: str, message: str) -> ExerciseResult:
        result = not_attempted(self.exercise)
        result.status, result.message = status, message
        ended = "raised" if status == "error" else status
        result.hint = STOPPED_HINTS.get(ended, result.hint)
        return result

    def _run(self, session: Session, workers: Workers, lent: Sequence[str]) -> ExerciseResult:
        self.lend(session, lent)
        runner = _InSessions(self.key, session, workers, self.chapter.seconds)
        result = judge(
            self.key,
            self.key.outcomes(runner),
            lambda found: look_into(self.key, found, runner.call_with),
        )
        if self.definition.note and not result.passed:
            result.message = f"{self.definition.note} {result.message}".rstrip()
        return result


LOOK_SECONDS = 5.0
"""What the calls may take together that make one case small and look into the function."""


@dataclass
class _InSessions:
    """A `Runner` whose functions run in processes of their own, the learner's and ours apart."""

    key: AnswerKey
    session: Session
    workers: Workers
    seconds: float
    rounds: int = 4
    _left: float = LOOK_SECONDS

    def call(self, numbers: Sequence[int]) -> list[Outcome]:
        exercise, requests = self.key.exercise, self.key.requests
        calls = [requests[i] for i in numbers]
        return self.session.call(exercise.name, calls, self.seconds, exercise.driver)

    def call_with(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Outcome:
        """One more call, beyond the probes; "timeout" where these have taken long enough."""
        if self._left <= 0:
            return Outcome("timeout")
        limit = min(self.seconds, self._left)
        (outcome,) = self.session.call(self.key.exercise.name, [(args, kwargs)], limit)
        self._left -= outcome.seconds
        return outcome

    @contextmanager
    def baseline(self, name: str, source: str) -> Iterator[Callable[[int], Outcome]]:
        self.session.close()  # what still runs in the learner's process must not slow ours down
        with self.workers.session() as own:
            own.define([], source)
            yield lambda i: own.call(name, [self.key.requests[i]], self.seconds)[0]


def without_running(exercise: Exercise, definition: Definition) -> ExerciseResult | None:
    """The result that a file alone gives: of a stub, of what is no Python; None for an answer."""
    if definition.status == "written":
        return None
    result = not_attempted(exercise)
    if definition.status != "stub":
        broken = definition.status == "syntax_error"
        result.status = "error" if broken else definition.status
        result.message = definition.problem
        result.hint = STOPPED_HINTS.get(definition.status, result.hint)
    return result
