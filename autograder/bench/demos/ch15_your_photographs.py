"""Chapter 15's demo: from a slider to the new reliability diagram."""

from __future__ import annotations

import time

from cnnlab.course.demos.ch15_your_photographs import MOST_BINS, demo
from cnnlab.course.ops.calibration import calibration, worst_mistakes


def bins_ms(repeat: int) -> list[float]:
    """Milliseconds from another number of chapter 15's bins to the new bars."""
    widget = demo(worst_mistakes, calibration)
    times = []
    for step in range(1, repeat + 1):
        bins = 1 + step % MOST_BINS
        start = time.perf_counter()
        widget.setting = {**widget.setting, "bins": bins}
        times.append(1000 * (time.perf_counter() - start))
        if len(widget.bars) != bins:
            raise RuntimeError(f"the bars did not follow the slider to {bins}")
    return times


CASES = {"bins": bins_ms}
