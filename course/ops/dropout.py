"""Dropout: cells, or whole maps, set to zero by chance; and a model asked many times over.

Conventions as in `cnnlab.course.ops`. Dropout here is *inverted*, as in Keras: what is kept
grows by 1 / (1 - rate) in training, and nothing happens at all outside of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.ops import Array, as_floats, require

Mask = NDArray[np.bool_]
Rng = np.random.Generator


def dropout(x: ArrayLike, rate: float, rng: Rng, training: bool = True) -> tuple[Array, Mask]:
    """Set each number to zero with probability ``rate``, and enlarge all others.

    Inverted dropout, as Keras has it (after Srivastava and others, 2014).

    Parameters
    ----------
    x : array_like, any shape
    rate : float
        From 0 to 1: the share that is dropped, on average.
    rng : numpy Generator
        Left alone where ``training`` is False.
    training : bool

    Returns
    -------
    (ndarray, ndarray of bool), both of the shape of ``x``
        ``x * mask / (1 - rate)`` and the mask, True where a number was kept. Zeros for a rate
        of 1. Outside of training ``x`` itself and True everywhere.

    Raises
    ------
    ValueError
        ``rate`` is not from 0 to 1.

    Examples
    --------
    >>> out, mask = dropout([4.0] * 6, 0.5, np.random.default_rng(0))
    >>> out
    array([8., 0., 0., 0., 8., 8.])
    """
    (x,) = as_floats(x=x)
    _require_rate(rate)
    if not training:
        return x.copy(), np.ones(x.shape, bool)
    mask = rng.random(x.shape) >= rate
    return _thinned(x, mask, rate), mask


def dropout_backward(dout: ArrayLike, mask: ArrayLike, rate: float) -> Array:
    """The gradient of `dropout`'s input: what was dropped gets none of it.

    Parameters
    ----------
    dout : array_like, any shape
        The gradient of its output.
    mask : array_like of bool, the shape of ``dout``
        The mask that the way forward drew.
    rate : float
        The rate that it was drawn with.

    Raises
    ------
    ValueError
        ``mask`` has another shape than ``dout``; ``rate`` is not from 0 to 1.

    Examples
    --------
    >>> dropout_backward([1, 2, 3], [True, False, True], 0.5)
    array([2., 0., 6.])
    """
    (dout,) = as_floats(dout=dout)
    mask = np.asarray(mask, bool)
    require(mask.shape == dout.shape, "mask", f"must have shape {dout.shape}", mask.shape)
    _require_rate(rate)
    return _thinned(dout, mask, rate)


def spatial_dropout2d(x: ArrayLike, rate: float, rng: Rng, training: bool = True) -> Array:
    """Drop whole maps: one draw for each picture and channel, as Keras's ``SpatialDropout2D``.

    After Tompson and others, 2015.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    rate, rng, training
        As in `dropout`.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Raises
    ------
    ValueError
        ``x`` does not have four axes; ``rate`` is not from 0 to 1.

    Examples
    --------
    >>> spatial_dropout2d(np.ones((1, 2, 2, 3)), 0.5, np.random.default_rng(0))[0, :, :, 0]
    array([[2., 2.],
           [2., 2.]])
    """
    (x,) = as_floats(x=x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    _require_rate(rate)
    if not training:
        return x.copy()
    pictures, _, _, channels = x.shape
    return _thinned(x, rng.random((pictures, 1, 1, channels)) >= rate, rate)


def mc_predict(model: Any, x: ArrayLike, passes: int) -> tuple[Array, Array]:
    """Ask a model many times with its dropout switched on: Monte-Carlo dropout.

    Parameters
    ----------
    model : callable, (x, training=...) → (N, units)
        A Keras model.
    x : array_like, shape (N, ...)
    passes : int
        How often, from 1 on.

    Returns
    -------
    (ndarray, ndarray), shape (N, units) each
        The mean of the answers, and how far they scatter around it: their standard deviation,
        with the number of passes below the fraction line.

    Raises
    ------
    ValueError
        ``passes`` is below 1.

    Examples
    --------
    >>> mc_predict(lambda x, training: x + 1.0, np.zeros((2, 1)), 3)[0].ravel()
    array([1., 1.])
    """
    require(passes >= 1, "passes", "must be 1 or more", passes)
    answers = np.stack([np.asarray(model(x, training=True)) for _ in range(passes)])
    return answers.mean(axis=0), answers.std(axis=0)


def _require_rate(rate: float) -> None:
    require(0 <= rate <= 1, "rate", "must be from 0 to 1", rate)


def _thinned(x: Array, mask: Mask, rate: float) -> Array:
    """``x * mask / (1 - rate)``; at a rate of 1 nothing is kept, and there is nothing to scale."""
    return x * mask / (1 - rate) if rate < 1 else np.zeros_like(x)
