"""How much memory learner code may have: one child, and all children together.

A child has a limit of address space. All children together have a control group where the system
lets us make one (cgroup v2, "delegated": what systemd gives each user who is logged in). Where it
does not, the children's limits are the only ones, so they are chosen from the machine's memory.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

MIB = 2**20
TOGETHER = 0.75
"""The part of the machine's memory that all children may have together."""
_NUMPY, _KERAS, _KERAS_CORE = 2048 * MIB, 4096 * MIB, 64 * MIB
"""Address space of a child: measured on two cores, the solved course needs up to 110 MiB without
Keras and 2313 with it. TensorFlow starts some threads for each core, with a stack of 8 MiB each."""
_NOTEBOOK = 2048 * MIB
"""What ipykernel, Matplotlib and an instructor's own packages may map besides."""
_LEAST = {False: 512 * MIB, True: 3072 * MIB}
"""With less than this, right answers would fail."""

_PROC = Path("/proc/self")


def of_a_child(keras: bool, total: int, cores: int) -> int:
    """The address space of one child on a machine where every core may have one.

    Parameters
    ----------
    keras : bool
        Whether TensorFlow is loaded, which maps far more than it uses.
    total : int
        The machine's memory, in bytes.
    cores : int
        How many children may run at once.

    Returns
    -------
    int
        Bytes.

    Examples
    --------
    >>> [of_a_child(keras, 8 * 2**30, cores=2) // 2**20 for keras in (False, True)]
    [2048, 3072]
    >>> [of_a_child(keras, 64 * 2**30, cores=8) // 2**20 for keras in (False, True)]
    [2048, 4608]
    """
    wanted = _KERAS + cores * _KERAS_CORE if keras else _NUMPY
    return max(_LEAST[keras], min(wanted, int(TOGETHER * total) // cores))


def of_a_notebook(total: int, cores: int) -> int:
    """The address space of each process of a notebook that is executed as a whole, one at a time.

    Parameters
    ----------
    total : int
        The machine's memory, in bytes.
    cores : int
        How many it may use.

    Returns
    -------
    int
        Bytes.

    Examples
    --------
    >>> [of_a_notebook(total * 2**30, cores=2) // 2**20 for total in (4, 64)]
    [4096, 6272]
    """
    least = _LEAST[True] + _NOTEBOOK // 2
    return max(least, min(_KERAS + cores * _KERAS_CORE + _NOTEBOOK, int(TOGETHER * total)))


def cores() -> int:
    """The cores that we may use, which is how many children run at once by default."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def of_the_machine(proc: Path = _PROC) -> int:
    """Bytes of memory that we may use: the machine's, or less where a control group says so.

    Where the system does not say, as on Windows, it is the largest number that there is.
    """
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return sys.maxsize
    for folder in chain.from_iterable(_own_groups(proc)):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with contextlib.suppress(OSError, ValueError):  # "max" is no number, and no limit
                total = min(total, int((folder / name).read_text()))
    return total


def _own_groups(proc: Path, version: int | None = None) -> Iterator[list[Path]]:
    """The control groups that count our memory, each with those that it is in, innermost first.

    ``/proc/self/cgroup`` has a line for each hierarchy, ``/proc/self/mountinfo`` says where it is.
    """
    try:
        groups = [line.split(":", 2) for line in (proc / "cgroup").read_text().splitlines()]
        mounts = [line.split(" ") for line in (proc / "mountinfo").read_text().splitlines()]
    except OSError:
        return
    kinds = {1: "cgroup", 2: "cgroup2"}
    for number, controllers, path in groups:
        counts = 2 if number == "0" else 1 if "memory" in controllers.split(",") else None
        if counts is None or counts != (version or counts):
            continue
        for mount in mounts:
            kind, options = mount[mount.index("-") + 1], mount[-1].split(",")
            if kind != kinds[counts] or (counts == 1 and "memory" not in options):
                continue
            top, inner = Path(mount[4]), Path(os.path.relpath(path, mount[3]))
            if ".." not in inner.parts:
                yield [top / inner, *(top / inner).parents][: len(inner.parts) + 1]


@dataclass(frozen=True)
class ControlGroup:
    """Where the kernel counts the memory of all children together, whatever batch they are of.

    When they exceed the limit, the kernel ends one of them: children, not zygotes, have asked to
    be the first (`cnnlab.autograder.sandbox.isolation`).
    """

    folder: Path
    limit: int

    def around(self, command: list[str]) -> list[str]:
        """The same command, in the group with all that it starts."""
        enter = 'echo $$ > "$0" && exec "$@"'
        return ["/bin/sh", "-c", enter, str(self.folder / "cgroup.procs"), *command]

    def close(self) -> None:
        """Remove it, unless somebody else's children are in it."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def common_group(limit: int | None = None, proc: Path = _PROC) -> ControlGroup | None:
    """The control group of all our children; None where the system does not let us make one.

    Parameters
    ----------
    limit : int, optional
        Bytes that everything in it may use together.
    """
    limit = limit or int(TOGETHER * of_the_machine(proc))
    for _, *around in _own_groups(proc, version=2):
        # A group that has processes, as our own has, has none inside that count memory: go beside.
        if around and (group := _made(around[0] / "cnnlab", limit)):
            return group
    return None


def _made(folder: Path, limit: int) -> ControlGroup | None:
    group = ControlGroup(folder, limit)
    try:
        folder.mkdir(exist_ok=True)
        _write(folder / "memory.max", limit)
        subprocess.run(group.around(["true"]), check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        group.close()
        return None
    with contextlib.suppress(OSError):  # there may be no swap
        _write(folder / "memory.swap.max", 0)
    return group


def _write(file: Path, value: int) -> None:
    """Into a file of the kernel's, which is there or cannot be made."""
    with open(os.open(file, os.O_WRONLY), "w") as stream:
        stream.write(str(value))
