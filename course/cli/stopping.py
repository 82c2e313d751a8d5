"""Ctrl-C, and the signals that ask a command to end: one exception, so that all is closed."""

from __future__ import annotations

import signal
import threading
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Stopped(KeyboardInterrupt):
    """Somebody asked this command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number
        """What a shell expects as the exit code."""


class Stopping:
    """A context in which these signals raise `Stopped`, once; later ones disturb no cleaning up.

    What is ignored already, as ``nohup`` does with a terminal's end, stays ignored.
    """

    def __init__(self) -> None:
        self._number = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._number:
            self._number = number
            raise Stopped(number)

    def check(self) -> None:
        """Raise it again, where it was lost: Python swallows what a ``__del__`` raises."""
        if self._number:
            raise Stopped(self._number)
