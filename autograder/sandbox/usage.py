"""What a process has used, seen from outside (Linux).

Whoever waits for a process wants to know whether it computes, sleeps, or waits for a processor
that others have: only the first two are its own doing.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What a process has used so far.

    Parameters
    ----------
    processor : float
        Seconds of processor time, of all its threads.
    queued : float
        Seconds for which its living threads were ready and had no processor, added up; 0 where
        the kernel does not count them.
    threads : int
        Its threads now.
    """

    processor: float = 0.0
    queued: float = 0.0
    threads: int = 0


def open_proc() -> int:
    """A descriptor of /proc, which stays what it is when another /proc is mounted over it."""
    return os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def usage_of(pid: int, proc: int) -> Usage:
    """What a living process has used.

    Parameters
    ----------
    proc : int
        From `open_proc`.

    Raises
    ------
    OSError
        There is no such process.
    """
    processor = time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) gives on Linux
    tasks = threads_of(pid, proc)
    queued = 0
    for task in tasks:
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended, or no count
            queued += int(_read(f"{pid}/task/{task}/schedstat", proc).split()[1])
    return Usage(processor, queued / 1e9, len(tasks))


def threads_of(pid: int, proc: int) -> list[str]:
    """The ids of a living process's threads."""
    folder = os.open(f"{pid}/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=proc)
    try:
        return os.listdir(folder)  # noqa: PTH208 - a path cannot be a descriptor
    finally:
        os.close(folder)


def _read(path: str, proc: int) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        return os.read(file, 256)
    finally:
        os.close(file)
