"""Grading a class: submissions per second, and the memory that it takes.

    python autograder/bench/bench_grading.py [--class-size 300] [--workers 1 2] [--tiny]

Chapter 1, solved, flipped and half-solved notebooks in turn; in the sandbox, with recorded
references, and each class once without and once with a journal. Starting up is told apart from
what each further submission costs. On a busy machine, compare the processor time: outside the
sandbox, and inside (the zygotes, and learner code).
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from time import perf_counter

import psutil

from cnnlab.autograder.batch import grade
from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.journal import Journal
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.tests.handins import NOTEBOOK, flipped, hand_in, stub


def class_of(folder: Path, size: int) -> list[Path]:
    """Notebooks of a class, one folder each."""
    kinds = [hand_in(), hand_in(conv2d=flipped()), hand_in(relu=stub("relu"))]
    paths = []
    for i in range(size):
        place = folder / f"student{i:05}"
        place.mkdir()
        (place / NOTEBOOK).write_text(kinds[i % len(kinds)])
        paths.append(place / NOTEBOOK)
    return paths


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and processor seconds outside and inside the sandbox."""

    wall: float
    judges: float
    sandbox: float

    def each_more(self, fewer: Cost, count: int) -> Cost:
        """What each of ``count`` submissions costs, by which a class is larger."""
        return Cost(*((a - b) / count for a, b in zip(astuple(self), astuple(fewer), strict=True)))


def cost(paths: list[Path], workers: int, journaled: bool) -> Cost:
    """What a class costs, until its last result is there."""
    start = perf_counter()
    judges, sandbox = processor()
    total, left = Cost(0, 0, 0), len(paths)

    def seen(result: SubmissionResult) -> None:
        nonlocal total, left
        if result.status != "graded" or result.score == 0:
            raise RuntimeError("a submission of the bench was not graded")
        left -= 1
        if not left:
            now = processor()
            total = Cost(perf_counter() - start, now[0] - judges, now[1] - sandbox)

    settings = Settings(fresh=False, workers=workers)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        journal = None
        if journaled:
            journal = stack.enter_context(Journal.begin(Path(name, "journal"), 0))
        grade(paths, settings, seen, journal)
    return total


def processor() -> tuple[float, float]:
    """Processor seconds so far: of this process and its pool, and of all behind bubblewrap.

    A process may end between two looks. Then its parent has its time, so a parent's time is read
    after its children have been listed, and before theirs.
    """
    spent = {False: sum(psutil.Process().cpu_times()[:2]), True: 0.0}
    waiting = [(child, False) for child in psutil.Process().children()]
    while waiting:
        process, sandboxed = waiting.pop()
        with suppress(psutil.NoSuchProcess):
            sandboxed = sandboxed or process.name() == "bwrap"
            children = process.children()
            spent[sandboxed] += sum(process.cpu_times()[:4])
            waiting += [(child, sandboxed) for child in children]
    return spent[False], spent[True]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--class-size", type=int, default=300)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = arguments(parser, class_size=6)
    titles = (
        "processes",
        "journal",
        "start",
        "each",
        "per second",
        "CPU judge",
        "CPU sandbox",
        "memory",
    )
    print("".join(f"{title:>11}" for title in titles))
    with tempfile.TemporaryDirectory() as name:
        paths = class_of(Path(name), given.class_size)
        few = paths[: max(len(paths) // 10, 2)]
        for workers, journaled in product(given.workers, (False, True)):
            short = cost(few, workers, journaled)
            each = cost(paths, workers, journaled).each_more(short, len(paths) - len(few))
            start = short.wall - each.wall * len(few)
            memory = psutil.Process().memory_info().rss / 2**20
            row = f"{workers:11}{'yes' if journaled else 'no':>11}{start:10.2f}s"
            row += f"{1000 * each.wall:9.1f}ms{1 / each.wall:11.1f}"
            row += f"{1000 * each.judges:9.1f}ms{1000 * each.sandbox:9.1f}ms{memory:9.0f}MB"
            print(row)


if __name__ == "__main__":
    main()
