"""Pictures from which it can be read how they were varied.

Each has one soft blob in each of its three channels, on a gray ground. Three points fix an affine
map, so where the blobs went tells how a picture was mirrored, moved, turned and enlarged, whatever
came in at the edges; how bright they stand over the ground tells its contrast. The blobs' relative
brightness is the picture's number: no variation of the course touches it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnlab.course.ops import Array

GROUND = 0.25
PLACES = np.array([[-0.19, -0.09], [0.15, -0.2], [0.06, 0.22]])
"""Of the three blobs, (row, column), as shares of the height and the width from the middle."""
STEP = 1.13
"""From one picture's relative brightness to the next one's: more than resampling blurs away."""


def pictures(count: int, height: int, width: int) -> Array:
    """``count`` pictures that can be told apart, float32, between 0 and 1.

    Parameters
    ----------
    count, height, width : int

    Returns
    -------
    ndarray, shape (count, height, width, 3)

    Raises
    ------
    ValueError
        ``count`` is above 144.
    """
    if not 0 < count <= 144:
        raise ValueError(f"count must be from 1 to 144. Received: {count}")
    rows, columns = np.arange(height)[:, None], np.arange(width)
    soft = min(height, width) / 15
    x = np.full((count, height, width, 3), GROUND)
    for channel, (row, column) in enumerate(_points(height, width)):
        off = (rows - row) ** 2 + (columns - column) ** 2
        x[..., channel] += _brightness(count)[:, channel, None, None] * np.exp(-off / 2 / soft**2)
    return x.astype(np.float32)


def _points(height: int, width: int) -> Array:
    middle = np.array([height - 1, width - 1]) / 2
    points: Array = middle + PLACES * (height, width)
    return points


def _brightness(count: int) -> Array:
    """What each blob adds to the ground, shape (count, 3); every row is a direction of its own."""
    first, second = np.divmod(np.arange(count), 12)
    return 0.3 * np.stack([np.ones(count), STEP ** (first - 5.5), STEP ** (second - 5.5)], axis=1)


@dataclass(frozen=True)
class Varied:
    """How pictures were varied, an entry for each.

    Parameters
    ----------
    number : ndarray of int
        Which of `pictures` it is.
    mirrored : ndarray of bool
    down, right : ndarray
        Where the middle went, in pixels.
    degrees : ndarray
        From -180 to 180, counter-clockwise, after mirroring.
    zoom, contrast : ndarray
        1 for no change.
    """

    number: Array
    mirrored: Array
    down: Array
    right: Array
    degrees: Array
    zoom: Array
    contrast: Array


def recover(varied: Array, count: int) -> Varied | None:
    """Read how some of ``pictures(count, …)`` were varied; None where nothing is recognised.

    Parameters
    ----------
    varied : ndarray, shape (N, H, W, 3)
    count : int
        How many pictures there were.
    """
    height, width = varied.shape[1:3]
    mass, places = _blobs(varied.astype(np.float64))
    if not np.all(np.isfinite(places)):
        return None
    middle = np.array([height - 1, width - 1]) / 2
    before = np.c_[_points(height, width) - middle, np.ones(3)]
    maps = np.linalg.solve(before, places - middle)  # (N, 3, 2): two rows of the map, and a shift
    linear = maps[:, :2].transpose(0, 2, 1)
    mirrored = np.linalg.det(linear) < 0
    upright = linear * np.where(mirrored[:, None, None], [1, -1], [1, 1])
    zoom = np.sqrt(np.abs(np.linalg.det(linear)))
    # Rows count downwards: a counter-clockwise turn takes a step to the right upwards.
    degrees = np.degrees(np.arctan2(-upright[:, 0, 1], upright[:, 1, 1]))
    original, _ = _blobs(pictures(count, height, width).astype(np.float64))
    number, contrast = _recognised(mass / zoom[:, None] ** 2, original)
    down, right = maps[:, 2].T
    return Varied(number, mirrored, down, right, degrees, zoom, contrast)


def _blobs(x: Array) -> tuple[Array, Array]:
    """Mass over the ground and centre (row, column) of each picture's channels."""
    ground = np.median(x, axis=(1, 2), keepdims=True)
    over = np.maximum(x - ground, 0)
    with np.errstate(all="ignore"):
        over = np.where(over < 0.08 * over.max(axis=(1, 2), keepdims=True), 0, over)
        mass = over.sum(axis=(1, 2))
        rows = np.einsum("nhwc,h->nc", over, np.arange(x.shape[1])) / mass
        columns = np.einsum("nhwc,w->nc", over, np.arange(x.shape[2])) / mass
    return mass, np.stack([rows, columns], axis=-1)


def _recognised(mass: Array, original: Array) -> tuple[Array, Array]:
    """The nearest original by relative brightness, and how much brighter the blobs are."""
    seen, known = (
        np.log(np.maximum(m, 1e-9)) - np.log(np.maximum(m[:, :1], 1e-9)) for m in (mass, original)
    )
    number = np.abs(seen[:, None] - known).sum(axis=2).argmin(axis=1)
    return number, np.exp(np.mean(np.log(np.maximum(mass, 1e-9) / original[number]), axis=1))
