"""Which protections are active on this machine, and what to do where there can be none."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cnnlab.autograder.sandbox import contents, memory, system_calls
from cnnlab.autograder.sandbox.memory import MIB

_PROC = Path("/proc/sys")


def active(sandbox: bool, keras: bool) -> list[str]:
    """One sentence for each protection around learner code, as they are on this machine.

    Parameters
    ----------
    sandbox : bool
        Whether learner code runs in the sandbox, which can be had here.
    keras : bool
        Whether there are chapters with Keras among those that are graded.
    """
    kinds = (False, True) if keras else (False,)
    if not sandbox:
        return [
            "Processes: each submission has one of its own, and the judge another.",
            f"Memory: {_limits(kinds)}.",
            "Files, network: not protected. Learner code can read and write what you can.",
        ]
    return [
        "Namespaces: each submission has its own users, mounts, processes and messages, "
        f"without network, in {_version()}.",
        f"System calls: {len(system_calls.ALLOWED)} are allowed, three more with some arguments, "
        f"no others ({platform.machine()}).",
        *(_files(kind) for kind in kinds),
        f"Memory: {_limits(kinds)}; {_together()}.",
    ]


def _version() -> str:
    said = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "bubblewrap"


def _files(keras: bool) -> str:
    listed = contents.libraries(keras)
    shown = f"{len(listed)} shared libraries" if listed else "all of the system's libraries"
    packages = "TensorFlow and Keras" if keras else "NumPy"
    return f"Files: Python, {packages}, and {shown}; nothing can be written but an own /tmp."


def _limits(kinds: tuple[bool, ...]) -> str:
    total, cores = memory.of_the_machine(), memory.cores()
    sizes = [memory.of_a_child(keras, total, cores) // MIB for keras in kinds]
    names = ("by hand", "with Keras")
    each = " and ".join(f"{size:,} MiB {name}" for size, name in zip(sizes, names, strict=False))
    return f"each submission has {each}"


def _together() -> str:
    group = memory.common_group()
    if group is None:
        return "the system lets us make no control group, so there is no limit for all together"
    group.close()
    return f"all together have {group.limit // MIB:,} MiB, in a control group"


# Where there is no sandbox


def remedies(said: str = "", proc: Path = _PROC, root: Path = Path("/")) -> Iterator[str]:
    """What keeps bubblewrap from starting here, and how an administrator changes it.

    Parameters
    ----------
    said : str
        What bubblewrap said of it.
    """
    if _read(proc / "user/max_user_namespaces") in {"0", "1"}:  # bubblewrap's, and each child's
        yield "sudo sysctl user.max_user_namespaces=10000"
    for name, bad, remedy in (
        ("kernel/unprivileged_userns_clone", "0", "sudo sysctl kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, "
            "or give bwrap an AppArmor profile that allows them",
        ),
    ):
        if _read(proc / name) == bad:
            yield remedy
    marks = (root / ".dockerenv", root / "run/.containerenv")
    if "mount proc" in said or any(mark.exists() for mark in marks):
        yield (
            "start the container with --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"
        )


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
