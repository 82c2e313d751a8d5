"""The cluster, seen from the batch: where submissions go, and results come from."""

from __future__ import annotations

import logging
import secrets
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from distributed import Client, Future, KilledWorker, WorkerPlugin
from distributed import TimeoutError as TooLate

from cnnlab.autograder.cluster.worker import INSTALL, Answers, Judging, Unfit, grade_here
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.pool import Start, Task, lost
from cnnlab.autograder.submission import Submission

CONNECT_SECONDS = 10.0
"""How long a scheduler may take to answer."""
WORKER_SECONDS = 60.0
"""How long a cluster may be without any worker."""
LOOK_SECONDS = 2.0
"""How often it is looked which workers there are."""
AHEAD = 2
"""Submissions on their way or at work, for each thread of the cluster."""


class Cluster:
    """Workers that grade, with what `Pool` offers; a context manager.

    A worker that is lost loses nothing: dask gives its submissions to others. A submission whose
    workers die, as often as the scheduler allows (``allowed-failures``), is a failure of ours.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``"tcp://grader:8786"``.
    start : callable
        ``start(threads)`` makes what the processes of a worker run; it can be pickled.
    sandbox : bool
        Whether each worker must have the sandbox.

    Raises
    ------
    RuntimeError
        There is no scheduler, or it has no workers, or one of them cannot grade; in the middle of a
        batch, too. The message says what to do.
    """

    def __init__(self, address: str, start: Callable[[int], Start], sandbox: bool = True) -> None:
        self._address = address
        self._judging = Judging(start, sandbox)
        self._run = f"cnnlab-{secrets.token_hex(8)}"
        self._told: dict[bytes | None, str] = {None: ""}
        self._threads, self._looked = 0, 0.0

    def __enter__(self) -> Cluster:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said here
        try:
            self._client = Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            first = (str(error) or type(error).__name__).splitlines()[0]
            raise RuntimeError(
                f"No scheduler answers at {self._address} ({first}). Start one with "
                "`dask scheduler`, or look at the address."
            ) from None
        try:
            self._look()
            self._tell(self._run, self._judging)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(Exception):  # a worker may just be dying; what is left there ends when idle
            if self._client.status == "running":
                for name in filter(None, (*self._told.values(), self._run)):
                    self._client.unregister_worker_plugin(name)
        with suppress(Exception):
            self._client.close(timeout=1)

    def grade(self, tasks: Iterable[tuple[int, Task]]) -> Iterator[tuple[int, SubmissionResult]]:
        """Numbered results, in the order in which they come; few tasks are sent ahead of time."""
        waiting = iter(tasks)
        done: SimpleQueue[Future] = SimpleQueue()
        sent: dict[object, tuple[int, Submission, Future]] = {}
        more = True
        while more or sent:
            if monotonic() - self._looked > LOOK_SECONDS:
                self._look()
            if more and len(sent) < AHEAD * self._threads:
                more = (numbered := next(waiting, None)) is not None
                if numbered:
                    number, task = numbered
                    future = self._send(task)
                    sent[future.key] = number, task.submission, future
                    future.add_done_callback(done.put)
                continue
            with suppress(Empty):
                number, submission, future = sent.pop(done.get(timeout=LOOK_SECONDS).key)
                yield number, self._result(future, submission)

    def _send(self, task: Task) -> Future:
        submission, answers, earlier = task
        if answers not in self._told:  # once for all submissions of a chapter
            name = f"{self._run}-{len(self._told)}"
            self._tell(name, Answers(answers or b""))
            self._told[answers] = name
        told = self._told[answers]
        return self._client.submit(grade_here, self._run, submission, told, earlier, pure=False)

    def _result(self, future: Future, submission: Submission) -> SubmissionResult:
        try:
            result: SubmissionResult = future.result()
            return result
        except CancelledError:
            raise self._gone() from None
        except KilledWorker:
            return lost(submission, "the workers that graded it died")
        except Unfit:
            raise
        except Exception as error:
            return lost(submission, f"{type(error).__name__}: {error}")

    def _tell(self, name: str, plugin: WorkerPlugin) -> None:
        """Give a plugin to all workers, and to those that come later."""
        for tried in range(3):
            try:
                self._client.register_plugin(plugin, name=name)
                return
            except ImportError as error:
                raise Unfit(f"A worker lacks CNN Lab ({error}). {INSTALL}") from None
            except OSError as error:  # a worker is just dying
                if tried == 2:
                    raise RuntimeError(f"The cluster does not answer: {error}.") from None

    def _look(self) -> None:
        """See how many threads the workers have now; wait for a worker where there is none."""
        try:
            if not (threads := self._client.nthreads()):
                self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
                threads = self._client.nthreads()
        except TooLate:
            raise RuntimeError(
                f"The scheduler at {self._address} has no workers. Start them with "
                f"`dask worker {self._address}`, on each machine that is to grade."
            ) from None
        except (OSError, CancelledError, AttributeError):  # the last: of a client that has closed
            raise self._gone() from None
        self._threads, self._looked = sum(threads.values()), monotonic()

    def _gone(self) -> RuntimeError:
        return RuntimeError(f"The scheduler at {self._address} is gone.")
