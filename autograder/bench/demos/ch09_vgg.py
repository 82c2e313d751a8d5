"""Chapter 9's demo: from the menu to the other photograph."""

from __future__ import annotations

import time

from cnnlab.course.demos.ch09_vgg import demo
from cnnlab.course.ops import layers


def photograph_ms(repeat: int) -> list[float]:
    """Milliseconds from the menu to chapter 9's other photograph; units move in the page alone."""
    widget = demo(layers.receptive_field)
    times = []
    for _ in range(repeat):
        before = widget.source
        start = time.perf_counter()
        widget.picture = "coffee" if widget.picture == "chelsea" else "chelsea"
        times.append(1000 * (time.perf_counter() - start))
        if widget.source == before or not widget.learners:
            raise RuntimeError(f"the photograph did not follow {widget.picture!r}")
    return times


CASES = {"photograph": photograph_ms}
