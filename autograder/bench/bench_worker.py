"""What the sandbox costs: the zygote's start, and a session against a bare fork with the same code.

    python autograder/bench/bench_worker.py [--rounds 50 | --tiny] [--plain]

Both execute one source and make the same calls, in turn, in one run. The bare fork comes from an
interpreter with NumPy loaded, executes, calls and leaves: no sandbox, no wire, no answers.
"""

from __future__ import annotations

import argparse
import os
import statistics
from time import perf_counter
from typing import Any

import numpy as np

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.sandbox.session import Workers, open_workers, request

SOURCE = '''
def conv2d(x, kernels, bias):
    """A learner's loops: x (N, H, W, C), kernels (kh, kw, C, F), bias (F,)."""
    n, height, width, _ = x.shape
    kh, kw, _, filters = kernels.shape
    out = np.zeros((n, height - kh + 1, width - kw + 1, filters))
    for i in range(n):
        for r in range(height - kh + 1):
            for c in range(width - kw + 1):
                patch = x[i, r : r + kh, c : c + kw]
                for f in range(filters):
                    out[i, r, c, f] = np.sum(patch * kernels[:, :, :, f]) + bias[f]
    return out
'''


def probes(count: int) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Calls of the size that a by-hand chapter makes."""
    rng = np.random.default_rng(0)
    return [
        ((rng.normal(size=(2, 7, 8, 3)), rng.normal(size=(3, 2, 3, 4)), rng.normal(size=4)), {})
        for _ in range(count)
    ]


def with_session(workers: Workers, calls: list[bytes]) -> float:
    """Seconds for one submission through a session."""
    start = perf_counter()
    with workers.session() as session:
        errors = session.define([("conv2d", SOURCE)])
        outcomes = session.call("conv2d", calls)
    seconds = perf_counter() - start
    if errors or any(outcome.status != "returned" for outcome in outcomes):
        raise RuntimeError(f"the bench's own source fails: {errors} {outcomes[-1].error}")
    return seconds


def with_fork(calls: list[tuple[tuple[Any, ...], dict[str, Any]]]) -> float:
    """Seconds for one submission in a bare fork."""
    start = perf_counter()
    pid = os.fork()
    if pid == 0:
        namespace: dict[str, Any] = {"np": np}
        exec(compile(SOURCE, "<conv2d>", "exec"), namespace)
        for args, kwargs in calls:
            namespace["conv2d"](*args, **kwargs)
        os._exit(0)
    os.waitpid(pid, 0)
    return perf_counter() - start


def main() -> None:
    """Prints the medians, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--plain", action="store_true", help="processes without a sandbox")
    options = arguments(parser, rounds=1)
    start = perf_counter()
    with open_workers(sandbox=not options.plain) as workers:
        with_session(workers, [])
        print(f"the first session, zygote included: {perf_counter() - start:.2f} s")
        for count in (0, 1, 20, 60):
            calls = probes(count)
            requests = [request(*call) for call in calls]
            with_session(workers, requests)
            pairs = [
                (with_session(workers, requests), with_fork(calls)) for _ in range(options.rounds)
            ]
            ours, bare = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
            print(f"{count:3d} calls: {ours:6.1f} ms, bare fork {bare:6.1f} ms, {ours / bare:.2f}x")


if __name__ == "__main__":
    main()
