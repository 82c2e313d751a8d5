"""Chapter 8's mistakes as learners write them, and odd ones for which no name fits.

Without Keras; the network is in `test_ch08_models`.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.submission.solutions import solution_source

CHAPTER = "ch08_augmentation"
BY_HAND = [name for name in recorded(CHAPTER) if name != "build_augmented_cnn"]


@cache
def solved() -> dict[str, Any]:
    """The chapter's namespace with every exercise by hand solved."""
    namespace: dict[str, Any] = {"np": np, "math": math}
    for name in BY_HAND:
        exec(solution_source(CHAPTER, name), namespace)
    return namespace


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_solution_earns_full_marks(name):
    result = judged(name, solved()[name])
    assert (result.status, result.score) == ("passed", result.max_score), result.message


def four_axes(x, name="x"):
    if np.ndim(x) != 4:
        raise ValueError(f"{name} has {np.ndim(x)} axes")


# fit_standardizer and standardize


def fit_each_picture(train):
    four_axes(train, "train")
    train = np.asarray(train) * 1.0
    mean, std = [], []
    for picture in train:
        mean.append([picture[:, :, c].mean() for c in range(picture.shape[2])])
        std.append([picture[:, :, c].std() for c in range(picture.shape[2])])
    return np.array(mean, train.dtype), np.array(std, train.dtype)


def fit_each_pixel(train):
    four_axes(train, "train")
    train = 1.0 * np.asarray(train)
    return np.mean(train, 0), np.std(train, 0)


def fit_in_bytes(train):
    four_axes(train, "train")
    train = np.asarray(train)
    if train.dtype.kind == "i":
        train = train.astype(float)
    mean = np.mean(train, axis=(0, 1, 2))
    return mean, np.sqrt(np.mean(train**2, axis=(0, 1, 2)) - mean**2)


def fit_keeping_axes(axis):
    def fit_standardizer(train):
        four_axes(train, "train")
        how = {"axis": axis, "keepdims": True}
        return np.mean(1.0 * np.asarray(train), **how), np.std(1.0 * np.asarray(train), **how)

    return fit_standardizer


def fit_with_ddof(train):
    four_axes(train, "train")
    train = 1.0 * np.asarray(train)
    flat = train.reshape(-1, train.shape[-1])
    mean = flat.mean(axis=0)
    return mean, np.sqrt(((flat - mean) ** 2).sum(axis=0) / (len(flat) - 1)).astype(flat.dtype)


def standardize_by_loops(mean_of, std_of, divide=lambda off, std: off / (std or 1)):
    """standardize channel by channel, with something about it changed."""

    def standardize(x, stats):
        four_axes(x)
        if len(stats[0]) != x.shape[3]:
            raise ValueError("stats do not fit x")
        dtype = x.dtype if x.dtype.kind == "f" else np.float64
        out = np.zeros(x.shape, dtype)
        for c in range(x.shape[3]):
            channel = x[..., c].astype(dtype)
            with np.errstate(all="ignore"):
                mean, std = mean_of(channel, stats[0][c]), std_of(channel, stats[1][c])
                out[..., c] = divide(channel - mean, std)
        return out

    return standardize


given = (lambda channel, stat: stat,) * 2
own = (lambda channel, stat: channel.mean(), lambda channel, stat: channel.std())


def standardize_unsafe(x, stats):
    four_axes(x)
    mean, std = stats
    if mean.shape != x.shape[3:]:
        raise ValueError("stats do not fit x")
    with np.errstate(all="ignore"):
        return (x - mean) / std


def standardize_bytes(x, stats):
    four_axes(x)
    mean, std = stats
    if mean.shape != x.shape[3:]:
        raise ValueError("stats do not fit x")
    return (x - mean.astype(x.dtype)) / np.where(std == 0, 1, std).astype(std.dtype)


# zca_whiten


def zca_by_svd(patches, eps):
    """Right, in another way."""
    x = patches - np.mean(patches, axis=0)
    u, s, _ = np.linalg.svd(np.cov(x, rowvar=False, bias=True).astype(x.dtype))
    return np.dot(x, u @ np.diag(1.0 / np.sqrt(s + eps)).astype(x.dtype) @ u.T)


def pca_by_svd(patches, eps):
    x = patches - np.mean(patches, axis=0)
    u, s, _ = np.linalg.svd(x.T @ x / len(x))
    return (x @ u) / np.sqrt(s + eps).astype(x.dtype)


def zca_of_raw_patches(patches, eps):
    u, s, _ = np.linalg.svd(patches.T @ patches / len(patches))
    return patches @ u @ np.diag(1 / np.sqrt(s + eps)).astype(patches.dtype) @ u.T


def zca_eps_outside(patches, eps):
    x = patches - patches.mean(0)
    u, s, _ = np.linalg.svd(x.T @ x / len(x))
    return x @ u @ np.diag(1 / (np.sqrt(s) + eps)).astype(x.dtype) @ u.T


def zca_dividing_by(divisor):
    def zca_whiten(patches, eps):
        x = patches - patches.mean(0)
        u, s, _ = np.linalg.svd(x.T @ x / divisor(x))
        return x @ (u * (1 / np.sqrt(s + eps)).astype(x.dtype)) @ u.T

    return zca_whiten


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
        pieces = solved()
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
        ("standardize", standardize_by_loops(*given)),
        ("zca_whiten", zca_by_svd),
        ("shift", shift_by_loops(lambda i, j, dy, dx: (i + dy, j + dx))),
        ("affine", affine_by_loops()),
        ("augment_batch", augment()),
    ],
)
def test_other_right_ways_earn_full_marks(name, function):
    result = judged(name, function)
    assert result.score == result.max_score, result.message


MISTAKES = [
    ("fit_standardizer", fit_each_picture, ["per-image"]),
    ("fit_standardizer", fit_each_pixel, ["wrong-axes"]),
    ("fit_standardizer", fit_in_bytes, ["wraps-around"]),
    ("fit_standardizer", fit_with_ddof, ["sample-std"]),
    ("fit_standardizer", fit_keeping_axes((1, 2)), ["per-image", "keeps-axes"]),
    ("fit_standardizer", fit_keeping_axes((0, 1, 2)), ["keeps-axes"]),
    ("fit_standardizer", fit_keeping_axes(0), ["wrong-axes", "keeps-axes"]),
    ("standardize", standardize_by_loops(*own), ["uses-test-statistics"]),
    ("standardize", standardize_unsafe, ["zero-std"]),
    (
        "standardize",
        standardize_by_loops(*given, lambda off, std: off / max(std, 1e-7)),
        ["zero-std"],
    ),
    ("standardize", standardize_bytes, ["wraps-around"]),
    ("zca_whiten", pca_by_svd, ["pca-not-rotated-back"]),
    ("zca_whiten", zca_of_raw_patches, ["not-centred"]),
    ("zca_whiten", zca_eps_outside, ["eps-misplaced"]),
    ("zca_whiten", zca_dividing_by(lambda x: x.shape[1]), ["divided-by-pixels"]),
    ("zca_whiten", zca_dividing_by(lambda x: x.shape[1] - 1), ["divided-by-pixels"]),
    ("zca_whiten", zca_dividing_by(lambda x: len(x) - 1), ["sample-covariance"]),
    ("zca_whiten", zca_dividing_by(lambda x: 1), ["not-divided"]),
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
    ("standardize", lambda x, stats: (x - stats[0]) * stats[1]),
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
