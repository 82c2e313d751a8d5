"""The processes of the sandbox: what is inside, what it accepts, and how it starts again."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from cnnlab.autograder.sandbox import isolation, processes
from cnnlab.autograder.sandbox.connection import Silence, SocketConnection
from cnnlab.autograder.sandbox.frames import Broken, FrameBuffer, pack
from cnnlab.autograder.sandbox.processes import MIB, Bubblewrap, Limits, SandboxError
from cnnlab.autograder.sandbox.session import open_workers
from cnnlab.autograder.sandbox.wire import MAX_FRAME

HAVE_SANDBOX = shutil.which("bwrap") is not None
sandboxed = pytest.mark.skipif(not HAVE_SANDBOX, reason="bubblewrap is not installed")
LIMITS = Limits(memory=512 * MIB)
DOUBLE = "def double(x):\n    return 2 * x\n"


@sandboxed
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_or_hanging_zygote_is_replaced(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_workers(limits=LIMITS) as workers:
        with workers.session() as session:
            session.define([("double", DOUBLE)])
        sandbox = workers.sandbox
        assert isinstance(sandbox, Bubblewrap)
        assert sandbox._process
        monkeypatch.setitem(processes.READY_SECONDS, False, 2.0)
        os.kill(_zygote(sandbox._process.pid), number)
        with workers.session() as session:
            session.define([("double", DOUBLE)])
            assert [o.status for o in session.call("double", [((3,), {})])] == ["returned"]


def _zygote(pid: int) -> int:
    """The innermost process that bubblewrap started."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid


@sandboxed
def test_the_sandbox_is_available() -> None:
    assert processes.available() is None


def test_why_the_sandbox_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.shutil, "which", lambda name: None)
    said = processes.available.__wrapped__()
    assert said
    assert "bubblewrap" in said
    assert "--no-sandbox" in said


@pytest.mark.parametrize("keras", [False, True])
def test_only_what_is_listed_is_inside(keras: bool) -> None:
    command = processes._bubblewrap_command(keras, 3)
    binds = {command[at + 1] for at, word in enumerate(command) if word == "--ro-bind"}
    packages = Path(np.__file__).parent.parent
    assert str(packages / "numpy") in binds
    assert (str(packages / "keras") in binds) == keras
    assert not any(packages.is_relative_to(path) for path in binds)  # never as a whole
    ours = Path(processes.__file__).parent
    assert {Path(path) for path in binds if ours.parent in Path(path).parents} <= {
        *(ours / name for name in processes._FILES),
        *(Path(path) for path in binds if packages in Path(path).parents),
    }


def test_what_lies_in_tmp_is_found_elsewhere_inside() -> None:
    assert processes._inside("/tmp/venv/lib/numpy") == "/outside/tmp/venv/lib/numpy"
    assert processes._inside("/opt/numpy") == "/opt/numpy"


@sandboxed
def test_a_sandbox_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        processes, "_bubblewrap_command", lambda keras, fd: ["bwrap", "--no-such-option"]
    )
    with pytest.raises(SandboxError, match="no-such-option"):
        Bubblewrap().connect()


# What the judge's end accepts


def test_frames_are_cut_wherever_they_are_broken() -> None:
    bodies = [b"", b"a", b"bc" * 1000]
    stream = pack(bodies)
    for step in (1, 3, 7, len(stream)):
        frames, found = FrameBuffer(), []
        for at in range(0, len(stream), step):
            frames.feed(stream[at : at + step])
            while (body := frames.next()) is not None:
                found.append(bytes(body))
        assert found == bodies


def test_a_frame_too_large_is_refused_before_it_is_read() -> None:
    frames = FrameBuffer()
    frames.feed((MAX_FRAME + 1).to_bytes(4, "big"))
    with pytest.raises(Broken):
        frames.next()


def test_the_socket_keeps_the_clock() -> None:
    import socket

    ours, theirs = socket.socketpair()
    control, supervisor = socket.socketpair()
    with theirs, supervisor:
        connection = SocketConnection(ours, control)
        start = time.monotonic()
        with pytest.raises(Silence):
            connection.receive(0.1)
        with pytest.raises(Silence):
            connection.send([bytes(8 * MIB)], 0.1)  # nobody reads
        assert time.monotonic() - start >= 0.2
        connection.close()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_well_formed(machine: str) -> None:
    program = isolation.filter_program(machine)
    assert len(program) < 4096
    returns = 0x06
    for at, (code, if_true, if_false, _) in enumerate(program):
        assert code == returns or at + 1 + max(if_true, if_false) < len(program)
    assert program[-1] == (returns, 0, 0, 0x7FFF0000)


@sandboxed
@pytest.mark.slow
def test_keras_in_the_sandbox() -> None:
    source = (
        "import keras\n"
        "def predict(x):\n"
        "    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])\n"
        "    model.set_weights([np.ones((2, 1)), np.zeros(1)])\n"
        "    return model.predict(x, verbose=0)\n"
    )
    with open_workers(keras=True) as workers, workers.session() as session:
        errors = session.define([("f", source)], imports=["numpy", "keras", "tensorflow"])
        assert errors == {}
        (outcome,) = session.call("predict", [((np.array([[1, 2]], np.float32),), {})], seconds=60)
        assert outcome.error is None
        assert outcome.value.tolist() == [[3.0]]
