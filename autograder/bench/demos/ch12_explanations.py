"""Chapter 12's demo: from a moved occluder to the new logits, one forward pass of its network."""

from __future__ import annotations

import time

from cnnlab.course.demos.ch12_explanations import demo


def occluder_ms(repeat: int) -> list[float]:
    """Milliseconds from a new place of chapter 12's occluder to the classes' new logits."""
    from cnnlab.course.networks import explain

    functions = (explain.saliency, explain.grad_cam, explain.occlusion_map)
    widget = demo(*functions, explain.load_explained(), row=0, column=0)
    times = []
    for step in range(1, repeat + 1):
        before = widget.bars
        start = time.perf_counter()
        widget.setting = {**widget.setting, "row": step, "column": step}
        times.append(1000 * (time.perf_counter() - start))
        if widget.bars == before:
            raise RuntimeError(f"the logits did not follow the occluder to {step}")
    return times


CASES = {"occluder": occluder_ms}
