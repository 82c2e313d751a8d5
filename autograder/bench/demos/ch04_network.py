"""Chapter 4's demo: from a changed layer to the new counts."""

from __future__ import annotations

import time
from functools import partial

from cnnlab.course.demos.ch04_network import PRESETS, demo
from cnnlab.course.ops import layers


def stack_ms(preset: str, repeat: int) -> list[float]:
    """Milliseconds from a changed layer to chapter 4's new counts."""
    widget = demo(layers.count_parameters, layers.count_macs)
    times = []
    for _ in range(repeat):
        widget.layers = [["flatten"], ["dense", 1]]
        start = time.perf_counter()
        widget.layers = PRESETS[preset]
        times.append(1000 * (time.perf_counter() - start))
        if len(widget.rows) != len(widget.layers):
            raise RuntimeError(f"the counts did not follow {preset!r}: {widget.trouble}")
    return times


CASES = {preset: partial(stack_ms, preset) for preset in PRESETS}
