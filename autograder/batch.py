"""Many submissions: found, shared out among local processes, collected in order.

Every process has a judge and a zygote of its own. What fails on our side is graded once more at
the end, alone. If it fails again it stays an ``internal_error``, which says why.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnlab.autograder.grading import Earlier
from cnnlab.autograder.grading_process import judging, start_judging
from cnnlab.autograder.journal import Journal, graders_of, key_of
from cnnlab.autograder.judging.backends import DEFAULT_ENGINE, Engine
from cnnlab.autograder.judging.record import (
    RECORDED_SEED,
    FreshReferences,
    recorded,
)
from cnnlab.autograder.judging.results import BatchResult, Packed, SubmissionResult
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.pool import Pool, Task
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings, versions
from cnnlab.autograder.submission import Submission, read
from cnnlab.autograder.submission.assignment import Assignment, assignment_of
from cnnlab.autograder.submission.files import crowd, submitted_folder

if TYPE_CHECKING:
    from cnnlab.autograder.cluster.client import Cluster


def grade(
    paths: Sequence[Path],
    settings: Settings,
    on_result: Callable[[SubmissionResult], None] = lambda result: None,
    journal: Journal | None = None,
) -> BatchResult:
    """Grade every submission; results are in the order of the paths.

    Parameters
    ----------
    paths : sequence of Path
        Files, as `cnnlab.autograder.submission.files.find_submissions` lists them.
    on_result : callable
        Called with each result as it comes, for a progress bar.
    journal : Journal, optional
        What it holds is not graded again, and every result is written down in it. Fresh probes
        are the same only where the settings have its seed.

    Raises
    ------
    RuntimeError
        The sandbox, Keras, the recorded answers, the cluster or the journal cannot be had; the
        message says what to do.
    """
    seed = RECORDED_SEED
    if settings.fresh:
        seed = secrets.randbits(53) if settings.seed is None else settings.seed
    batch = BatchResult(seed, "cnnlab", versions(), probes=settings.probes)
    files = _Files(paths, settings)
    with ExitStack() as stack:
        engine = Engine.named(settings.reference)
        answers = stack.enter_context(Answers(seed if settings.fresh else None, engine))
        run = _Run(files.parts, settings, answers, _Kept(journal, settings.conditions(seed)))
        failed: dict[int, SubmissionResult] = {}
        for number, result in run.results(range(len(files.parts))):
            if result.failed_here:
                failed[number] = result
            elif whole := files.add(number, result):
                on_result(whole)
        # Workers of a cluster have tried more than once; this machine may not be able to.
        again = not (settings.dask and settings.sandbox and available())
        for number, result in failed.items():
            if again:  # alone: what was in its way may be gone
                ((_, result),) = run.results([number], alone=True)
            if whole := files.add(number, result):
                on_result(whole)
    batch.submissions = files.results  # in the order of the files
    return batch


Part = tuple[Path, tuple[Asked, ...]]
"""A file, and what is asked for in it of one chapter."""


class _Files:
    """The files of a batch. One that answers exercises of several chapters has a part for each."""

    def __init__(self, paths: Sequence[Path], settings: Settings) -> None:
        self.parts: list[Part] = []
        self._assignments: list[Assignment | None] = []
        self._numbers: list[range] = []
        self._found: dict[int, SubmissionResult] = {}
        self.results = Packed(len(paths))
        self._paths, self._course = paths, settings.course
        root = None if settings.chapter else settings.course
        for path in paths:
            assignment = assignment_of(root, path) if root else None
            first = len(self.parts)
            self.parts += [(path, asked) for asked in (assignment.parts() if assignment else [()])]
            self._assignments.append(assignment)
            self._numbers.append(range(first, len(self.parts)))
        self._file_of = [file for file, numbers in enumerate(self._numbers) for _ in numbers]

    def add(self, number: int, result: SubmissionResult) -> SubmissionResult | None:
        """Take the result of a part; that of the whole file, once all of its parts are there."""
        self._found[number] = result
        file = self._file_of[number]
        numbers, assignment = self._numbers[file], self._assignments[file]
        if not all(n in self._found for n in numbers):
            return None
        parts = [self._found.pop(n) for n in numbers]
        whole = assignment.whole(parts) if assignment else parts[0]
        if folder := submitted_folder(self._paths[file]):
            others, said = crowd(folder, self._course)
            if said and self._paths[file].absolute() not in others:
                whole.warnings.append(said)
        self.results.put(file, whole)
        return whole


_Entry = tuple[str, dict[str, str]]
"""Of the journal: the key of a submission, and the fingerprints of its exercises' graders."""
ENDED = ("timeout", "memory", "crashed")
"""Statuses of an exercise that may have cost others something."""


@dataclass(frozen=True)
class _Kept:
    """The journal, if there is one, and what holds for all results of a batch."""

    journal: Journal | None
    conditions: dict[str, Any]

    def entry(self, submission: Submission) -> _Entry:
        """Where a submission's result is found, or to be written."""
        if self.journal is None:
            return "", {}
        return key_of(submission, self.conditions), graders_of(submission, self.conditions)

    def find(
        self, entry: _Entry, submission: Submission
    ) -> tuple[SubmissionResult | None, Earlier | None]:
        """Its result; else what of an earlier one may still hold."""
        key, graders = entry
        if self.journal is None or not (known := self.journal.find(key, submission)):
            return None, None
        result, then = known
        if then == graders:
            return result, None
        results = {exercise.name: exercise for exercise in result.exercises}
        # These may have ended what others needed: their process, or the submission's time.
        if results.keys() != graders.keys() or any(e.status in ENDED for e in result.exercises):
            return None, None
        changed = {name for name, grader in graders.items() if then.get(name) != grader}
        return None, Earlier(results, frozenset(changed))

    def add(self, entry: _Entry, result: SubmissionResult) -> None:
        if self.journal and not result.failed_here:
            key, graders = entry
            self.journal.add(key, result, graders)


class _Run:
    """One batch under way."""

    def __init__(
        self, parts: Sequence[Part], settings: Settings, answers: Answers, kept: _Kept
    ) -> None:
        self._parts, self._settings = parts, settings
        self._answers, self._kept = answers, kept
        self._entries: dict[int, _Entry] = {}
        self._known: list[tuple[int, SubmissionResult]] = []

    def results(
        self, numbers: Sequence[int], alone: bool = False
    ) -> Iterator[tuple[int, SubmissionResult]]:
        """The results of these submissions, in any order: from the journal, or graded now.

        ``alone`` means here, whatever there is of a cluster.
        """
        for number, result in self._graded(numbers, alone):
            result.probes = self._settings.probes
            self._kept.add(self._entries.pop(number), result)
            yield number, result
            yield from self._from_journal()
        yield from self._from_journal()

    def _from_journal(self) -> Iterator[tuple[int, SubmissionResult]]:
        known, self._known = self._known, []
        yield from known

    def _graded(
        self, numbers: Sequence[int], alone: bool
    ) -> Iterator[tuple[int, SubmissionResult]]:
        with self._pool(len(numbers), alone) as pool:
            yield from pool.grade(self._tasks(numbers))

    def _pool(self, count: int, alone: bool) -> Pool | Cluster:
        settings = self._settings
        if settings.dask and not alone:
            from cnnlab.autograder.cluster.client import Cluster

            return Cluster(settings.dask, partial(judging, settings), settings.sandbox)
        # In processes also for a single one, because judging needs a limit of memory.
        workers = max(1, min(settings.workers, count))
        return Pool(workers, partial(start_judging, settings, settings.cards))

    def _tasks(self, numbers: Iterable[int]) -> Iterator[tuple[int, Task]]:
        """What is not in the journal, read and with its answers."""
        for number in numbers:
            submission = _read(*self._parts[number], self._settings.chapter)
            entry = self._kept.entry(submission)
            result, earlier = self._kept.find(entry, submission)
            if result is not None:
                self._known.append((number, result))
                continue
            self._entries[number] = entry
            chapter = None if submission.problem else submission.chapter
            if chapter is not None and not self._settings.fresh:
                recorded(chapter, self._settings.reference)  # damaged, it ends the batch here
            yield number, Task(submission, self._answers.of(chapter), earlier)


def _read(path: Path, asked: tuple[Asked, ...], chapter: str | None) -> Submission:
    try:
        return read(path, chapter, asked=asked)
    except Exception as error:  # the reader must never raise; if it does, one file is lost
        problem = f"CNN Lab failed to read this. Please report it: {type(error).__name__}: {error}"
        return Submission(path.as_posix(), None, problem=problem)


class Answers:
    """A batch's fresh questions and answers, chapter by chapter; or none, for the records.

    They are in memory and travel through pipes alone: a file could be read by learner code where
    there is no sandbox.

    Parameters
    ----------
    seed : int or None
        Of fresh probes; None for the recorded ones.
    engine : Engine
        What answers fresh probes.

    Raises
    ------
    RuntimeError
        Fresh probes are asked for where Keras or its backend is not installed.
    """

    def __init__(self, seed: int | None, engine: Engine = DEFAULT_ENGINE) -> None:
        self._stack = ExitStack()
        self._known: dict[str, bytes] = {}
        self._keras: FreshReferences | None = None
        if seed is not None:
            if missing := engine.missing():
                raise RuntimeError(f"Keras answers fresh probes. {missing} Or use --recorded.")
            self._keras = self._stack.enter_context(FreshReferences(seed, engine))

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._stack.close()

    def of(self, chapter: str | None) -> bytes | None:
        """A chapter's fresh answers, for `keys_from`; None means the recorded ones."""
        if self._keras is None or chapter is None:
            return None
        if chapter not in self._known:
            self._known[chapter] = self._keras.answers(chapter)
        return self._known[chapter]
