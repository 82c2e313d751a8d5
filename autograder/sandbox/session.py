"""The judge's end of a submission's process: define, call, keep the clock, start again.

>>> with open_workers(sandbox=False) as workers, workers.session() as session:
...     errors = session.define([("double", "def double(x):\\n    return 2 * x")])
...     outcomes = session.call("double", [((21,), {})])
>>> errors, outcomes[0].status, outcomes[0].value
({}, 'returned', 42)
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from cnnlab.autograder.sandbox.budget import Account, BudgetSpent, Clock
from cnnlab.autograder.sandbox.calls import (
    ErrorInfo,
    Outcome,
    ProtocolError,
    encode,
    outcome_from_frame,
    request,
)
from cnnlab.autograder.sandbox.connection import Connection, End, Silence
from cnnlab.autograder.sandbox.frames import Broken
from cnnlab.autograder.sandbox.processes import (
    START_SECONDS,
    Bubblewrap,
    Limits,
    Plain,
    Sandbox,
    SandboxError,
)
from cnnlab.autograder.sandbox.wire import memory_of

PRELUDE = "import math\nimport numpy as np\n"
RESTARTS = 3
"""How many children one submission's cells may end before the rest is given up."""
MAX_BATCH = 256 * 2**20
"""Bytes that the answers to one `Session.call` may take together, as values."""

Call = tuple[Any, ...]
"""``(args, kwargs)`` or ``(args, kwargs, given)``, as `request` takes them."""


class Workers:
    """Where sessions come from; made by `open_workers`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def session(self, account: Account | None = None) -> Session:
        """A new session, for one submission, which pays from this account; a context manager."""
        return Session(self.sandbox, account)


@contextlib.contextmanager
def open_workers(
    keras: bool = False, sandbox: bool = True, limits: Limits | None = None
) -> Iterator[Workers]:
    """Workers for many submissions, one after another or side by side.

    Parameters
    ----------
    keras : bool
        Whether learner code needs TensorFlow.
    sandbox : bool
        Behind bubblewrap (Linux; see `cnnlab.autograder.sandbox.processes.available`), or plain
        child processes with a time limit.
    limits : Limits or None
        What one child may use.
    """
    processes: Sandbox = Bubblewrap(keras, limits) if sandbox else Plain(keras, limits)
    try:
        processes.start()
        yield Workers(processes)
    finally:
        processes.close()


class _Lost(Exception):
    """The child is gone: what it had answered, and the outcome of the request that ended it."""

    def __init__(self, answers: list[Outcome], outcome: Outcome) -> None:
        super().__init__(outcome.status)
        self.answers = answers
        self.outcome = outcome


class Session:
    """One submission: its definitions, and calls of them.

    A child that hangs, dies or breaks the protocol is replaced by a new one at the next call, with
    the same definitions. Methods raise `SandboxError` where no process can be started at all, and
    `BudgetSpent` where the submission has cost what it may cost.

    Limits of seconds count what the child computes and sleeps, and not what it waits for a
    processor (see `Clock`).
    """

    def __init__(self, sandbox: Sandbox, account: Account | None = None) -> None:
        self._sandbox = sandbox
        self._account = account
        self._child: Connection | None = None
        self._clock = Clock(lambda: None, account)
        self._number = 0
        self._prelude, self._imports = PRELUDE, ["numpy"]
        self._cells: list[tuple[str, str]] = []
        self._provided: dict[str, str] = {}
        self._seconds = 10.0
        self._drivers: list[str] = []
        self._given: Mapping[str, Any] = {}
        self._absent: list[str] = []

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child."""
        if self._child is not None:
            self._child.close()
        self._child = None

    def define(
        self,
        cells: Sequence[tuple[str, str]],
        prelude: str = PRELUDE,
        imports: Iterable[str] = ("numpy",),
        seconds: float = 10.0,
        drivers: Iterable[str] = (),
        given: Mapping[str, Any] | None = None,
        absent: Iterable[str] = (),
    ) -> dict[str, ErrorInfo]:
        """Execute cells, each by itself, in one fresh namespace.

        Parameters
        ----------
        cells : sequence of (name, source)
            Executed in this order; an error in one does not stop the others.
        prelude : str
            Our own source, executed before.
        imports : iterable of str
            Top-level modules that the cells may import, besides the standard library.
        seconds : float
            Limit for one cell.
        drivers : iterable of str
            The drivers that calls will ask for, loaded before any learner code runs.
        given : Mapping of str to tree, optional
            What the course's own cells made, by name: arrays and whatever else can cross.
        absent : iterable of str
            Names of what they made that cannot; using one says so.

        Returns
        -------
        dict of str to ErrorInfo
            The cells that failed. The error's type is the exception's, or ``"ForbiddenImport"``,
            ``"Timeout"``, ``"MemoryError"`` or ``"Crash"``. Later children run without the
            cells that ended one.
        """
        self.close()
        self._prelude, self._imports = prelude, sorted(imports)
        self._provided, self._seconds, self._drivers = {}, seconds, sorted(drivers)
        self._given, self._absent = given or {}, sorted(absent)
        self._cells = [(name, _valid(source)) for name, source in cells]
        failed: dict[str, ErrorInfo] = {}
        for attempt in range(RESTARTS + 1):
            try:
                return failed | self._start()
            except _Lost as lost:
                culprit = len(lost.answers)
                last = culprit + 1 if attempt < RESTARTS - 1 else len(self._cells)
                failed |= {name: _error(lost.outcome) for name, _ in self._cells[culprit:last]}
                del self._cells[culprit:last]
        return failed

    def provide(self, name: str, source: str) -> None:
        """Trusted source that defines ``name``, in place of what the submission calls so."""
        self._provided[name] = source
        if self._child is not None:
            with contextlib.suppress(_Lost):  # the next call starts a new child, and provides again
                self._provide(name, source)

    def call(
        self, name: str, calls: Sequence[Call | bytes], seconds: float = 10.0, driver: str = ""
    ) -> list[Outcome]:
        """Call a function of the submission.

        Parameters
        ----------
        name : str
            The function's name.
        calls : sequence of (args, kwargs) or (args, kwargs, given)
            What it is called with; or what `request` made of that.
        seconds : float
            Limit for one call.
        driver : str
            Who calls it, of those that `define` loaded; empty for a plain call.

        Returns
        -------
        list of Outcome
            One for each call, ``seconds`` by our own clock. A call that hangs or ends the
            child gives its status to all calls after it, which are not made.

        Raises
        ------
        Unsupported
            An argument cannot cross.
        """
        requests = [call if isinstance(call, bytes) else request(*call) for call in calls]
        if not requests:
            return []
        try:
            if self._child is None:
                self._start()
        except _Lost as lost:
            return [lost.outcome] * len(requests)
        if self._account is not None:
            self._account.demand_more()
        try:
            order = {"op": "call", "name": name, "driver": driver, "count": len(requests)}
            return self._exchange(order, requests, [seconds] * len(requests))
        except _Lost as lost:
            return lost.answers + [lost.outcome] * (len(requests) - len(lost.answers))

    def _start(self) -> dict[str, ErrorInfo]:
        """A new child with the definitions; the cells that failed in it."""
        if self._account is not None:
            self._account.demand_more()
        self._child = self._sandbox.connect()
        self._clock = Clock(self._child.usage, self._account)
        self._number = 0
        order = {
            "op": "define",
            "prelude": self._prelude,
            "imports": self._imports,
            "drivers": self._drivers,
            "given": dict(self._given),
            "absent": self._absent,
            "cells": [list(cell) for cell in self._cells],
        }
        clock = [START_SECONDS[self._sandbox.keras]] + [self._seconds] * len(self._cells)
        try:
            prelude, *answers = self._exchange(order, [], clock)
        except _Lost as lost:
            if not lost.answers:
                raise SandboxError(f"the prelude ended in {lost.outcome.error}") from None
            raise _Lost(lost.answers[1:], lost.outcome) from None
        if prelude.status != "returned":
            raise SandboxError(f"the prelude ended in {prelude.error}")
        for name, source in self._provided.items():
            self._provide(name, source)
        names = [name for name, _ in self._cells]
        outcomes = zip(names, answers, strict=True)
        return {name: _error(answer) for name, answer in outcomes if answer.status != "returned"}

    def _provide(self, name: str, source: str) -> None:
        order = {"op": "provide", "name": name, "source": source}
        self._exchange(order, [], [self._seconds])

    def _exchange(
        self, order: dict[str, Any], requests: list[bytes], clock: list[float]
    ) -> list[Outcome]:
        """Sends an order, reads an answer for each limit in ``clock``. Raises `_Lost`."""
        child = self._child
        if child is None:
            raise SandboxError("no child has been started")
        first = self._number + 1
        self._number += len(clock)
        answers: list[Outcome] = []
        room = MAX_BATCH
        seconds = clock[0]
        try:
            start = monotonic()  # before sending: the child may answer before we run again
            child.send([encode(order | {"first": first}), *requests], seconds)
            for number, seconds in enumerate(clock, first):
                body = self._clock.wait(child.receive, seconds)
                room -= memory_of(body)
                now = monotonic()
                answers.append(outcome_from_frame(body, number, now - start))
                start = now
                if room < 0:
                    raise ProtocolError(f"results of more than {MAX_BATCH >> 20} MiB")
            return answers
        except (Silence, Broken, ProtocolError) as problem:
            self._child = None
            raise _Lost(answers, self._verdict(child, problem, seconds)) from None
        except BudgetSpent:
            self._child = None
            child.close()
            raise

    def _verdict(self, child: Connection, problem: Exception, seconds: float) -> Outcome:
        """The outcome of the request that ended the child; makes sure that it has ended."""
        if isinstance(problem, Broken):
            end = child.end()
            self._clock.close(end.cpu_seconds or None)
            return _how_it_died(end, self._sandbox.limits)
        child.close()
        self._clock.close()
        if isinstance(problem, Silence):
            error = ErrorInfo("Timeout", f"no answer within {seconds:g} seconds")
            return Outcome("timeout", error=error, seconds=seconds)
        return Outcome("crashed", error=ErrorInfo("Crash", f"the process sent {problem}"))


def _how_it_died(end: End, limits: Limits) -> Outcome:
    if end.crowded:
        text = f"more than {limits.threads} threads at once"
        return Outcome("crashed", error=ErrorInfo("Crash", text))
    if end.cpu_seconds > limits.cpu_seconds - 0.2 or end.signal == _SIGXCPU:
        text = f"more than {limits.cpu_seconds} seconds of processor time"
        return Outcome("timeout", error=ErrorInfo("Timeout", text))
    if end.signal == _SIGKILL:  # only the kernel can have sent it, when it is out of memory
        return Outcome("memory", error=ErrorInfo("MemoryError", "the computer ran out of memory"))
    name = _SIGNALS.get(end.signal)
    text = f"the process was ended by {name}" if name else "the process ended without an answer"
    return Outcome("crashed", error=ErrorInfo("Crash", text))


def _error(outcome: Outcome) -> ErrorInfo:
    """An outcome's error, under a type that says its status where that is more than "raised"."""
    error = outcome.error or ErrorInfo("Exception", "")
    kind = {"forbidden": "ForbiddenImport", "memory": "MemoryError"}.get(outcome.status)
    return replace(error, type=kind) if kind else error


_SIGNALS = {int(each): each.name for each in signal.Signals}
_SIGKILL, _SIGXCPU = 9, 24


def _valid(source: str) -> str:
    """Source that can be sent: half surrogate pairs, which Python refuses too, as ``?``."""
    return source.encode("utf-8", "replace").decode()
