"""Chapter 3's demo: a shifted picture, with pooling in loops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course import ops
from cnnlab.course.demos import ch03_pooling as demo

Array = NDArray[np.float64]


SHIFTED = {
    "2 × 2": {},
    "3 × 3 by 2, same": {"size": [3, 3], "stride": [2, 2], "padding": "same"},
    "6 × 6 by 1": {"size": [6, 6], "stride": [1, 1]},
}


def pooled(x: Array, size: tuple[int, int], strides: tuple[int, int] | None, padding: str) -> Array:
    """Chapter 3's max pooling in loops over the windows' cells, one number at a time."""
    steps = strides or size
    (rows, top), (columns, left) = (
        (ops.output_size(n, k, s, padding), ops.same_padding(n, k, s)[0] * (padding == "same"))
        for n, k, s in zip(x.shape[1:3], size, steps, strict=True)
    )
    out: Array = np.full((len(x), rows, columns, x.shape[3]), -np.inf)
    for n, i, j, c in np.ndindex(out.shape):
        for a, b in np.ndindex(size):
            row, column = i * steps[0] + a - top, j * steps[1] + b - left
            if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                out[n, i, j, c] = max(out[n, i, j, c], x[n, row, column, c])
    return out


def shift_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a shift to chapter 3's new numbers, of both pictures."""
    widget = demo.demo(pooled)
    times = []
    for _ in range(repeat):
        widget.setting = {**widget.setting, **setting, "shift": [0, 0]}
        before = widget.pooled
        start = time.perf_counter()
        widget.setting = {**widget.setting, "shift": [1, 1]}
        times.append(1000 * (time.perf_counter() - start))
        if widget.pooled == before or not widget.learners:
            raise RuntimeError(f"the numbers did not follow {setting}: {widget.message}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for name, setting in SHIFTED.items():
        yield Case("loops", name, shift_ms(setting, repeat))
