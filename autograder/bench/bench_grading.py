"""Grading a class: submissions per second, and the memory that it takes.

    python autograder/bench/bench_grading.py [--class-size 300] [--workers 1 2]

Chapter 1, solved, untouched and flipped notebooks in turn, walls and recorded references.
Starting up is told apart from what each further submission costs.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path
from time import perf_counter

from cnnlab.autograder.batch import Settings, grade
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


def seconds(paths: list[Path], workers: int) -> float:
    """How long a class takes, start and end included."""
    start = perf_counter()
    batch = grade(paths, Settings(fresh=False, workers=workers))
    if any(s.status != "graded" or s.score == 0 for s in batch.submissions):
        raise RuntimeError("a submission of the bench was not graded")
    return perf_counter() - start


def megabytes() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--class-size", type=int, default=300)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    print(f"{'processes':>10}{'start':>9}{'each':>10}{'per second':>12}{'memory':>10}")
    with tempfile.TemporaryDirectory() as name:
        paths = class_of(Path(name), given.class_size)
        few = paths[: max(len(paths) // 10, 2)]
        for workers in given.workers:
            short, long = seconds(few, workers), seconds(paths, workers)
            each = (long - short) / (len(paths) - len(few))
            start = short - each * len(few)
            row = f"{workers:10}{start:8.2f}s{1000 * each:8.1f}ms{1 / each:12.1f}"
            print(f"{row}{megabytes():8.0f}MB")


if __name__ == "__main__":
    main()
