"""What runs on a worker: the processes that a local run starts, too, one for each thread."""

from __future__ import annotations

import hashlib
import platform
from asyncio import to_thread
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from multiprocessing import current_process
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Lock, Timer
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from cnnlab.autograder.grading import Earlier
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.pool import Pool, Start, Task
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import versions
from cnnlab.autograder.submission import Submission

IDLE_SECONDS = 600.0
"""After how long without a submission processes end: nobody may be left who could say so."""
INSTALL = "Install the same versions on all machines, with the extra `cluster`."
PACKAGE = Path(__file__).parents[2]
OURS = ("autograder", "course/ops", "course/given", "solutions")
"""What results depend on, of the folders of CNN Lab."""


class Unfit(RuntimeError):
    """A worker cannot grade; the message says which one, and why."""


def grade_here(
    run: str, submission: Submission, answers: str, earlier: Earlier | None
) -> SubmissionResult:
    """Grade a submission on this worker.

    Parameters
    ----------
    run : str
        The name of the plugin that grades.
    submission : Submission
    answers : str
        The name of the plugin that holds its chapter's fresh answers; empty for the recorded ones.
    earlier : Earlier or None
        What need not be judged again.
    """
    plugins: Any = get_worker().plugins
    known = plugins[answers].answers if answers else None
    graded: SubmissionResult = plugins[run].grade(Task(submission, known, earlier))
    return graded


class Answers(WorkerPlugin):
    """A chapter's fresh answers, in a worker's memory."""

    def __init__(self, answers: bytes) -> None:
        self.answers = answers


class Judging(WorkerPlugin):
    """Grades on each worker, in processes of its own.

    Parameters
    ----------
    start : callable
        ``start(threads)`` makes what each process runs, on a worker with so many threads.
    sandbox : bool
        Whether the worker must have the sandbox.
    """

    def __init__(self, start: Callable[[int], Start], sandbox: bool) -> None:
        self._start, self._sandbox = start, sandbox
        self._installed = installed()

    async def setup(self, worker: Worker) -> None:
        """Called on the worker. Raises `Unfit`; a worker that comes later says it of its tasks."""
        current_process().daemon = False  # as a worker's nanny has it; it could start no process
        self._judges = Judges(self._start(worker.state.nthreads))
        self._problem = await to_thread(self._why_not)
        self._address = worker.address
        self._demand_fit()

    async def teardown(self, worker: Worker) -> None:
        """Called on the worker at the end of the run, or of the worker."""
        await to_thread(self._judges.close)

    def grade(self, task: Task) -> SubmissionResult:
        """The result of a submission."""
        self._demand_fit()
        return self._judges.grade(task)

    def _demand_fit(self) -> None:
        if self._problem:
            raise Unfit(f"The worker {self._address} cannot grade. {self._problem}")

    def _why_not(self) -> str:
        here = installed()
        for name in sorted(self._installed.keys() | here.keys()):
            wanted, found = (known.get(name, "none") for known in (self._installed, here))
            if wanted != found:
                return f"It has {name} {found}, and this run has {wanted}. {INSTALL}"
        return (available() or "") if self._sandbox else ""


@cache
def installed() -> dict[str, str]:
    """What must be the same on all machines, so that results do not depend on who grades."""
    digest = hashlib.sha256()
    for folder in OURS:
        for path in sorted((PACKAGE / folder).rglob("*.*")):
            within = path.relative_to(PACKAGE)
            if path.suffix in (".py", ".ipynb", ".gz") and not {"tests", "bench"} & {*within.parts}:
                digest.update(within.as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    files = digest.hexdigest()[:12]
    return versions() | {"Python": platform.python_version(), "files of CNN Lab": files}


class Judges:
    """A worker's processes, one for each submission that it grades at a time.

    Parameters
    ----------
    start : callable
        Makes what each process runs.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._idle: LifoQueue[Pool] = LifoQueue()
        self._timer = Timer(IDLE_SECONDS, self._rest)
        self._lock = Lock()
        self._closed = False

    def grade(self, task: Task) -> SubmissionResult:
        """The result of a submission, also where the process dies that grades it."""
        try:
            pool = self._idle.get_nowait()
        except Empty:
            pool = Pool(1, self._start)
        try:
            ((_, result),) = pool.grade([(0, task)])
        finally:
            self._idle.put(pool)
            self._wind()
        return result

    def _wind(self) -> None:
        """Begin the idle time anew; after the end there is none."""
        with self._lock:
            self._timer.cancel()
            self._timer = Timer(0 if self._closed else IDLE_SECONDS, self._rest)
            self._timer.daemon = True
            self._timer.start()

    def _rest(self) -> None:
        """End the processes that have nothing to do; the next submission starts a new one."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().__exit__(None)

    def close(self) -> None:
        """End all of them; one that is at work ends when it has done it."""
        self._closed = True
        self._timer.cancel()
        self._rest()
