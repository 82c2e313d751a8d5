"""Chapter 13's demo: the matrix of patches."""

from __future__ import annotations

import time
from collections.abc import Iterator

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch13_fast_convolution as demo
from cnnlab.course.ops import fast

PATCHES = {
    "the first": {"size": "2 × 2"},
    "the largest": {"size": "3 × 3", "padding": "same", "channels": "2"},
}


def patches_ms(setting: dict[str, str], repeat: int) -> list[float]:
    """Milliseconds from a menu to chapter 13's new matrix."""
    widget = demo.demo(fast.im2col)
    times = []
    for _ in range(repeat):
        widget.setting = {**widget.setting, "size": "1 × 3"}
        before = widget.matrix
        start = time.perf_counter()
        widget.setting = {**widget.setting, **setting}
        times.append(1000 * (time.perf_counter() - start))
        if widget.matrix == before or not widget.learners:
            raise RuntimeError(f"the matrix did not follow {setting}: {widget.message}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for name, setting in PATCHES.items():
        yield Case("patches", name, patches_ms(setting, repeat))
