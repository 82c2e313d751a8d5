"""Starting the processes in which learner code runs: in the sandbox, or plainly.

`Bubblewrap` keeps one zygote in bubblewrap and has it fork a child per submission (Linux).
`Plain` starts one interpreter per submission, with a time limit and nothing more: enough for a
learner's own code on a learner's own machine, on every system.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, Protocol

from cnnlab.autograder.sandbox.calls import ProtocolError, outcome_from_frame
from cnnlab.autograder.sandbox.connection import (
    Broken,
    Connection,
    PipeConnection,
    Silence,
    SocketConnection,
)

MIB = 2**20
START_SECONDS = {False: 20.0, True: 120.0}
"""How long a process may take to load NumPy, or TensorFlow."""
READY_SECONDS = {False: 10.0, True: 20.0}
"""How long a child may take to be forked."""


class SandboxError(RuntimeError):
    """Bubblewrap cannot be had here, or a zygote does not start: our fault, never the learner's."""


@dataclass(frozen=True)
class Limits:
    """What one child may use; sizes in bytes."""

    cpu_seconds: int = 300
    memory: int = 2048 * MIB
    file_size: int = 16 * MIB
    tmp_size: int = 32 * MIB
    processes: int = 256
    open_files: int = 64

    @classmethod
    def usual(cls, keras: bool) -> Limits:
        """TensorFlow maps far more memory than it uses, and starts a thread per core."""
        return cls(memory=16384 * MIB, processes=512, open_files=256) if keras else cls()


# What is inside the sandbox

_FILES = (
    *("wire.py", "frames.py", "calls.py", "stand_ins.py"),
    *("child.py", "isolation.py", "zygote.py", "drivers"),
)
_HOME = "/cnnlab"


ARITHMETIC = (
    "NPY_DISABLE_CPU_FEATURES",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
)
"""What ``.ci/arithmetic`` changes, in the judge's process and in the learner's."""


def _arithmetic() -> dict[str, str]:
    """The judge's own arithmetic, where maintainers ask for it with ``CNNLAB_ARITHMETIC=1``."""
    if os.environ.get("CNNLAB_ARITHMETIC") != "1":
        return {}
    return {name: os.environ[name] for name in ARITHMETIC if name in os.environ}


def environment() -> dict[str, str]:
    """The environment of every process that runs learner code; nothing of ours is in it."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **dict.fromkeys(threads, "1"),
        **_arithmetic(),
    }


def _interpreter() -> tuple[list[str], list[str]]:
    """What the base interpreter needs, and the folders in it to cover: its site-packages."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    python = Path(os.path.realpath(sys.executable))
    wanted = [python, stdlib]  # LIBDIR is where Python was built, which may be elsewhere
    for folder in {Path(sys.base_prefix) / "lib", Path(sysconfig.get_config_var("LIBDIR") or "/")}:
        if os.access(folder, os.R_OK | os.X_OK):
            wanted += folder.glob("libpython3*.so*")
    system = [Path(name) for name in ("/lib", "/lib64", "/usr/lib", "/usr/lib64")]
    wanted += [path for path in system if path.is_dir()]
    packages = {stdlib / "site-packages", stdlib / "dist-packages"}
    packages |= {
        Path("/usr/lib/python3/dist-packages"),
        *Path("/usr/lib").glob("python3*/*-packages"),
    }
    return [str(path) for path in wanted], sorted(str(path) for path in packages if path.is_dir())


@cache
def closure(names: tuple[str, ...]) -> frozenset[Path]:
    """Files and folders of distributions and of all that they require, recursively."""
    found: dict[str, list[Path]] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found[name] = []
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # an optional requirement that is not installed
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        found[name] = [Path(str(distribution.locate_file(top))) for top in tops]
        required = [r for r in distribution.requires or () if "extra ==" not in r]
        waiting += [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in required]
    return frozenset(path for paths in found.values() for path in paths if path.exists())


def _packages(keras: bool) -> tuple[list[str], list[str]]:
    """Package files to bind, and the folders to find them in."""
    paths = closure(("tensorflow", "keras") if keras else ("numpy",))
    return sorted(map(str, paths)), sorted({str(path.parent) for path in paths})


def _inside(path: str) -> str:
    """Where a path is found in the sandbox: there /tmp is each child's own."""
    return f"/outside{path}" if path.startswith("/tmp/") else path


def _bubblewrap_command(keras: bool, fd: int) -> list[str]:
    wanted, covered = _interpreter()
    packages, folders = _packages(keras)
    command = [
        shutil.which("bwrap") or "bwrap",
        *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
        *("--uid", "1000", "--gid", "1000", "--hostname", "cnnlab", "--clearenv"),
        *("--proc", "/proc", "--size", str(MIB), "--tmpfs", "/tmp"),
    ]
    for device in ("null", "zero", "urandom", "random"):
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for path in wanted:
        command += ["--ro-bind", path, _inside(path)]
    for path in covered:
        command += ["--tmpfs", _inside(path)]
    for path in packages:
        command += ["--ro-bind", path, _inside(path)]
    for name in _FILES:
        source = str(Path(__file__).parent / name)
        command += ["--ro-bind", source, f"{_HOME}/cnnlab/autograder/sandbox/{name}"]
    for path in covered:
        command += ["--remount-ro", _inside(path)]
    command += ["--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    command += ["--setenv", "PYTHONPATH", ":".join([_HOME, *map(_inside, folders)])]
    python = _inside(os.path.realpath(sys.executable))
    flags = ["-P", "-S", "-B", "-s"]  # no site: nothing but what is named here can be imported
    module = "cnnlab.autograder.sandbox.zygote"
    return [*command, python, *flags, "-m", module, str(fd), "keras" if keras else "numpy"]


# Starting children


class Sandbox(Protocol):
    """Where children come from."""

    keras: bool
    limits: Limits

    def connect(self) -> Connection:
        """A new child that has said that it is ready. Raises `SandboxError`."""

    def close(self) -> None:
        """Ends every process of ours."""


class Bubblewrap:
    """Children inside bubblewrap, forked from one zygote; Linux.

    Parameters
    ----------
    keras : bool
        Whether TensorFlow is inside the sandbox, and loaded.
    limits : Limits or None
        What each child may use.
    """

    def __init__(self, keras: bool = False, limits: Limits | None = None) -> None:
        self.keras = keras
        self.limits = limits or Limits.usual(keras)
        self._order = json.dumps(asdict(self.limits)).encode()
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._errors: IO[bytes] | None = None

    def connect(self) -> Connection:
        for _ in range(2):  # a zygote that died or hangs is replaced once
            try:
                return _ready(self._fork(), READY_SECONDS[self.keras])
            except (OSError, Broken, Silence):
                said = self._said()
                self.close()
        raise SandboxError(f"no process starts in the sandbox. Its last output: {said}")

    def _fork(self) -> Connection:
        orders = self._orders or self._start()
        wire, child_wire = socket.socketpair()
        control, supervisor_control = socket.socketpair()
        with child_wire, supervisor_control:
            fds = [child_wire.fileno(), supervisor_control.fileno()]
            socket.send_fds(orders, [self._order], fds)
        return SocketConnection(wire, control)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders, self._errors = ours, tempfile.TemporaryFile()  # noqa: SIM115 - see close
        with theirs:
            self._process = subprocess.Popen(
                _bubblewrap_command(self.keras, theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env={"PATH": os.defpath},
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the judge alone
            )
        ours.settimeout(START_SECONDS[self.keras])
        try:
            ready = ours.recv(64)
        except OSError:
            ready = b""
        if not ready:
            said = self._said()
            self.close()
            raise SandboxError(f"the sandbox (bubblewrap) did not start. Its last output: {said}")
        return ours

    def _said(self) -> str:
        """The last output of bubblewrap, the zygote or a child before learner code ran."""
        if self._errors is None:
            return "nothing"
        self._errors.seek(0)
        return self._errors.read(4000).decode(errors="replace").strip() or "nothing"

    def close(self) -> None:
        if self._orders is not None:
            self._orders.close()
        if self._process is not None:
            self._process.kill()  # when bubblewrap ends, all processes inside end
            self._process.wait()
        if self._errors is not None:
            self._errors.close()
        self._orders = self._process = self._errors = None


_KEPT = ("PYTHONPATH", "SYSTEMROOT")
"""What an interpreter without a sandbox needs to find this package, and to start on Windows."""


class Plain:
    """Children without a sandbox, an interpreter each, in an empty folder of their own."""

    def __init__(self, keras: bool = False, limits: Limits | None = None) -> None:
        self.keras = keras
        self.limits = limits or Limits.usual(keras)
        self._folder = tempfile.TemporaryDirectory(prefix="cnnlab-", ignore_cleanup_errors=True)

    def connect(self) -> Connection:
        flags = ["-P", "-s", "-B", "-m", "cnnlab.autograder.sandbox.child"]
        limits = [str(self.limits.memory), str(self.limits.cpu_seconds)]
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, *flags, *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment() | {"HOME": self._folder.name} | kept,
            cwd=self._folder.name,
            start_new_session=True,
        )
        try:
            return _ready(PipeConnection(process), START_SECONDS[False])
        except (Broken, Silence):
            raise SandboxError("a worker does not start") from None

    def close(self) -> None:
        self._folder.cleanup()


def _ready(connection: Connection, seconds: float) -> Connection:
    """The connection, when its child has said that it is ready."""
    try:
        if outcome_from_frame(connection.receive(seconds)).value == "ready":
            return connection
    except ProtocolError:
        pass
    except (Broken, Silence):
        connection.close()
        raise
    connection.close()
    raise Broken


@cache
def available() -> str | None:
    """Why the sandbox cannot be had here, and what to do about it; None where it can."""
    otherwise = "or grade without a sandbox: --no-sandbox"
    if sys.platform != "linux":
        return f"The sandbox needs Linux; grade there, {otherwise}."
    if shutil.which("bwrap") is None:
        return f"bubblewrap is missing: install the package `bubblewrap`, {otherwise}."
    from cnnlab.autograder.sandbox import isolation  # Linux only

    if not isolation.supported():
        return f"The sandbox needs an x86-64 or ARM64 processor, {otherwise}."
    sandbox = Bubblewrap()
    try:
        sandbox.connect().end()
    except SandboxError as problem:
        return f"bubblewrap is here, but {problem}. Allow user namespaces, {otherwise}."
    finally:
        sandbox.close()
    return None
