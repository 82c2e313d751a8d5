"""Chapter 4's trained network cut in two, so that dropout can stand in the middle.

What it sees in a picture (`features`), and what it makes of that (`answers`). NumPy alone.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops import Array, conv2d, max_pool2d, relu
from cnnlab.course.ops.network import BLOCKS, dense, flatten
from cnnlab.datasets.pictures import load_network


@cache
def _weights() -> list[Array]:
    return list(load_network().weights)


def maps(x: ArrayLike, blocks: int = BLOCKS) -> Array:
    """The feature maps after so many blocks of convolution, ReLU and pooling.

    Parameters
    ----------
    x : array_like, shape (N, H, W, 3), uint8
    blocks : int
        From 1 to 3.

    Returns
    -------
    ndarray, shape (N, H // 2**blocks, W // 2**blocks, C), float32

    Examples
    --------
    >>> maps(np.zeros((1, 32, 32, 3), np.uint8), 1).shape
    (1, 16, 16, 16)
    """
    out: Array = np.divide(x, 255, dtype=np.float32)
    for i in range(0, 2 * blocks, 2):
        kernels, bias = _weights()[i : i + 2]
        out = max_pool2d(relu(conv2d(out, kernels, bias, padding="same")))
    return out


def features(x: ArrayLike) -> Array:
    """The row of numbers that enters the dense layers, for pictures of 32 × 32.

    Parameters
    ----------
    x : array_like, shape (N, 32, 32, 3), uint8

    Returns
    -------
    ndarray, shape (N, 512), float32
    """
    return flatten(maps(x))


def answers(rows: ArrayLike) -> Array:
    """How sure the network is of a dog, from its `features`, whole or thinned.

    Parameters
    ----------
    rows : array_like, shape (N, 512)

    Returns
    -------
    ndarray, shape (N,)

    Examples
    --------
    >>> bool(0 < answers(np.zeros((1, 512)))[0] < 1)
    True
    """
    weights, bias, last_weights, last_bias = _weights()[2 * BLOCKS :]
    hidden = dense(rows, weights, bias, "relu")
    return dense(hidden, last_weights, last_bias, "sigmoid")[:, 0]
