"""One of the processes that grade: its zygotes, its limits, its processors."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from multiprocessing import current_process
from typing import Any

import numpy as np

from cnnlab.autograder.grading import Draw, Earlier, grade_submission
from cnnlab.autograder.judging.record import DEFAULT, keys_from, recorded
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.pool import Start, lost, not_graded
from cnnlab.autograder.sandbox.budget import Budget, limit_memory
from cnnlab.autograder.sandbox.processes import Limits, SandboxError
from cnnlab.autograder.sandbox.session import Workers, open_workers
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import Submission
from cnnlab.course.light import KerasMissing, require_keras


class Grader:
    """One process's share: zygotes, and the answer keys read so far.

    Parameters
    ----------
    sandbox : bool
        Run learner code inside the sandbox.
    reference : str
        Whose recorded answers count.
    budget : callable, optional
        ``budget(keras)`` is what a submission may cost; without it, only its cells and calls
        have limits.
    cores : tuple of int
        The processors for learner code; empty means all.
    draw : callable, optional
        See `grade_submission`.
    """

    def __init__(
        self,
        sandbox: bool,
        reference: str = DEFAULT,
        budget: Callable[[bool], Budget] | None = None,
        cores: tuple[int, ...] = (),
        draw: Draw | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._reference = reference
        self._budget = budget
        self._cores = cores
        self._draw = draw
        self._workers: dict[bool, Workers] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._stack.close()

    def grade(
        self, submission: Submission, answers: bytes | None, earlier: Earlier | None = None
    ) -> SubmissionResult:
        """Run and judge one submission. What goes wrong on our side is a result, too."""
        try:
            if submission.chapter is None or submission.problem:
                return grade_submission(submission, {}, None)
            chapter = submission.chapter
            keras = submission.asks().keras
            workers = self.zygote(keras)
            keys = keys_from(answers) if answers else recorded(chapter, self._reference)
            budget = self._budget(keras) if self._budget else None
            return grade_submission(submission, keys, workers, budget, self._draw, earlier)
        except KerasMissing as missing:
            return not_graded(submission, str(missing))
        except Exception as error:
            return lost(submission, f"{type(error).__name__}: {error}")

    def zygote(self, keras: bool) -> Workers:
        """Where learner code runs, started if need be."""
        if keras not in self._workers:
            if keras:
                require_keras()
            limits = replace(Limits.usual(keras), cores=self._cores)
            if self._budget is not None:
                limits = replace(limits, cpu_seconds=int(self._budget(keras).processor) + 1)
            workers = open_workers(keras, self._sandbox, limits)
            self._workers[keras] = self._stack.enter_context(workers)
        return self._workers[keras]


def start_judging(settings: Settings, drawn: bool = False) -> Grader:
    """A grader in a process of its own, which has as much memory as judging needs, and no more.

    Parameters
    ----------
    drawn : bool
        Whether each result gets a ``card``.
    """
    grader = Grader(
        settings.sandbox,
        settings.reference,
        partial(Budget.usual, processor=settings.seconds),
        own_cores(settings.workers),
        card if drawn else None,
    )
    with suppress(SandboxError):  # said again, of each submission that meets it
        grader.zygote(keras=False)
    np.ones((2, 2)) @ np.ones((2, 2))  # the library behind it ends a process that lacks memory
    limit_memory()
    return grader


def judging(settings: Settings, workers: int) -> Start:
    """What each of so many processes of a machine runs."""
    return partial(start_judging, replace(settings, workers=workers), settings.cards)


def own_cores(workers: int) -> tuple[int, ...]:
    """This process's share of the processors, for its learner code; empty means all.

    So what a submission computes is taken from no other process's submissions, as long as there
    are processors enough.
    """
    # "SpawnProcess-3"; of a cluster's worker, which has a parent itself, "SpawnProcess-1:3"
    number = current_process().name.rpartition("-")[2].rpartition(":")[2]
    if workers <= 1 or not number.isdigit() or not hasattr(os, "sched_getaffinity"):
        return ()
    cores = sorted(os.sched_getaffinity(0))
    shares = min(workers, len(cores))
    return tuple(cores[int(number) % shares :: shares])


def card(result: ExerciseResult) -> tuple[str, str]:
    """A result for feedback pages, as HTML and as text."""
    from cnnlab.autograder.display.card import to_html
    from cnnlab.autograder.display.text import to_text

    return to_html(result, live=False), to_text(result, live=False)
