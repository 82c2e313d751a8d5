"""Chapter 1's demo: from a chosen kernel to the map of the largest picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.demos.ch01_convolution import PRESETS, demo

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
    widget = demo(function)
    times = []
    for _ in range(repeat):
        widget.kernel = [[2.0]]
        before = widget.feature_map
        start = time.perf_counter()
        widget.kernel = PRESETS[preset]
        times.append(1000 * (time.perf_counter() - start))
        if widget.feature_map == before or not widget.learners:
            raise RuntimeError(f"the map did not follow the kernel {preset!r}: {widget.message}")
    return times


KERNELS = "one row", "vertical edges", "wide blur"
CASES = {f"sums {name}": partial(updates_ms, sums, name) for name in KERNELS}
WITHOUT_TARGET = {f"four loops {name}": partial(updates_ms, four_loops, name) for name in KERNELS}
