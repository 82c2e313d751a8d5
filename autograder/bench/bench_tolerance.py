"""How much of the judge's tolerance right answers use up, and how much a wrong precision would.

    python autograder/bench/bench_tolerance.py [--draws 40 | --tiny]

A convolution of random numbers, computed in float64, is the truth. Against it stand Keras in
float32 on this device, chapter 1's own loop solution in float32, and Keras on inputs rounded to
TF32, which is what a GPU does unless told otherwise. 1.00 is the tolerance itself.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.autograder.graders.shared.conv2d import keras_conv2d
from cnnlab.autograder.judging.backends import Engine, processor
from cnnlab.autograder.judging.tolerance import Rounding, tolerance
from cnnlab.autograder.submission.solutions import solution_source

SHAPES = {9: (3, 3, 1, 4), 27: (3, 3, 3, 4), 144: (3, 3, 16, 4), 800: (5, 5, 32, 4)}


def tf32(x: np.ndarray) -> np.ndarray:
    """float32 with the mantissa rounded to TF32's ten bits."""
    bits = x.astype(np.float32).view(np.uint32)
    return ((bits + 0x1000) & np.uint32(0xFFFFE000)).view(np.float32)


def loop_solution() -> Any:
    namespace: dict[str, Any] = {"np": np}
    exec(solution_source("ch01_convolution", "conv2d"), namespace)
    return namespace["conv2d"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=40)
    given = arguments(parser, draws=1)
    loops = loop_solution()
    print(f"Keras {Engine().versions()['keras']} on {processor()}; worst of {given.draws} draws")
    print(f"{'products per sum':>17}{'Keras':>8}{'loops':>8}{'TF32':>9}")
    for terms, shape in SHAPES.items():
        worst = np.zeros(3)
        for draw in range(given.draws):
            rng = np.random.default_rng([terms, draw])
            x, k = rng.normal(size=(1, 7, 8, shape[2])), rng.normal(size=shape)
            args = [a.astype(np.float32) for a in (x, k, rng.normal(size=shape[3]))]
            truth = keras_conv2d(*(a.astype(np.float64) for a in args))
            allowed = tolerance(truth.astype(np.float32), Rounding(terms))
            answers = (
                keras_conv2d(*args),
                loops(*args),
                keras_conv2d(tf32(args[0]), tf32(args[1]), args[2]),
            )
            worst = np.maximum(worst, [np.max(np.abs(a - truth)) / allowed for a in answers])
        print(f"{terms:17}" + "".join(f"{w:8.3f}" for w in worst[:2]) + f"{worst[2]:9.1f}")


if __name__ == "__main__":
    main()
