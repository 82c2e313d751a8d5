"""A `dask.distributed` cluster to test on: a scheduler and workers, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 120.0
"""Seconds in which a scheduler or a worker is there, on a machine that is busy."""


class Machines:
    """A context manager, which ends all that it started.

    Parameters
    ----------
    workers : int
        How many there are at the beginning.
    threads : int
        Of each worker.
    before : sequence of sequences of str
        What stands before the commands of the scheduler and of each worker, such as
        ``["taskset", "-c", "0"]``.
    host : str
        Where the scheduler listens.
    allowed_failures : int
        How often workers may die with a submission, besides the first time.
    """

    def __init__(
        self,
        workers: int = 2,
        threads: int = 1,
        before: Sequence[Sequence[str]] = (),
        host: str = "127.0.0.1",
        allowed_failures: int = 3,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory()
        self._file = Path(self._scratch.name, "scheduler.json")
        self._failures = str(allowed_failures)
        before = [*before, *[()] * (1 + workers - len(before))]
        place = ["--host", host, "--port", "0", "--no-dashboard"]
        self.scheduler = self._start(before[0], "scheduler", *place, "--scheduler-file", self._file)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = ""
        try:
            self.address = self._address()
            some = [self.address, "--nthreads", str(threads), "--no-dashboard"]
            for prefix in before[1:]:
                self.workers.append(self._start(prefix, "worker", *some))
        except BaseException:
            self.__exit__()
            raise

    def _start(
        self, before: Sequence[str], kind: str, *options: str | Path
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*before, sys.executable, "-m", f"distributed.cli.dask_{kind}", *options],
            cwd=self._scratch.name,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ
            | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": self._failures}
            | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            start_new_session=True,
        )

    def _address(self) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.scheduler.poll() is None:
            try:
                address: str = json.loads(self._file.read_text())["address"]
                return address
            except (OSError, ValueError):  # not there yet, or not whole
                time.sleep(0.05)
        raise RuntimeError("the scheduler does not start")

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, *exc: object) -> None:
        for process in (*self.workers, self.scheduler):
            kill(process)
        self._scratch.cleanup()


def kill(process: subprocess.Popen[bytes]) -> None:
    """As if the machine lost its power: a process, and what it started in its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
