"""Answers of a classifier, drawn: labels and probabilities."""

from __future__ import annotations

import numpy as np

from cnnlab.course.ops import Array

Rng = np.random.Generator
GRID = 997
"""Probabilities are about so many parts of 1."""
BINS = (2, 4, 5, 7, 8, 10, 15, 40)
"""Numbers of bins that are probed."""


def answered(rng: Rng, count: int, classes: int) -> tuple[Array, Array]:
    """Labels, shape (count,), and probabilities, shape (count, classes), float64.

    The network is right more often than not. No two pictures are equally sure, and in no row are
    two numbers alike.
    """
    while True:
        raw = rng.integers(1, 100, (count, classes)).astype(float)
        raw[np.arange(count), rng.integers(0, classes, count)] += rng.integers(40, 400, count)
        shares = np.floor(GRID * raw / raw.sum(axis=1, keepdims=True))
        best = shares.argmax(axis=1)
        shares[np.arange(count), best] += GRID - shares.sum(axis=1)
        top = shares.max(axis=1) + np.arange(count) / (2 * count)
        labels = np.where(rng.random(count) < 0.6, best, rng.integers(0, classes, count))
        wrong = labels != best
        p = (shares + 0.3) / GRID
        p[np.arange(count), best] = top / GRID  # a hair apart, so that the sort is clear
        if 2 < wrong.sum() < count - 2 and _clear(p):
            return labels, p


def _clear(p: Array) -> bool:
    """Whether the answers are certain, and none lies on the edge of a bin."""
    ordered = np.sort(p, axis=1)
    apart = (ordered[:, -1] - ordered[:, -2] > 1e-3).all()
    return bool(apart and all(np.abs(p * n - np.rint(p * n)).min() > 1e-7 for n in BINS))
