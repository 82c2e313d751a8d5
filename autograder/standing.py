"""Where learners stand: their own notebooks, judged by recorded answers and without a sandbox.

What is not written is seen in the file: an untouched chapter starts no process. The code that an
answer consists of is remembered with its result, so what did not change does not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from cnnlab.autograder.grading import grade_submission, without_running
from cnnlab.autograder.judging.exercise import Chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult, SubmissionResult
from cnnlab.autograder.pool import lost, not_graded
from cnnlab.autograder.sandbox.connection import Connection
from cnnlab.autograder.sandbox.processes import Limits, Plain
from cnnlab.autograder.sandbox.session import Session, Workers
from cnnlab.autograder.submission import Definition, Submission, read
from cnnlab.autograder.submission.own_work import read_own
from cnnlab.course.light import keras_missing


@dataclass(frozen=True)
class Standing:
    """A notebook's results, and the exercises whose code is new since it was judged before."""

    result: SubmissionResult
    changed: tuple[str, ...] = ()


class Judge:
    """Judges notebooks, and remembers what it has seen; a context manager.

    One process of each kind, with the chapter's imports loaded, can wait for the next answer:
    see `prepare`.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Any, ExerciseResult]] = {}
        self._children: dict[bool, _Spares] = {}

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *exc: object) -> None:
        for children in self._children.values():
            children.close()

    def judge(
        self,
        path: Path,
        only: Collection[str] = (),
        on_run: Callable[[Chapter, list[str]], object] = lambda chapter, names: None,
    ) -> Standing:
        """Judge the exercises of a notebook, or some of them.

        Parameters
        ----------
        path : Path
        only : collection of str
            The names of exercises; all where it is empty.
        on_run : callable
            Called before learner code runs, with the chapter and the exercises to judge.

        Returns
        -------
        Standing
            Never an exception: what goes wrong on our side is a result that says so.
        """
        work = read_own(path)
        if work.problem:
            return Standing(grade_submission(work.parts[0], {}, None))
        found = [
            self._judge(part, path, names, on_run)
            for part in work.parts
            if (names := [n for n in part.exercises if n in work.places and _meant(n, only)])
        ]
        found = found or [self._judge(work.parts[0], path, [], on_run)]  # it is there no more
        return Standing(
            work.whole([each.result for each in found]),
            tuple(name for each in found for name in each.changed),
        )

    def _judge(
        self,
        submission: Submission,
        path: Path,
        wanted: list[str],
        on_run: Callable[[Chapter, list[str]], object],
    ) -> Standing:
        """Judge exercises of one chapter."""
        chapter = submission.asks()
        codes = {name: _code(submission, path, name) for name in wanted}
        known = {name: self._known.get((str(path), name)) for name in wanted}
        changed = [n for n in wanted if (seen := known[n]) is None or seen[0] != codes[n]]
        run = [name for name in changed if submission.exercises[name].status == "written"]
        if run:
            on_run(chapter, run)
        result = self._results(submission, chapter, wanted, run, path)
        if result.status == "graded" and not result.message:
            for exercise in result.exercises:
                self._known[str(path), exercise.name] = codes[exercise.name], exercise
        return Standing(result, tuple(changed))

    def prepare(self, chapter: Chapter) -> None:
        """Start a process for the next answer of this chapter now, beside everything else."""
        if not (chapter.keras and keras_missing()):
            self._spares(chapter).prepare(chapter)

    def _results(
        self,
        submission: Submission,
        chapter: Chapter,
        wanted: list[str],
        run: list[str],
        path: Path,
    ) -> SubmissionResult:
        ran: dict[str, ExerciseResult] = {}
        result = SubmissionResult(
            submission.path,
            submission.student,
            chapter.name,
            "graded",
            warnings=list(submission.warnings),
            probes="recorded",
        )
        if run:
            graded = self._run(submission, chapter, run)
            if graded.message:
                return graded
            ran = {exercise.name: exercise for exercise in graded.exercises}
            result.warnings = graded.warnings
        for name in wanted:
            told = without_running(chapter[name], submission.exercises[name])
            result.exercises.append(
                told or (ran[name] if name in run else self._known[str(path), name][1])
            )
        result.score = sum(exercise.score for exercise in result.exercises)
        result.max_score = sum(exercise.max_score for exercise in result.exercises)
        return result

    def _run(self, submission: Submission, chapter: Chapter, names: list[str]) -> SubmissionResult:
        """Judge these exercises, and those that they may call: as grading does, no others."""
        if chapter.keras and (missing := keras_missing()):
            return not_graded(submission, missing)
        running, waiting = set[str](), list(names)
        while waiting:
            running.add(name := waiting.pop())
            needs = submission.exercises.keys() & chapter[name].needs
            waiting += needs - running
        some = {
            name: definition if name in running else Definition(name, "stub")
            for name, definition in submission.exercises.items()
        }
        try:
            workers = Workers(self._spares(chapter).of(chapter))
            return grade_submission(
                replace(submission, exercises=some), recorded(chapter.name), workers
            )
        except Exception as error:
            return lost(submission, f"{type(error).__name__}: {error}")

    def _spares(self, chapter: Chapter) -> _Spares:
        return self._children.setdefault(chapter.keras, _Spares(chapter.keras))


def _meant(name: str, only: Collection[str]) -> bool:
    return not only or name in only


def is_untouched(submission: Submission) -> bool:
    """Whether every exercise still is the stub that was handed out."""
    return all(definition.status == "stub" for definition in submission.exercises.values())


def _code(submission: Submission, path: Path, name: str) -> Any:
    """What an exercise's result depends on: all the learner's code that it uses, or the lack."""
    definition = submission.exercises[name]
    if definition.status != "written":
        return definition.status, definition.problem, submission.asked
    cells = read(path, submission.chapter, name, submission.asked).cells()
    return cells, sorted(submission.course_names), submission.asked


class _Spares(Plain):
    """Children without a sandbox; one may be waiting that has loaded a chapter's imports."""

    def __init__(self, keras: bool) -> None:
        super().__init__(keras)
        self._thread: Thread | None = None
        self._waiting: Connection | None = None
        self._chapter = ""
        self._closed = False
        self._lock = Lock()

    def of(self, chapter: Chapter) -> _Spares:
        """Itself, without the child that waits for another chapter."""
        if self._chapter != chapter.name:
            with self._lock:
                self._chapter = chapter.name
                self._drop()
        return self

    def prepare(self, chapter: Chapter) -> None:
        """Start the child that the next session of this chapter gets."""
        if self.of(chapter)._thread is None:
            self._thread = Thread(target=self._load, args=(chapter,), daemon=True)
            self._thread.start()

    def connect(self) -> Connection:
        if self._thread is not None:
            self._thread.join()
        self._thread, waiting, self._waiting = None, self._waiting, None
        return waiting or super().connect()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._drop()
        super().close()

    def _drop(self) -> None:
        self._thread, waiting, self._waiting = None, self._waiting, None
        if waiting:
            waiting.close()

    def _load(self, chapter: Chapter) -> None:
        try:
            child = super().connect()
            Session(_Lent(child, self.keras, self.limits)).define(
                [], chapter.prelude, chapter.imports, chapter.seconds, chapter.drivers
            )
        except Exception:  # the next session starts its own child, and says what is wrong
            return
        with self._lock:
            if self._closed or self._waiting or self._chapter != chapter.name:
                child.close()
            else:
                self._waiting = child


@dataclass
class _Lent:
    """A `Sandbox` with one child, which its owner ends."""

    child: Connection
    keras: bool
    limits: Limits

    def start(self) -> None:
        """It has started already."""

    def connect(self) -> Connection:
        return self.child

    def close(self) -> None:
        pass
