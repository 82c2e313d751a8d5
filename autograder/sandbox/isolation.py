"""What rights a process in the sandbox gives up before learner code runs (Linux only).

bubblewrap has set up what all children share: an allow-list of files, no network, no capabilities.
Here every child gets its own namespaces inside that, limits, and a filter of system calls
(`cnnlab.autograder.sandbox.system_calls`).
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import struct
import sys
from pathlib import Path
from typing import Any

from cnnlab.autograder.sandbox import system_calls

_LIBC = ctypes.CDLL(None, use_errno=True)

_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWPID = (
    0x00020000,
    0x08000000,
    0x10000000,
    0x20000000,
)
_CLONE_THREAD = 0x00010000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_CAPABILITY_VERSION_3 = 0x20080522


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def own_namespaces() -> None:
    """New user, mount, pid and ipc namespaces; the pid namespace is the next fork's.

    Raises
    ------
    OSError
        The kernel does not let us.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWIPC
    _check(_LIBC.unshare(flags), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _mount(kind: bytes, target: bytes, flags: int, options: bytes) -> None:
    flags |= _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    _check(_LIBC.mount(kind, target, kind, flags, options), f"mount {target.decode()}")


NICE = 10
"""How far learner code steps back behind our own processes."""


def lock_down(limits: dict[str, Any]) -> None:
    """Called in the new pid namespace's first process, before any learner code.

    Parameters
    ----------
    limits : dict
        ``cpu_seconds``, ``memory``, ``file_size``, ``tmp_size``, ``processes``,
        ``open_files``; sizes in bytes. ``cores``, which may be empty.

    Raises
    ------
    OSError
        A part of the isolation failed; then learner code must not run.
    """
    _check(_LIBC.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "pdeathsig")
    os.setsid()  # kill(0, ...) reaches the whole process group, across pid namespaces
    _mount(b"tmpfs", b"/tmp", 0, f"size={limits['tmp_size']},nr_inodes=1k".encode())
    _go_first_when_memory_ends()
    _limit_pids()
    _hide_processes()
    os.chdir("/tmp")
    os.nice(NICE)
    if limits["cores"]:
        os.sched_setaffinity(0, limits["cores"])
    for name, value in (
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(name, (value, value))
    _drop_capabilities()
    _check(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _filter_system_calls()


def _go_first_when_memory_ends() -> None:
    """The kernel ends this process before any other, such as the zygote or the judge."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _limit_pids() -> None:
    """A limit on threads for when we run as root, whose processes RLIMIT_NPROC never counts.

    Since Linux 6.14 every pid namespace has its own ``pid_max``. Before, there was one for the
    whole machine, which is not ours to change.
    """
    if _kernel(os.uname().release) < (6, 14):
        return
    try:
        _mount(b"proc", b"/proc", 0, b"")
        with open("/proc/sys/kernel/pid_max", "w") as file:
            file.write("400")
    except OSError:
        pass


def _kernel(release: str) -> tuple[int, int]:
    """Version and patch level of a kernel, as in ``6.1.0-18-amd64``; zeros where it has none."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _hide_processes() -> None:
    """A /proc that holds two facts, without which TensorFlow does not start."""
    _mount(b"tmpfs", b"/proc", 0, b"size=64k")
    own = Path("/proc/self")
    own.mkdir()
    (own / "exe").symlink_to(sys.executable)
    (own / "cmdline").write_bytes(sys.executable.encode() + b"\0")
    _mount(b"tmpfs", b"/proc", _MS_REMOUNT | _MS_RDONLY, b"")


def _drop_capabilities() -> None:
    for capability in range(64):
        if _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # that was the kernel's last one
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _check(_LIBC.capset(header, bytes(24)), "capset")


def prepare() -> None:
    """Called in the zygote, so that its children need not."""
    system_calls.prepared()


def _filter_system_calls() -> None:
    header, _ = system_calls.prepared()
    result = _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)
    _check(result, "seccomp")
