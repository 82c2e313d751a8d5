"""The processes of the sandbox: how they start, start again, and what the judge takes from them."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from cnnlab.autograder.sandbox import contents, processes
from cnnlab.autograder.sandbox.connection import Silence, SocketConnection
from cnnlab.autograder.sandbox.frames import Broken, FrameBuffer, pack
from cnnlab.autograder.sandbox.processes import MIB, Bubblewrap, Limits, SandboxError
from cnnlab.autograder.sandbox.session import open_workers
from cnnlab.autograder.sandbox.values import MAX_FRAME

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
        monkeypatch.setattr(processes, "READY_SECONDS", 2.0)
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


@sandboxed
def test_a_sandbox_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "command", lambda keras, fd: ["bwrap", "--no-such-option"])
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
