"""The backward pass: where a gradient goes in each layer.

Conventions as in `cnnlab.course.ops`: NHWC, float32 stays float32, inputs stay unchanged.
``dout`` is the gradient of the loss with respect to a layer's output, shaped like that output.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cnnlab.course.ops import (
    Array,
    as_floats,
    conv2d,
    layout,
    max_pool2d,
    require,
)

Pair = tuple[int, int]


def numerical_gradient(f: Callable[[Array], float], x: ArrayLike, eps: float = 1e-5) -> Array:
    """How fast ``f`` grows with each number of ``x``, by central differences.

    Parameters
    ----------
    f : callable, array of x's shape → float
    x : array_like, any shape
    eps : float
        How far each number is moved to either side.

    Returns
    -------
    ndarray, x's shape, float64
        float32 has too few digits for a difference of nearly equal numbers.

    Raises
    ------
    ValueError
        ``eps`` is not above 0.

    Examples
    --------
    >>> numerical_gradient(lambda x: float(np.sum(x**2)), [1.0, -3.0]).round(6)
    array([ 2., -6.])
    """
    require(eps > 0, "eps", "must be above 0", eps)
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + eps
        above = f(x)
        x[index] = kept - eps
        gradient[index] = (above - f(x)) / (2 * eps)
        x[index] = kept
    return gradient


def relu_backward(dout: ArrayLike, z: ArrayLike) -> Array:
    """The gradient passes where ``z`` is above 0, and stops everywhere else.

    Parameters
    ----------
    dout, z : array_like, one shape
        ``z`` is what went into the ReLU.

    Raises
    ------
    ValueError
        The shapes differ; the message names ``dout``.

    Examples
    --------
    >>> relu_backward([5, 5, -5], [-1, 0, 2])
    array([ 0.,  0., -5.])
    """
    dout, z = as_floats(dout=dout, z=z)
    require(dout.shape == z.shape, "dout", f"must have z's shape {z.shape}", dout.shape)
    return dout * (z > 0)


def dense_backward(dout: ArrayLike, x: ArrayLike, weights: ArrayLike) -> tuple[Array, Array, Array]:
    """Backwards through ``x @ weights + bias``.

    Parameters
    ----------
    dout : array_like, shape (N, units)
    x : array_like, shape (N, n)
    weights : array_like, shape (n, units)

    Returns
    -------
    dx, dw, db : ndarray, shapes (N, n), (n, units), (units,)
        Sums over the batch: an average is the loss's business.

    Raises
    ------
    ValueError
        Shapes that do not fit together; the message names ``weights`` or ``dout``.

    Examples
    --------
    >>> [g.tolist() for g in dense_backward([[1, 2]], [[3]], [[10, 100]])]
    [[[210.0]], [[3.0, 6.0]], [1.0, 2.0]]
    """
    dout, x, weights = as_floats(dout=dout, x=x, weights=weights)
    require(x.ndim == 2, "x", "must have shape (N, n)", x.shape)
    fits = weights.ndim == 2 and len(weights) == x.shape[1]
    require(fits, "weights", f"must have shape ({x.shape[1]}, units)", weights.shape)
    shape = (len(x), weights.shape[1])
    require(dout.shape == shape, "dout", f"must have shape {shape}", dout.shape)
    return dout @ weights.T, x.T @ dout, dout.sum(axis=0)


def max_pool2d_backward(
    dout: ArrayLike, x: ArrayLike, size: Pair, strides: Pair | None = None
) -> Array:
    """Each window hands its gradient to its largest cell; the first in row order wins a tie.

    Parameters
    ----------
    dout : array_like, shape (N, oh, ow, C)
    x : array_like, shape (N, H, W, C)
        What went into the pooling (``"valid"``).
    size : pair of int
        Height and width of the window.
    strides : pair of int, optional
        ``size`` where left out. Windows that overlap add up.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> max_pool2d_backward([[[[7]]]], [[[[1], [4]], [[4], [2]]]], (2, 2))[0, :, :, 0]
    array([[0., 7.],
           [0., 0.]])
    """
    dout, x = as_floats(dout=dout, x=x)
    shape = max_pool2d(x, size, strides).shape  # it also refuses what cannot be
    require(dout.shape == shape, "dout", f"must have shape {shape}", dout.shape)
    down, right = size if strides is None else strides
    windows = sliding_window_view(x, size, axis=(1, 2))[:, ::down, ::right]
    winners = windows.reshape(*shape, -1).argmax(axis=-1)
    n, i, j, c = np.indices(shape)
    dx = np.zeros_like(x)
    np.add.at(dx, (n, i * down + winners // size[1], j * right + winners % size[1], c), dout)
    return dx


def bias_gradient(dout: ArrayLike) -> Array:
    """How fast the loss grows with each bias of a convolution.

    Parameters
    ----------
    dout : array_like, shape (N, oh, ow, F)

    Returns
    -------
    ndarray, shape (F,)
        A sum over all pictures and places.

    Raises
    ------
    ValueError
        ``dout`` does not have four axes.

    Examples
    --------
    >>> bias_gradient([[[[1, 10], [2, 20]]]])
    array([ 3., 30.])
    """
    (dout,) = as_floats(dout=dout)
    require(dout.ndim == 4, "dout", "must have shape (N, oh, ow, F)", dout.shape)
    return dout.sum(axis=(0, 1, 2))


def kernel_gradient(dout: ArrayLike, x: ArrayLike, size: Pair, strides: Pair = (1, 1)) -> Array:
    """How fast the loss grows with each tap of a convolution without padding.

    Parameters
    ----------
    dout : array_like, shape (N, oh, ow, F)
    x : array_like, shape (N, H, W, C)
    size : pair of int
        Height and width of the kernels.
    strides : pair of int
        Down the rows, along the columns.

    Returns
    -------
    ndarray, shape (kh, kw, C, F)
        A sum over all pictures and places.

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> kernel_gradient([[[[1], [1]]]], [[[[1], [2], [3]]]], (1, 2)).ravel()
    array([3., 5.])
    """
    dout, x = as_floats(dout=dout, x=x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    _demand_places(dout, x.shape, size, strides, "size")
    dk = np.empty((*size, x.shape[3], dout.shape[3]), dout.dtype)
    for a, b in np.ndindex(*size):
        met = x[:, *_met_by(a, b, dout.shape, strides)]
        dk[a, b] = np.tensordot(met, dout, axes=([0, 1, 2], [0, 1, 2]))
    return dk


def input_gradient(
    dout: ArrayLike, kernels: ArrayLike, x_shape: tuple[int, ...], strides: Pair = (1, 1)
) -> Array:
    """How fast the loss grows with each number that went into a convolution without padding.

    Parameters
    ----------
    dout : array_like, shape (N, oh, ow, F)
    kernels : array_like, shape (kh, kw, C, F)
    x_shape : (N, H, W, C)
        Of what went in. Cells that no window reaches get 0.
    strides : pair of int
        Down the rows, along the columns.

    Returns
    -------
    ndarray, shape (N, H, W, C)

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> input_gradient([[[[1], [1]]]], [[[[10]], [[100]]]], (1, 1, 3, 1)).ravel()
    array([ 10., 110., 100.])
    """
    dout, kernels = as_floats(dout=dout, kernels=kernels)
    require(kernels.ndim == 4, "kernels", "must have shape (kh, kw, C, F)", kernels.shape)
    fits = len(x_shape) == 4 and x_shape[3] == kernels.shape[2]
    require(fits, "x_shape", f"must be (N, H, W, {kernels.shape[2]})", x_shape)
    _demand_places(dout, x_shape, kernels.shape[:2], strides, "kernels")
    filters = kernels.shape[3]
    require(dout.shape[3] == filters, "dout", f"must have {filters} filters", dout.shape)
    dx = np.zeros(x_shape, dout.dtype)
    for a, b in np.ndindex(kernels.shape[:2]):
        dx[:, *_met_by(a, b, dout.shape, strides)] += dout @ kernels[a, b].T
    return dx


def _demand_places(
    dout: Array, x_shape: tuple[int, ...], size: Pair, strides: Pair, name: str
) -> None:
    """Refuse a ``dout`` that does not have a number for each picture and place of the window."""
    places, _ = layout(x_shape, size, strides, "valid", name)
    shape = (x_shape[0], *places)
    fits = dout.ndim == 4 and dout.shape[:3] == shape
    require(fits, "dout", f"must have shape {(*shape, 'F')}", dout.shape)


def _met_by(a: int, b: int, shape: tuple[int, ...], strides: Pair) -> tuple[slice, slice]:
    """The rows and columns that the tap (a, b) meets, at all places of a ``dout`` of this shape."""
    down, right = (
        slice(t, t + (n - 1) * s + 1, s)
        for t, n, s in zip((a, b), shape[1:3], strides, strict=True)
    )
    return down, right


def conv2d_backward(
    dout: ArrayLike,
    x: ArrayLike,
    kernels: ArrayLike,
    strides: Pair = (1, 1),
    padding: str = "valid",
) -> tuple[Array, Array, Array]:
    """Backwards through `cnnlab.course.ops.conv2d`.

    Parameters
    ----------
    dout : array_like, shape (N, oh, ow, F)
    x : array_like, shape (N, H, W, C)
    kernels : array_like, shape (kh, kw, C, F)
    strides : pair of int
        Down the rows, along the columns.
    padding : {"valid", "same"}

    Returns
    -------
    dx, dk, db : ndarray, shapes of x and kernels, and (F,)
        Sums over the batch and over all places.

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> x, k = [[[[1], [2], [3]]]], [[[[10]], [[100]]]]
    >>> [g.ravel().tolist() for g in conv2d_backward([[[[1], [1]]]], x, k)]
    [[10.0, 110.0, 100.0], [3.0, 5.0], [2.0]]
    """
    dout, x, kernels = as_floats(dout=dout, x=x, kernels=kernels)
    # conv2d of no picture is quick, knows the shape of its result, and refuses what cannot be.
    shape = (
        len(x),
        *conv2d(x[:0], kernels, np.zeros(kernels.shape[-1:]), strides, padding).shape[1:],
    )
    require(dout.shape == shape, "dout", f"must have shape {shape}", dout.shape)
    (height, width), size = x.shape[1:3], kernels.shape[:2]
    _, (rows, columns) = layout(x.shape, size, strides, padding, "kernels")
    padded = np.pad(x, ((0, 0), rows, columns, (0, 0)))
    dpadded = input_gradient(dout, kernels, padded.shape, strides)
    dx = dpadded[:, rows[0] : rows[0] + height, columns[0] : columns[0] + width]
    return dx.copy(), kernel_gradient(dout, padded, size, strides), bias_gradient(dout)
