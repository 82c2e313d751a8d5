"""Chapter 11's demo: a step of gradient ascent on the small VGG."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch11_filters_classes as demo
from cnnlab.course.ops import ascent

Array = NDArray[np.float64]


def plain_step(image: Array, gradient: Array, rate: float) -> Array:
    """Chapter 11's step, as in the chapter."""
    step: Array = image + rate * gradient / (np.sqrt(np.mean(gradient**2)) + 1e-8)
    return step


def climb_ms(layer: str, repeat: int) -> list[float]:
    """Milliseconds of each of chapter 11's steps on the small VGG, the first ones left out.

    Ten steps in a second are promised, so 100 ms would do.
    """
    widget = demo.demo(plain_step, ascent.total_variation)
    widget.setting = {**widget.setting, "layer": layer, "tv": 0.2, "l6": 0.5, "jitter": 4}
    for _ in range(3):  # TensorFlow traces the layer's gradient
        widget.climb()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        widget.climb()
        times.append(1000 * (time.perf_counter() - start))
    if widget.step != repeat + 3 or widget.message:
        raise RuntimeError(f"{layer} was not climbed: {widget.message}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    for layer in ("block1_conv1", "block3_conv3", "block5_conv3"):
        yield Case("steps", layer, climb_ms(layer, repeat))
