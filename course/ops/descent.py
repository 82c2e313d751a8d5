"""Gradient descent: the loss of a batch, and one step of training.

Conventions as in `cnnlab.course.ops`: NHWC, float32 stays float32, inputs stay unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops import Array, as_floats, conv2d, max_pool2d, relu, require
from cnnlab.course.ops.gradients import (
    conv2d_backward,
    dense_backward,
    max_pool2d_backward,
    relu_backward,
)
from cnnlab.course.ops.network import dense, flatten, softmax


def sgd_step(params: Sequence[ArrayLike], grads: Sequence[ArrayLike], rate: float) -> list[Array]:
    """A step downhill for every array: ``p - rate * g``, in new arrays.

    Parameters
    ----------
    params, grads : sequences of array_like, equal shapes in pairs
    rate : float
        The learning rate.

    Raises
    ------
    ValueError
        ``grads`` has another length or other shapes; the message names it.

    Examples
    --------
    >>> sgd_step([[1.0, 2.0]], [[10.0, -10.0]], 0.1)
    [array([0., 3.])]
    """
    require(len(grads) == len(params), "grads", f"must hold {len(params)} arrays", len(grads))
    new = []
    for param, grad in zip(params, grads, strict=True):
        p, g = as_floats(params=param, grads=grad)
        require(g.shape == p.shape, "grads", f"must have params' shape {p.shape}", g.shape)
        new.append((p - rate * g).astype(p.dtype, copy=False))
    return new


def softmax_cross_entropy(z: ArrayLike, y: ArrayLike) -> tuple[float, Array]:
    """The loss of a batch, and its gradient with respect to ``z``.

    Parameters
    ----------
    z : array_like, shape (N, classes)
        The last layer's sums (logits).
    y : array_like of int, shape (N,)
        The true class of each picture.

    Returns
    -------
    loss : float
        Minus the log of the true class's share, averaged over the batch.
    dz : ndarray, shape (N, classes)

    Raises
    ------
    ValueError
        ``y`` has another length, or holds a class that ``z`` has not.

    Examples
    --------
    >>> loss, dz = softmax_cross_entropy([[0, 0]], [1])
    >>> round(loss, 4), dz
    (0.6931, array([[ 0.5, -0.5]]))
    """
    (z,) = as_floats(z=z)
    y = np.asarray(y)
    require(y.shape == (len(z),), "y", f"must have shape ({len(z)},)", y.shape)
    known = y.dtype.kind in "iu" and bool(np.all((y >= 0) & (y < z.shape[1])))
    require(known, "y", f"must hold classes from 0 to {z.shape[1] - 1}", y)
    shares = softmax(z)
    rows = np.arange(len(z))
    loss = -np.mean(np.log(shares[rows, y]))
    shares[rows, y] -= 1
    return float(loss), shares / len(z)


def train_step(
    params: Sequence[ArrayLike], x: ArrayLike, y: ArrayLike, rate: float
) -> tuple[list[Array], float]:
    """One step of training: forwards, backwards, downhill.

    The network: convolution (``"valid"``, stride 1), ReLU, 2×2 max pooling, flatten, dense,
    softmax cross-entropy.

    Parameters
    ----------
    params : sequence of four array_like
        kernels (kh, kw, C, F), bias (F,), weights (n, classes), bias (classes,).
    x : array_like, shape (N, H, W, C)
    y : array_like of int, shape (N,)
    rate : float

    Returns
    -------
    params : list of four ndarray
        New arrays.
    loss : float
        Of the params that came in.

    Raises
    ------
    ValueError
        ``params`` does not hold four arrays, or something does not fit; the message names it.
    """
    require(len(params) == 4, "params", "must hold four arrays", len(params))
    x, kernels, bias, weights, bias2 = as_floats(
        x=x, **dict(zip(("kernels", "bias", "weights", "bias2"), params, strict=True))
    )
    z = conv2d(x, kernels, bias)
    a = relu(z)
    pooled = max_pool2d(a)
    flat = flatten(pooled)
    loss, dout = softmax_cross_entropy(dense(flat, weights, bias2), y)
    dflat, dweights, dbias2 = dense_backward(dout, flat, weights)
    da = max_pool2d_backward(dflat.reshape(pooled.shape), a, (2, 2))
    _, dkernels, dbias = conv2d_backward(relu_backward(da, z), x, kernels)
    grads: list[Any] = [dkernels, dbias, dweights, dbias2]
    return sgd_step([kernels, bias, weights, bias2], grads, rate), loss
