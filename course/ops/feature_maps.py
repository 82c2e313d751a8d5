"""What feature maps are looked at with: as pictures, by how sparse they are, by the strongest.

Feature maps have shape (1, h, w, C), as a network gives them for one photograph.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.ops import require

LOW, HIGH = 1, 99
"""Percentiles that become black and white: single outliers must not decide."""
GREY = 128


def to_picture(feature_map: ArrayLike) -> NDArray[np.uint8]:
    """One feature map as grey levels: its 1st percentile black, its 99th white.

    Parameters
    ----------
    feature_map : array_like, shape (h, w)

    Returns
    -------
    ndarray, shape (h, w), uint8
        Rounded. What lies beyond the percentiles is clipped. Where both percentiles are the
        same, every pixel is 128.

    Raises
    ------
    ValueError
        ``feature_map`` does not have two axes.

    Examples
    --------
    >>> to_picture([[0, 0], [0, 0]])
    array([[128, 128],
           [128, 128]], dtype=uint8)
    """
    values = np.asarray(feature_map, np.float64)
    require(values.ndim == 2, "feature_map", "must have shape (h, w)", values.shape)
    low, high = np.percentile(values, [LOW, HIGH])
    if low == high:
        return np.full(values.shape, GREY, np.uint8)
    return np.rint(255 * np.clip((values - low) / (high - low), 0, 1)).astype(np.uint8)


def sparsity(maps: Mapping[str, ArrayLike]) -> dict[str, float]:
    """The share of exact zeros in each layer's feature maps.

    Parameters
    ----------
    maps : mapping of str to array_like
        A layer's name and its feature maps, of any shape.

    Returns
    -------
    dict of str to float

    Examples
    --------
    >>> sparsity({"conv": [[[[0.0, 2.0], [0.0, 0.0]]]]})
    {'conv': 0.75}
    """
    return {name: float(np.mean(np.asarray(m) == 0)) for name, m in maps.items()}


def strongest(feature_map: ArrayLike, k: int) -> list[int]:
    """The channels with the largest mean over height and width, the largest first.

    Parameters
    ----------
    feature_map : array_like, shape (1, h, w, C)
    k : int
        From 1 to C.

    Returns
    -------
    list of k int
        Of two equal means, the lower channel comes first.

    Raises
    ------
    ValueError
        ``k`` is not from 1 to C, or ``feature_map`` does not have four axes.

    Examples
    --------
    >>> strongest([[[[1.0, 5.0, 3.0]]]], 2)
    [1, 2]
    """
    values = np.asarray(feature_map, np.float64)
    shape = values.shape
    require(values.ndim == 4, "feature_map", "must have shape (1, h, w, C)", shape)
    require(1 <= k <= shape[-1], "k", f"must be from 1 to {shape[-1]}", k)
    means = values.mean(axis=(0, 1, 2))
    return [int(channel) for channel in np.argsort(-means, kind="stable")[:k]]
