"""Chapter 8's pictures as learners change them, and odd ones for which no name fits.

Without Keras; the network is in `test_ch08_models`, means and whitening in
`test_ch08_learners_statistics`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.tests.graders.learners import solved
from cnnlab.autograder.tests.graders.learners_ch08 import CHAPTER, four_axes, judged

BY_HAND = [name for name in recorded(CHAPTER) if name != "build_augmented_cnn"]


# flips, shifts, contrast


def flip_upside_down(x):
    four_axes(x)
    return np.flipud(x[0])[None] if len(x) == 1 else np.array([p[::-1] for p in x])


def shift_by_roll(x, dy, dx):
    four_axes(x)
    return np.roll(np.roll(x, dy, axis=1), dx, axis=2)


def shift_by_loops(target):
    def shift(x, dy, dx):
        four_axes(x)
        out = np.zeros_like(x)
        for i in range(x.shape[1]):
            for j in range(x.shape[2]):
                row, column = target(i, j, dy, dx)
                if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                    out[:, row, column] = x[:, i, j]
        return out

    return shift


def contrast(mean_of, end=lambda out, x: out):
    def adjust_contrast(x, factor):
        four_axes(x)
        given, x = np.asarray(x), 1.0 * np.asarray(x)
        mean = mean_of(x)
        return end((factor * (x - mean) + mean).astype(x.dtype), given)

    return adjust_contrast


def each(x):
    return x.mean(axis=(1, 2), keepdims=True)


# affine


def affine_by_loops(
    angle=math.radians,
    middle=lambda n: (n - 1) / 2,
    sign=1,
    nearest=False,
    forward=False,
    resize=lambda zoom: zoom,
):
    """affine pixel by pixel, with something about it changed."""

    def affine(x, degrees, zoom):
        four_axes(x)
        if zoom <= 0:
            raise ValueError(f"zoom is {zoom}")
        cos, sin = math.cos(sign * angle(degrees)), math.sin(sign * angle(degrees))
        size = resize(zoom)
        height, width = x.shape[1:3]
        out = np.zeros_like(x)
        for i in range(height):
            for j in range(width):
                y, right = i - middle(height), j - middle(width)
                if forward:
                    row = size * (cos * y - sin * right) + middle(height)
                    column = size * (cos * right + sin * y) + middle(width)
                    row, column = round(row), round(column)
                    if 0 <= row < height and 0 <= column < width:
                        out[:, row, column] = x[:, i, j]
                    continue
                row = (cos * y + sin * right) / size + middle(height)
                column = (cos * right - sin * y) / size + middle(width)
                if nearest:
                    row, column = round(row), round(column)
                a, b = math.floor(row), math.floor(column)
                for r, s in ((a, b), (a, b + 1), (a + 1, b), (a + 1, b + 1)):
                    if 0 <= r < height and 0 <= s < width:
                        share = (1 - abs(row - r)) * (1 - abs(column - s))
                        out[:, i, j] += x.dtype.type(share) * x[:, r, s]
        return out

    return affine


# augment_batch


def augment(draw=None, labels=lambda y, mirrored: y, order=lambda n, rng: range(n), new=None):
    """augment_batch in a loop, with something about it changed."""

    def augment_batch(x, y, rng):
        pieces = solved(CHAPTER)
        rng = new(rng) if new else rng
        height, width = x.shape[1:3]
        out, mirrored = [], []

        def five():
            dy = int(rng.integers(-(height // 10), height // 10 + 1))
            dx = int(rng.integers(-(width // 10), width // 10 + 1))
            return rng.random() < 0.5, dy, dx, rng.uniform(-15, 15), rng.uniform(0.8, 1.2)

        same = five()
        for n in order(len(x), rng):
            flip, dy, dx, degrees, factor = draw(same, five) if draw else five()
            picture = pieces["shift"](x[n : n + 1], dy, dx)
            picture = pieces["affine"](picture, degrees, 1.0)
            if flip:  # at the end here: the order is free
                picture = pieces["hflip"](picture)
            out.append(pieces["adjust_contrast"](picture, factor)[0])
            mirrored.append(flip)
        return np.stack(out), labels(y, np.array(mirrored))

    return augment_batch


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("shift", shift_by_loops(lambda i, j, dy, dx: (i + dy, j + dx))),
        ("affine", affine_by_loops()),
        ("augment_batch", augment()),
    ],
)
def test_other_right_ways_earn_full_marks(name, function):
    result = judged(name, function)
    assert result.score == result.max_score, result.message


MISTAKES = [
    ("hflip", flip_upside_down, ["flips-wrong-axis"]),
    ("shift", shift_by_roll, ["wraps-around"]),
    ("shift", shift_by_loops(lambda i, j, dy, dx: (i + dx, j + dy)), ["dy-dx-swapped"]),
    ("shift", shift_by_loops(lambda i, j, dy, dx: (i - dy, j - dx)), ["direction-reversed"]),
    ("adjust_contrast", contrast(lambda x: x.mean()), ["global-mean"]),
    ("adjust_contrast", contrast(each, lambda out, x: np.clip(out, 0, 1)), ["clips-early"]),
    ("adjust_contrast", contrast(lambda x: x.dtype.type(0.5)), ["around-a-fixed-gray"]),
    ("affine", affine_by_loops(forward=True), ["forward-mapping"]),
    ("affine", affine_by_loops(angle=lambda a: a), ["radians-for-degrees"]),
    ("affine", affine_by_loops(angle=lambda a: a * 2 * math.pi), ["turns-for-degrees"]),
    ("affine", affine_by_loops(middle=lambda n: 0), ["rotates-about-corner"]),
    ("affine", affine_by_loops(middle=lambda n: n / 2), ["centre-half-a-pixel-off"]),
    ("affine", affine_by_loops(sign=-1), ["direction-reversed"]),
    ("affine", affine_by_loops(resize=lambda z: 1 / z), ["zoom-inverted"]),
    (
        "affine",
        affine_by_loops(angle=lambda a: a, middle=lambda n: 0),
        ["radians-for-degrees", "rotates-about-corner"],
    ),
    ("augment_batch", augment(lambda same, five: same), ["one-transform-per-batch"]),
    (
        "augment_batch",
        augment(labels=lambda y, mirrored: np.where(mirrored, 1 - y, y)),
        ["changes-labels"],
    ),
    (
        "augment_batch",
        augment(order=lambda n, rng: rng.permutation(n)),
        ["shuffles-labels-apart"],
    ),
    ("augment_batch", augment(new=lambda rng: np.random.default_rng(42)), ["reseeds"]),
    ("augment_batch", augment(new=lambda rng: np.random.default_rng()), ["ignores-rng"]),
    (
        "augment_batch",
        augment(lambda same, five: same, new=lambda rng: np.random.default_rng(42)),
        ["one-transform-per-batch", "reseeds"],
    ),
]


@pytest.mark.parametrize(
    ("name", "function", "named"), MISTAKES, ids=[f"{m[0]}-{'+'.join(m[2])}" for m in MISTAKES]
)
def test_mistakes_as_learners_write_them_are_named(name, function, named):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == named, result.message


def tied(same, five):
    """One number decides everything."""
    _, dy, dx, degrees, _ = five()
    return degrees > 0, dy, dx, degrees, 1 + degrees / 75


ODD = [
    ("shift", lambda x, dy, dx: np.roll(x, dy, axis=1) * np.float32(0.5)),
    ("affine", lambda x, degrees, zoom: x[:, ::-1]),
    ("augment_batch", augment(tied)),
    ("augment_batch", augment(lambda same, five: (False, *five()[1:]))),
    ("augment_batch", augment(lambda same, five: (*five()[:3], 3 * five()[3], 1.0))),
    ("augment_batch", lambda x, y, rng: x),
]


@pytest.mark.parametrize(("name", "function"), ODD)
def test_odd_mistakes_lose_points_and_get_no_name(name, function):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == [], result.message


def test_shuffling_pictures_and_labels_together_is_no_mistake():
    def augment_batch(x, y, rng):
        order = rng.permutation(len(x))
        return augment()(x[order], y[order], rng)

    result = judged("augment_batch", augment_batch)
    assert result.score == result.max_score, result.message
