"""Chapter 9's demo: another photograph."""

from __future__ import annotations

import time
from collections.abc import Iterator

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch09_vgg as demo
from cnnlab.course.ops import layers


def photograph_ms(repeat: int) -> list[float]:
    """Milliseconds from the menu to chapter 9's other photograph; units move in the page alone."""
    widget = demo.demo(layers.receptive_field)
    times = []
    for _ in range(repeat):
        before = widget.source
        start = time.perf_counter()
        widget.picture = "coffee" if widget.picture == "chelsea" else "chelsea"
        times.append(1000 * (time.perf_counter() - start))
        if widget.source == before or not widget.learners:
            raise RuntimeError(f"the photograph did not follow {widget.picture!r}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    yield Case("vgg16", "photograph", photograph_ms(repeat))
