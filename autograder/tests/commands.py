"""The command ``cnnlab grade``, run for real and within bounds: how long, how much, what came."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cnnlab.autograder.judging.results import BatchResult, from_json

resource = pytest.importorskip("resource", reason="limits of a process are POSIX's")


@dataclasses.dataclass(frozen=True)
class Ran:
    """A run of the command; ``results`` is None where it had to be ended or died.

    ``processor`` is the seconds that it and all that it waited for computed, ``peak`` the bytes
    that the largest of its processes was seen to hold. (``ru_maxrss`` would not do: it begins with
    what the process that forked it held.)
    """

    results: BatchResult | None
    seconds: float
    processor: float
    peak: int


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
        self._start = time.monotonic()
        self._process = subprocess.Popen(
            [program, "grade", *arguments, "--json", self._json],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={key: text for key, text in os.environ.items() if key != "TMPDIR"}
            | {"OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            start_new_session=True,
            preexec_fn=begin,
        )

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

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
            peak = max(peak, _most_held(self._process.pid))
            pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                seconds, processor = time.monotonic() - self._start, usage.ru_utime + usage.ru_stime
                return Ran(self._results(), seconds, processor, peak)
            time.sleep(0.05)
        self._end()
        return Ran(None, time.monotonic() - self._start, float("inf"), 0)

    def _results(self) -> BatchResult | None:
        text = self._json.read_text(encoding="utf-8") if self._json.exists() else ""
        return from_json(text) if text else None


def _most_held(pid: int | str) -> int:
    """The most bytes that a process, or one of its descendants that live, has held so far."""
    here = Path("/proc", str(pid))
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", (here / "status").read_text(), re.MULTILINE)
        children = [c for t in here.glob("task/*/children") for c in t.read_text().split()]
    except OSError:  # it has ended meanwhile
        return 0
    mine = int(found[1]) << 10 if found else 0
    return max([mine, *(_most_held(child) for child in children)])
