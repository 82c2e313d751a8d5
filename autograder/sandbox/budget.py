"""What one submission may cost, and how its time is counted.

Time is counted so that a busy machine changes nobody's result: a process is charged for what it
computes and for what it sleeps, and not for what it waits for a processor that others have.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time
from typing import Any

from cnnlab.autograder.sandbox.connection import Silence
from cnnlab.autograder.sandbox.usage import Usage

PATIENCE = 5.0
"""How many times its limit of seconds anything may last on a clock, where others are busy."""
LOOK_SECONDS = 1.0
"""How long the judge waits until it looks at what a child has used."""
AFTERWARDS = 2.0
"""Processor seconds in which the judge must come to an end where a budget ran out."""


@dataclass(frozen=True)
class Budget:
    """What one submission may cost: its cells, calls, judging, naming, shrinking and drawing.

    Parameters
    ----------
    processor : float
        Seconds of processor time, of learner code and of the judge together.
    asleep : float
        Seconds for which learner code may keep the judge waiting without computing.
    """

    processor: float = 60.0
    asleep: float = 60.0

    @classmethod
    def usual(cls, keras: bool, processor: float | None = None) -> Budget:
        """For a chapter by hand, or with Keras, unless seconds of processor time are given."""
        return cls(processor=processor or (180.0 if keras else cls.processor))

    @property
    def wall(self) -> float:
        """Seconds on the clock, however busy the machine is."""
        return PATIENCE * self.processor


class BudgetSpent(BaseException):
    """A submission has cost what it may cost; the message continues "used up …".

    No `Exception`, because what happens to be computed when it comes must not take it for a
    problem of its own.
    """


class Account:
    """What one submission has cost so far.

    Parameters
    ----------
    budget : Budget
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._start, self._own = monotonic(), process_time()
        self._children = self.asleep = 0.0
        self._armed = False

    @property
    def processor(self) -> float:
        """Seconds of processor time, of the submission's processes and of this one."""
        return self._children + process_time() - self._own

    def charge(self, processor: float, asleep: float) -> None:
        """Adds what a child has computed and slept."""
        self._children += max(0.0, processor)
        self.asleep += max(0.0, asleep)
        if self._armed:
            self._set_timer()

    def demand_more(self) -> None:
        """Raises `BudgetSpent` where nothing is left."""
        budget = self.budget
        if self.processor >= budget.processor:
            raise BudgetSpent(f"its {budget.processor:g} seconds of computing time")
        if self.asleep >= budget.asleep:
            raise BudgetSpent(f"its {budget.asleep:g} seconds of waiting")
        if monotonic() - self._start >= budget.wall:
            raise BudgetSpent(f"its {budget.wall:g} seconds")

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Within it, this process computes for the submission: `BudgetSpent` ends what it does.

        Where that is not possible (on Windows, outside the main thread), it does not.
        """
        self.demand_more()
        if not _has_timer():
            yield
            return
        before = signal.signal(signal.SIGPROF, self._ring)
        self._armed = True
        self._set_timer()
        try:
            yield
        finally:
            self._armed = False  # first: the signal may be on its way
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def _set_timer(self) -> None:
        left = max(self.budget.processor - self.processor, 0.01)
        signal.setitimer(signal.ITIMER_PROF, left, AFTERWARDS)

    def _ring(self, *_: Any) -> None:
        if self._armed:
            self.demand_more()


def _has_timer() -> bool:
    here = threading.current_thread() is threading.main_thread()
    return here and hasattr(signal, "setitimer")


# Memory of the judge

JUDGE_MEMORY = 2**30
"""Bytes that comparing, naming and drawing may take, beyond what the judge has when it starts."""


def limit_memory(more: int = JUDGE_MEMORY) -> None:
    """From now on, whatever asks for so much more memory in this process gets a `MemoryError`.

    For a process that does nothing but judge. Not on systems that have no such limit.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        wanted = pages * resource.getpagesize() + more
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft == resource.RLIM_INFINITY or wanted < soft:
            resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


@contextmanager
def no_memory_limit() -> Iterator[None]:
    """While a process is started that sets its own limit."""
    try:
        import resource
    except ImportError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


# Time of one child


class Clock:
    """The clock of one child: how long it may take to answer, and what that costs.

    What is charged between two looks at the child is exact. A single request's share is not
    measured from its start, but from the last look before; it is never charged too much.

    Parameters
    ----------
    look : callable, () → Usage or None
        What the child has used; None where nobody knows.
    account : Account or None
        Who pays.
    """

    def __init__(self, look: Callable[[], Usage | None], account: Account | None) -> None:
        self._look = look
        self._account = account
        self._last = Usage()
        self._queued = self._unseen = 0.0

    def wait(self, receive: Callable[[float], Any], seconds: float) -> Any:
        """What ``receive(seconds)`` gives.

        Raises
        ------
        Silence
            The child has computed or slept for so many seconds, and nothing came.
        BudgetSpent
        """
        computed, queued = self._last.processor + self._unseen, self._queued
        start = monotonic()
        pause = min(seconds, LOOK_SECONDS)
        while True:
            began = monotonic()
            try:
                found = receive(pause)
                self._unseen += monotonic() - began
                if self._unseen > LOOK_SECONDS:
                    self._see()
                return found
            except Silence:
                self._unseen += monotonic() - began
                self._see()
            wall = monotonic() - start
            own = max(self._last.processor - computed, wall - (self._queued - queued))
            if own >= seconds or wall >= PATIENCE * seconds:
                raise Silence
            pause = max(min(seconds - own, LOOK_SECONDS), 0.01)

    def _see(self) -> None:
        """Charge for what the child has used since the last look. Raises `BudgetSpent`."""
        seen = self._look()
        self._charge(seen or Usage(self._last.processor + self._unseen, self._last.queued))
        if self._account is not None:
            self._account.demand_more()

    def close(self, processor: float | None = None) -> None:
        """Charge for the rest, where the child has ended; ``processor`` is all that it used."""
        used = self._last.processor + self._unseen if processor is None else processor
        self._charge(Usage(used, self._last.queued))

    def _charge(self, seen: Usage) -> None:
        computed = seen.processor - self._last.processor
        queued = max(0.0, seen.queued - self._last.queued)  # threads that ended are forgotten
        if self._account is not None:
            self._account.charge(computed, self._unseen - computed - queued)
        self._last, self._unseen = seen, 0.0
        self._queued += queued
