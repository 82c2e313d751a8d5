"""In the sandbox: a process with NumPy loaded that forks one child for every submission.

It takes orders on a socket: a JSON object of limits, with two descriptors. One becomes the
child's wire; the other belongs to the child's supervisor, a second fork that runs no learner code.
The supervisor holds the child in namespaces of its own, kills it when the judge closes that
descriptor, and says there how the child ended, and what it has used whenever it is asked.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from cnnlab.autograder.sandbox import child, isolation
from cnnlab.autograder.sandbox.usage import open_proc, threads_of, usage_of

READY = b"ready"
LOOK_SECONDS = 0.25
"""How often a supervisor counts its child's threads."""
WARM = ("random", "itertools", "functools", "collections", "dataclasses", "typing", "traceback")


def main(fd: int, keras: bool) -> NoReturn:
    """Be a zygote on this socket until its other end is closed."""
    _load(keras)
    orders = socket.socket(fileno=fd)
    signal.signal(signal.SIGCHLD, _reap)
    orders.send(READY)
    while True:
        message, fds, _, _ = socket.recv_fds(orders, 1 << 16, 2)
        if not message:
            os._exit(0)
        limits = json.loads(message)  # here, because a child copies every page that it touches
        if os.fork() == 0:
            orders.close()
            _run_supervisor(fds[0], fds[1], limits)
        for received in fds:
            os.close(received)


def _reap(*_: object) -> None:
    """Waits for supervisors that ended. (Ignored, their processor time would not count.)"""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load(keras: bool) -> None:
    for name in (*WARM, *(("tensorflow", "keras") if keras else ())):
        importlib.import_module(name)
    for path in (Path(__file__).parent / "drivers").glob("[!_]*.py"):
        importlib.import_module(f"cnnlab.autograder.sandbox.drivers.{path.stem}")
    np.einsum("ij,jk->ik", np.eye(2), np.eye(2))  # what NumPy loads at its first use
    np.random.default_rng(0).normal(size=2).std()
    isolation.prepare()
    child.modules()
    gc.collect()
    gc.freeze()  # children would copy every page that the collector touches


def _run_supervisor(wire: int, control: int, limits: dict[str, Any]) -> NoReturn:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        proc = open_proc()  # before the child covers it
        isolation.own_namespaces()
        pid = os.fork()
        if pid == 0:
            os.close(control)
            _become_child(wire, limits)
        os.close(wire)
        _keep(pid, control, proc, limits["threads"])
    except OSError as error:
        _say(error)
    finally:
        os._exit(0)


def _say(error: OSError) -> None:
    """To the judge, who reads it where no child says that it is ready."""
    print(f"no child: {error}", file=sys.stderr, flush=True)


def _keep(pid: int, control: int, proc: int, threads: int) -> None:
    """Waits until the child ends, the judge closes the socket, or there are too many threads.

    The kernel's own limits of threads do not hold for root, and are not the same everywhere.
    """
    life = os.pidfd_open(pid)
    crowded = False
    while not crowded:
        ready, _, _ = select.select([life, control], [], [], LOOK_SECONDS)
        if life in ready or (control in ready and not os.read(control, 1)):
            break
        with contextlib.suppress(OSError):  # the child, or the judge, may just have left
            if control in ready:
                os.write(control, _said(usage=asdict(usage_of(pid, proc))))
            crowded = len(threads_of(pid, proc)) > threads
    os.kill(pid, signal.SIGKILL)  # the first process of a pid namespace: all die with it
    _, status, usage = os.wait4(pid, 0)
    report = _said(
        signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        cpu=usage.ru_utime + usage.ru_stime,
        crowded=crowded,
    )
    with contextlib.suppress(OSError):  # the judge may have left
        os.write(control, report)


def _said(**report: Any) -> bytes:
    return json.dumps(report).encode()


def _become_child(wire: int, limits: dict[str, Any]) -> NoReturn:
    try:
        os.dup2(wire, 3)
        os.closerange(4, 1 << 16)
        isolation.lock_down(limits)
    except OSError as error:
        _say(error)
        os._exit(0)
    try:
        child.serve(3, 3)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), keras=sys.argv[2] == "keras")
