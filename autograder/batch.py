"""Many submissions: found, shared out among local processes, collected in order.

Every process has a judge and a zygote of its own. What fails on our side is graded once more at
the end, alone. If it fails again it stays an ``internal_error``, which says why.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import current_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.autograder.cluster import demand_dask
from cnnlab.autograder.grading import Draw, Earlier, grade_submission
from cnnlab.autograder.journal import Journal, graders_of, key_of
from cnnlab.autograder.judging.backends import DEFAULT_ENGINE, Engine
from cnnlab.autograder.judging.record import (
    DEFAULT,
    RECORDED_SEED,
    FreshReferences,
    demand_record,
    keys_from,
    recorded,
)
from cnnlab.autograder.judging.results import (
    BatchResult,
    ExerciseResult,
    Shared,
    SubmissionResult,
)
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.pool import Pool, Start, Task, lost, not_graded
from cnnlab.autograder.sandbox.budget import Budget, limit_memory
from cnnlab.autograder.sandbox.processes import Limits, SandboxError, available
from cnnlab.autograder.sandbox.session import Workers, open_workers
from cnnlab.autograder.submission import Submission, read
from cnnlab.autograder.submission.assignment import Assignment, assignment_of
from cnnlab.autograder.submission.files import crowd, submitted_folder
from cnnlab.course.light import KerasMissing, require_keras

if TYPE_CHECKING:
    from cnnlab.autograder.cluster.client import Cluster


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """How a batch is graded.

    Parameters
    ----------
    fresh : bool
        New probes from a secret seed, answered live by Keras; else the recorded ones.
    sandbox : bool
        Run learner code inside the sandbox.
    chapter : str or None
        Grade everything as this chapter, whatever the files say.
    seed : int or None
        The seed of fresh probes, to repeat a run; drawn in secret if None.
    workers : int
        Processes in which submissions are judged.
    reference : str
        A backend and a kind of device, such as ``"jax-cpu"``: whose record is used, or where
        Keras answers fresh probes.
    seconds : float or None
        Of processor time that one submission may cost; see `Budget` for None.
    course : Path or None
        The root of a course, whose ``source/`` says what each assignment asks for and what that
        is worth; without it, all exercises of a chapter count as its grader has them.
    cards : bool
        Whether each result gets a ``card``, for feedback pages; a journal keeps none.
    dask : str or None
        The address of a scheduler, whose workers grade in place of processes of this machine.

    Raises
    ------
    ValueError
        There is no such record, backend or device; the message lists those that there are. Or
        `dask.distributed` is not installed.
    """

    fresh: bool = True
    sandbox: bool = True
    chapter: str | None = None
    seed: int | None = None
    workers: int = field(default_factory=usable_cores)
    reference: str = DEFAULT
    seconds: float | None = None
    course: Path | None = None
    cards: bool = False
    dask: str | None = None

    def __post_init__(self) -> None:
        if self.dask:
            demand_dask()
        if self.fresh:
            Engine.named(self.reference)
        else:
            demand_record(self.reference)

    @property
    def probes(self) -> str:
        return "fresh" if self.fresh else "recorded"

    def conditions(self, seed: int) -> dict[str, Any]:
        """What every result of a batch depends on, besides its submission and the judge."""
        return {
            "seed": seed,
            "probes": self.probes,
            "sandbox": self.sandbox,
            "reference": self.reference,
            "seconds": self.seconds,
            "versions": versions() | {"python": platform.python_version()},
        }


def versions() -> dict[str, str]:
    """The versions that a result depends on, read without importing any of them."""
    found = {}
    for name in ("cnnlab", "numpy", "keras", "tensorflow"):
        with suppress(PackageNotFoundError):  # a light installation has no Keras
            found[name] = version(name)
    return found


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
    batch.submissions = files.results
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
        self._wholes: dict[int, SubmissionResult] = {}
        self._shared = Shared()
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
        self._found[number] = self._shared.of(result)
        file = self._file_of[number]
        numbers, assignment = self._numbers[file], self._assignments[file]
        if not all(n in self._found for n in numbers):
            return None
        parts = [self._found.pop(n) for n in numbers]
        whole = self._wholes[file] = assignment.whole(parts) if assignment else parts[0]
        if folder := submitted_folder(self._paths[file]):
            others, said = crowd(folder, self._course)
            if said and self._paths[file].absolute() not in others:
                whole.warnings.append(said)
        return whole

    @property
    def results(self) -> list[SubmissionResult]:
        """In the order of the files."""
        return [self._wholes[file] for file in range(len(self._numbers))]


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
    from cnnlab.autograder.display import render

    return render.to_html(result, live=False), render.to_text(result, live=False)
