"""The command ``cnnlab grade``, run for real and within bounds: how long, how much, what came."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from cnnlab.autograder.judging.results import BatchResult, from_json

SETTLING = 10.0
"""Seconds in which a process may still end after the command that started it."""

resource = pytest.importorskip("resource", reason="limits of a process are POSIX's")


@dataclasses.dataclass(frozen=True)
class Ran:
    """A run of the command; ``results`` is None where it had to be ended or died.

    ``processor`` is the seconds that it and all that it waited for computed, ``peak`` the bytes
    that the largest of its processes was seen to hold. (``ru_maxrss`` would not do: it begins with
    what the process that forked it held.) ``left`` says what is still there after its end:
    processes that it started, and files in the temporary folder that it was given.
    """

    results: BatchResult | None
    seconds: float
    processor: float
    peak: int
    left: tuple[str, ...] = ()


class Command:
    """``cnnlab grade`` in processes of its own.

    Parameters
    ----------
    arguments : sequence
        Of the command.
    folder : Path
        Where the results are written.
    memory, processor : int or None
        Bytes of address space, seconds of processor time: soft limits of every process that does
        not set its own.
    prepare : callable
        What the new process does before it starts.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        memory: int | None = None,
        processor: int | None = None,
        prepare: Callable[[], Any] = lambda: None,
    ) -> None:
        self._json = folder / "results.json"
        limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: processor}

        def begin() -> None:
            for kind, limit in limits.items():
                if limit is not None:
                    resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            prepare()

        program = Path(sysconfig.get_path("scripts"), "cnnlab")
        self._temporary = tempfile.TemporaryDirectory(prefix="cnnlab-")
        self._seen: set[psutil.Process] = set()
        self._start = time.monotonic()
        self._process = subprocess.Popen(
            [program, "grade", *arguments, "--json", self._json],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ
            | {"OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
            | {"TMPDIR": self._temporary.name},
            start_new_session=True,
            preexec_fn=begin,
        )

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()
        self._temporary.cleanup()

    def _end(self) -> None:
        """Ends what is left of it; those in the sandbox die with it."""
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            _, status, _ = os.wait4(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)

    def ran(self, patience: float) -> Ran:
        """Waits for its end, which comes ``patience`` seconds after its start at the latest."""
        peak = 0
        while time.monotonic() < self._start + patience:
            peak = max(peak, self._most_held())
            pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                seconds, processor = time.monotonic() - self._start, usage.ru_utime + usage.ru_stime
                return Ran(self._results(), seconds, processor, peak, self._left())
            time.sleep(0.05)
        self._end()
        return Ran(None, time.monotonic() - self._start, float("inf"), 0)

    def _results(self) -> BatchResult | None:
        text = self._json.read_text(encoding="utf-8") if self._json.exists() else ""
        return from_json(text) if text else None

    def _most_held(self) -> int:
        """The most bytes that it, or one of its descendants that live, has held so far."""
        peak = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._process.pid)
            self._seen |= {process, *process.children(recursive=True)}
        for process in self._seen:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                status = Path("/proc", str(process.pid), "status").read_text()
                found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
                peak = max(peak, int(found[1]) << 10 if found else 0)
        return peak

    def _left(self) -> tuple[str, ...]:
        """What is left a moment after its end; processes in the sandbox die a little later."""
        _, living = psutil.wait_procs(self._seen, timeout=SETTLING)
        files = Path(self._temporary.name).rglob("*")
        return (*(str(process) for process in living), *map(str, files))
