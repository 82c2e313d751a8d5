"""Chapter 2's demo: a moved slider, with a layer in loops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course import ops
from cnnlab.course.demos import ch02_stride_padding as demo

Array = NDArray[np.float64]


SETTINGS = {
    "the first": {},
    "largest, 5 × 5": {"size": [12, 12], "k": [5, 5], "stride": [1, 1]},
    "dilation 2 × 3": {"size": [12, 12], "stride": [1, 1], "dilation": [2, 3]},
}


def strided(
    x: Array,
    kernels: Array,
    bias: Array,
    strides: tuple[int, int],
    padding: str,
    dilation: tuple[int, int],
) -> Array:
    """Chapter 2's layer in loops over the taps, one number at a time."""
    axes = list(zip(x.shape[1:3], kernels.shape[:2], strides, dilation, strict=True))
    rows, columns = (ops.output_size(n, k, s, padding, d) for n, k, s, d in axes)
    if padding == "same":
        x = ops.pad2d(x, *(ops.same_padding(n, k, s, d) for n, k, s, d in axes))
    out: Array = np.zeros((len(x), rows, columns, len(bias))) + bias
    for n, i, j, f in np.ndindex(out.shape):
        for a, b, c in np.ndindex(kernels.shape[:3]):
            row, column = i * strides[0] + a * dilation[0], j * strides[1] + b * dilation[1]
            out[n, i, j, f] += x[n, row, column, c] * kernels[a, b, c, f]
    return out


def setting_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a moved slider to chapter 2's new map."""
    widget = demo.demo(strided)
    wanted = {**widget.setting, **setting}
    times = []
    for _ in range(repeat):
        widget.setting = {**wanted, "size": [6, 5], "k": [2, 2]}
        before = widget.feature_map
        start = time.perf_counter()
        widget.setting = wanted
        times.append(1000 * (time.perf_counter() - start))
        if widget.feature_map == before or not widget.learners:
            raise RuntimeError(f"the map did not follow {setting}: {widget.message}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for name, setting in SETTINGS.items():
        yield Case("loops", name, setting_ms(setting, repeat))
