"""The process in which learner code runs: it takes orders as frames and answers each.

Orders are trees (see `cnnlab.autograder.sandbox.wire`); every answer is an `Outcome` under the
number that was asked:

* ``{"op": "define", "first", "prelude", "imports", "drivers", "given", "absent", "cells": [[name,
  source], …]}``: loads the drivers, defines what the course's own cells made (``given`` as values,
  ``absent`` by name), executes the prelude and each cell by itself, in one namespace; answers
  once for each, the prelude first.
* ``{"op": "provide", "first", "name", "source"}``: trusted source that defines ``name``.
* ``{"op": "call", "first", "name", "driver", "count"}``, then ``count`` requests: answers once for
  each call.

In the sandbox the zygote forks this process. Without a sandbox, ``python -m
cnnlab.autograder.sandbox.child`` is one, over its standard input and output.
"""

from __future__ import annotations

import builtins
import contextlib
import linecache
import os
import random
import sys
import types
from collections.abc import Callable
from functools import cache
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox import calls, stand_ins
from cnnlab.autograder.sandbox.calls import ForbiddenImport, Outcome
from cnnlab.autograder.sandbox.frames import read_frame, write_frame

READY = calls.Outcome("returned", "ready")
"""What a child says before any learner code has run, as number 0."""


class Gate:
    """An import hook: learner code imports what its chapter allows, everybody else anything.

    No protection, but a clear message: in the sandbox other packages do not exist, and on a
    learner's own machine they would work here and fail when the course is graded.
    """

    def __init__(
        self, common: frozenset[str], allowed: set[str], namespace: dict[str, Any]
    ) -> None:
        self.common = common
        self.allowed = allowed
        self.namespace = namespace

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        if top in stand_ins.DISPLAYS:
            return stand_ins.DisplayLoader.spec(fullname) if self._asked_by_learner() else None
        if top not in self.common and top not in self.allowed and self._asked_by_learner():
            raise ForbiddenImport(f"{top} may not be imported in this chapter", name=top)
        return None

    def _asked_by_learner(self) -> bool:
        frame = sys._getframe(2)
        while frame.f_back and frame.f_globals.get("__name__", "").startswith("importlib"):
            frame = frame.f_back
        return frame.f_globals is self.namespace


@cache
def modules() -> tuple[frozenset[str], list[str]]:
    """What every chapter may import (the standard library, and what is loaded), and our own.

    A zygote asks before it forks: a child that looked at every name would copy their pages.
    """
    loaded = {name.partition(".")[0] for name in sys.modules}
    ours = [name for name in sys.modules if name.partition(".")[0] == "cnnlab"]
    return (sys.stdlib_module_names | loaded) - {"cnnlab"}, ours


class Child:
    """The orders' other end.

    Parameters
    ----------
    read : callable, () → bytes or None
        The next frame; None where there are no more.
    write : callable, bytes → None
        Sends one frame.
    """

    def __init__(self, read: Callable[[], bytes | None], write: Callable[[bytes], None]) -> None:
        self.read = read
        self.write = write
        self.drivers: dict[str, calls.Driver | None] = {}
        module = types.ModuleType("__main__")  # as in a notebook
        sys.modules["__main__"] = module
        self.namespace = module.__dict__
        self.namespace["__builtins__"] = builtins

    def serve(self) -> None:
        """Answers orders until there are no more."""
        self._answer(0, READY)
        while (body := self.read()) is not None:
            order = calls.decode(body)
            getattr(self, "_" + order["op"])(order)

    def _define(self, order: dict[str, Any]) -> None:
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 - what learners draw is the same every time
        self.drivers = {name: calls.load_driver(name) for name in ["", *order["drivers"]]}
        stand_ins.define_displays(self.namespace)
        self.namespace.update(order["given"])
        self.namespace.update({name: stand_ins.Absent(name) for name in order["absent"]})
        first = order["first"]
        self._answer(first, self._execute("prelude", order["prelude"]))
        common, ours = modules()
        for name in ours:
            sys.modules.pop(name, None)  # learner code does not get our own modules
        sys.meta_path.insert(0, Gate(common, set(order["imports"]), self.namespace))
        for number, (name, source) in enumerate(order["cells"], first + 1):
            self._answer(number, self._execute(name, source))

    def _provide(self, order: dict[str, Any]) -> None:
        self._answer(order["first"], self._execute(f"provided {order['name']}", order["source"]))

    def _call(self, order: dict[str, Any]) -> None:
        requests = [self.read() or b"" for _ in range(order["count"])]
        function = self.namespace.get(order["name"])
        driver = self.drivers[order["driver"]]
        for number, request in enumerate(requests, order["first"]):
            if callable(function):
                self._answer(number, self._guarded(calls.perform, function, request, driver))
            else:
                error = calls.ErrorInfo("NameError", f"{order['name']} is not defined")
                self._answer(number, Outcome("missing", error=error))

    def _execute(self, name: str, source: str) -> Outcome:
        file = f"<{name}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        return self._guarded(self._run, source, file)

    def _run(self, source: str, file: str) -> Outcome:
        exec(compile(source, file, "exec", dont_inherit=True), self.namespace)
        return Outcome("returned")

    def _guarded(self, action: Callable[..., Outcome], *args: Any) -> Outcome:
        try:
            return action(*args)
        except BaseException as caught:
            status = calls.status_of(caught)
            return Outcome(status, error=calls.describe(caught, self.namespace))

    def _answer(self, number: int, outcome: Outcome) -> None:
        try:
            frame = calls.outcome_to_frame(outcome, number)
        except calls.Unsupported as problem:
            frame = calls.outcome_to_frame(calls.unsupported(outcome, problem), number)
        except MemoryError as problem:
            error = calls.describe(problem, self.namespace)
            frame = calls.outcome_to_frame(Outcome("memory", error=error), number)
        self.write(frame)


def serve(read_fd: int, write_fd: int) -> None:
    """Be a child on these descriptors, with the standard ones redirected to the null device."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    builtins.input = calls.no_input
    stream = open(read_fd, "rb", closefd=False)  # noqa: SIM115 - for the life of the process
    Child(lambda: read_frame(stream), lambda body: write_frame(write_fd, body)).serve()


def limit(memory: int, cpu_seconds: int) -> None:
    """Limits of this process, on systems that have them."""
    try:
        import resource
    except ImportError:
        return
    hard = cpu_seconds + 1  # so that the signal that comes first is SIGXCPU, which says why
    for name, values in (
        (resource.RLIMIT_AS, (memory, memory)),
        (resource.RLIMIT_CPU, (cpu_seconds, hard)),
        (resource.RLIMIT_CORE, (0, 0)),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(name, values)


def main(memory: int, cpu_seconds: int) -> None:
    """One child without a sandbox, over pipes that learner code cannot print to."""
    # Imported here, because it is not in the sandbox.
    from cnnlab.autograder.sandbox.lifeline import end_with_parent_process

    end_with_parent_process()
    limit(memory, cpu_seconds)
    read_fd, write_fd = os.dup(0), os.dup(1)
    try:
        serve(read_fd, write_fd)
    finally:
        os._exit(0)  # neither atexit handlers nor waiting threads hold a child back


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
