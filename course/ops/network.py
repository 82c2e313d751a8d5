"""What turns feature maps into an answer: flatten, dense, softmax, sigmoid; a whole network.

Conventions as in `cnnlab.course.ops`: batches first, channels last, float32 stays float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops import Array, as_floats, conv2d, max_pool2d, relu, require

BLOCKS = 3
ARRAYS = 2 * BLOCKS + 4
"""Kernel and bias of three convolutions and two dense layers."""


def flatten(x: ArrayLike) -> Array:
    """All numbers of each picture in one row, in Keras's order: row, column, channel.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)

    Returns
    -------
    ndarray, shape (N, H * W * C)

    Raises
    ------
    ValueError
        ``x`` does not have four axes.

    Examples
    --------
    >>> flatten([[[[1, 2], [3, 4]]]])
    array([[1., 2., 3., 4.]])
    """
    (x,) = as_floats(x=x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    return x.reshape(len(x), -1).copy()


def sigmoid(z: ArrayLike) -> Array:
    """1 / (1 + exp(-z)), without overflow at any size of ``z``.

    Parameters
    ----------
    z : array_like, any shape

    Returns
    -------
    ndarray, the shape of ``z``

    Raises
    ------
    ValueError
        ``z`` holds something other than real numbers.

    Examples
    --------
    >>> sigmoid([-1e4, 0, 1e4])
    array([0. , 0.5, 1. ])
    """
    (z,) = as_floats(z=z)
    small = np.exp(-np.abs(z))  # never above 1
    return np.where(z >= 0, 1, small) / (1 + small)


def softmax(z: ArrayLike) -> Array:
    """exp(z) divided by its sum over the last axis, without overflow.

    Parameters
    ----------
    z : array_like, shape (..., classes)

    Returns
    -------
    ndarray, the shape of ``z``

    Raises
    ------
    ValueError
        ``z`` holds something other than real numbers.

    Examples
    --------
    >>> softmax([1e4, 1e4])
    array([0.5, 0.5])
    """
    (z,) = as_floats(z=z)
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


ACTIVATIONS = {None: lambda z: z, "relu": relu, "sigmoid": sigmoid, "softmax": softmax}


def dense(
    x: ArrayLike, weights: ArrayLike, bias: ArrayLike, activation: str | None = None
) -> Array:
    """What Keras's ``Dense`` computes: every input times every weight, summed, plus the bias.

    Parameters
    ----------
    x : array_like, shape (N, n)
    weights : array_like, shape (n, units)
    bias : array_like, shape (units,)
    activation : {None, "relu", "sigmoid", "softmax"}

    Returns
    -------
    ndarray, shape (N, units)

    Raises
    ------
    ValueError
        Shapes that do not fit together, or an unknown activation; the message names the
        argument.

    Examples
    --------
    >>> dense([[1, 2]], [[10, 0, 1], [1, 0, 1]], [0, 5, -9], activation="relu")
    array([[12.,  5.,  0.]])
    """
    x, weights, bias = as_floats(x=x, weights=weights, bias=bias)
    require(x.ndim == 2, "x", "must have shape (N, n)", x.shape)
    fits = weights.ndim == 2 and len(weights) == x.shape[1]
    require(fits, "weights", f"must have shape ({x.shape[1]}, units)", weights.shape)
    units = weights.shape[1]
    require(bias.shape == (units,), "bias", f"must have shape ({units},)", bias.shape)
    known = activation in ACTIVATIONS
    require(known, "activation", f"must be one of {list(ACTIVATIONS)}", repr(activation))
    return ACTIVATIONS[activation](x @ weights + bias)


def predict(x: ArrayLike, weights: Sequence[ArrayLike]) -> Array:
    """The network of `cnnlab.course.networks.cnn.small_cnn`, computed without Keras.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
        Pictures, from 0 to 1.
    weights : sequence of ten array_like
        Kernel and bias of three convolutions (3×3, ``"same"``, ReLU, each followed by 2×2 max
        pooling), of a dense layer with ReLU, and of one sigmoid unit: the order of Keras's
        ``get_weights()``.

    Returns
    -------
    ndarray, shape (N, 1)
        How sure the network is that each picture shows class 1.

    Raises
    ------
    ValueError
        Not ten arrays, or arrays that do not fit; the message names the argument.
    """
    (x,) = as_floats(x=x)
    require(len(weights) == ARRAYS, "weights", f"must hold {ARRAYS} arrays", len(weights))
    for kernels, bias in zip(weights[: 2 * BLOCKS : 2], weights[1 : 2 * BLOCKS : 2], strict=True):
        x = max_pool2d(relu(conv2d(x, kernels, bias, padding="same")))
    hidden = dense(flatten(x), weights[6], weights[7], "relu")
    return dense(hidden, weights[8], weights[9], "sigmoid")
