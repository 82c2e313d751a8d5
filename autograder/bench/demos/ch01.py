"""Chapter 1's demo: a new kernel on the largest picture, with the loops that a learner writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch01_convolution as demo

Array = NDArray[np.float64]


def sums(image: Array, kernel: Array) -> Array:
    """Two loops and a sum, as in the chapter."""
    kh, kw = kernel.shape
    out: Array = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
    return out


def four_loops(image: Array, kernel: Array) -> Array:
    """No NumPy inside: the slowest way that learners find."""
    kh, kw = kernel.shape
    out: Array = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
    return out


def updates_ms(function: Callable[..., Any], preset: str, repeat: int) -> list[float]:
    """Milliseconds of each update when this kernel is chosen, every time from another one."""
    widget = demo.demo(function)
    times = []
    for _ in range(repeat):
        widget.kernel = [[2.0]]
        before = widget.feature_map
        start = time.perf_counter()
        widget.kernel = demo.PRESETS[preset]
        times.append(1000 * (time.perf_counter() - start))
        if widget.feature_map == before or not widget.learners:
            raise RuntimeError(f"the map did not follow the kernel {preset!r}: {widget.message}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for function in (sums, four_loops):
        for preset in ("one row", "vertical edges", "wide blur"):
            times = updates_ms(function, preset, repeat)
            yield Case(function.__name__, preset, times, function is sums)
