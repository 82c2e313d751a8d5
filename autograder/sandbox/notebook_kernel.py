"""In the sandbox: a whole notebook's kernel, which executes every cell that there is.

A program of its own, started by its path: it first gives up what it can, then finds the packages,
then lets ipykernel bind its sockets in a folder outside of which it knows only a descriptor, and
closes that. So when the first cell comes, no way leads out but the open sockets themselves.

Unlike a child of the zygote, a notebook may start processes and threads: bubblewrap's namespaces
hold them, and they end when it does.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import re
import shutil
import site
import stat
import struct
import sys
import time
from pathlib import Path

CONNECTION = "kernel.json"
"""The connection file, in the folder that is shared as a descriptor."""
SOCKETS = "socket"
"""What the names of the sockets there begin with; ``-1`` to ``-5`` follow."""
HANDED_IN, WORK = Path("/handed-in"), Path("/notebook")
"""The submission's folder, which cannot be changed, and the copy that the notebook works in."""


def main(fd: int, folders: list[str], limits: dict[str, int]) -> None:
    """Be the kernel of one notebook, until it is killed.

    Parameters
    ----------
    fd : int
        The folder of the connection file and the sockets.
    folders : list of str
        Where packages are.
    limits : dict
        ``memory``, ``file_size`` in bytes, ``processes``, ``open_files``; for each process.
    """
    import resource  # not on Windows, where this module is only imported

    Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this ends first
    limit_processes(limits["processes"])
    give_up_rights()
    for folder in folders:
        site.addsitedir(folder)
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    shared = Path(f"/proc/self/fd/{fd}")
    app.initialize(["-f", str(shared / CONNECTION), "--HistoryManager.hist_file=:memory:"])
    while len(list(shared.glob(f"{SOCKETS}-*"))) < 5:  # one is bound by a thread
        time.sleep(0.005)
    os.close(fd)
    with contextlib.suppress(shutil.Error):  # raised at the end, for what could not be copied
        shutil.copytree(HANDED_IN, WORK, symlinks=True, ignore=_special, dirs_exist_ok=True)
    os.chdir(WORK)
    sys.path.insert(0, "")
    for name, value in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (value, value))
    app.start()


def _special(folder: str, names: list[str]) -> list[str]:
    """What is no file, folder or link: a pipe would be waited for."""
    kinds = (stat.S_ISREG, stat.S_ISDIR, stat.S_ISLNK)
    modes = {name: Path(folder, name).lstat().st_mode for name in names}
    return [name for name, mode in modes.items() if not any(kind(mode) for kind in kinds)]


# System calls that no notebook needs, and that reach parts of Linux where holes are found

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_FORBIDDEN = {  # on x86-64 and on ARM64
    "ptrace": (101, 117), "personality": (135, 92), "modify_ldt": (154, None),
    "pivot_root": (155, 41), "chroot": (161, 51), "mount": (165, 40), "umount2": (166, 39),
    "swapon": (167, 224), "reboot": (169, 142), "init_module": (175, 105),
    "kexec_load": (246, 104), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "unshare": (272, 97), "perf_event_open": (298, 241),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "setns": (308, 268),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "finit_module": (313, 273), "kexec_file_load": (320, 294), "bpf": (321, 280),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "pidfd_getfd": (438, 438), "mount_setattr": (442, 442), "statmount": (457, 457),
    "listmount": (458, 458),
}  # fmt: skip
_CLONE, _SOCKET, _CLONE3 = (56, 220), (41, 198), 435
_NEW_NAMESPACES = 0x7E020000
_FAMILIES = (1, 2, 10)
"""Sockets of this machine, IPv4 and IPv6, which end in the sandbox; others are not namespaced."""
_X32 = 0x40000000
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_SET, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS, _EOPNOTSUPP = 1, 38, 95  # ZeroMQ ends where netlink answers anything else
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_CAPABILITY_VERSION_3 = 0x20080522

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


def filter_program(machine: str) -> list[Instruction]:
    """The filter of system calls, for a machine as Python's `platform` names it.

    ``clone3`` "does not exist", so that the C library takes ``clone``, whose flags can be seen.
    """
    column = list(_ARCHITECTURES).index(machine)
    program: list[Instruction] = [
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_JUMP_IF_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),  # such as 32-bit calls, whose numbers mean something else
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
        (_JUMP_IF_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        (_JUMP_IF_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
    ]
    for numbers in _FORBIDDEN.values():
        if (number := numbers[column]) is not None:
            program += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    program += [
        (_JUMP_IF_EQUAL, 0, 4, _CLONE[column]),
        (_LOAD, 0, 0, 16),  # the low half of the first argument
        (_JUMP_IF_SET, 0, 1, _NEW_NAMESPACES),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_JUMP_IF_EQUAL, 1, 0, _SOCKET[column]),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, 16),
    ]
    for family in _FAMILIES:
        program += [(_JUMP_IF_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ALLOW)]
    return [*program, (_RETURN, 0, 0, _ERRNO | _EOPNOTSUPP)]


def limit_processes(number: int) -> None:
    """A limit for when root grades, whose processes no other limit counts.

    Since Linux 6.14 every pid namespace has its own; before, it would be the whole machine's.
    """
    release = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
    if release >= (6, 14):
        Path("/proc/sys/kernel/pid_max").write_text(str(number))


def give_up_rights() -> None:
    """No capabilities and the filter, in this process and all that it starts.

    Raises
    ------
    OSError
        The kernel does not let us; then no cell must run.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    raw = b"".join(struct.pack("=HBBI", *each) for each in filter_program(platform.machine()))
    buffer = ctypes.create_string_buffer(raw, len(raw))
    program = struct.pack("@HP", len(raw) // 8, ctypes.addressof(buffer))

    def checked(result: int, what: str) -> None:
        if result != 0:
            raise OSError(ctypes.get_errno(), what)

    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, bytes(24)), "capset")
    checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    checked(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0), "seccomp")


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]))
