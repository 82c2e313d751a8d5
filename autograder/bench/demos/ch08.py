"""Chapter 8's demo: twelve variants of a picture."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch08_augmentation as demo
from cnnlab.course.ops import augmentation

VARIANTS: dict[str, dict[str, int]] = {
    "the first": {},
    "every change": {"shift": 20, "degrees": 40, "zoom": 30},
}


def variants_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a new draw to chapter 8's twelve variants, by vectorised functions."""
    widget = demo.demo(
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


def cases(repeat: int) -> Iterator[Case]:
    for name, setting in VARIANTS.items():
        yield Case("arrays", name, variants_ms(setting, repeat))
