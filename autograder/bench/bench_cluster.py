"""Two workers of a cluster beside one, in pairs: how much faster is the same class?

    python autograder/bench/bench_cluster.py [--class-size 60] [--rounds 3] [--chapter ch05]
    python autograder/bench/bench_cluster.py --share 0.4      # as root, on a machine of two cores

Each worker has one processor to itself, as a machine of its own would have. The batch and the
scheduler take theirs from both where there are no more than two, so the ratio falls short of 2 by
what they cost. That is measured, too: as many workers as it has room for keep one batch busy. With
``--share``, Linux gives each worker, and all that it starts, that share of a processor and no more,
as on slow machines of their own; what is left is for the batch and the scheduler.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import psutil

from cnnlab.autograder.batch import grade
from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.judging.exercise import find_chapter
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.machines import Machines

TARGET = 1.8
GROUPS = Path("/sys/fs/cgroup/cpu")


def class_of(folder: Path, chapter: str, size: int) -> list[Path]:
    """Solved notebooks, one for each learner."""
    paths = [folder / f"{chapter}-{number:05}.ipynb" for number in range(size)]
    for path in paths:
        shutil.copy(SOLUTIONS / chapter / f"{chapter}.ipynb", path)
    return paths


def busy(machines: Machines) -> float:
    """The processor seconds that this process and the scheduler have taken so far."""
    both = psutil.Process(), psutil.Process(machines.scheduler.pid)
    return sum(sum(process.cpu_times()[:2]) for process in both)


def seconds(paths: list[Path], address: str) -> float:
    """From the first result to the last: what is started for the first is not counted."""
    times: list[float] = []

    def seen(result: SubmissionResult) -> None:
        if result.status != "graded" or result.score < result.max_score:
            raise RuntimeError(f"a submission of the bench was not graded: {result}")
        times.append(perf_counter())

    grade(paths, Settings(fresh=False, dask=address), seen)
    return (times[-1] - times[0]) / (len(times) - 1)


@contextmanager
def slow_machines(count: int, share: float) -> Iterator[list[list[str]]]:
    """Before each worker's command: it, and all that it starts, has that share of a processor.

    Raises
    ------
    OSError
        This machine has no control groups of version 1 for processors, or they are not ours.
    """
    groups = [GROUPS / f"cnnlab-bench-{os.getpid()}-{number}" for number in range(count)]
    try:
        for group in groups:
            group.mkdir()
            period = int((group / "cpu.cfs_period_us").read_text())
            (group / "cpu.cfs_quota_us").write_text(str(int(share * period)))
        enter = 'echo $$ > "$0/cgroup.procs"; exec "$@"'
        yield [["sh", "-c", enter, str(group)] for group in groups]
    finally:
        for group in groups:
            _remove(group)


def _remove(group: Path) -> None:
    """Its processes have been killed; the kernel needs a moment to forget them."""
    for _ in range(100):
        with suppress(OSError):
            group.rmdir()
        if not group.exists():
            return
        sleep(0.05)


def pinned(core: int) -> list[str]:
    """What stands before a command that may use one processor only."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--class-size", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--chapter", default="ch05")
    parser.add_argument("--share", type=float, help="of a processor, for each worker")
    given = arguments(parser, class_size=4, rounds=1, chapter="ch01")
    cores = [pinned(core) for core in sorted(os.sched_getaffinity(0))[:2]]
    chapter = find_chapter(given.chapter)
    found: dict[int, list[float]] = {1: [], 2: []}
    shared: list[float] = []
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        if given.share:
            cores = stack.enter_context(slow_machines(3, given.share))
        one = stack.enter_context(Machines(workers=1, before=[[], *cores[-1:]]))
        two = stack.enter_context(Machines(workers=2, before=[[], *cores[:2]]))
        paths = class_of(Path(name), chapter, given.class_size)
        for machines in (one, two):  # so that each has started once
            seconds(paths[:4], machines.address)
        for _ in range(given.rounds):
            for count, machines in ((1, one), (2, two)):
                before = busy(machines)
                found[count].append(seconds(paths, machines.address))
                shared.append((busy(machines) - before) / len(paths))
    for count, each in found.items():
        print(f"{count} of {chapter}: each {1000 * median(each):8.1f} ms")
    print(f"batch and scheduler: {1000 * median(shared):8.1f} ms of processor time each")
    ratio = median(a / b for a, b in zip(found[1], found[2], strict=True))
    print(f"ratio {ratio:.2f}, target {TARGET}")


if __name__ == "__main__":
    main()
