"""How long chapters 9 and 10 wait for VGG16: building it, and all feature maps of a photograph.

    python autograder/bench/bench_vgg.py [--repeat 5 | --tiny] [--genuine]

Weights are random unless ``--genuine`` loads ImageNet's (from the cache, or fetched): what a layer
costs does not depend on its numbers. Beside the clock stands the processor's time on all cores,
which a busy machine changes little. Exits with 1 where a median is above its target.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.submission.solutions import solution_source
from cnnlab.course.demos import ch09_vgg, ch10_feature_maps
from cnnlab.course.networks.pretrained import as_batch, load_vgg16
from cnnlab.course.networks.quiet import keras
from cnnlab.course.networks.vgg import build_vgg
from cnnlab.datasets.load import photo

TARGETS = {
    "build VGG16, 138 million parameters": 2.0,
    "build its convolutional part": 2.0,
    "feature maps of all 18 layers": 2.0,
    "demo of chapter 9, from the call on": 2.0,
    "demo of chapter 10, another layer": 0.05,
}


def solution(chapter: str, exercise: str) -> Callable[..., Any]:
    """The chapter's own solution."""
    namespace: dict[str, Any] = {}
    exec(load_chapter(chapter).prelude, namespace)
    exec(solution_source(chapter, exercise), namespace)
    found: Callable[..., Any] = namespace[exercise]
    return found


def timed(action: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor on all cores."""
    clock, processor = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - clock, time.process_time() - processor


def actions(model: Any) -> dict[str, Callable[[], Any]]:
    """What is measured, by name."""
    chelsea = as_batch(photo("chelsea"), (224, 224))[0]
    names = [layer.name for layer in model.layers[1:]]
    feature_maps = solution("ch10_feature_maps", "feature_maps")
    receptive_field = solution("ch09_vgg", "receptive_field")
    demo, turn = ch10_feature_maps.demo(feature_maps, model), iter(names * 100)

    def whole() -> None:
        solution("ch09_vgg", "build_vgg16")()
        keras.backend.clear_session()

    def next_layer() -> None:
        demo.setting = {**demo.setting, "layer": next(turn)}

    found = (
        whole,
        lambda: build_vgg((None, None, 3), classes=None),
        lambda: feature_maps(model, chelsea, names),
        lambda: ch09_vgg.demo(receptive_field),
        next_layer,
    )
    return dict(zip(TARGETS, found, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--genuine", action="store_true", help="ImageNet's weights")
    given = arguments(parser, repeat=1)
    start = time.perf_counter()
    model = load_vgg16() if given.genuine else build_vgg((None, None, 3), classes=None)
    print(
        f"{'genuine' if given.genuine else 'random'} weights, {time.perf_counter() - start:.2f} s"
    )
    slow = False
    for name, action in actions(model).items():
        clock, processor = zip(*(timed(action) for _ in range(given.repeat)), strict=True)
        median, target = statistics.median(clock), TARGETS[name]
        slow |= median > target
        print(
            f"{name:36} median {median:6.3f} s, best {min(clock):6.3f} s, "
            f"processor {statistics.median(processor):6.3f} s, target {target} s"
        )
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    return int(slow and not given.tiny)


if __name__ == "__main__":
    sys.exit(main())
