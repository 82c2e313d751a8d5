"""How long a demo takes to answer: from a changed trait to the new result.

    python autograder/bench/bench_demos.py [--repeat 15 | --tiny]

Each chapter's demo has a file in ``bench/demos``, which says what is changed there. Prints the
median and the slowest update of each case; exits with 1 where a median is over 50 ms. The way to
the browser is not in it.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.autograder.bench.tiny import arguments

TARGET_MS = 50.0


def cases(repeat: int) -> Iterator[tuple[str, Case]]:
    """Every chapter's cases, timed, each with the chapter's number."""
    for path in sorted((Path(__file__).parent / "demos").glob("ch[0-9][0-9].py")):
        module = importlib.import_module(f"cnnlab.autograder.bench.demos.{path.stem}")
        yield from ((path.stem, case) for case in module.cases(repeat))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    given = arguments(parser, repeat=2)
    slowest = 0.0
    for chapter, case in cases(given.repeat):
        median = statistics.median(case.times)
        slowest = max(slowest, median if case.judged else 0.0)
        note = "" if case.judged else "  (no target)"
        print(
            f"{chapter} {case.kind:10} {case.name:15} "
            f"median {median:6.1f} ms, slowest {max(case.times):6.1f} ms{note}"
        )
    print(f"target {TARGET_MS:.0f} ms, worst median {slowest:.1f} ms")
    return int(slowest > TARGET_MS and not given.tiny)


if __name__ == "__main__":
    sys.exit(main())
