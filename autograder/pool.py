"""Processes that grade side by side. Each has one submission at a time.

If a process dies, only the submission that it had is lost: it becomes an ``internal_error`` which
says so, and a new process takes over. If the process that started them dies, all of them end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing import connection, get_context, parent_process, resource_tracker
from time import sleep
from typing import NamedTuple, Protocol

from cnnlab.autograder.grading import Earlier
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.sandbox.lifeline import end_with_parent
from cnnlab.autograder.submission import Submission

_spawn = get_context("spawn")  # a fork would copy whatever this process holds
_SAFE_PATH = "PYTHONSAFEPATH"

PATIENCE = 3.0
"""Seconds that a process has to end, before it is killed."""


class Task(NamedTuple):
    """A submission, and what it is graded with.

    Parameters
    ----------
    submission : Submission
    answers : bytes or None
        Its chapter's fresh answers; None for the recorded ones.
    earlier : Earlier or None
        What need not be judged again.
    """

    submission: Submission
    answers: bytes | None
    earlier: Earlier | None = None


class Grades(Protocol):
    """What a process of the pool runs."""

    def grade(
        self, submission: Submission, answers: bytes | None, earlier: Earlier | None
    ) -> SubmissionResult:
        """The result of a submission; never an exception."""


Start = Callable[[], AbstractContextManager[Grades]]
"""Makes what a process runs; it can be pickled."""


class Pool:
    """Processes that grade; a context manager, which ends them all.

    They import nothing from the folder where the command was called, as Python else does: that
    may hold what was handed in, and a file ``pickle.py`` there would run with our rights.

    Parameters
    ----------
    workers : int
        Processes at most; they start with the first submission.
    start : callable
        Makes what each of them runs.
    """

    def __init__(self, workers: int, start: Start) -> None:
        self._start = start
        self._free = workers
        self._workers: list[_Worker] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        for worker in self._workers:
            worker.leave(at_once=kind is not None)
        for worker in self._workers:
            worker.end()

    def grade(self, tasks: Iterable[tuple[int, Task]]) -> Iterator[tuple[int, SubmissionResult]]:
        """Numbered results, in the order in which they come.

        As many tasks as there are processes are made ready ahead of time, no more.
        """
        waiting, ready = iter(tasks), deque[tuple[int, Task]]()
        most = self._free + len(self._workers)
        while True:
            busy = {worker.pipe: worker for worker in self._workers if worker.task}
            if len(busy) < most and (ready or _fetch(waiting, ready)):
                self._idle().take(*ready.popleft())
                continue
            if not busy:
                return
            while len(ready) < most and _fetch(waiting, ready):
                pass
            for pipe in connection.wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                landed = worker.result()
                if ready:  # before the result is looked at, so that no process waits for that
                    self._idle().take(*ready.popleft())
                yield landed

    def _idle(self) -> _Worker:
        """A process without a task; a new one, where there is none or it has died."""
        for worker in [w for w in self._workers if not w.task]:
            if worker.lives():
                return worker
            worker.end()
            self._workers.remove(worker)
            self._free += 1
        self._free -= 1
        self._workers.append(_Worker(self._start))
        return self._workers[-1]


def _fetch(waiting: Iterator[tuple[int, Task]], ready: deque[tuple[int, Task]]) -> bool:
    """Make one more task ready; False where there is none left."""
    task = next(waiting, None)
    if task is not None:
        ready.append(task)
    return task is not None


class _Worker:
    """One process, seen from the outside."""

    def __init__(self, start: Start) -> None:
        self.pipe, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=_serve, args=(theirs, start), daemon=True)
        with _imports_from_here_blocked(), _interrupts_blocked():
            self._process.start()
        theirs.close()
        self.task: tuple[int, Submission] | None = None

    def take(self, number: int, task: Task) -> None:
        self.task = number, task.submission
        with suppress(OSError):  # it has just died, which `result` will see
            self.pipe.send(task)

    def result(self) -> tuple[int, SubmissionResult]:
        """The result of its task; waits for it."""
        assert self.task is not None
        number, submission = self.task
        try:
            result = self.pipe.recv()
        except (EOFError, OSError):
            result = lost(submission, "the process that graded it died")
            self.end()
        self.task = None
        return number, result

    def lives(self) -> bool:
        return self._process.is_alive()

    def leave(self, at_once: bool) -> None:
        """Ask it to end, with or without its task."""
        self.pipe.close()
        if at_once:
            self._process.terminate()

    def end(self) -> None:
        """Make sure that it has ended."""
        self._process.join(PATIENCE)
        self._process.kill()
        self._process.join()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Ctrl-C reaches all processes of a terminal; those that start here are to leave it to us."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would start with the first process, and unblock
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _imports_from_here_blocked() -> Iterator[None]:
    """What starts meanwhile does not look for modules in the folder that it starts in."""
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


# Inside the process


def _serve(pipe: connection.Connection, start: Start) -> None:
    """Grade what comes until nothing comes any more."""
    signal.signal(signal.SIGINT, lambda *_: None)  # ignored, it would be so in learner code, too
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was opened is closed
    end_with_parent(signal.SIGTERM)
    threading.Thread(target=_follow, daemon=True).start()
    with start() as grader, suppress(EOFError, OSError):  # the other end is closed
        while True:
            result = grader.grade(*pipe.recv())
            for exercise in result.exercises:
                exercise.detail = None  # for display only; it holds functions, which cannot travel
            pipe.send(result)


def _follow() -> None:
    """End this process with its parent, also in the middle of a long computation."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(PATIENCE)
    os._exit(1)


# Results without a grade


def lost(submission: Submission, why: str) -> SubmissionResult:
    """The result of a submission that we failed to grade: an error of ours, never a zero."""
    said = f"CNN Lab failed here, not the learner. Please report this: {why}"
    return not_graded(submission, said)


def not_graded(submission: Submission, said: str) -> SubmissionResult:
    """The result of a submission that could not be graded, and that is not its author's fault."""
    chapter = submission.asks() if submission.chapter else None
    exercises = [
        ExerciseResult(e.name, "internal_error", max_score=e.max_score, message=said)
        for e in (chapter.exercises if chapter else ())
    ]
    return SubmissionResult(
        submission.path,
        submission.student,
        submission.chapter,
        "graded" if chapter else "unreadable",
        max_score=chapter.max_score if chapter else 0.0,
        message=said,
        exercises=exercises,
    )
