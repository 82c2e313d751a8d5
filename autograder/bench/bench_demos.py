"""How long a demo takes to answer: from a changed trait to the new result.

    python autograder/bench/bench_demos.py [--repeat 15 | --tiny]

Each file in ``demos/`` is named as the chapter whose demo it moves. Its ``CASES`` say what is
done, each a function from a number of rounds to the milliseconds of each; ``WITHOUT_TARGET``
those that are only shown. Prints the median and the slowest of each, and exits with 1 where a
median is over 50 ms. The way to the browser is not in it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from importlib import import_module
from pathlib import Path

from cnnlab.autograder.bench.tiny import arguments

TARGET_MS = 50.0
DEMOS = sorted(path.stem for path in Path(__file__).parent.glob("demos/ch[0-9][0-9]_*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    given = arguments(parser, repeat=2)
    slowest = 0.0
    for name in DEMOS:
        demo = import_module(f"cnnlab.autograder.bench.demos.{name}")
        without = getattr(demo, "WITHOUT_TARGET", {})
        for case, answer_ms in {**demo.CASES, **without}.items():
            times = answer_ms(given.repeat)
            median = statistics.median(times)
            if case in demo.CASES:
                slowest = max(slowest, median)
            note = "  (no target)" if case in without else ""
            print(
                f"{name[:4]} {case:26} median {median:6.1f} ms, slowest {max(times):6.1f} ms{note}"
            )
    print(f"target {TARGET_MS:.0f} ms, worst median {slowest:.1f} ms")
    return int(slowest > TARGET_MS and not given.tiny)


if __name__ == "__main__":
    sys.exit(main())
