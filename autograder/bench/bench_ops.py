"""How long the course's own convolution takes beside Keras's, on this device.

    python autograder/bench/bench_ops.py [--rounds 30 | --tiny]

`cnnlab.course.ops.conv2d` and Keras's Conv2D take turns on the same numbers, so that a busy moment
hits both. The ratio is taken round by round. Exits with 1 where its median is over 5.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.judging.backends import Engine, processor
from cnnlab.course.ops import conv2d

TARGET = 5.0
INPUT, KERNELS = (8, 64, 64, 16), (3, 3, 16, 32)


def milliseconds(function: Callable[[], np.ndarray]) -> float:
    start = time.perf_counter()
    function()
    return 1000 * (time.perf_counter() - start)


def rivals(padding: str) -> tuple[Callable[[], np.ndarray], Callable[[], np.ndarray]]:
    """Our convolution and Keras's, of the same numbers; both have been called and agree."""
    import keras

    rng = np.random.default_rng(0)
    x, kernels, bias = (
        rng.normal(size=shape).astype(np.float32) for shape in (INPUT, KERNELS, KERNELS[-1:])
    )
    layer = keras.layers.Conv2D(KERNELS[3], KERNELS[:2], padding=padding)
    layer.build(INPUT)
    layer.set_weights([kernels, bias])
    tensor = keras.ops.convert_to_tensor(x)

    def ours() -> np.ndarray:
        return conv2d(x, kernels, bias, padding=padding)

    def theirs() -> np.ndarray:
        return np.asarray(layer(tensor))

    np.testing.assert_allclose(ours(), theirs(), atol=1e-3)
    return ours, theirs


def said(times: list[float], unit: str = "") -> str:
    """Median, and the middle half."""
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{middle:6.2f}{unit} ({low:.2f} to {high:.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    given = arguments(parser, rounds=2)
    slow = False
    print(f"Keras {Engine().versions()['keras']} on {processor()}, {given.rounds} rounds")
    print(f"{'×'.join(map(str, INPUT))}, kernels {'×'.join(map(str, KERNELS))}, float32")
    for padding in ("same", "valid"):
        ours, theirs = rivals(padding)
        pairs = [(milliseconds(ours), milliseconds(theirs)) for _ in range(given.rounds)]
        ratios = [mine / keras for mine, keras in pairs]
        slow |= statistics.median(ratios) > TARGET
        for name, times in zip(("cnnlab", "Keras"), zip(*pairs, strict=True), strict=True):
            print(f"{padding:6} {name:7} {said(list(times), ' ms')}")
        print(f"{padding:6} ratio   {said(ratios)}, target {TARGET:g}")
    return int(slow and not given.tiny)


if __name__ == "__main__":
    sys.exit(main())
