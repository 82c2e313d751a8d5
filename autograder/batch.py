"""Many submissions: found, shared out among local processes, collected in order.

Every process has a judge and a zygote of its own. If one crashes, only the submission that crashed
it is lost: it becomes an ``internal_error`` which says so. What else was under way is graded again.
"""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cnnlab.autograder.grading import grade_submission
from cnnlab.autograder.judging.backends import DEFAULT_ENGINE, Engine
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import (
    DEFAULT,
    RECORDED_SEED,
    FreshReferences,
    demand_record,
    keys_from,
    recorded,
)
from cnnlab.autograder.judging.results import BatchResult, ExerciseResult, SubmissionResult
from cnnlab.autograder.sandbox.session import Workers, open_workers
from cnnlab.autograder.submission import Submission, read
from cnnlab.course.light import KerasMissing, require_keras

SUFFIXES = (".ipynb", ".py")


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
        Processes; 1 grades in this process.
    reference : str
        A backend and a kind of device, such as ``"jax-cpu"``: whose record is used, or where
        Keras answers fresh probes.

    Raises
    ------
    ValueError
        There is no such record, backend or device; the message lists those that there are.
    """

    fresh: bool = True
    sandbox: bool = True
    chapter: str | None = None
    seed: int | None = None
    workers: int = field(default_factory=usable_cores)
    reference: str = DEFAULT

    def __post_init__(self) -> None:
        if self.fresh:
            Engine.named(self.reference)
        else:
            demand_record(self.reference)


def find_submissions(paths: Iterable[Path]) -> list[Path]:
    """The notebooks and ``.py`` files that the paths name; folders are searched.

    Hidden files and checkpoints are left out. A path that does not exist is kept: it becomes
    a result that says so.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir() or path.is_symlink():
            found[path] = None
            continue
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(f for f in folders if f[0] not in "._")
            names = sorted(f for f in files if f.endswith(SUFFIXES) and f[0] not in "._")
            found.update(dict.fromkeys(Path(folder, name) for name in names))
    return list(found)


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
) -> BatchResult:
    """Grade every submission; results are in the order of the paths.

    Parameters
    ----------
    paths : sequence of Path
        Files, as `find_submissions` lists them.
    on_result : callable
        Called with each result in turn, for a progress bar.

    Raises
    ------
    RuntimeError
        The sandbox or Keras cannot be had; the message says what to do.
    """
    seed = RECORDED_SEED
    if settings.fresh:
        seed = secrets.randbits(53) if settings.seed is None else settings.seed
    probes = "fresh" if settings.fresh else "recorded"
    batch = BatchResult(seed, "cnnlab", versions(), probes=probes)
    with ExitStack() as stack:
        engine = Engine.named(settings.reference)
        answers = stack.enter_context(Answers(seed if settings.fresh else None, engine))
        submissions = (_read(path, settings.chapter) for path in paths)
        tasks = ((s, answers.of(s.chapter)) for s in submissions)
        if settings.workers <= 1 or len(paths) <= 1:
            grader = stack.enter_context(Grader(settings.sandbox, settings.reference))
            results: Iterator[SubmissionResult] = (grader.grade(*task) for task in tasks)
        else:
            results = stack.enter_context(Pool(settings)).grade(tasks)
        for result in results:
            result.probes = batch.probes
            batch.submissions.append(result)
            on_result(result)
    return batch


def _read(path: Path, chapter: str | None) -> Submission:
    try:
        return read(path, chapter)
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
    """One process's share: zygotes, and the answer keys read so far."""

    def __init__(self, sandbox: bool, reference: str = DEFAULT) -> None:
        self._sandbox = sandbox
        self._reference = reference
        self._workers: dict[bool, Workers] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._stack.close()

    def grade(self, submission: Submission, answers: bytes | None) -> SubmissionResult:
        """Run and judge one submission. What goes wrong on our side is a result, too."""
        try:
            if submission.chapter is None or submission.problem:
                return grade_submission(submission, {}, None)
            chapter = submission.chapter
            workers = self._zygote(load_chapter(chapter).keras)
            keys = keys_from(answers) if answers else recorded(chapter, self._reference)
            return grade_submission(submission, keys, workers)
        except KerasMissing as missing:
            return not_graded(submission, str(missing))
        except Exception as error:
            return lost(submission, f"{type(error).__name__}: {error}")

    def _zygote(self, keras: bool) -> Workers:
        if keras not in self._workers:
            if keras:
                require_keras()
            workers = open_workers(keras=keras, sandbox=self._sandbox)
            self._workers[keras] = self._stack.enter_context(workers)
        return self._workers[keras]


def lost(submission: Submission, why: str) -> SubmissionResult:
    """The result of a submission that we failed to grade: an error of ours, never a zero."""
    said = f"CNN Lab failed here, not the learner. Please report this: {why}"
    return not_graded(submission, said)


def not_graded(submission: Submission, said: str) -> SubmissionResult:
    """The result of a submission that could not be graded, and that is not its author's fault."""
    chapter = load_chapter(submission.chapter) if submission.chapter else None
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


Task = tuple[Submission, bytes | None]

_grader: Grader | None = None


def _start_process(sandbox: bool, reference: str) -> None:
    global _grader
    _grader = Grader(sandbox, reference)


def _grade_in_process(task: Task) -> SubmissionResult:
    assert _grader is not None
    result = _grader.grade(*task)
    for exercise in result.exercises:
        exercise.detail = None  # for display only; it holds functions, which cannot travel
    return result


class Pool:
    """Processes that grade side by side, a bounded number of submissions in flight."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._executor = self._start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._settings.workers,
            mp_context=get_context("spawn"),  # a fork would copy whatever this process holds
            initializer=_start_process,
            initargs=(self._settings.sandbox, self._settings.reference),
        )

    def grade(self, tasks: Iterable[Task]) -> Iterator[SubmissionResult]:
        """Results in the order of the tasks."""
        flying: deque[tuple[Task, Future[SubmissionResult]]] = deque()
        for task in tasks:
            flying.append((task, self._submit(task)))
            if len(flying) >= 4 * self._settings.workers:
                yield self._land(flying)
        while flying:
            yield self._land(flying)

    def _submit(self, task: Task) -> Future[SubmissionResult]:
        """The future of a task; of one that failed already, where a process has just died."""
        try:
            return self._executor.submit(_grade_in_process, task)
        except BrokenProcessPool as broken:
            future: Future[SubmissionResult] = Future()
            future.set_exception(broken)
            return future

    def _land(self, flying: deque[tuple[Task, Future[SubmissionResult]]]) -> SubmissionResult:
        """The oldest task's result. If a process died, find out whether this task killed it."""
        task, future = flying.popleft()
        try:
            return future.result()
        except BrokenProcessPool:
            result = self._alone(task)
            others = [t for t, _ in flying]
            flying.clear()
            flying.extend((t, self._submit(t)) for t in others)
            return result
        except Exception as error:
            return lost(task[0], f"{type(error).__name__}: {error}")

    def _alone(self, task: Task) -> SubmissionResult:
        self._executor = self._start()
        try:
            return self._executor.submit(_grade_in_process, task).result()
        except BrokenProcessPool:
            self._executor = self._start()
            return lost(task[0], "the process that graded it died")
