"""A Jupyter kernel in the sandbox: one notebook's own, without network, home or gradebook.

Messages go through sockets in a folder of ours (transport ipc). Neither side names that folder:
both know it as the same open descriptor, which the kernel closes before the first cell runs.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Int, List, Unicode, default

from cnnlab.autograder.learner import JUDGE
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError
from cnnlab.autograder.sandbox import memory, notebook_kernel
from cnnlab.autograder.sandbox.processes import MIB, Limits

LIMITS = Limits(
    memory=memory.of_a_notebook(memory.of_the_machine(), memory.cores()),
    file_size=256 * MIB,
    tmp_size=256 * MIB,
    processes=512,
    open_files=1024,
)
"""For each process of a notebook; TensorFlow maps far more memory than it uses."""
MESSAGE = 32 * MIB
"""The most bytes that a message of the kernel's may have; then it is cut off."""


class SandboxedKernelManager(AsyncKernelManager):
    """Starts ipykernel behind bubblewrap.

    Parameters
    ----------
    shared : int
        A descriptor of the folder for the connection file and the sockets.
    handed_in : str
        The submission's folder: what notebook and kernel see as their own.
    hidden : list of str
        Files in it that are not shown.
    visible : list of str
        Further files and folders that the notebook may read.
    """

    shared = Int()
    handed_in = Unicode()
    hidden = List(Unicode())
    visible = List(Unicode())
    _errors: IO[bytes] | None = None

    @default("transport")
    def _local_sockets(self) -> str:
        return "ipc"

    @default("context")
    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MESSAGE)  # of every socket that is made from it
        return context

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started and interrupted; the notebook's own must be this Python.

        Raises
        ------
        JudgeError
            The notebook needs a kernel that is not in the sandbox.
        """
        asked = super().kernel_spec
        program = Path(asked.argv[0]) if asked and asked.argv else Path()
        ours = {Path("python"), Path("python3"), Path(f"python3.{sys.version_info.minor}")}
        if program not in ours and program.parent != Path(sys.executable).parent:
            raise JudgeError(
                f"The notebook asks for the kernel {self.kernel_name!r}, and only the Python that "
                "nbgrader runs on can be had in the sandbox. Choose the kernel python3 in the "
                "assignment, or execute outside: c.Judge.sandboxed_kernel = False"
            )
        return KernelSpec(argv=[sys.executable], language="python", interrupt_mode="message")

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """bubblewrap, the kernel inside it, and what the two have to know."""
        folders = json.dumps(_package_folders())
        limits = json.dumps(asdict(LIMITS))
        python = [os.path.realpath(sys.executable), "-P", "-S", "-s", "-B"]
        program = [notebook_kernel.__file__, str(self.shared), folders, limits]
        return [*_bubblewrap(self.handed_in, self.hidden, self.visible), *python, *program]

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        reader, writer = os.pipe()  # a file could be filled
        os.set_blocking(reader, False)
        self._errors = os.fdopen(reader, "rb")
        # bubblewrap's own environment and folder could be read in the sandbox's /proc.
        kw |= {"env": {"PATH": os.defpath}, "cwd": "/", "pass_fds": (self.shared,)}
        kw |= {"stdout": subprocess.DEVNULL, "stderr": writer}
        try:
            await super()._async_launch_kernel(kernel_cmd, **kw)
        finally:
            os.close(writer)

    def last_output(self) -> str:
        """What bubblewrap or the kernel said outside of any cell."""
        said = (self._errors.read() or b"") if self._errors else b""
        return said.decode(errors="replace").strip()[-1000:] or "nothing"

    def close(self) -> None:
        """Let go of what the kernel could still say."""
        if self._errors:
            self._errors.close()


def connection(shared: int) -> dict[str, Any]:
    """What a manager must know of the folder that it shares with its kernel."""
    folder = Path(f"/proc/self/fd/{shared}")
    return {
        "shared": shared,
        "connection_file": str(folder / notebook_kernel.CONNECTION),
        "ip": str(folder / notebook_kernel.SOCKETS),
        **{f"{name}_port": i for i, name in enumerate(_CHANNELS, 1)},
    }


_CHANNELS = ("shell", "iopub", "stdin", "hb", "control")


# What is inside

_SYSTEM = (
    *("/bin", "/lib", "/lib64", "/usr/bin", "/usr/lib", "/usr/lib64"),
    *("/usr/share/fonts", "/usr/share/zoneinfo"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime"),
)
_EMPTY = Path(notebook_kernel.__file__).parents[1] / "py.typed"
"""A file with nothing in it."""
_COVERED = ("cnnlab.solutions", "cnnlab.autograder.tests")
"""Packages of ours that hold right answers."""


def _package_folders() -> list[str]:
    """The folders of installed packages, in this interpreter's order."""
    names = ("site-packages", "dist-packages")
    return [path for path in sys.path if Path(path).name in names and Path(path).is_dir()]


def _own_packages() -> Iterator[Path]:
    """Where our packages are: elsewhere than the others, in a working copy."""
    for name in ("course", "autograder", "datasets"):
        spec = importlib.util.find_spec(f"cnnlab.{name}")
        yield from map(Path, (spec and spec.submodule_search_locations) or ())


def _covered() -> Iterator[Path]:
    for name in _COVERED:
        spec = importlib.util.find_spec(name)
        yield from map(Path, (spec and spec.submodule_search_locations) or ())


def _shown(visible: Iterable[str]) -> list[Path]:
    """All files and folders that can be read; none of them lies in another."""
    from cnnlab.datasets.pretrained import cache_folder

    python = Path(os.path.realpath(sys.executable))
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), python.parents[1]}
    wanted = {Path(path) for path in (*_SYSTEM, *visible, sysconfig.get_path("stdlib"))}
    wanted |= {prefix / name for prefix in prefixes for name in ("bin", "lib", "lib64")}
    wanted |= {python, cache_folder(), *_own_packages(), *map(Path, _package_folders())}
    there = {path.absolute() for path in wanted if path.exists()}
    return sorted(path for path in there if not there & set(path.parents))


def _bubblewrap(handed_in: str, hidden: Iterable[str], visible: Iterable[str]) -> list[str]:
    command = [
        shutil.which("bwrap") or "bwrap",
        *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
        *("--uid", "1000", "--gid", "1000", "--hostname", "cnnlab", "--clearenv"),
        *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"),  # to limit processes; then none
        *("--proc", "/proc", "--dev", "/dev"),
    ]
    room = {"/tmp": 0, "/dev/shm": 0, str(notebook_kernel.WORK): _size(handed_in)}
    for folder, more in room.items():
        command += ["--size", str(LIMITS.tmp_size + more), "--tmpfs", folder]
    command += ["--remount-ro", "/dev"]
    shown = _shown(visible)
    for path in shown:
        command += ["--ro-bind", str(path), str(path)]
    for path in _covered():
        if any(path.is_relative_to(each) for each in shown):
            command += ["--tmpfs", str(path), "--remount-ro", str(path)]
    inside = str(notebook_kernel.HANDED_IN)
    command += ["--ro-bind", handed_in, inside]
    for name in hidden:
        command += ["--ro-bind", str(_EMPTY), f"{inside}/{name}"]
    command += ["--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    return command


def _environment() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/bin:/bin",
        "PYTHONPATH": ":".join(_package_folders()),
        "HOME": "/tmp",
        "USER": "learner",
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CNNLAB_CACHE": _cache(),
        "NBGRADER_EXECUTION": os.environ.get("NBGRADER_EXECUTION", "autograde"),
        JUDGE: "1",
    }


def _cache() -> str:
    from cnnlab.datasets.pretrained import cache_folder

    return str(cache_folder().absolute())


def _size(folder: str) -> int:
    """Bytes of the files in a folder."""
    return sum(p.lstat().st_size for p in Path(folder).rglob("*") if not p.is_symlink())
