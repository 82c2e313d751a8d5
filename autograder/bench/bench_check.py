"""How long a learner waits: the import, and ``check(f)`` for right and wrong versions.

    python autograder/bench/bench_check.py [CHAPTER [ROUNDS] | --tiny]

The "first" column is the first check of a version; p50 and p95 are over all further ones. All are
wall-clock times with the card; "CPU" is the processor's share of the median one, for machines
that do other work, too.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter, process_time
from typing import Any

import numpy as np

from cnnlab.autograder import check, start
from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.judging.exercise import Exercise, find_chapter, load_chapter
from cnnlab.autograder.quality.mutation import mutants
from cnnlab.autograder.submission.solutions import solution_source

ROUNDS = 30
IMPORTS = {
    "the four names": "from cnnlab.autograder import start, check, hint, solution",
    "NumPy alone": "import numpy",
}
IMPORT = "import time; t = time.perf_counter()\n{}\nprint(time.perf_counter() - t)"


def import_seconds(statement: str, rounds: int) -> float:
    """The best of some imports, each in a new interpreter."""
    command = [sys.executable, "-c", IMPORT.format(statement)]
    said = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for _ in range(rounds)
    ]
    return min(map(float, said))


def solutions(chapter: str) -> dict[str, Any]:
    """The namespace of a notebook whose exercises are all solved."""
    namespace: dict[str, Any] = {"np": np, "math": math}
    exec(load_chapter(chapter).prelude, namespace)
    for exercise in load_chapter(chapter).exercises:
        exec(solution_source(chapter, exercise.name), namespace)
    return namespace


def mistaken(chapter: str, exercise: str, namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Solutions with one change each: for models, whose twists are twists of a description."""
    for mutant in islice(mutants(exercise, solution_source(chapter, exercise)), 0, None, 12):
        space = dict(namespace)
        exec(mutant.source, space)
        yield mutant.change.partition("\n+ ")[2].strip()[-22:], space[exercise]


def versions(
    chapter: str, exercise: Exercise, namespace: dict[str, Any]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The solution, every mistake made with it, and functions that no mistake explains."""
    solved = namespace[exercise.name]

    def breaks(*args: Any) -> Any:
        return np.asarray(args[0])[1000]

    def breaks_sometimes(*args: Any) -> Any:
        if np.size(args[0]) % 2:
            raise IndexError("off the edge")
        return solved(*args)

    def unnamed(*args: Any) -> Any:
        return 1.5 * np.asarray(solved(*args))

    yield "solution", solved
    yield "(breaks)", breaks  # before the twists, whose predictions later checks reuse
    if exercise.simulated:
        yield from mistaken(chapter, exercise.name, namespace)
        return
    for twist in exercise.twists:
        yield twist.name, twist.apply(solved)
    yield "(breaks sometimes)", breaks_sometimes
    yield "(wrong, no name)", unnamed


def waits(name: str, function: Callable[..., Any], rounds: int) -> tuple[list[float], float]:
    """Wall-clock seconds of one check after another, card included, and the median CPU time."""

    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    called.__name__ = name
    times, processor = [], []
    for _ in range(rounds):
        begin, busy = perf_counter(), process_time()
        check(called)._repr_html_()
        times.append(perf_counter() - begin)
        processor.append(process_time() - busy)
    return times, float(np.median(processor))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("chapter", nargs="?", default="ch01")
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    given = arguments(parser, rounds=2)
    names, best_of = (
        "from cnnlab.autograder import start, check, hint, solution",
        min(given.rounds, 5),
    )
    print(f"import of the four names {1e3 * import_seconds(names, best_of):.0f} ms", end=", ")
    print(f"of NumPy alone {1e3 * import_seconds('import numpy', best_of):.0f} ms")
    chapter = find_chapter(given.chapter)
    begin = perf_counter()
    start(chapter)
    print(f"start({chapter!r}) {1e3 * (perf_counter() - begin):.0f} ms\n")
    print(f"{'exercise':<16}{'version':<24}{'first':>9}{'p50':>9}{'p95':>9}{'CPU':>9}  (ms)")
    solved, everything = solutions(chapter), []
    for exercise in load_chapter(chapter).exercises:
        for label, function in versions(chapter, exercise, solved):
            (first, *rest), processor = waits(exercise.name, function, given.rounds)
            numbers = [first, *np.percentile(rest, [50, 95]), processor]
            columns = "".join(f"{1e3 * seconds:9.1f}" for seconds in numbers)
            print(f"{exercise.name:<16}{label:<24}{columns}", flush=True)
            everything += [first, *rest]
    p50, p95 = np.percentile(everything, [50, 95])
    print(f"\nall {len(everything)} checks: p50 {1e3 * p50:.1f} ms, p95 {1e3 * p95:.1f} ms")
    print(f"slowest {1e3 * max(everything):.1f} ms")


if __name__ == "__main__":
    main()
