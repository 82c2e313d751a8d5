"""How long chapter 5 takes: its demo's update, and the training at its end.

    python autograder/bench/bench_ch05.py [--repeat 15] [--training] [--tiny]

Everything runs the chapter's own solutions, in loops as learners write them. Exits with 1 where
a median update is over 50 ms or the training is not done after a minute.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.submission.solutions import solution_source
from cnnlab.course.demos import ch05_backprop as ch05
from cnnlab.course.training.by_hand import keras_curve, train
from cnnlab.datasets.pictures import load_cats_dogs

TARGET_MS = 50.0
TARGET_S = 60.0
Functions = dict[str, Callable[..., Any]]


def solutions() -> Functions:
    """The chapter's own solutions, and the prelude that they call."""
    chapter = load_chapter("ch05_backprop")
    namespace: Functions = {}
    exec(chapter.prelude, namespace)
    for exercise in chapter.exercises:
        exec(solution_source(chapter.name, exercise.name), namespace)
    return namespace


def updates_ms(functions: Functions, picture: str, repeat: int) -> list[float]:
    """Milliseconds from a click to the new maps, all cells chosen in turn."""
    names = "conv2d_backward", "relu_backward", "max_pool2d_backward"
    widget = ch05.demo(*(functions[name] for name in names))
    widget.setting = {**widget.setting, "picture": picture}
    times = []
    for turn in range(repeat):
        before = widget.values
        start = time.perf_counter()
        widget.setting = {**widget.setting, "chosen": [[turn % 2, 0]]}
        times.append(1000 * (time.perf_counter() - start))
        if widget.values == before or not all(widget.learners):
            raise RuntimeError(f"the maps did not follow the click: {widget.message}")
    return times


def training_seconds(functions: Functions, limit: float) -> float:
    """Seconds for the training, which ends at ``limit``, and how far it is from Keras."""
    run = train(functions["train_step"], load_cats_dogs(), seconds=limit)
    steps, whole = len(run.losses), keras_curve().losses
    apart = max(abs(a - b) for a, b in zip(run.losses, whole[:steps], strict=True))
    print(
        f"ch05 training   {steps} of {len(whole)} steps in {run.seconds:.1f} s, "
        f"losses at most {apart:.1e} from Keras's"
    )
    return run.seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--training", action="store_true", help="the training, too")
    given = arguments(parser, repeat=2, training=True)
    functions, slow = solutions(), False
    for picture in ch05.pictures():
        times = updates_ms(functions, picture, given.repeat)
        median = statistics.median(times)
        slow |= median > TARGET_MS
        print(f"ch05 demo {picture:15} median {median:6.1f} ms, slowest {max(times):6.1f} ms")
    if given.training:
        slow |= training_seconds(functions, 1.0 if given.tiny else 10 * TARGET_S) > TARGET_S
    return int(slow and not given.tiny)


if __name__ == "__main__":
    sys.exit(main())
