"""A learner's function in their own kernel: it prints, plots, asks and hangs without harm."""

from __future__ import annotations

import builtins
import io
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from types import FrameType
from typing import Any, TextIO
from unittest import mock

from cnnlab.autograder.sandbox import calls

AGAIN = 0.05
"""Seconds after which a stopped function is stopped again: it may have caught the first stop."""
PATIENCE = 2.0
"""Seconds after the limit when we say that the function cannot be stopped."""


class OutOfTime(BaseException):
    """Raised inside a learner's function that has run for too long."""


class Clock:
    """A time limit for calls in the main thread; elsewhere, calls have none.

    A signal interrupts Python code and sleeping. Compiled code goes on until it returns: then a
    sentence says to restart the kernel.

    Parameters
    ----------
    seconds : float
    name : str
        The function's.
    within : function
        What calls the learner's code: nothing else is interrupted.
    """

    def __init__(
        self, seconds: float, name: str, within: Callable[..., Any] = calls.perform
    ) -> None:
        self.seconds = seconds
        self.name = name
        self._within: Any = within
        self.ran_out = False
        self._armed = False
        self._out: TextIO = sys.stdout  # what is printed during a call is kept for the card

    @contextmanager
    def limit(self) -> Iterator[None]:
        """Stops what runs inside; afterwards `ran_out` says whether it had to."""
        if not hasattr(signal, "SIGALRM") or not _in_main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, self._stop)
        patience = threading.Timer(self.seconds + PATIENCE, self._give_advice)
        patience.daemon = True
        patience.start()
        self._armed = True
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, self.seconds, AGAIN)
                yield
            finally:
                self._disarm()
        except OutOfTime:
            self._disarm()
        finally:
            patience.cancel()
            signal.signal(signal.SIGALRM, before)

    def _disarm(self) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._armed or not _in_learner_code(frame, self._within):
            return
        if self.ran_out:  # it caught the last stop: now one comes while it still does so
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 5e-5), AGAIN)
        self.ran_out = True
        raise OutOfTime

    def _give_advice(self) -> None:
        print(
            f"{self.name} has run for {self.seconds + PATIENCE:g} seconds, in compiled code that "
            "cannot be stopped from here. If it does not end, restart the kernel "
            "(menu Kernel, Restart Kernel).",
            file=self._out,
            flush=True,
        )


def _in_learner_code(frame: FrameType | None, within: Any) -> bool:
    """Whether the call itself is interrupted, and not what we make of its end."""
    inner: FrameType | None = None
    while frame is not None and frame.f_code is not within.__code__:
        inner, frame = frame, frame.f_back
    return frame is not None and inner is not None and inner.f_globals is not within.__globals__


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def quiet() -> Iterator[io.StringIO]:
    """Catch what a call prints. Twenty probes would print it twenty times, and a warning on
    stderr would cost all points where nbgrader executes the notebook."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield said


@contextmanager
def no_visitors() -> Iterator[None]:
    """Nobody is asked and nothing is shown: no input, no debugger, no plots, no `display`."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot else set()
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(builtins, "input", calls.no_input))
        stack.enter_context(mock.patch.object(sys, "breakpointhook", _nothing))
        if pyplot:
            stack.enter_context(mock.patch.object(pyplot, "show", _nothing))
        if "IPython" in sys.modules:
            from IPython.utils.capture import capture_output

            stack.enter_context(capture_output(stdout=False, stderr=False, display=True))
        try:
            yield
        finally:
            if pyplot := sys.modules.get("matplotlib.pyplot"):
                for number in set(pyplot.get_fignums()) - before:
                    pyplot.close(number)


def _nothing(*args: Any, **kwargs: Any) -> None:
    pass
