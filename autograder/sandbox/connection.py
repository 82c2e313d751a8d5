"""The judge's end of one child: frames out, frames in, a clock, and how the child ended.

Whatever arrives may be hostile: lengths are checked before anything is read, and nothing here
waits longer than its limit.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

from cnnlab.autograder.sandbox.frames import Broken, FrameBuffer, pack
from cnnlab.autograder.sandbox.usage import Usage, open_proc, usage_of

_CHUNK = 1 << 18
_ANSWER_SECONDS = 5.0
"""How long a supervisor may take to say what its child has used."""
_SIGKILL = 9
_PIPE_ROOM = 1 << 14
"""A write of no more than this into an empty pipe never waits, on any system."""


class Silence(Exception):
    """Nothing came in time."""


@dataclass(frozen=True)
class End:
    """How a child ended: the signal that ended it (0: none known), CPU seconds it had used.

    ``crowded`` says that it was ended because it had too many threads.
    """

    signal: int = 0
    cpu_seconds: float = 0.0
    crowded: bool = False


class Connection(Protocol):
    """One child."""

    def send(self, bodies: list[bytes], seconds: float) -> None:
        """Sends frames. Raises `Silence` where the child does not take them, or `Broken`."""

    def receive(self, seconds: float) -> bytes | bytearray:
        """The body of the next frame. Raises `Silence` or `Broken`."""

    def usage(self) -> Usage | None:
        """What the child has used so far; None where nobody knows."""

    def end(self) -> End:
        """Makes sure that the child and all that it started are dead; how it ended."""

    def close(self) -> None:
        """As `end`, without waiting for the answer."""


class SocketConnection:
    """A child in the sandbox: a socket to it, and a control socket to its supervisor."""

    def __init__(self, wire: socket.socket, control: socket.socket) -> None:
        self._wire = wire
        self._control = control
        self._end: End | None = None
        self._frames = FrameBuffer()
        self._poll = select.poll()
        self._poll.register(wire, select.POLLIN)

    def send(self, bodies: list[bytes], seconds: float) -> None:
        self._wire.settimeout(seconds)
        try:
            self._wire.sendall(pack(bodies))
        except TimeoutError:
            raise Silence from None
        except OSError:
            raise Broken from None
        self._wire.settimeout(0)

    def receive(self, seconds: float) -> bytearray:
        deadline = monotonic() + seconds
        while (body := self._frames.next()) is None:
            left = max(0.0, deadline - monotonic())
            if not self._poll.poll(left * 1000):
                raise Silence
            self._frames.feed(self._read())
        return body

    def _read(self) -> bytes:
        try:
            raw = self._wire.recv(_CHUNK)
        except OSError:
            raise Broken from None
        if not raw:
            raise Broken
        return raw

    def usage(self) -> Usage | None:
        try:
            self._control.settimeout(_ANSWER_SECONDS)
            self._control.send(b"?")
            report = self._control.recv(4096)
            return Usage(**json.loads(report)["usage"])
        except (OSError, ValueError):
            return None
        except KeyError:  # it has just ended
            self._end = _end_from(report)
            return None

    def end(self) -> End:
        if self._end is None:
            self._end = self._report(0.2)  # if it ended by itself, the supervisor says how
        report = self._end
        if report is None:
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)
            self._report(5.0)
        self.close()
        return report or End()

    def _report(self, seconds: float) -> End | None:
        self._control.settimeout(seconds)
        with contextlib.suppress(OSError, ValueError):
            while report := self._control.recv(4096):
                if b"signal" in report:  # else an answer that came late
                    return _end_from(report)
        return None

    def close(self) -> None:
        self._control.close()
        self._wire.close()


def _end_from(report: bytes) -> End:
    """What the supervisor says in the end."""
    said = json.loads(report)
    return End(int(said["signal"]), float(said["cpu"]), bool(said["crowded"]))


class PipeConnection:
    """A child without a sandbox: a process of ours, read by a thread (pipes cannot be polled
    on every system)."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._began = 0.0
        self._frames: queue.SimpleQueue[bytearray | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        frames = FrameBuffer()
        pipe = self._process.stdout
        with contextlib.suppress(OSError, ValueError, Broken):
            while pipe and (raw := os.read(pipe.fileno(), _CHUNK)):
                frames.feed(raw)
                while (body := frames.next()) is not None:
                    self._frames.put(body)
        self._frames.put(None)

    def send(self, bodies: list[bytes], seconds: float) -> None:
        data = pack(bodies)
        fuse = threading.Timer(seconds, self._kill)  # a write into a full pipe cannot time out
        if len(data) > _PIPE_ROOM:
            fuse.start()
        try:
            if self._process.stdin:
                self._process.stdin.write(data)
                self._process.stdin.flush()
        except OSError:
            raise Broken from None
        finally:
            fuse.cancel()

    def receive(self, seconds: float) -> bytearray:
        try:
            body = self._frames.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise Silence from None
        if body is None:
            self._frames.put(None)
            raise Broken
        return body

    def begin(self) -> None:
        """From here on it works for the judge: what it used to start is not counted."""
        if used := self.usage():
            self._began = used.processor

    def usage(self) -> Usage | None:
        if sys.platform != "linux" or self._process.poll() is not None:
            return None
        proc = open_proc()
        try:
            used = usage_of(self._process.pid, proc)
            return replace(used, processor=used.processor - self._began)
        except OSError:
            return None
        finally:
            os.close(proc)

    def _kill(self) -> None:
        if os.name == "posix":  # it leads a process group of its own
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def end(self) -> End:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        code = self._process.poll() or 0
        self.close()
        if code >= 0 or code == -_SIGKILL:  # without a sandbox, it may have killed itself
            return End()
        return End(-code)

    def close(self) -> None:
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._thread.join(1.0)
