"""What keeps a training alive: first weights, batch norm, Adam, shortcuts, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops.arguments import Array, as_floats, require
from cnnlab.course.ops.convolution import conv2d, relu
from cnnlab.course.ops.evaluation import smooth

EPS = 1e-3
MOMENTUM = 0.99
"""Both as in Keras's ``BatchNormalization``."""


def he_normal(shape: Sequence[int], rng: np.random.Generator) -> Array:
    """First weights for a layer with ReLU: normal numbers with a std of √(2 / fan_in).

    After He and others, "Delving Deep into Rectifiers", 2015.

    Parameters
    ----------
    shape : sequence of int
        ``(kh, kw, C, F)`` of a convolution, or ``(n, units)`` of a dense layer.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape ``shape``

    Raises
    ------
    ValueError
        ``shape`` has fewer than two sizes, or one below 1.

    Examples
    --------
    >>> float(he_normal((3, 3, 2, 1000), np.random.default_rng(0)).std().round(2))
    0.33
    """
    require(len(shape) >= 2 and min(shape) >= 1, "shape", "must have two sizes or more", shape)
    fan_in = math.prod(shape[:-1])
    return rng.normal(0, math.sqrt(2 / fan_in), tuple(shape))


def batch_norm(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, eps: float = EPS
) -> tuple[Array, Array, Array]:
    """Batch normalization in training, as Keras's layer does it (Ioffe and Szegedy, 2015).

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    gamma, beta : array_like, shape (C,)
        The learned scale and shift of each channel.
    eps : float

    Returns
    -------
    out : ndarray, shape (N, H, W, C)
    mean, variance : ndarray, shape (C,)
        Of the batch; the variance is biased, with N·H·W below the line.

    Raises
    ------
    ValueError
        ``x`` has not four axes, or gamma or beta not one number for each channel.

    Examples
    --------
    >>> x = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    >>> out, mean, variance = batch_norm(x, [1], [0], eps=0)
    >>> out.ravel(), mean, variance
    (array([-1.,  1.]), array([2.]), array([1.]))
    """
    x, gamma, beta = as_floats(x=x, gamma=gamma, beta=beta)
    _require_channels(x, gamma=gamma, beta=beta)
    rows = x.reshape(-1, x.shape[3])
    mean = rows.mean(axis=0)
    variance = np.square(rows - mean).mean(axis=0)
    return _normalized(x, gamma, beta, mean, variance, eps), mean, variance


def batch_norm_at_test(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    eps: float = EPS,
) -> Array:
    """Batch normalization after training, with statistics that were collected in it.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    gamma, beta : array_like, shape (C,)
    mean, variance : array_like, shape (C,)
        The moving ones.
    eps : float

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Raises
    ------
    ValueError
        ``x`` has not four axes, or another argument not one number for each channel.

    Examples
    --------
    >>> batch_norm_at_test(np.full((1, 1, 1, 1), 5.0), [2], [1], [3], [4], eps=0).ravel()
    array([3.])
    """
    x, gamma, beta, mean, variance = as_floats(
        x=x, gamma=gamma, beta=beta, mean=mean, variance=variance
    )
    _require_channels(x, gamma=gamma, beta=beta, mean=mean, variance=variance)
    return _normalized(x, gamma, beta, mean, variance, eps)


def _normalized(
    x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, eps: float
) -> Array:
    out: Array = gamma * ((x - mean) / np.sqrt(variance + x.dtype.type(eps))) + beta
    return out


def _require_channels(x: Array, **named: Array) -> None:
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    for name, array in named.items():
        rule = f"must have one number for each of {x.shape[3]} channels"
        require(array.shape == x.shape[3:], name, rule, array.shape)


def update_moving(moving: ArrayLike, batch: ArrayLike, momentum: float = MOMENTUM) -> Array:
    """A moving average, one batch later.

    Parameters
    ----------
    moving, batch : array_like, shape (C,)
        The average so far, and the batch's mean or variance.
    momentum : float
        The share of the old average.

    Returns
    -------
    ndarray, shape (C,)

    Raises
    ------
    ValueError
        The shapes differ, or ``momentum`` is not from 0 to 1.

    Examples
    --------
    >>> update_moving([10.0], [20.0], momentum=0.75)
    array([12.5])
    """
    moving, batch = as_floats(moving=moving, batch=batch)
    require(moving.shape == batch.shape, "batch", "must have moving's shape", batch.shape)
    require(0 <= momentum <= 1, "momentum", "must be from 0 to 1", momentum)
    return momentum * moving + (1 - momentum) * batch


def adam_step(
    param: ArrayLike,
    grad: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    t: int,
    rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-7,
) -> tuple[Array, Array, Array]:
    """One step of Adam (Kingma and Ba, 2015), in the order in which Keras computes it.

    Parameters
    ----------
    param, grad : array_like, any shape
    m, v : array_like, the shape of ``param``
        The moving averages of the gradient and of its square.
    t : int
        The number of this step, from 1.
    rate, beta1, beta2, eps : float

    Returns
    -------
    tuple of three ndarrays, each the shape of ``param``
        The new param, m and v.

    Raises
    ------
    ValueError
        ``t`` is below 1, or an array has another shape than ``param``.

    Examples
    --------
    >>> param, m, v = adam_step([1.0, 1.0], [5.0, -0.01], [0, 0], [0, 0], t=1, rate=0.1)
    >>> param.round(3), m.round(3)
    (array([0.9, 1.1]), array([ 0.5  , -0.001]))
    """
    param, grad, m, v = as_floats(param=param, grad=grad, m=m, v=v)
    for name, array in {"grad": grad, "m": m, "v": v}.items():
        require(array.shape == param.shape, name, "must have param's shape", array.shape)
    require(t >= 1, "t", "must be 1 or more", t)
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    step = rate * math.sqrt(1 - beta2**t) / (1 - beta1**t)
    return param - step * m / (np.sqrt(v) + eps), m, v


def residual_block(
    x: ArrayLike, kernels1: ArrayLike, bias1: ArrayLike, kernels2: ArrayLike, bias2: ArrayLike
) -> Array:
    """Two convolutions beside a shortcut: relu(x + conv(relu(conv(x)))) (He and others, 2015).

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    kernels1 : array_like, shape (kh, kw, C, F)
    bias1 : array_like, shape (F,)
    kernels2 : array_like, shape (kh, kw, F, C)
    bias2 : array_like, shape (C,)

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Raises
    ------
    ValueError
        Shapes do not fit together; the message names an argument.

    Examples
    --------
    >>> x, nothing = np.array([[[[3.0], [-2.0]]]]), np.zeros((1, 1, 1, 1))
    >>> residual_block(x, nothing, [0], nothing, [1]).ravel()
    array([4., 0.])
    """
    x, kernels1, bias1, kernels2, bias2 = as_floats(
        x=x, kernels1=kernels1, bias1=bias1, kernels2=kernels2, bias2=bias2
    )
    require_block(x, kernels1, bias1, kernels2, bias2)
    inner = relu(conv2d(x, kernels1, bias1, padding="same"))
    return relu(x + conv2d(inner, kernels2, bias2, padding="same"))


def require_block(x: Array, kernels1: Array, bias1: Array, kernels2: Array, bias2: Array) -> None:
    """Raise ValueError where the arrays of a residual block do not fit together.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    kernels1 : ndarray, shape (kh, kw, C, F)
    bias1 : ndarray, shape (F,)
    kernels2 : ndarray, shape (kh, kw, F, C)
    bias2 : ndarray, shape (C,)

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.
    """
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    for name, kernels in {"kernels1": kernels1, "kernels2": kernels2}.items():
        require(kernels.ndim == 4, name, "must have four axes", kernels.shape)
    channels, filters = x.shape[3], kernels1.shape[3]
    require(kernels1.shape[2] == channels, "kernels1", "must take x's channels", kernels1.shape)
    require(bias1.shape == (filters,), "bias1", "must have one number a filter", bias1.shape)
    pair = (filters, channels)
    require(kernels2.shape[2:] == pair, "kernels2", "must lead back to x's channels", pair)
    require(bias2.shape == (channels,), "bias2", "must have one number a channel", bias2.shape)


def best_rate(rates: ArrayLike, losses: ArrayLike) -> float:
    """The learning rate at which the loss of a sweep falls most steeply (after Smith, 2017).

    Parameters
    ----------
    rates : array_like, shape (n,)
        Growing by the same factor from one to the next.
    losses : array_like, shape (n,)
        One after each step.

    Returns
    -------
    float
        The first of the rates at which the smoothed loss has its lowest slope over log(rate).

    Raises
    ------
    ValueError
        There are fewer than two rates, or not as many losses.

    Examples
    --------
    >>> best_rate([0.001, 0.01, 0.1, 1.0], [2.0, 2.0, 0.5, 0.4])
    0.1
    """
    rates, losses = as_floats(rates=rates, losses=losses)
    require(rates.ndim == 1 and len(rates) >= 2, "rates", "must be two or more", rates.shape)
    require(losses.shape == rates.shape, "losses", "must be as many as rates", losses.shape)
    slopes = np.gradient(smooth(losses), np.log(rates))
    return float(rates[np.argmin(slopes)])


def early_stop(val_loss: ArrayLike, patience: int) -> tuple[int, int]:
    """Where early stopping ends a training, and which epoch's weights it keeps.

    Parameters
    ----------
    val_loss : array_like, shape (epochs,)
    patience : int
        After so many epochs in a row without a new lowest loss, it ends.

    Returns
    -------
    (int, int)
        The last epoch that is trained, and the best one until then; counted from 0.

    Raises
    ------
    ValueError
        There is no epoch, or ``patience`` is below 1.

    Examples
    --------
    >>> early_stop([5, 3, 4, 4, 2], patience=2)
    (3, 1)
    """
    (losses,) = as_floats(val_loss=val_loss)
    require(losses.ndim == 1 and losses.size > 0, "val_loss", "must have an epoch", losses.shape)
    require(patience >= 1, "patience", "must be 1 or more", patience)
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(losses) - 1, best
