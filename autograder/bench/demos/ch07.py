"""Chapter 7's demo: the thinned network, with dropout in a loop."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch07_dropout as demo

Array = NDArray[np.float64]


def lots(
    x: Array, rate: float, rng: np.random.Generator, training: bool = True
) -> tuple[Array, NDArray[np.bool_]]:
    """Chapter 7's dropout, one number after another."""
    out, mask = np.zeros_like(x), np.zeros(x.shape, bool)
    for place in np.ndindex(x.shape):
        mask[place] = not training or rng.random() >= rate
        if mask[place]:
            out[place] = x[place] / (1 - rate if training else 1)
    return out, mask


def thinned_ms(rate: float, repeat: int) -> list[float]:
    """Milliseconds from a moved rate to chapter 7's thinned network and its averages."""
    widget = demo.demo(lots)
    times = []
    for _ in range(repeat):
        widget.rate = 0.0
        before = widget.thinned
        start = time.perf_counter()
        widget.rate = rate
        times.append(1000 * (time.perf_counter() - start))
        if widget.thinned == before or not widget.learners:
            raise RuntimeError(f"the network did not follow {rate}: {widget.message}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for rate in (0.3, 0.8):
        yield Case("loops", f"rate {rate}", thinned_ms(rate, repeat))
