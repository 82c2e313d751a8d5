"""Where pixels come from, how they are read, and covariances, as learners write them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch08 import judged


def map_by_loops(*, turn=1, back=True, middle=lambda n: (n - 1) / 2, swapped=False):
    """inverse_map pixel by pixel, with something about it changed."""

    def inverse_map(size, degrees, zoom):
        places = np.zeros((2, *size))
        angle = turn * math.radians(degrees)
        scale = 1 / zoom if back else zoom
        for i, j in np.ndindex(*size):
            y, x = i - middle(size[0]), j - middle(size[1])
            places[0, i, j] = scale * (math.cos(angle) * y + math.sin(angle) * x) + middle(size[0])
            places[1, i, j] = scale * (math.cos(angle) * x - math.sin(angle) * y) + middle(size[1])
        return tuple(places[::-1] if swapped else places)

    return inverse_map


def map_by_complex_numbers(size, degrees, zoom):
    """To turn is to multiply by a number on the unit circle; y points up there."""
    i, j = np.indices(size)
    at = (j - (size[1] - 1) / 2) - 1j * (i - (size[0] - 1) / 2)
    at = at / (zoom * np.exp(1j * np.radians(degrees)))
    return (size[0] - 1) / 2 - at.imag, (size[1] - 1) / 2 + at.real


def map_in_place(size, degrees, zoom):
    """The new rows are already there when the columns are computed."""
    rows, columns = (at - (n - 1) / 2 for at, n in zip(np.indices(size), size, strict=True))
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rows = cos * rows + sin * columns
    columns = cos * columns - sin * rows
    return rows / zoom + (size[0] - 1) / 2, columns / zoom + (size[1] - 1) / 2


def map_zoomed_last(size, degrees, zoom):
    rows, columns = map_by_complex_numbers(size, degrees, 1)
    return rows / zoom, columns / zoom


def read_by_loops(
    *, nearer=True, inside=lambda n, size: 0 <= n < size, wrap=False, whole=math.floor
):
    """bilinear place by place, with something about it changed."""

    def bilinear(x, rows, columns):
        out = np.zeros((len(x), *rows.shape, x.shape[3]), x.dtype)
        for at in np.ndindex(rows.shape):
            a, b = whole(rows[at]), whole(columns[at])
            for i, j in ((a, b), (a, b + 1), (a + 1, b), (a + 1, b + 1)):
                p = rows[at] - a if i == a else 1 - rows[at] + a
                q = columns[at] - b if j == b else 1 - columns[at] + b
                share = (1 - p) * (1 - q) if nearer else p * q
                if inside(i, x.shape[1]) and inside(j, x.shape[2]):
                    here = (i % x.shape[1], j % x.shape[2]) if wrap else (i, j)
                    out[:, *at] += share * x[:, *here]
        return out

    return bilinear


def read_in_two_steps(x, rows, columns):
    """First along the rows, then along the columns: hat functions as matrices."""
    hat = [
        np.maximum(1 - np.abs(at[..., None] - np.arange(n)), 0)
        for at, n in zip((rows, columns), x.shape[1:3], strict=True)
    ]
    return np.einsum("nabc,hwa,hwb->nhwc", x, *hat).astype(x.dtype)


def read_where_four_are(x, rows, columns):
    out = np.zeros((len(x), *rows.shape, x.shape[3]), x.dtype)
    for at in np.ndindex(rows.shape):
        i, j = math.floor(rows[at]), math.floor(columns[at])
        if i >= 0 and j >= 0 and i + 1 < x.shape[1] and j + 1 < x.shape[2]:
            p, q = rows[at] - i, columns[at] - j
            upper = (1 - q) * x[:, i, j] + q * x[:, i, j + 1]
            lower = (1 - q) * x[:, i + 1, j] + q * x[:, i + 1, j + 1]
            out[:, *at] = (1 - p) * upper + p * lower
    return out


def between_patches(patches):
    off = patches - patches.mean(axis=0)
    return off @ off.T / len(off)


def read_nearest(x, rows, columns):
    return read_in_two_steps(x, rows.round(), columns.round())


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("inverse_map", map_by_loops()),
        ("inverse_map", map_by_complex_numbers),
        ("bilinear", read_by_loops()),
        ("bilinear", read_in_two_steps),
        ("covariance", lambda patches: np.cov(patches, rowvar=False, bias=True)),
    ],
)
def test_right_ways_earn_everything(exercise, function):
    result = judged(exercise, function)
    assert result.score == result.max_score, result.message


@pytest.mark.parametrize(
    ("exercise", "function", "diagnosis"),
    [
        ("inverse_map", map_by_loops(turn=-1), "direction-reversed"),
        ("inverse_map", map_by_loops(back=False), "zoom-inverted"),
        ("inverse_map", map_by_loops(turn=-1, back=False), "forward-mapping"),
        ("inverse_map", map_by_loops(middle=lambda n: n / 2), "centre-half-a-pixel-off"),
        ("inverse_map", map_by_loops(swapped=True), "order-swapped"),
        ("bilinear", read_by_loops(nearer=False), "weights-swapped"),
        ("bilinear", lambda x, r, c: read_in_two_steps(x, c, r), "rows-and-columns-swapped"),
        ("bilinear", read_nearest, "nearest-for-bilinear"),
        ("covariance", lambda patches: np.cov(patches, rowvar=False), "sample-covariance"),
        ("covariance", lambda patches: patches.T @ patches / len(patches), "not-centred"),
        ("covariance", between_patches, "between-patches"),
        ("covariance", lambda patches: np.cov(patches, bias=True), "between-patches"),
        ("covariance", lambda patches: np.corrcoef(patches, rowvar=False), "correlation"),
        ("covariance", lambda patches: np.diag(patches.var(axis=0)), "variances-only"),
        ("inverse_map", map_in_place, "overwrites-one-coordinate"),
        ("inverse_map", map_zoomed_last, "middle-zoomed-too"),
        ("bilinear", read_by_loops(inside=lambda n, size: True, wrap=True), "wraps-around"),
        ("bilinear", read_by_loops(whole=int), "truncated"),
        ("bilinear", read_where_four_are, "last-row-missing"),
        (
            "affine",
            lambda x, degrees, zoom: read_in_two_steps(
                x, *map_by_complex_numbers(x.shape[1:3], degrees, zoom)[::-1]
            ),
            "rows-and-columns-swapped",
        ),
    ],
)  # fmt: skip
def test_typical_mistakes_get_their_names(exercise, function, diagnosis):
    result = judged(exercise, function)
    assert result.score < result.max_score
    assert result.diagnosis == [diagnosis], result.message
