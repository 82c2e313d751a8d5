"""Chapter 4's demo: the counts of each network."""

from __future__ import annotations

import time
from collections.abc import Iterator

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch04_network as demo
from cnnlab.course.ops import layers


def stack_ms(preset: str, repeat: int) -> list[float]:
    """Milliseconds from a changed layer to chapter 4's new counts."""
    widget = demo.demo(layers.count_parameters, layers.count_macs)
    times = []
    for _ in range(repeat):
        widget.layers = [["flatten"], ["dense", 1]]
        start = time.perf_counter()
        widget.layers = demo.PRESETS[preset]
        times.append(1000 * (time.perf_counter() - start))
        if len(widget.rows) != len(widget.layers):
            raise RuntimeError(f"the counts did not follow {preset!r}: {widget.trouble}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for preset in demo.PRESETS:
        yield Case("counts", preset, stack_ms(preset, repeat))
