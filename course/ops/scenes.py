"""Which pictures show nearly the same: bursts, copies, one scene twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.ops import Array
from cnnlab.course.ops.evaluation import Places

SMALL = 8
"""Rows and columns of the pictures that are compared."""
ALIKE = 0.9
"""Pictures whose small gray versions correlate by so much are one scene."""


def find_scenes(images: NDArray[np.uint8], alike: float = ALIKE) -> Places:
    """A number for each picture: the same where two look nearly the same.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, 3), uint8
        Height and width from 8 on.
    alike : float
        The correlation of two small gray pictures from which on they are one scene. So are all
        that are connected by such pairs.

    Returns
    -------
    ndarray of int, shape (N,)
        From 0 on, in the order in which scenes first appear.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one, other = rng.integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    >>> find_scenes(np.stack([one, other, one // 2])).tolist()
    [0, 1, 0]
    """
    small = small_gray(images)
    linked = small @ small.T >= alike
    scene = np.full(len(images), -1)
    for start in range(len(images)):
        if scene[start] >= 0:
            continue
        number, waiting = scene.max() + 1, [start]
        while waiting:
            place = waiting.pop()
            if scene[place] < 0:
                scene[place] = number
                waiting += np.flatnonzero(linked[place] & (scene < 0)).tolist()
    return scene


def small_gray(images: NDArray[np.uint8]) -> Array:
    """Pictures as rows of 64 gray levels, with mean 0 and length 1; shape (N, 64).

    Parameters
    ----------
    images : ndarray, shape (N, H, W, 3)
    """
    gray = np.asarray(images, np.float32).mean(axis=-1)
    rows = np.array_split(np.arange(gray.shape[1]), SMALL)
    columns = np.array_split(np.arange(gray.shape[2]), SMALL)
    down = np.stack([gray[:, r].mean(axis=1) for r in rows], axis=1)
    small = np.stack([down[:, :, c].mean(axis=2) for c in columns], axis=2)
    flat = small.reshape(len(gray), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return flat / np.maximum(lengths, 1e-6)
