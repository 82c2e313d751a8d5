"""conv_step, correlate2d and design_kernel as learners write them: loops, one mistake each."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.tests.graders.learners_ch01 import CHAPTER, failed, floats, judged, slide

# conv_step


def step(total=lambda p, k, b: float(np.sum(p * k) + b), read=floats):
    """conv_step, with its sum or its first line replaced."""

    def conv_step(patch, kernel, bias):
        if np.shape(patch) != np.shape(kernel):
            raise ValueError("kernel and patch must have one shape")
        return total(*read(patch, kernel), bias)

    return conv_step


def three_loops(patch, kernel, bias):
    total = 0.0
    for i in range(len(patch)):
        for j in range(len(patch[0])):
            for c in range(len(patch[0, 0])):
                total += patch[i, j, c] * kernel[i, j, c]
    return float(total + bias)


def pairs(patch, kernel, bias):
    """Without NumPy's arithmetic: every number beside its partner."""
    return sum(float(a) * float(b) for a, b in zip(patch.flat, kernel.flat, strict=True)) + bias


RIGHT_STEPS = [
    step(),
    step(three_loops),
    step(pairs),
    step(lambda p, k, b: float(np.einsum("ijc,ijc->", p, k) + b)),
    step(lambda p, k, b: float(np.tensordot(p, k, axes=3) + b)),
    step(lambda p, k, b: float(p.ravel() @ k.ravel() + b)),
    step(lambda p, k, b: np.vdot(p, k).item() + b),
]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (step(lambda p, k, b: float(np.sum(p * k))), ["bias-forgotten"]),
        (step(lambda p, k, b: max(0.0, float(np.sum(p * k) + b))), ["relu-baked-in"]),
        (step(lambda p, k, b: float(np.einsum("ijc,jkc->", p, k) + b)), ["matrix-product"]),
        (
            step(lambda p, k, b: float(np.einsum("ijc,jkc->", p, k) + b), lambda *pair: pair),
            ["matrix-product"],
        ),
        (step(lambda p, k, b: float(np.sum(p @ k) + b)), ["matrix-product"]),
        (step(lambda p, k, b: float(np.dot(p, k).sum() + b)), ["matrix-product"]),
        (step(read=lambda *pair: map(np.asarray, pair)), ["integer-overflow"]),
        (step(lambda p, k, b: float(np.sum(p * k + b))), ["bias-per-product"]),
        (
            step(lambda p, k, b: sum(np.vdot(p[at], k[at]) + b for at in np.ndindex(p.shape[:2]))),
            ["bias-per-product"],
        ),
        (
            step(lambda p, k, b: sum(np.vdot(p[..., c], k[..., c]) + b for c in range(p.shape[2]))),
            ["bias-per-channel"],
        ),
        (step(lambda p, k, b: p * k + b), ["products-not-summed"]),
        (step(lambda p, k, b: sum(p * k) + b), ["products-not-summed"]),
        (step(lambda p, k, b: sum(sum(p * k)) + b), ["products-not-summed"]),
        (step(lambda p, k, b: sum(p * k)), ["bias-forgotten", "products-not-summed"]),
        (
            step(lambda p, k, b: max(0.0, float(np.einsum("ijc,ijc->", p, k)))),
            ["bias-forgotten", "relu-baked-in"],
        ),
    ],
)
def test_conv_step(function, diagnosis):
    result = judged("conv_step", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_a_maximum_for_the_sum_gets_no_name():
    result = judged("conv_step", step(lambda p, k, b: float(np.max(p * k) + b)))
    assert (result.status, result.diagnosis) == ("failed", [])
    assert {"by-hand", "reference"} <= failed(result)


# correlate2d


def changed(change):
    """The right result, changed at the end."""
    return lambda image, kernel: change(slide()(image, kernel))


def tap_by_tap(image, kernel):
    """Loops over the kernel: whole pictures are shifted and summed."""
    image, kernel = floats(image, kernel)
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("kernel is larger than the image")
    rows, columns = (n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    out = np.zeros((rows, columns), np.result_type(image, kernel))
    for a, b in np.ndindex(kernel.shape):
        out += image[a : a + rows, b : b + columns] * kernel[a, b]
    return out


def windows(subscripts):
    """correlate2d with sliding_window_view and einsum."""

    def correlate2d(image, kernel):
        image, kernel = floats(image, kernel)
        if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
            raise ValueError("kernel is larger than the image")
        seen = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
        return np.einsum(subscripts, seen, kernel)

    return correlate2d


def one_size(image, kernel):
    """Four loops, and one variable for both sizes of the kernel."""
    image, kernel = floats(image, kernel)
    k, (h, w) = len(kernel), image.shape
    if k > h or kernel.shape[1] > w:
        raise ValueError("kernel is larger than the image")
    out = np.zeros((h - k + 1, w - k + 1), np.result_type(image, kernel))
    for i, j in np.ndindex(out.shape):
        for a in range(k):
            for b in range(k):
                out[i, j] += image[i + a, j + b] * kernel[a, b]
    return out


def returns_early(rows_done):
    """The result is returned after its first number, or after its first row."""

    def correlate2d(image, kernel):
        (h, w), (kh, kw) = image.shape, kernel.shape
        out = np.zeros((h - kh + 1, w - kw + 1))
        for i in range(h - kh + 1):
            for j in range(w - kw + 1):
                out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
                if not rows_done:
                    return out
            return out

    return correlate2d


def columns_from_height(array_too, taps=1):
    """One size of the picture for both loops."""

    def correlate2d(image, kernel):
        (h, w), (kh, kw) = image.shape, kernel.shape
        columns = h - kernel.shape[taps] + 1
        out = np.zeros((h - kh + 1, columns if array_too else w - kw + 1))
        for i in range(h - kh + 1):
            for j in range(columns):
                out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
        return out

    return correlate2d


def around_centres(short):
    """The window's centre moves; half a kernel, taken from its height, is left out all around."""

    def correlate2d(image, kernel):
        size = len(kernel)
        half = size // 2
        h, w = (n - half for n in image.shape)
        out = np.zeros(image.shape)
        for i in range(half, image.shape[0] - size + half if short else h):
            for j in range(half, image.shape[1] - size + half if short else w):
                window = image[i - half : i - half + size, j - half : j - half + size]
                out[i, j] = np.sum(window * kernel)
        return out[half:h, half:w]

    return correlate2d


RIGHT_SLIDES = [
    slide(),
    tap_by_tap,
    windows("ijab,ab->ij"),
    slide(cell=lambda window, kernel: np.vdot(window, kernel)),
    slide(cell=lambda window, kernel: three_loops(window[..., None], kernel[..., None], 0)),
]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (slide(taps=lambda k: k[::-1, ::-1]), ["kernel-flipped"]),
        (slide(taps=lambda k: np.rot90(k, 2)), ["kernel-flipped"]),
        (windows("ijba,ab->ij"), ["kernel-transposed"]),
        (windows("ijab,ab->ji"), ["output-transposed"]),
        (changed(np.transpose), ["output-transposed"]),
        (slide(places=lambda n, k: n - k), ["stops-one-short"]),
        (around_centres(short=True), ["stops-one-short"]),
        (around_centres(short=False), ["square-kernel-only"]),
        (returns_early(rows_done=False), ["return-inside-loop"]),
        (returns_early(rows_done=True), ["return-inside-loop"]),
        (columns_from_height(array_too=False), ["columns-from-height"]),
        (columns_from_height(array_too=True), ["columns-from-height"]),
        (columns_from_height(array_too=True, taps=0), ["columns-from-height"]),
        (
            slide(lambda n, k: n - k, result=lambda i, j, dtype: np.zeros((i - 1, j - 1), dtype)),
            ["size-off-by-one"],
        ),
        (slide(result=lambda i, j, dtype: np.zeros((i, j), int)), ["truncates-to-int"]),
        (one_size, ["square-kernel-only"]),
        (
            slide(lambda n, k: n - k, taps=lambda k: k[::-1, ::-1]),
            ["kernel-flipped", "stops-one-short"],
        ),
    ],
)
def test_correlate2d(function, diagnosis):
    result = judged("correlate2d", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_always_float64_is_advice():
    result = judged("correlate2d", changed(lambda y: y.astype(np.float64)))
    assert (result.status, failed(result)) == ("passed", {"robust"})


# design_kernel

FOUND = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box_blur": [[1 / 9] * 3] * 3,
    "sharpen": [[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]],
    "vertical_edges": [[1, 0, -1]] * 3,
    "horizontal_edges": [[3, 10, 3], [0, 0, 0], [-3, -10, -3]],
}


def kernels(**other):
    """design_kernel as a dictionary, with other kernels for some goals."""

    def design_kernel(goal):
        if goal not in FOUND:
            raise ValueError(f"goal {goal} is unknown")
        return np.array((FOUND | other)[goal], dtype=float)

    return design_kernel


RIGHT_KERNELS = [
    kernels(),
    kernels(vertical_edges=[[0, 0, 0], [-1, 0, 1], [0, 0, 0]]),
    kernels(sharpen=[[0, -0.25, 0], [-0.25, 2, -0.25], [0, -0.25, 0]]),
]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (
            kernels(
                vertical_edges=FOUND["horizontal_edges"], horizontal_edges=FOUND["vertical_edges"]
            ),
            ["edges-swapped"],
        ),
        (kernels(box_blur=np.ones((3, 3))), ["not-normalised"]),
        (kernels(sharpen=9 * np.array(FOUND["sharpen"])), ["not-normalised"]),
        (kernels(vertical_edges=[[1, 0, 1], [2, 0, 2], [1, 0, 1]]), ["responds-to-flat"]),
    ],
)
def test_design_kernel(function, diagnosis):
    result = judged("design_kernel", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_a_blur_in_place_of_an_edge_costs_that_goal_only():
    result = judged("design_kernel", kernels(horizontal_edges=FOUND["box_blur"]))
    assert failed(result) == {"horizontal_edges"}


# All


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        (exercise, function)
        for exercise, functions in {
            "conv_step": RIGHT_STEPS,
            "correlate2d": RIGHT_SLIDES,
            "design_kernel": RIGHT_KERNELS,
        }.items()
        for function in functions
    ],
)
def test_right_ways_to_write_it_get_full_marks(exercise, function):
    result = judged(exercise, function)
    assert (result.status, result.message, failed(result)) == ("passed", "", set())
    assert result.score == result.max_score


@pytest.mark.parametrize("exercise", [e.name for e in load_chapter(CHAPTER).exercises])
def test_a_forgotten_return_earns_nothing(exercise):
    result = judged(exercise, lambda *args: None)
    assert (result.status, result.score) == ("failed", 0)
