"""How long a demo takes to answer: from a changed trait to the new result.

    python autograder/bench/bench_demos.py [--repeat 15 | --tiny]

The demo of chapter 1 runs the loops that a learner writes. Prints the median and the slowest
update for each kernel on the largest picture, of chapter 2's window for a few settings of its
sliders, of chapter 3's shifted picture, of chapter 4's counts for each network, of chapter 6's
curves, of chapter 7's thinned network, of chapter 8's twelve variants, of chapter 11's steps, of
chapter 12's occluder (one forward pass of SqueezeNet, where its weights are at hand), and of
chapter 13's patches; exits with 1 where a median is over 50 ms. The way to the browser is not in
it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.bench.tiny import arguments
from cnnlab.course import ops
from cnnlab.course.demos import ch01_convolution as ch01
from cnnlab.course.demos import ch02_stride_padding as ch02
from cnnlab.course.demos import ch03_pooling as ch03
from cnnlab.course.demos import ch04_network as ch04
from cnnlab.course.demos import ch06_cats_dogs as ch06
from cnnlab.course.demos import ch07_dropout as ch07
from cnnlab.course.demos import ch08_augmentation as ch08
from cnnlab.course.demos import ch09_vgg as ch09
from cnnlab.course.demos import ch11_filters_classes as ch11
from cnnlab.course.demos import ch12_explanations as ch12
from cnnlab.course.demos import ch13_fast_convolution as ch13
from cnnlab.course.ops import ascent, augmentation, evaluation, fast, layers
from cnnlab.course.training.histories import History

TARGET_MS = 50.0
Array = NDArray[np.float64]


def sums(image: Array, kernel: Array) -> Array:
    """Two loops and a sum, as in the chapter."""
    kh, kw = kernel.shape
    out: Array = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
    return out


def four_loops(image: Array, kernel: Array) -> Array:
    """No NumPy inside: the slowest way that learners find."""
    kh, kw = kernel.shape
    out: Array = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
    return out


def updates_ms(function: Callable[..., Any], preset: str, repeat: int) -> list[float]:
    """Milliseconds of each update when this kernel is chosen, every time from another one."""
    widget = ch01.demo(function)
    times = []
    for _ in range(repeat):
        widget.kernel = [[2.0]]
        before = widget.feature_map
        start = time.perf_counter()
        widget.kernel = ch01.PRESETS[preset]
        times.append(1000 * (time.perf_counter() - start))
        if widget.feature_map == before or not widget.learners:
            raise RuntimeError(f"the map did not follow the kernel {preset!r}: {widget.message}")
    return times


def strided(
    x: Array,
    kernels: Array,
    bias: Array,
    strides: tuple[int, int],
    padding: str,
    dilation: tuple[int, int],
) -> Array:
    """Chapter 2's layer in loops over the taps, one number at a time."""
    axes = list(zip(x.shape[1:3], kernels.shape[:2], strides, dilation, strict=True))
    rows, columns = (ops.output_size(n, k, s, padding, d) for n, k, s, d in axes)
    if padding == "same":
        x = ops.pad2d(x, *(ops.same_padding(n, k, s, d) for n, k, s, d in axes))
    out: Array = np.zeros((len(x), rows, columns, len(bias))) + bias
    for n, i, j, f in np.ndindex(out.shape):
        for a, b, c in np.ndindex(kernels.shape[:3]):
            row, column = i * strides[0] + a * dilation[0], j * strides[1] + b * dilation[1]
            out[n, i, j, f] += x[n, row, column, c] * kernels[a, b, c, f]
    return out


SETTINGS = {
    "the first": {},
    "largest, 5 × 5": {"size": [12, 12], "k": [5, 5], "stride": [1, 1]},
    "dilation 2 × 3": {"size": [12, 12], "stride": [1, 1], "dilation": [2, 3]},
}

PATCHES = {
    "the first": {"size": "2 × 2"},
    "the largest": {"size": "3 × 3", "padding": "same", "channels": "2"},
}


def setting_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a moved slider to chapter 2's new map."""
    widget = ch02.demo(strided)
    wanted = {**widget.setting, **setting}
    times = []
    for _ in range(repeat):
        widget.setting = {**wanted, "size": [6, 5], "k": [2, 2]}
        before = widget.feature_map
        start = time.perf_counter()
        widget.setting = wanted
        times.append(1000 * (time.perf_counter() - start))
        if widget.feature_map == before or not widget.learners:
            raise RuntimeError(f"the map did not follow {setting}: {widget.message}")
    return times


def pooled(x: Array, size: tuple[int, int], strides: tuple[int, int] | None, padding: str) -> Array:
    """Chapter 3's max pooling in loops over the windows' cells, one number at a time."""
    steps = strides or size
    (rows, top), (columns, left) = (
        (ops.output_size(n, k, s, padding), ops.same_padding(n, k, s)[0] * (padding == "same"))
        for n, k, s in zip(x.shape[1:3], size, steps, strict=True)
    )
    out: Array = np.full((len(x), rows, columns, x.shape[3]), -np.inf)
    for n, i, j, c in np.ndindex(out.shape):
        for a, b in np.ndindex(size):
            row, column = i * steps[0] + a - top, j * steps[1] + b - left
            if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                out[n, i, j, c] = max(out[n, i, j, c], x[n, row, column, c])
    return out


SHIFTED = {
    "2 × 2": {},
    "3 × 3 by 2, same": {"size": [3, 3], "stride": [2, 2], "padding": "same"},
    "6 × 6 by 1": {"size": [6, 6], "stride": [1, 1]},
}


def shift_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a shift to chapter 3's new numbers, of both pictures."""
    widget = ch03.demo(pooled)
    times = []
    for _ in range(repeat):
        widget.setting = {**widget.setting, **setting, "shift": [0, 0]}
        before = widget.pooled
        start = time.perf_counter()
        widget.setting = {**widget.setting, "shift": [1, 1]}
        times.append(1000 * (time.perf_counter() - start))
        if widget.pooled == before or not widget.learners:
            raise RuntimeError(f"the numbers did not follow {setting}: {widget.message}")
    return times


def stack_ms(preset: str, repeat: int) -> list[float]:
    """Milliseconds from a changed layer to chapter 4's new counts."""
    widget = ch04.demo(layers.count_parameters, layers.count_macs)
    times = []
    for _ in range(repeat):
        widget.layers = [["flatten"], ["dense", 1]]
        start = time.perf_counter()
        widget.layers = ch04.PRESETS[preset]
        times.append(1000 * (time.perf_counter() - start))
        if len(widget.rows) != len(widget.layers):
            raise RuntimeError(f"the counts did not follow {preset!r}: {widget.trouble}")
    return times


def scrub_ms(epochs: int, repeat: int) -> list[float]:
    """Milliseconds from a moved slider to chapter 6's new curves, at the end of a long run."""
    t = np.arange(epochs)
    run = History("plain", 0, np.exp(-t / 9), 1 - np.exp(-t / 9), 1 + t / 99, t / epochs, 0.7, {})
    widget = ch06.demo(evaluation.smooth, evaluation.overfit_epoch, {"plain": [run]})
    times = []
    for _ in range(repeat):
        widget.setting = {**widget.setting, "epoch": 0}
        start = time.perf_counter()
        widget.setting = {**widget.setting, "epoch": epochs - 1}
        times.append(1000 * (time.perf_counter() - start))
        if len(widget.smooth["training"]) != epochs or widget.message:
            raise RuntimeError(f"the curves did not follow: {widget.message}")
    return times


def lots(
    x: Array, rate: float, rng: np.random.Generator, training: bool = True
) -> tuple[Array, NDArray[np.bool_]]:
    """Chapter 7's dropout, one number after another."""
    out, mask = np.zeros_like(x), np.zeros(x.shape, bool)
    for place in np.ndindex(x.shape):
        mask[place] = not training or rng.random() >= rate
        if mask[place]:
            out[place] = x[place] / (1 - rate if training else 1)
    return out, mask


def thinned_ms(rate: float, repeat: int) -> list[float]:
    """Milliseconds from a moved rate to chapter 7's thinned network and its averages."""
    widget = ch07.demo(lots)
    times = []
    for _ in range(repeat):
        widget.rate = 0.0
        before = widget.thinned
        start = time.perf_counter()
        widget.rate = rate
        times.append(1000 * (time.perf_counter() - start))
        if widget.thinned == before or not widget.learners:
            raise RuntimeError(f"the network did not follow {rate}: {widget.message}")
    return times


def patches_ms(setting: dict[str, str], repeat: int) -> list[float]:
    """Milliseconds from a menu to chapter 13's new matrix."""
    widget = ch13.demo(fast.im2col)
    times = []
    for _ in range(repeat):
        widget.setting = {**widget.setting, "size": "1 × 3"}
        before = widget.matrix
        start = time.perf_counter()
        widget.setting = {**widget.setting, **setting}
        times.append(1000 * (time.perf_counter() - start))
        if widget.matrix == before or not widget.learners:
            raise RuntimeError(f"the matrix did not follow {setting}: {widget.message}")
    return times


VARIANTS: dict[str, dict[str, int]] = {
    "the first": {},
    "every change": {"shift": 20, "degrees": 40, "zoom": 30},
}


def variants_ms(setting: dict[str, Any], repeat: int) -> list[float]:
    """Milliseconds from a new draw to chapter 8's twelve variants, by vectorised functions."""
    widget = ch08.demo(
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


def photograph_ms(repeat: int) -> list[float]:
    """Milliseconds from the menu to chapter 9's other photograph; units move in the page alone."""
    widget = ch09.demo(layers.receptive_field)
    times = []
    for _ in range(repeat):
        before = widget.source
        start = time.perf_counter()
        widget.picture = "coffee" if widget.picture == "chelsea" else "chelsea"
        times.append(1000 * (time.perf_counter() - start))
        if widget.source == before or not widget.learners:
            raise RuntimeError(f"the photograph did not follow {widget.picture!r}")
    return times


def plain_step(image: Array, gradient: Array, rate: float) -> Array:
    """Chapter 11's step, as in the chapter."""
    step: Array = image + rate * gradient / (np.sqrt(np.mean(gradient**2)) + 1e-8)
    return step


def climb_ms(layer: str, repeat: int) -> list[float]:
    """Milliseconds of each of chapter 11's steps on the small VGG, the first ones left out.

    Ten steps in a second are promised, so 100 ms would do.
    """
    widget = ch11.demo(plain_step, ascent.total_variation)
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


def occluder_ms(repeat: int) -> list[float]:
    """Milliseconds from a new place of chapter 12's occluder to the classes' new logits."""
    from cnnlab.course.networks import explain

    functions = (explain.saliency, explain.grad_cam, explain.occlusion_map)
    widget = ch12.demo(*functions, explain.load_explained(), row=0, column=0)
    times = []
    for step in range(1, repeat + 1):
        before = widget.bars
        start = time.perf_counter()
        widget.setting = {**widget.setting, "row": step, "column": step}
        times.append(1000 * (time.perf_counter() - start))
        if widget.bars == before:
            raise RuntimeError(f"the logits did not follow the occluder to {step}")
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    given = arguments(parser, repeat=2)
    repeat = given.repeat
    slowest = 0.0
    for function in (sums, four_loops):
        for preset in ("one row", "vertical edges", "wide blur"):
            times = updates_ms(function, preset, repeat)
            median = statistics.median(times)
            judged = function is sums
            slowest = max(slowest, median if judged else 0.0)
            note = "" if judged else "  (no target)"
            print(
                f"ch01 {function.__name__:10} {preset:15} "
                f"median {median:6.1f} ms, slowest {max(times):6.1f} ms{note}"
            )
    for name, setting in SETTINGS.items():
        times = setting_ms(setting, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch02 {'loops':10} {name:15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    for name, setting in SHIFTED.items():
        times = shift_ms(setting, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch03 {'loops':10} {name:15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    for preset in ch04.PRESETS:
        times = stack_ms(preset, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch04 {'counts':10} {preset:15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    for epochs in (50, 300):
        times = scrub_ms(epochs, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch06 {'curves':10} {f'{epochs} epochs':15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    for rate in (0.3, 0.8):
        times = thinned_ms(rate, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch07 {'loops':10} {f'rate {rate}':15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    for name, changed in VARIANTS.items():
        times = variants_ms(changed, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch08 {'arrays':10} {name:15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    times = photograph_ms(repeat)
    slowest = max(slowest, statistics.median(times))
    print(
        f"ch09 {'vgg16':10} {'photograph':15} "
        f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
    )
    for layer in ("block1_conv1", "block3_conv3", "block5_conv3"):
        times = climb_ms(layer, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch11 {'steps':10} {layer:15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    times = occluder_ms(repeat)
    slowest = max(slowest, statistics.median(times))
    print(
        f"ch12 {'network':10} {'occluder':15} "
        f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
    )
    for name, chosen in PATCHES.items():
        times = patches_ms(chosen, repeat)
        slowest = max(slowest, statistics.median(times))
        print(
            f"ch13 {'patches':10} {name:15} "
            f"median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms"
        )
    print(f"target {TARGET_MS:.0f} ms, worst median {slowest:.1f} ms")
    return int(slowest > TARGET_MS and not given.tiny)


if __name__ == "__main__":
    sys.exit(main())
