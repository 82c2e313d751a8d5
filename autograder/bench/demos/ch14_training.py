"""Chapter 14's demo: from a menu to a network that is trained anew."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from cnnlab.course.demos.ch14_training import demo
from cnnlab.course.ops import training as ops

SETTINGS: dict[str, dict[str, Any]] = {
    "four layers": {"hidden layers": "4"},
    "eight layers, batch norm": {"hidden layers": "8", "batch norm": True, "one batch": True},
}


def trained_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a menu to chapter 14's trained network."""
    widget = demo(ops.he_normal, ops.batch_norm, ops.adam_step)
    times = []
    for _ in range(repeat):
        widget.chosen = {"hidden layers": "1"}
        before = widget.run
        start = time.perf_counter()
        widget.chosen = setting
        times.append(1000 * (time.perf_counter() - start))
        if widget.run == before or widget.message:
            raise RuntimeError(f"the network did not follow {setting}: {widget.message}")
    return times


CASES = {name: partial(trained_ms, setting) for name, setting in SETTINGS.items()}
