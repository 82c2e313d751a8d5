"""The filter of system calls: by its own words in a small machine, and from inside the sandbox."""

from __future__ import annotations

import errno
import platform
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnlab.autograder.sandbox import processes, system_calls
from cnnlab.autograder.sandbox.session import Session, open_workers
from cnnlab.autograder.tests.sandbox.inside import value

MACHINES = ["x86_64", "aarch64"]
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOTTY, ENOSYS = (0x00050000 | code for code in (errno.EPERM, errno.ENOTTY, errno.ENOSYS))

DANGEROUS = {
    # other processes, their memory and their descriptors
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "process_madvise": (440, 440), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "setpriority": (141, 140), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "setpgid": (109, 154),
    "setsid": (112, 157), "process_mrelease": (448, 448),
    # new processes, and programs in their place
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "clone3": (435, 435),
    # namespaces, mounts, files by handle
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41),
    "mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "statmount": (457, 457), "listmount": (458, 458),
    "open_tree_attr": (467, 467), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "mknodat": (259, 33), "fanotify_init": (300, 262), "quotactl": (179, 60), "swapon": (167, 224),
    # what learner code could look into the kernel with, or keep a neighbour waiting with
    "bpf": (321, 280), "userfaultfd": (323, 282), "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "landlock_create_ruleset": (444, 444),
    "seccomp": (317, 277), "personality": (135, 92), "modify_ldt": (154, None),
    "iopl": (172, None), "mlockall": (151, 230), "migrate_pages": (256, 238), "vmsplice": (278, 75),
    "map_shadow_stack": (453, 453),
    # messages to neighbours
    "socket": (41, 198), "socketpair": (53, 199), "shmget": (29, 194), "semget": (64, 190),
    "msgget": (68, 186), "mq_open": (240, 180),
    # the machine
    "reboot": (169, 142), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "sethostname": (170, 161), "syslog": (103, 116),
    "setuid": (105, 146), "capset": (126, 91),
}  # fmt: skip


def answer(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter returns for a call: its program, executed here."""
    words = [number, architecture or system_calls._ARCHITECTURES[machine], 0, 0]
    for argument in (*arguments, *[0] * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32]
    program = system_calls.filter_program(machine)
    at, loaded = 0, 0
    while True:
        code, if_true, if_false, value = program[at]
        if code == 0x06:
            return value
        if code == 0x20:
            loaded = words[value // 4]
            at += 1
            continue
        holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
        at += 1 + (if_true if holds else if_false)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_kernel_accepts_the_program(machine: str) -> None:
    program = system_calls.filter_program(machine)
    assert len(program) < 4096
    for at, (code, if_true, if_false, _) in enumerate(program):
        assert 0 <= if_true <= 255
        assert 0 <= if_false <= 255
        assert code == 0x06 or at + 1 + max(if_true, if_false) < len(program)


@pytest.mark.parametrize("machine", MACHINES)
def test_only_what_is_in_the_table_is_allowed(machine: str) -> None:
    column = MACHINES.index(machine)
    allowed = {each[column] for each in system_calls.ALLOWED.values()}
    checked = {n[column] for n in (system_calls.CLONE, system_calls.PRCTL, system_calls.IOCTL)}
    assert not allowed & checked
    others = [0x40000000, 0x40000001, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]  # among them x32's
    for number in [*range(1000), *others]:
        if number in checked:
            continue
        refused = EPERM if number < 424 else ENOSYS
        assert answer(machine, number, 1, 2, 3) == (ALLOW if number in allowed else refused), number


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_end_the_process(machine: str) -> None:
    assert answer(machine, 1, architecture=0x40000003) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_dangerous_calls_are_not_in_the_table(machine: str) -> None:
    column = MACHINES.index(machine)
    for name, numbers in DANGEROUS.items():
        assert name not in system_calls.ALLOWED
        if (number := numbers[column]) is not None:
            assert answer(machine, number) in (EPERM, ENOSYS), name


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_are_looked_at(machine: str) -> None:
    column = MACHINES.index(machine)
    clone, prctl, ioctl = (
        each[column] for each in (system_calls.CLONE, system_calls.PRCTL, system_calls.IOCTL)
    )
    thread = 0x003D0F00  # as glibc's pthread_create
    assert answer(machine, clone, thread) == ALLOW
    assert answer(machine, clone, thread | 0x00400000) == ALLOW  # as musl's
    assert answer(machine, clone, 17) == EPERM  # fork
    assert answer(machine, clone, 0x4111) == EPERM  # vfork
    for bit in range(32):
        if bit != 22 and not thread >> bit & 1:
            assert answer(machine, clone, thread | 1 << bit) == EPERM, bit
    assert answer(machine, prctl, 15) == ALLOW
    for option in (1, 4, 8, 22, 23, 24, 28, 35, 38, 47, 59, 0x59616D61):
        assert answer(machine, prctl, option) == EPERM, option
    assert answer(machine, ioctl, 0, 0x5401) == ALLOW
    for command in (0x5412, 0x5413 ^ 0x10, 0x8933, 0xC0000000, 0xAE01):
        assert answer(machine, ioctl, 0, command) == ENOTTY, command


HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels(machine: str) -> None:
    found = [path for path in map(Path, HEADERS[machine]) if path.is_file()]
    if not found:
        pytest.skip("no kernel headers here")
    lines = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s", found[0].read_text())
    known = {name: int(number) for name, number in lines}
    if "fstatat" in known:
        known["newfstatat"] = known["fstatat"]
    column = MACHINES.index(machine)
    checked = {"clone": system_calls.CLONE, "prctl": system_calls.PRCTL}
    ours = {**system_calls.ALLOWED, **checked, "ioctl": system_calls.IOCTL, **DANGEROUS}
    newest = max(known.values())
    for name, numbers in ours.items():
        number = numbers[column]
        if number is None:
            assert name not in known or machine == "aarch64", name
        elif number <= newest:
            assert known[name] == number, name


# From inside

sandboxed = pytest.mark.skipif(processes.available() is not None, reason=str(processes.available()))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with open_workers() as workers, workers.session() as session:
        yield session


@sandboxed
def test_dangerous_calls_are_refused_inside(session: Session) -> None:
    column = MACHINES.index(platform.machine())
    numbers = {name: each[column] for name, each in DANGEROUS.items() if each[column] is not None}
    body = (
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "said = {}\n"
        f"for name, number in {numbers!r}.items():\n"
        "    result = libc.syscall(number, 0, 0, 0, 0, 0, 0)\n"
        "    said[name] = [result, ctypes.get_errno()]\n"
        "return said"
    )
    said = value(session, body)
    assert said == {
        name: [-1, errno.EPERM if number < 424 else errno.ENOSYS]
        for name, number in numbers.items()
    }


ORDINARY = {
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    return list(pool.map(abs, [-1, 2, -3]))",
        [1, 2, 3],
    ),
    "files": (
        "import os, shutil, tempfile, pathlib\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    one, two = pathlib.Path(folder, 'one'), pathlib.Path(folder, 'two')\n"
        "    one.write_text('text')\n"
        "    shutil.copy2(one, two)\n"
        "    shutil.copytree(folder, folder + '-copy')\n"
        "    two.rename(pathlib.Path(folder, 'three'))\n"
        "    shutil.rmtree(folder + '-copy')\n"
        "    return sorted(os.listdir(folder))",
        ["one", "three"],
    ),
    "arrays in files": (
        "import numpy as np, tempfile\n"
        "with tempfile.TemporaryFile() as file:\n"
        "    np.save(file, np.arange(5))\n"
        "    file.seek(0)\n"
        "    first = np.load(file)\n"
        "    mapped = np.memmap(file, np.uint8, 'r+', shape=16)\n"
        "    mapped[:] = 1\n"
        "    mapped.flush()\n"
        "return [first.tolist(), int(mapped.sum())]",
        [[0, 1, 2, 3, 4], 16],
    ),
    "clocks and signals": (
        "import signal, time\n"
        "rung = []\n"
        "signal.signal(signal.SIGALRM, lambda *_: rung.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
        "time.sleep(0.05)\n"
        "signal.raise_signal(signal.SIGALRM)\n"
        "return [len(rung), time.process_time() > 0, time.monotonic() > 0]",
        [2, True, True],
    ),
    "what the machine is like": (
        "import os, platform, secrets, resource, shutil, sys\n"
        "resource.getrlimit(resource.RLIMIT_AS)\n"
        "return [platform.system(), len(os.sched_getaffinity(0)) > 0,\n"
        "        len(secrets.token_bytes(8)), shutil.get_terminal_size().columns > 0,\n"
        "        sys.stdout.isatty(), os.getpid()]",
        ["Linux", True, 8, True, False, 1],
    ),
    "the standard library by name": (
        "import importlib, sys\n"
        "odd = {'antigravity', 'this', 'idlelib', 'lib2to3'}  # and what shows windows:\n"
        "odd |= {'tkinter', '_tkinter', 'turtle', 'turtledemo'}\n"
        "failed = []\n"
        "for name in sorted(sys.stdlib_module_names - odd):\n"
        "    try: importlib.import_module(name)\n"
        "    except ModuleNotFoundError: pass\n"
        "    except Exception as error: failed.append(f'{name}: {error!r}')\n"
        "return failed",
        [],
    ),
}  # fmt: skip


@sandboxed
@pytest.mark.parametrize("what", ORDINARY)
def test_ordinary_code_is_not_hindered(session: Session, what: str) -> None:
    body, expected = ORDINARY[what]
    assert value(session, body) == expected
