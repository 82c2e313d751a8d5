"""Standardising and varying pictures: the course's own definitions for chapter 8.

Batches are NHWC ``(N, H, W, C)``. Floats keep their dtype; lists and integers become float64.
Inputs are never changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops import Array, as_floats, require

SHIFT, DEGREES, CONTRAST = 0.1, 15.0, 0.2
"""The strengths of `augment_batch`: share of the side, degrees, change of the factor 1."""


def batch(x: ArrayLike) -> Array:
    """``x`` as floats of shape (N, H, W, C).

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Raises
    ------
    ValueError
        ``x`` does not have four axes.
    """
    (x,) = as_floats(x=x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    return x


# To mean 0 and standard deviation 1


def fit_standardizer(train: ArrayLike) -> tuple[Array, Array]:
    """Mean and standard deviation (ddof 0) of each channel.

    Parameters
    ----------
    train : array_like, shape (N, H, W, C)

    Returns
    -------
    mean, std : ndarray, shape (C,)

    Raises
    ------
    ValueError
        ``train`` does not have four axes.

    Examples
    --------
    >>> fit_standardizer(np.arange(8).reshape(2, 2, 1, 2))
    (array([3., 4.]), array([2.23606798, 2.23606798]))
    """
    (train,) = as_floats(train=train)
    require(train.ndim == 4, "train", "must have shape (N, H, W, C)", train.shape)
    return train.mean(axis=(0, 1, 2)), train.std(axis=(0, 1, 2))


# Variations of a picture


def hflip(x: ArrayLike) -> Array:
    """Left and right exchanged: columns in reverse.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Examples
    --------
    >>> hflip([[[[1], [2]]]]).ravel()
    array([2., 1.])
    """
    return batch(x)[:, :, ::-1].copy()


def shift(x: ArrayLike, dy: int, dx: int) -> Array:
    """Moved ``dy`` rows down and ``dx`` columns to the right; zeros come in.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    dy, dx : int
        Pixels; negative ones move up and to the left.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Examples
    --------
    >>> shift([[[[1], [2]], [[3], [4]]]], 1, -1)[0, :, :, 0]
    array([[0., 0.],
           [2., 0.]])
    """
    x = batch(x)
    out = np.zeros_like(x)
    rows, columns = (
        slice(max(move, 0), max(size + min(move, 0), 0))
        for size, move in zip(x.shape[1:3], (dy, dx), strict=True)
    )
    from_rows, from_columns = (
        slice(max(-move, 0), max(size - max(move, 0), 0))
        for size, move in zip(x.shape[1:3], (dy, dx), strict=True)
    )
    out[:, rows, columns] = x[:, from_rows, from_columns]
    return out


def adjust_contrast(x: ArrayLike, factor: ArrayLike) -> Array:
    """(x − m)·factor + m with m the mean of each picture and channel; nothing is clipped.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    factor : float, or array_like of shape (N,)

    Examples
    --------
    >>> adjust_contrast([[[[1], [3]]]], 2).ravel()
    array([0., 4.])
    """
    x = batch(x)
    mean = x.mean(axis=(1, 2), keepdims=True)
    return (x - mean) * np.asarray(factor, x.dtype).reshape(-1, 1, 1, 1) + mean


def affine(x: ArrayLike, degrees: ArrayLike, zoom: ArrayLike) -> Array:
    """Turned counter-clockwise and enlarged about the middle.

    Inverse mapping: each pixel of the result asks where it comes from. Between pixels
    bilinear; outside of the picture everything is 0.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    degrees, zoom : float, or array_like of shape (N,)
        ``zoom`` above 1 enlarges.

    Raises
    ------
    ValueError
        ``x`` does not have four axes, or ``zoom`` is not above 0.

    Examples
    --------
    >>> affine([[[[1], [2]], [[3], [4]]]], 90, 1)[0, :, :, 0].round(6)
    array([[2., 4.],
           [1., 3.]])
    """
    x = batch(x)
    require(bool(np.all(np.asarray(zoom) > 0)), "zoom", "must be above 0", zoom)
    return bilinear(x, *sources(x.shape[1:3], np.radians(degrees), zoom))


def sources(
    size: tuple[int, ...],
    angle: ArrayLike,
    zoom: ArrayLike,
    centre: tuple[float, float] | None = None,
) -> tuple[Array, Array]:
    """Where each pixel of a turned and enlarged picture comes from.

    Parameters
    ----------
    size : (H, W)
    angle, zoom : float, or array_like of shape (N,)
        In radians, counter-clockwise.
    centre : (row, column), optional
        What stays where it is; without it the middle of the picture.

    Returns
    -------
    rows, columns : ndarray, shape (N, H, W)
        N is 1 for plain numbers.
    """
    row, column = centre or ((size[0] - 1) / 2, (size[1] - 1) / 2)
    angle, zoom = (np.reshape(np.asarray(a, float), (-1, 1, 1)) for a in (angle, zoom))
    down, right = np.arange(size[0])[:, None] - row, np.arange(size[1]) - column
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    # Rows count downwards, so this sign of the sine turns the picture counter-clockwise.
    return cos * down + sin * right + row, cos * right - sin * down + column


def bilinear(x: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> Array:
    """The pictures read at places between their pixels; outside everything is 0.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    rows, columns : array_like, shape (h, w), (1, h, w) or (N, h, w)
        Without N: the same places in all pictures.

    Returns
    -------
    ndarray, shape (N, h, w, C)

    Raises
    ------
    ValueError
        ``x`` does not have four axes, or ``rows`` and ``columns`` differ in shape.

    Examples
    --------
    >>> bilinear([[[[10], [20]]]], [[0, 0]], [[0.25, 1.5]]).ravel()
    array([12.5, 10. ])
    """
    x, rows, columns = batch(x), np.asarray(rows, float), np.asarray(columns, float)
    same = rows.shape == columns.shape and rows.ndim in (2, 3)
    require(same, "rows", "must have columns' shape (h, w)", (rows.shape, columns.shape))
    rows, columns = (a.reshape(-1, *a.shape[-2:]) for a in (rows, columns))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    out = np.zeros((len(x), *rows.shape[1:], x.shape[3]), x.dtype)
    picture = np.arange(len(x))[:, None, None]
    for i, j in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        share = (1 - np.abs(rows - i)) * (1 - np.abs(columns - j))
        share *= (i >= 0) & (i < x.shape[1]) & (j >= 0) & (j < x.shape[2])
        within = np.clip(i, 0, x.shape[1] - 1), np.clip(j, 0, x.shape[2] - 1)
        out += share[..., None].astype(x.dtype) * x[picture, *within]
    return out


def augment_batch(x: ArrayLike, y: ArrayLike, rng: np.random.Generator) -> tuple[Array, Any]:
    """Every picture varied in its own way: mirrored or not, shifted, turned, more or less contrast.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    y : array_like, shape (N, ...)
        Labels; stay as they are.
    rng : numpy.random.Generator
        Everything is drawn from it.
    """
    x = batch(x)
    n, height, width = x.shape[:3]
    flips = rng.random(n) < 0.5
    moves = [np.rint(s * rng.uniform(-SHIFT, SHIFT, n)).astype(int) for s in (height, width)]
    degrees = rng.uniform(-DEGREES, DEGREES, n)
    factors = rng.uniform(1 - CONTRAST, 1 + CONTRAST, n)
    return vary(x, flips, moves, degrees, factors), np.array(y)


def vary(x: Array, flips: Any, moves: Any, degrees: Any, factors: Any) -> Array:
    """Pictures varied by given amounts, one for each picture: first mirrored, then shifted, then
    turned, then their contrast changed.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    flips : array of bool, shape (N,)
    moves : (down, right), two arrays of int, shape (N,)
    degrees, factors : array of float, shape (N,)
    """
    mirrored = np.where(np.reshape(flips, (-1, 1, 1, 1)), hflip(x), x)
    moved = np.concatenate(
        [shift(p[None], dy, dx) for p, dy, dx in zip(mirrored, *moves, strict=True)]
    )
    return adjust_contrast(affine(moved, degrees, 1.0), factors)


# What the chapter shows beside its exercises


def scattered(x: ArrayLike, degrees: float, zoom: float) -> Array:
    """`affine` done the wrong way round: every pixel is sent to its new place, so holes remain.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    degrees, zoom : float
    """
    x = batch(x)
    # Forwards is backwards with the opposite angle and size.
    targets = sources(x.shape[1:3], -np.radians(degrees), 1 / zoom)
    rows, columns = (np.rint(place[0]).astype(int) for place in targets)
    within = (rows >= 0) & (rows < x.shape[1]) & (columns >= 0) & (columns < x.shape[2])
    out = np.zeros_like(x)
    out[:, rows[within], columns[within]] = x[:, within]
    return out


def cut_patches(x: ArrayLike, side: int, count: int, rng: np.random.Generator) -> Array:
    """Gray patches from random places of pictures, one in each row.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    side, count : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (count, side * side)
    """
    gray = batch(x).mean(axis=3)
    farthest = gray.shape[1] - side + 1, gray.shape[2] - side + 1
    places = rng.integers(0, (len(gray), *farthest), (count, 3))
    return np.stack([gray[n, i : i + side, j : j + side].ravel() for n, i, j in places])
