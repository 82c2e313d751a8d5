"""Starting the processes in which learner code runs: in the sandbox, or plainly.

`Bubblewrap` keeps one zygote in bubblewrap and has it fork a child per submission (Linux).
`Plain` starts one interpreter per submission, with a time limit and nothing more: enough for a
learner's own code on a learner's own machine, on every system.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from typing import IO, Protocol

from cnnlab.autograder.sandbox import contents, memory, protections, system_calls
from cnnlab.autograder.sandbox.budget import no_memory_limit
from cnnlab.autograder.sandbox.calls import ProtocolError, outcome_from_frame
from cnnlab.autograder.sandbox.connection import (
    Broken,
    Connection,
    PipeConnection,
    Silence,
    SocketConnection,
)

MIB = 2**20
START_SECONDS = {False: 120.0, True: 300.0}
"""How long a process may take to load NumPy, or TensorFlow, on a machine that is busy."""
READY_SECONDS = 60.0
"""How long a child may take to be forked, on a machine that is busy."""


class SandboxError(RuntimeError):
    """Bubblewrap cannot be had here, or a zygote does not start: our fault, never the learner's."""


@dataclass(frozen=True)
class Limits:
    """What one child may use; sizes in bytes.

    ``threads`` is counted by the supervisor, ``processes`` by the kernel, which may count what
    else runs under this account, too. ``cores`` are the processors that it may use; empty means
    all that we may use.
    """

    cpu_seconds: int = 300
    memory: int = 2048 * MIB
    file_size: int = 16 * MIB
    tmp_size: int = 32 * MIB
    processes: int = 256
    threads: int = 32
    open_files: int = 64
    cores: tuple[int, ...] = ()

    @classmethod
    def usual(cls, keras: bool) -> Limits:
        """As this machine's memory allows; TensorFlow starts some threads per core."""
        share = memory.of_a_child(keras, memory.of_the_machine(), memory.cores())
        if not keras:
            return cls(memory=share)
        threads = 64 + 8 * (os.cpu_count() or 1)
        return cls(memory=share, processes=512, threads=threads, open_files=256)


# Starting children


class Sandbox(Protocol):
    """Where children come from."""

    keras: bool
    limits: Limits

    def start(self) -> None:
        """Whatever can be made ready before learner code runs. Raises `SandboxError`."""

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
        self._group: memory.ControlGroup | None = None

    def start(self) -> None:
        if self._orders is None:
            self._orders = self._start()

    def connect(self) -> Connection:
        for _ in range(2):  # a zygote that died or hangs is replaced once
            try:
                return _ready(self._fork(), READY_SECONDS)
            except (OSError, Broken, Silence):
                said = self._said()
                self.close()
        raise SandboxError(f"no process starts in the sandbox. Its last output: {said}")

    def _fork(self) -> Connection:
        orders = self._orders or self._start()
        wire, child_wire = socket.socketpair()
        # One message is one answer: a late one must not be mixed with the next.
        control, supervisor_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with child_wire, supervisor_control:
            fds = [child_wire.fileno(), supervisor_control.fileno()]
            socket.send_fds(orders, [self._order], fds)
        return SocketConnection(wire, control)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders, self._errors = ours, tempfile.TemporaryFile()  # noqa: SIM115 - see close
        with theirs, no_memory_limit():
            self._group = memory.common_group()
            command = contents.command(self.keras, theirs.fileno())
            self._process = subprocess.Popen(
                self._group.around(command) if self._group else command,
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
        if self._group is not None:
            self._group.close()
        self._group = None
        self._orders = self._process = self._errors = None


_KEPT = ("PYTHONPATH", "SYSTEMROOT")
"""What an interpreter without a sandbox needs to find this package, and to start on Windows."""


class Plain:
    """Children without a sandbox, an interpreter each, in an empty folder of their own."""

    def __init__(self, keras: bool = False, limits: Limits | None = None) -> None:
        self.keras = keras
        self.limits = limits or Limits.usual(keras)
        self._folder = tempfile.TemporaryDirectory(prefix="cnnlab-", ignore_cleanup_errors=True)

    def start(self) -> None:
        """Nothing: every child is an interpreter of its own."""

    def connect(self) -> Connection:
        flags = ["-P", "-s", "-B", "-m", "cnnlab.autograder.sandbox.child"]
        limits = [str(self.limits.memory), str(self.limits.cpu_seconds)]
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        with no_memory_limit():
            process = subprocess.Popen(
                [sys.executable, *flags, *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=contents.environment() | {"HOME": self._folder.name} | kept,
                cwd=self._folder.name,
                start_new_session=True,
            )
        connection = PipeConnection(process)
        try:
            _ready(connection, START_SECONDS[False])
        except (Broken, Silence):
            raise SandboxError("a worker does not start") from None
        connection.begin()
        return connection

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
    if not system_calls.supported():
        return f"The sandbox needs an x86-64 or ARM64 processor, {otherwise}."
    sandbox = Bubblewrap()
    try:
        sandbox.connect().end()
    except SandboxError as problem:
        remedy = "; ".join(protections.remedies(str(problem))) or "allow user namespaces"
        return f"bubblewrap is here, but {problem}. As administrator: {remedy}; {otherwise}."
    finally:
        sandbox.close()
    return None
