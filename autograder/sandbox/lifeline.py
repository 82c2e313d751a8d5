"""What a process of ours does to end with the process that started it, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(number: int = 9) -> None:
    """Have the kernel send this signal as soon as the parent is gone (Linux).

    A parent that was gone before is not noticed. So whoever calls this also reads from a pipe
    of its parent's, whose end is the other sign, and the only one on other systems. The kernel
    takes the thread that started this process for its parent; see `end_with_parent_process`.

    Parameters
    ----------
    number : int
        The signal; 9 cannot be caught.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.Signals(number)), 0, 0, 0)


def end_with_parent_process() -> None:
    """The same, where the thread that started this process may end before its own process does.

    The kernel then sends its signal again when the next thread ends that takes this process over.
    A call of compiled code is not interrupted: this process ends after it.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGRTMAX, look)
    end_with_parent(signal.SIGRTMAX)
