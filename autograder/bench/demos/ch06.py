"""Chapter 6's demo: the curves of a short and a long run."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch06_cats_dogs as demo
from cnnlab.course.ops import evaluation
from cnnlab.course.training.histories import History


def scrub_ms(epochs: int, repeat: int) -> list[float]:
    """Milliseconds from a moved slider to chapter 6's new curves, at the end of a long run."""
    t = np.arange(epochs)
    run = History("plain", 0, np.exp(-t / 9), 1 - np.exp(-t / 9), 1 + t / 99, t / epochs, 0.7, {})
    widget = demo.demo(evaluation.smooth, evaluation.overfit_epoch, {"plain": [run]})
    times = []
    for _ in range(repeat):
        widget.setting = {**widget.setting, "epoch": 0}
        start = time.perf_counter()
        widget.setting = {**widget.setting, "epoch": epochs - 1}
        times.append(1000 * (time.perf_counter() - start))
        if len(widget.smooth["training"]) != epochs or widget.message:
            raise RuntimeError(f"the curves did not follow: {widget.message}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for epochs in (50, 300):
        yield Case("curves", f"{epochs} epochs", scrub_ms(epochs, repeat))
