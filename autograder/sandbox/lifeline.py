"""What a process of ours does to end with the process that started it, however that one ends."""

from __future__ import annotations

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(number: int = 9) -> None:
    """Have the kernel send this signal as soon as the parent is gone (Linux).

    A parent that was gone before is not noticed. So whoever calls this also reads from a pipe
    of its parent's, whose end is the other sign, and the only one on other systems.

    Parameters
    ----------
    number : int
        The signal; 9 cannot be caught.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.Signals(number)), 0, 0, 0)
