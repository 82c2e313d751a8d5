"""Chapter 8's demo: from a new draw to twelve variants."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from cnnlab.course.demos.ch08_augmentation import demo
from cnnlab.course.ops import augmentation

VARIANTS: dict[str, dict[str, int]] = {
    "the first": {},
    "every change": {"shift": 20, "degrees": 40, "zoom": 30},
}


def variants_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a new draw to chapter 8's twelve variants, by vectorised functions."""
    widget = demo(
        augmentation.hflip, augmentation.shift, augmentation.adjust_contrast, augmentation.affine
    )
    times = []
    for number in range(1, repeat + 1):
        before = widget.variants
        start = time.perf_counter()
        widget.setting = {**widget.setting, **setting, "draw": number}
        times.append(1000 * (time.perf_counter() - start))
        if widget.variants == before or not widget.learners:
            raise RuntimeError(f"the variants did not follow {setting}: {widget.message}")
    return times


CASES = {name: partial(variants_ms, setting) for name, setting in VARIANTS.items()}
