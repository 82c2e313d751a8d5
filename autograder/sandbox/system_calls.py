"""The filter of system calls: what NumPy, Keras and Python's own library need, and no others.

A program for the kernel's seccomp (classic BPF), generated from one table. A call that is not in
it answers "not permitted"; one that is newer than Linux 5.1 "does not exist", so that the C
library takes its older way, as it would on an older kernel.
"""

from __future__ import annotations

import ctypes
import platform
import struct
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

Numbers = tuple[int | None, int | None]
"""On x86-64 and on ARM64; None where the processor's kernel has no such call."""

ALLOWED: dict[str, Numbers] = {
    # Descriptors
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66),
    "pread64": (17, 67), "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70),
    "preadv2": (327, 286), "pwritev2": (328, 287), "lseek": (8, 62), "close": (3, 57),
    "close_range": (436, 436), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "fcntl": (72, 25), "flock": (73, 32), "fsync": (74, 82), "fdatasync": (75, 83),
    "ftruncate": (77, 46), "fallocate": (285, 47), "fadvise64": (221, 223),
    "sendfile": (40, 71), "copy_file_range": (326, 285), "pipe": (22, None), "pipe2": (293, 59),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    # Files by name
    "open": (2, None), "openat": (257, 56), "creat": (85, None), "stat": (4, None),
    "fstat": (5, 80), "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291),
    "statfs": (137, 43), "fstatfs": (138, 44), "access": (21, None), "faccessat": (269, 48),
    "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "getdents": (78, None),
    "getdents64": (217, 61), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, None),
    "unlinkat": (263, 35), "symlink": (88, None), "symlinkat": (266, 36), "truncate": (76, 45),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "umask": (95, 166),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "getxattr": (191, 8), "lgetxattr": (192, 9), "fgetxattr": (193, 10),
    "listxattr": (194, 11), "llistxattr": (195, 12), "flistxattr": (196, 13),
    # Memory
    "brk": (12, 214), "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226),
    "mremap": (25, 216), "madvise": (28, 233), "msync": (26, 227),
    # Threads, and the end of them and of the process
    "futex": (202, 98), "set_robust_list": (273, 99), "set_tid_address": (218, 96),
    "rseq": (334, 293), "membarrier": (324, 283), "arch_prctl": (158, None),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120), "sched_get_priority_min": (147, 126),
    "sched_get_priority_max": (146, 125), "getcpu": (309, 168), "exit": (60, 93),
    "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95),
    # Signals (there is no other process to send them to), clocks
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132), "restart_syscall": (219, 128), "kill": (62, 129),
    "tgkill": (234, 131), "pause": (34, None), "alarm": (37, None), "getitimer": (36, 102),
    "setitimer": (38, 103), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169),
    "time": (201, None), "times": (100, 153),
    # Questions
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174),
    "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177), "getresuid": (118, 148),
    "getresgid": (120, 150), "getgroups": (115, 158), "getpgid": (121, 155),
    "getpgrp": (111, None), "getsid": (124, 156), "getpriority": (140, 141),
    "getrusage": (98, 165), "getrlimit": (97, 163), "prlimit64": (302, 261),
    "sysinfo": (99, 179), "uname": (63, 160), "getrandom": (318, 278),
}  # fmt: skip
"""What is allowed whatever its arguments are.

Not here, because it takes effect outside the child or lets it take back what it was given: other
processes (``fork``, ``execve``, ``ptrace``), sockets, namespaces and mounts, keys, shared memory,
priorities and processor affinity.
"""

CLONE: Numbers = (56, 220)
PRCTL: Numbers = (157, 167)
IOCTL: Numbers = (16, 29)

_CLONE_THREAD = 0x00010000
_CLONE_AS_THREADS_DO = 0x007D0F00
"""Every flag that a C library's new thread has; none of them asks for a namespace."""
_PRCTL = {
    "PR_SET_NAME": 15,
    "PR_GET_NAME": 16,
    "PR_GET_NO_NEW_PRIVS": 39,
    "PR_SET_VMA": 0x53564D41,  # names for pieces of memory
}
_IOCTL = {
    "TCGETS": 0x5401,  # "is this a terminal?", which Python asks of each file that it opens
    "TIOCGWINSZ": 0x5413,
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,
    "FIONCLEX": 0x5450,
    "FIOCLEX": 0x5451,
    "TCGETS2": 0x802C542A,
}

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NEW = 424
"""The first number of Linux 5.1, from which on calls have the same number everywhere."""

_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_SET, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_EPERM, _ENOTTY, _ENOSYS = 1, 25, 38
_ARCHITECTURE, _NUMBER, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 4, 0, 16, 24  # lower halves

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


class Part(NamedTuple):
    """What happens to calls from this number on, up to the next part's; ends in a return."""

    start: int
    program: list[Instruction]


def _return(value: int) -> list[Instruction]:
    return [(_RETURN, 0, 0, value)]


def _one_of(argument: int, values: Iterable[int], otherwise: int) -> list[Instruction]:
    """Allow a call whose argument is one of these."""
    program: list[Instruction] = [(_LOAD, 0, 0, argument)]
    for value in values:
        program += [(_JUMP_IF_EQUAL, 0, 1, value), *_return(_ALLOW)]
    return program + _return(_ERRNO | otherwise)


def _thread() -> list[Instruction]:
    """Allow ``clone`` of a thread, and of nothing else.

    (``clone3`` has its flags in memory, where a filter cannot look: it "does not exist".)
    """
    return [
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_IF_SET, 2, 0, 0xFFFFFFFF & ~_CLONE_AS_THREADS_DO),
        (_JUMP_IF_SET, 0, 1, _CLONE_THREAD),
        *_return(_ALLOW),
        *_return(_ERRNO | _EPERM),
    ]


def _parts(machine: str) -> list[Part]:
    """What happens to every number, in order; neighbours that are treated alike are one part."""
    column = list(_ARCHITECTURES).index(machine)
    programs = {each[column]: _return(_ALLOW) for each in ALLOWED.values()}
    programs[CLONE[column]] = _thread()
    programs[PRCTL[column]] = _one_of(_FIRST_ARGUMENT, _PRCTL.values(), _EPERM)
    programs[IOCTL[column]] = _one_of(_SECOND_ARGUMENT, _IOCTL.values(), _ENOTTY)
    parts: list[Part] = []
    for number in range(max(_NEW, *filter(None, programs)) + 2):
        refused = _return(_ERRNO | (_EPERM if number < _NEW else _ENOSYS))
        program = programs.get(number, refused)
        if not parts or program != parts[-1].program:
            parts.append(Part(number, program))
    return parts


def _search(parts: list[Part]) -> list[Instruction]:
    """The part that a number belongs to, found in a few comparisons."""
    if len(parts) == 1:
        return parts[0].program
    middle = len(parts) // 2
    lower, upper = _search(parts[:middle]), _search(parts[middle:])
    return [(_JUMP_IF_AT_LEAST, len(lower), 0, parts[middle].start), *lower, *upper]


def supported() -> bool:
    """Whether the filter knows this processor's system calls."""
    return platform.machine() in _ARCHITECTURES


def filter_program(machine: str) -> list[Instruction]:
    """The filter. It kills only where it cannot tell which call is meant."""
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        *_return(_KILL),  # such as 32-bit calls, whose numbers mean something else
        (_LOAD, 0, 0, _NUMBER),
        *_search(_parts(machine)),
    ]


@cache
def prepared() -> tuple[bytes, Any]:
    """A ``struct sock_fprog`` for this machine, and the instructions that it points to.

    Made once, in the zygote: its children inherit it.
    """
    program = filter_program(platform.machine())
    raw = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    return struct.pack("@HP", len(program), ctypes.addressof(buffer)), buffer
