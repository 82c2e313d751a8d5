"""Chapter 8's means, deviations and whitening as learners write them, each with a mistake."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch08 import four_axes, judged

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


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("standardize", standardize_by_loops(*given)),
        ("zca_whiten", zca_by_svd),
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
]


@pytest.mark.parametrize(
    ("name", "function", "named"), MISTAKES, ids=[f"{m[0]}-{'+'.join(m[2])}" for m in MISTAKES]
)
def test_mistakes_as_learners_write_them_are_named(name, function, named):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == named, result.message


ODD = [
    ("standardize", lambda x, stats: (x - stats[0]) * stats[1]),
]


@pytest.mark.parametrize(("name", "function"), ODD)
def test_odd_mistakes_lose_points_and_get_no_name(name, function):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == [], result.message
