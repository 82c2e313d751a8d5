"""Chapter 1's graders on functions as learners write them: loops, einsum, one mistake each."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

CHAPTER = "ch01_convolution"


def judged(exercise, function):
    return judge_function(recorded(CHAPTER)[exercise], function)


def floats(*arrays):
    return [1.0 * np.asarray(a) for a in arrays]


def failed(result):
    """The rungs that do not hold."""
    return {rung.id for rung in result.rungs if not rung.passed}


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


def test_a_mean_for_the_sum_gets_no_name():
    result = judged("conv_step", step(lambda p, k, b: float(np.mean(p * k) + b)))
    assert (result.status, result.diagnosis) == ("failed", [])
    assert {"by-hand", "reference"} <= failed(result)


# correlate2d


def slide(
    places=lambda n, k: n - k + 1,
    taps=lambda kernel: kernel,
    cell=lambda window, kernel: np.sum(window * kernel),
    result=lambda rows, columns, dtype: np.zeros((rows, columns), dtype),
):
    """correlate2d in two loops, with one of its steps replaced."""

    def correlate2d(image, kernel):
        image, kernel = floats(image, kernel)
        (h, w), (kh, kw) = image.shape, kernel.shape
        if kh > h or kw > w:
            raise ValueError("kernel is larger than the image")
        dtype = np.result_type(image, kernel)
        out = result(h - kh + 1, w - kw + 1, dtype)
        for i in range(places(h, kh)):
            for j in range(places(w, kw)):
                out[i, j] = cell(image[i : i + kh, j : j + kw], taps(kernel))
        return out

    return correlate2d


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


# conv2d


def four_loops(
    cell=lambda window, kernel, bias: np.sum(window * kernel) + bias,
    filters=lambda kernels: np.moveaxis(kernels, 3, 0),
    biases=lambda bias, f: bias[f],
    pictures=lambda x: range(len(x)),
    finish=lambda out: out,
):
    """conv2d in four loops, with one of its steps replaced."""

    def conv2d(x, kernels, bias):
        x, kernels, bias = floats(x, kernels, bias)
        (n, h, w, c), (kh, kw, depth, count) = x.shape, kernels.shape
        if depth != c or kh > h or kw > w:
            raise ValueError("kernels do not fit x")
        if bias.shape != (count,):
            raise ValueError("bias must have one number for each filter")
        out = np.zeros((n, h - kh + 1, w - kw + 1, count), np.result_type(x, kernels, bias))
        own = filters(kernels)
        for picture in pictures(x):
            for i, j, f in np.ndindex(out.shape[1:]):
                window = x[picture, i : i + kh, j : j + kw]
                out[picture, i, j, f] = cell(window, own[f], biases(bias, f))
        return finish(out)

    return conv2d


def one_channel(of_x, of_kernels):
    """conv2d that takes one channel for the sum; None is the filter's number."""

    def conv2d(x, kernels, bias):
        (n, h, w, _), (kh, kw, _, count) = x.shape, kernels.shape
        out = np.zeros((n, h - kh + 1, w - kw + 1, count))
        for picture, i, j, f in np.ndindex(out.shape):
            window = x[picture, i : i + kh, j : j + kw, f if of_x is None else of_x]
            taps = kernels[:, :, f if of_kernels is None else of_kernels, f]
            out[picture, i, j, f] = np.sum(window * taps) + bias[f]
        return out

    return conv2d


def loops_end(stop):
    """conv2d in loops that are left, without more, when ``stop`` says so."""

    def conv2d(x, kernels, bias):
        (n, h, w, _), (kh, kw, _, count) = x.shape, kernels.shape
        out = np.zeros((n, h - kh + 1, w - kw + 1, count))
        for picture, i, j, f in np.ndindex(out.shape):
            if stop(picture, i, j, f, out.shape):
                break
            window = x[picture, i : i + kh, j : j + kw]
            out[picture, i, j, f] = np.sum(window * kernels[..., f]) + bias[f]
        return out

    return conv2d


def all_columns_from_height(x, kernels, bias):
    (n, h, w, _), (kh, kw, _, count) = x.shape, kernels.shape
    out = np.zeros((n, h - kh + 1, w - kw + 1, count))
    for i in range(h - kh + 1):
        for j in range(h - kw + 1):
            window = x[:, i : i + kh, j : j + kw]
            out[:, i, j] = np.einsum("nabc,abcf->nf", window, kernels) + bias
    return out


def by_einsum(subscripts="nijcab,abcf->nijf"):
    """conv2d with sliding_window_view and one einsum."""

    def conv2d(x, kernels, bias):
        x, kernels, bias = floats(x, kernels, bias)
        if kernels.shape[2] != x.shape[3]:
            raise ValueError("kernels have other channels than x")
        if bias.shape != kernels.shape[3:]:
            raise ValueError("bias must have one number for each filter")
        if kernels.shape[0] > x.shape[1] or kernels.shape[1] > x.shape[2]:
            raise ValueError("kernels do not fit")
        seen = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[:2], axis=(1, 2))
        return np.einsum(subscripts, seen, kernels) + bias

    return conv2d


def by_channels(add):
    """conv2d as a sum of correlate2d's maps; ``add`` says where the bias goes."""

    def conv2d(x, kernels, bias):
        x, kernels, bias = floats(x, kernels, bias)
        by_einsum()(x, kernels, bias)  # the same complaints
        one = slide()
        maps = [
            [
                add([one(x[n, :, :, c], kernels[:, :, c, f]) for c in range(x.shape[3])], bias[f])
                for f in range(len(bias))
            ]
            for n in range(len(x))
        ]
        return np.moveaxis(np.array(maps), 1, 3)

    return conv2d


def stacked(move):
    """A list of maps for each filter, and an axis that has to move to the end."""

    def conv2d(x, kernels, bias):
        right = by_einsum()(x, kernels, bias)
        return move(np.array([right[..., f] for f in range(right.shape[3])]), right.shape)

    return conv2d


RIGHT_LAYERS = [
    four_loops(),
    four_loops(cell=lambda w, k, b: np.einsum("abc,abc->", w, k) + b),
    by_einsum(),
    by_channels(lambda maps, bias: sum(maps) + bias),
    stacked(lambda maps, shape: maps.transpose(1, 2, 3, 0)),
]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (four_loops(lambda w, k, b: np.sum(w * k[::-1, ::-1]) + b), ["kernel-flipped"]),
        (by_einsum("nijcab,bacf->nijf"), ["kernel-transposed"]),
        (four_loops(lambda w, k, b: np.sum(w * k)), ["bias-forgotten"]),
        (four_loops(biases=lambda bias, f: bias[0]), ["first-bias-for-all"]),
        (by_channels(lambda maps, bias: sum(m + bias for m in maps)), ["bias-per-channel"]),
        (by_channels(lambda maps, bias: maps[0] + bias), ["channels-not-summed"]),
        (by_channels(lambda maps, bias: maps[-1] + bias), ["channels-not-summed"]),
        (one_channel(None, None), ["channels-not-summed"]),
        (one_channel(None, 0), ["channels-not-summed"]),
        (one_channel(0, None), ["channels-not-summed"]),
        (four_loops(lambda w, k, b: np.sum(w * k + b)), ["bias-per-product"]),
        (four_loops(lambda w, k, b: np.sum(np.sum(w * k, 2) + b)), ["bias-per-product"]),
        (loops_end(lambda n, i, j, f, shape: n or i or j or f), ["return-inside-loop"]),
        (loops_end(lambda n, i, j, f, shape: n or i or j), ["return-inside-loop"]),
        (loops_end(lambda n, i, j, f, shape: n or i), ["return-inside-loop"]),
        (all_columns_from_height, ["columns-from-height"]),
        (four_loops(filters=lambda k: np.moveaxis(k, 3, 0)[::-1]), ["filters-reversed"]),
        (four_loops(pictures=lambda x: [0]), ["first-image-only"]),
        (four_loops(finish=lambda out: out[:1]), ["first-image-only"]),
        (
            four_loops(filters=lambda k: k.reshape(k.shape[3], *k.shape[:3])),
            ["reshape-for-transpose"],
        ),
        (four_loops(lambda w, k, b: max(np.sum(w * k) + b, 0)), ["relu-baked-in"]),
        (
            four_loops(lambda w, k, b: np.sum(w * k[::-1, ::-1])),
            ["kernel-flipped", "bias-forgotten"],
        ),
    ],
)
def test_conv2d(function, diagnosis):
    result = judged("conv2d", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


@pytest.mark.parametrize(
    "function",
    [
        four_loops(lambda w, k, b: np.max(w * k) + b),
        four_loops(lambda w, k, b: np.mean(w * k) + b),
        four_loops(lambda w, k, b: np.sum(w * k) - b),
        stacked(lambda maps, shape: maps),
        lambda x, kernels, bias: bias,
    ],
)
def test_an_odd_conv2d_gets_no_name(function):
    result = judged("conv2d", function)
    assert (result.status, result.diagnosis) == ("failed", [])
    assert result.score <= result.max_score / 2


# relu


def element_by_element(z):
    z = 1.0 * np.asarray(z)
    out = z.copy()
    for place in np.ndindex(z.shape):
        if out[place] < 0:
            out[place] = 0
    return out


def in_place(z):
    z = np.asarray(z)
    z[z < 0] = 0
    return 1.0 * z


RIGHT_RELUS = [
    element_by_element,
    lambda z: np.maximum(0, *floats(z)),
    lambda z: floats(z)[0].clip(min=0),
    lambda z: floats(z)[0] * (np.asarray(z) > 0),
    lambda z: (floats(z)[0] + np.abs(floats(z)[0])) / 2,
]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (lambda z: np.sqrt(np.square(*floats(z))), ["absolute-value"]),
        (lambda z: np.clip(*floats(z), 0, 1), ["capped-at-one"]),
        (lambda z: np.maximum(0.01 * floats(z)[0], *floats(z)), ["leaky"]),
        (lambda z: np.where(np.asarray(z) < 0, 0.2 * floats(z)[0], *floats(z)), ["leaky"]),
        (in_place, ["changes-input"]),
        (lambda z: np.array([np.max(n, 0) for n in z.flat]).reshape(z.shape), ["negatives-pass"]),
        (lambda z: np.max(z, 0), ["maximum-over-axis"]),
        (lambda z: np.max(z), ["maximum-over-axis"]),
        (lambda z: np.minimum(z, 0), ["minimum-instead"]),
    ],
)
def test_relu(function, diagnosis):
    result = judged("relu", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_a_relu_that_keeps_whole_numbers_is_right():
    result = judged("relu", lambda z: np.maximum(z, 0))
    assert (result.status, failed(result), result.remarks) == ("passed", set(), [])


def test_a_step_in_place_of_a_ramp_gets_no_name():
    result = judged("relu", lambda z: 1.0 * (np.asarray(z) > 0))
    assert (result.status, result.diagnosis) == ("failed", [])


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
            "conv2d": RIGHT_LAYERS,
            "relu": RIGHT_RELUS,
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
