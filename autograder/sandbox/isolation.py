"""What rights a process in the sandbox gives up before learner code runs (Linux only).

bubblewrap has set up what all children share: an allow-list of files, no network, no capabilities.
Here every child gets its own namespaces inside that, limits, and a filter of system calls.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
from functools import cache
from pathlib import Path
from typing import Any

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


def lock_down(limits: dict[str, int]) -> None:
    """Called in the new pid namespace's first process, before any learner code.

    Parameters
    ----------
    limits : dict
        ``cpu_seconds``, ``memory``, ``file_size``, ``tmp_size``, ``processes``,
        ``open_files``; sizes in bytes.

    Raises
    ------
    OSError
        A part of the isolation failed; then learner code must not run.
    """
    _check(_LIBC.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "pdeathsig")
    os.setsid()  # kill(0, ...) reaches the whole process group, across pid namespaces
    _mount(b"tmpfs", b"/tmp", 0, f"size={limits['tmp_size']},nr_inodes=1k".encode())
    _limit_pids()
    _hide_processes()
    os.chdir("/tmp")
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


def _limit_pids() -> None:
    """A limit on threads for when we run as root, whose processes RLIMIT_NPROC never counts.

    Since Linux 6.14 every pid namespace has its own ``pid_max``; before, this changes nothing.
    """
    try:
        _mount(b"proc", b"/proc", 0, b"")
        with open("/proc/sys/kernel/pid_max", "w") as file:
            file.write("400")
    except OSError:
        pass


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


# The filter: system calls that learner code never needs answer "not permitted"

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_FORBIDDEN = {
    "x86_64": {
        "shmget": 29, "socket": 41, "fork": 57, "vfork": 58, "execve": 59, "semget": 64,
        "msgget": 68, "ptrace": 101, "personality": 135, "modify_ldt": 154, "pivot_root": 155,
        "chroot": 161, "mount": 165, "umount2": 166, "swapon": 167, "reboot": 169,
        "init_module": 175, "mq_open": 240, "kexec_load": 246, "add_key": 248,
        "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
        "memfd_create": 319, "kexec_file_load": 320, "bpf": 321, "execveat": 322,
        "userfaultfd": 323,
    },
    "aarch64": {
        "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "personality": 92,
        "kexec_load": 104, "init_module": 105, "ptrace": 117, "unshare": 97, "reboot": 142,
        "mq_open": 180, "msgget": 186, "semget": 190, "shmget": 194, "socket": 198,
        "add_key": 217, "request_key": 218, "keyctl": 219, "execve": 221, "swapon": 224,
        "perf_event_open": 241, "name_to_handle_at": 264, "open_by_handle_at": 265,
        "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
        "finit_module": 273, "memfd_create": 279, "bpf": 280, "execveat": 281,
        "userfaultfd": 282, "kexec_file_load": 294,
    },
}  # fmt: skip
_FORBIDDEN_EVERYWHERE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442,
    "memfd_secret": 447,
}  # fmt: skip
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_X32 = 0x40000000

_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_SET, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38


def supported() -> bool:
    """Whether the filter knows this processor's system calls."""
    return platform.machine() in _ARCHITECTURES


def filter_program(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter as instructions ``(code, jump if true, jump if false, operand)``.

    Threads are allowed, new processes are not: ``clone3`` "does not exist", so that the C
    library takes ``clone``, whose flags a filter can see.
    """
    numbers = sorted([*_FORBIDDEN[machine].values(), *_FORBIDDEN_EVERYWHERE.values()])
    program = [
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_JUMP_IF_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
        (_JUMP_IF_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        (_JUMP_IF_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
    ]
    for number in numbers:
        program += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    return [
        *program,
        (_JUMP_IF_EQUAL, 0, 3, _CLONE[machine]),
        (_LOAD, 0, 0, 16),  # the low half of the first argument
        (_JUMP_IF_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


@cache
def _filter() -> tuple[bytes, Any]:
    """A ``struct sock_fprog``, and the instructions that it points to.

    Made once: children inherit it with everything else that their zygote has prepared.
    """
    program = filter_program(platform.machine())
    raw = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    return struct.pack("@HP", len(program), ctypes.addressof(buffer)), buffer


def prepare() -> None:
    """Called in the zygote, so that its children need not."""
    _filter()


def _filter_system_calls() -> None:
    header, _ = _filter()
    result = _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)
    _check(result, "seccomp")
