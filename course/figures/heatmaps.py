"""Explanations as pictures: a map laid over its photograph, and what two maps have in common.

As everywhere in the course, blue is positive: it speaks for the class, and red against it. The
photograph below is grey.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.palette import AGAINST, FOR, rgb

STRONGEST = 0.85
"""How much of the photograph the largest number hides."""
LUMA = (0.299, 0.587, 0.114)


def stretched(values: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float32]:
    """A map brought to a size (H, W), with straight lines between its cells' middles.

    Examples
    --------
    >>> stretched([[0.0, 4.0]], (1, 4)).tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    """
    from PIL import Image

    small = Image.fromarray(np.asarray(values, np.float32), mode="F")
    return np.asarray(small.resize(shape[::-1], Image.Resampling.BILINEAR))


def placed(
    values: ArrayLike, shape: tuple[int, int], size: int, stride: int
) -> NDArray[np.float32]:
    """An occlusion map where it belongs on its picture: each number around its occluder's middle.

    Parameters
    ----------
    values : array_like, shape (rows, columns)
    shape : (H, W)
    size, stride : int
        Of the occluder.

    Returns
    -------
    ndarray, shape (H, W)
        The border, where no occluder has its middle, goes on with the nearest number.
    """
    values = np.asarray(values, np.float32)
    inner = stretched(values, (values.shape[0] * stride, values.shape[1] * stride))
    edge = max(0, (size - stride) // 2)
    margins = [(edge, max(0, n - edge - m)) for n, m in zip(shape, inner.shape, strict=True)]
    return np.pad(inner, margins, mode="edge")[: shape[0], : shape[1]]


def scaled(values: ArrayLike, percentile: float = 99.5) -> NDArray[np.float32]:
    """From -1 to 1: divided by a percentile of the sizes, and clipped; zeros stay zeros.

    Examples
    --------
    >>> scaled([[0.0, 5.0], [-10.0, 2.0]], 100).tolist()
    [[0.0, 0.5], [-1.0, 0.20000000298023224]]
    """
    values = np.asarray(values, np.float32)
    top = float(np.percentile(np.abs(values), percentile)) or float(np.abs(values).max())
    return np.clip(values / top, -1, 1) if top else values


def overlay(photo: NDArray[np.uint8], values: ArrayLike) -> NDArray[np.uint8]:
    """A map over its photograph.

    Parameters
    ----------
    photo : array, shape (H, W, 3), uint8
    values : array_like, shape (h, w)
        Brought to the photograph's size, and `scaled`.

    Returns
    -------
    array, shape (H, W, 3), uint8
    """
    shape = photo.shape[:2]
    values = np.asarray(values, np.float32)
    strength = scaled(values if values.shape == shape else stretched(values, shape))
    grey = np.repeat((photo @ np.array(LUMA) * 0.75 + 40)[..., None], 3, axis=-1)
    share = STRONGEST * np.abs(strength)[..., None]
    colour = np.where(strength[..., None] > 0, rgb(FOR), rgb(AGAINST))
    return np.rint((1 - share) * grey + share * colour).clip(0, 255).astype(np.uint8)


def share(values: ArrayLike, columns: slice) -> float:
    """The part of what speaks for the class that lies in some columns of a map.

    Examples
    --------
    >>> share([[1.0, 3.0], [-5.0, 0.0]], slice(0, 1))
    0.25
    """
    positive = np.maximum(np.asarray(values, float), 0)
    return float(positive[:, columns].sum() / positive.sum()) if positive.any() else 0.0


def rank_correlation(one: ArrayLike, other: ArrayLike) -> float:
    """Spearman's: 1 where two maps rank their places alike, 0 where they have nothing in common.

    Examples
    --------
    >>> round(rank_correlation([1, 2, 30], [5, 6, 7]), 6)
    1.0
    """
    ranks = [np.argsort(np.argsort(np.ravel(v))).astype(float) for v in (one, other)]
    if any(np.ptp(np.ravel(values)) == 0 for values in (one, other)):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
