"""Chapter 12's demo: a forward pass of SqueezeNet, where its weights are at hand."""

from __future__ import annotations

import time
from collections.abc import Iterator

from cnnlab.autograder.bench.demos.case import Case
from cnnlab.course.demos import ch12_explanations as demo


def occluder_ms(repeat: int) -> list[float]:
    """Milliseconds from a new place of chapter 12's occluder to the classes' new logits."""
    from cnnlab.course.networks import explain

    functions = (explain.saliency, explain.grad_cam, explain.occlusion_map)
    widget = demo.demo(*functions, explain.load_explained(), row=0, column=0)
    times = []
    for step in range(1, repeat + 1):
        before = widget.bars
        start = time.perf_counter()
        widget.setting = {**widget.setting, "row": step, "column": step}
        times.append(1000 * (time.perf_counter() - start))
        if widget.bars == before:
            raise RuntimeError(f"the logits did not follow the occluder to {step}")
    return times


def cases(repeat: int) -> Iterator[Case]:
    yield Case("network", "occluder", occluder_ms(repeat))
