"""Convolution in other ways: as one matrix product, channel by channel, backwards, by Fourier.

Same conventions as `cnnlab.course.ops`: batches are ``(N, H, W, C)``, float32 stays float32, lists
and integers become float64, inputs are never changed. Every function here gives what a Keras
layer of the same name gives.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cnnlab.course.ops import Array, as_floats, layout, require
from cnnlab.course.ops.padding import Pair


def im2col(
    x: ArrayLike, size: Pair, strides: Pair = (1, 1), padding: str = "valid", name: str = "size"
) -> Array:
    """Every patch that a window sees, each as one row of a matrix.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    size, strides : pair of int
        Of the window: rows, columns.
    padding : {"valid", "same"}
    name : str
        What a caller calls the size, for the error message.

    Returns
    -------
    ndarray, shape (N * oh * ow, kh * kw * C)
        Rows in the order (picture, row, column), columns in the order (tap's row, tap's column,
        channel).

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> im2col([[[[1], [2], [3]], [[4], [5], [6]]]], (2, 2))
    array([[1., 2., 4., 5.],
           [2., 3., 5., 6.]])
    """
    (x,) = as_floats(x=x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    _, frame = layout(x.shape, size, strides, padding, name)
    framed = np.pad(x, ((0, 0), *frame, (0, 0)))
    windows = sliding_window_view(framed, size, axis=(1, 2))[:, :: strides[0], :: strides[1]]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, prod(size) * x.shape[3])


def col2im(
    cols: ArrayLike,
    x_shape: tuple[int, int, int, int],
    size: Pair,
    strides: Pair = (1, 1),
    padding: str = "valid",
) -> Array:
    """The way back from `im2col`: every number is added where it came from.

    It is the adjoint of `im2col`, not its inverse: where windows overlap, sums stand.

    Parameters
    ----------
    cols : array_like, shape (N * oh * ow, kh * kw * C)
    x_shape : (N, H, W, C)
        Of the pictures.
    size, strides, padding
        As in `im2col`.

    Returns
    -------
    ndarray, shape ``x_shape``

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> col2im([[1, 2, 4, 5], [2, 3, 5, 6]], (1, 2, 3, 1), (2, 2))[0, :, :, 0]
    array([[ 1.,  4.,  3.],
           [ 4., 10.,  6.]])
    """
    (cols,) = as_floats(cols=cols)
    (oh, ow), frame = layout(x_shape, size, strides, padding)
    n, h, w, c = x_shape
    wanted = (n * oh * ow, prod(size) * c)
    require(cols.shape == wanted, "cols", f"must have shape {wanted}", cols.shape)
    (above, below), (left, right) = frame
    framed = np.zeros((n, above + h + below, left + w + right, c), cols.dtype)
    patches = cols.reshape(n, oh, ow, *size, c)
    for i, j in np.ndindex(*size):
        rows = slice(i, i + oh * strides[0], strides[0])
        columns = slice(j, j + ow * strides[1], strides[1])
        framed[:, rows, columns] += patches[:, :, :, i, j]
    return framed[:, above : above + h, left : left + w]


def conv2d_im2col(
    x: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike,
    strides: Pair = (1, 1),
    padding: str = "valid",
) -> Array:
    """`cnnlab.course.ops.conv2d` without dilation, as one matrix product.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    kernels : array_like, shape (kh, kw, C, F)
    bias : array_like, shape (F,)
    strides, padding
        As in `im2col`.

    Returns
    -------
    ndarray, shape (N, oh, ow, F)

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> conv2d_im2col(np.ones((1, 3, 4, 2)), np.ones((2, 2, 2, 5)), np.zeros(5)).shape
    (1, 2, 3, 5)
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    kh, kw, _, filters = _checked(x, kernels, bias, channel_axis=2, filter_axis=3)
    (oh, ow), _ = layout(x.shape, (kh, kw), strides, padding, "kernels")
    cols = im2col(x, (kh, kw), strides, padding)
    return (cols @ kernels.reshape(-1, filters) + bias).reshape(len(x), oh, ow, filters)


def conv1x1(x: ArrayLike, kernels: ArrayLike, bias: ArrayLike) -> Array:
    """A convolution whose window is one pixel: the same matrix product at every pixel.

    After Lin, Chen and Yan, "Network in Network", 2014.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    kernels : array_like, shape (1, 1, C, F)
    bias : array_like, shape (F,)

    Returns
    -------
    ndarray, shape (N, H, W, F)

    Raises
    ------
    ValueError
        Shapes that do not fit together; the message names the argument.

    Examples
    --------
    >>> conv1x1([[[[1, 2]]]], [[[[1, 10], [1, -10]]]], [0, 5]).ravel()
    array([ 3., -5.])
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    kh, kw, _, _ = _checked(x, kernels, bias, channel_axis=2, filter_axis=3)
    require((kh, kw) == (1, 1), "kernels", "must have shape (1, 1, C, F)", kernels.shape)
    return x @ kernels[0, 0] + bias


def depthwise_conv2d(
    x: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike,
    strides: Pair = (1, 1),
    padding: str = "valid",
) -> Array:
    """Each channel by itself: nothing is summed over channels.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    kernels : array_like, shape (kh, kw, C, M)
        M filters for each channel.
    bias : array_like, shape (C * M,)
    strides : pair of int
    padding : {"valid", "same"}

    Returns
    -------
    ndarray, shape (N, oh, ow, C * M)
        Channel ``c * M + m`` is filter m on channel c.

    Raises
    ------
    ValueError
        Shapes that do not fit together; the message names the argument.

    Examples
    --------
    >>> depthwise_conv2d([[[[1, 2]]]], [[[[1, -1], [10, -10]]]], [0, 0, 0, 5]).ravel()
    array([  1.,  -1.,  20., -15.])
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    require(kernels.ndim == 4, "kernels", "must have shape (kh, kw, C, M)", kernels.shape)
    kh, kw, channels, multiplier = kernels.shape
    require(channels == x.shape[3], "kernels", f"must have x's {x.shape[3]} channels", channels)
    maps = channels * multiplier
    require(bias.shape == (maps,), "bias", f"must have shape ({maps},)", bias.shape)
    (oh, ow), _ = layout(x.shape, (kh, kw), strides, padding, "kernels")
    patches = im2col(x, (kh, kw), strides, padding).reshape(-1, kh, kw, channels)
    out = np.einsum("pijc,ijcm->pcm", patches, kernels)
    return out.reshape(len(x), oh, ow, maps) + bias


def conv2d_transpose(
    x: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike,
    strides: Pair = (1, 1),
    padding: str = "valid",
) -> Array:
    """What Keras's ``Conv2DTranspose`` computes: every pixel lays down a copy of the kernel.

    Parameters
    ----------
    x : array_like, shape (N, h, w, C)
    kernels : array_like, shape (kh, kw, F, C)
        Filters before channels.
    bias : array_like, shape (F,)
    strides : pair of int
        How far apart the copies lie.
    padding : {"valid", "same"}

    Returns
    -------
    ndarray, shape (N, H, W, F)
        H is ``h * sh`` for ``"same"`` and ``h * sh + max(kh - sh, 0)`` for ``"valid"``.

    Raises
    ------
    ValueError
        Shapes that do not fit together; the message names the argument.

    Examples
    --------
    >>> conv2d_transpose([[[[2], [3]]]], [[[[1]], [[10]]]], [0], (1, 1))[0, :, :, 0]
    array([[ 2., 23., 30.]])
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    kh, kw, _, channels = _checked(x, kernels, bias, channel_axis=3, filter_axis=2)
    shape = transposed_shape(x.shape, kernels.shape, strides, padding)
    cols = x.reshape(-1, channels) @ kernels.reshape(-1, channels).T
    return col2im(cols, shape, (kh, kw), strides, padding) + bias


def transposed_shape(
    x_shape: tuple[int, ...], k_shape: tuple[int, ...], strides: Pair, padding: str
) -> tuple[int, int, int, int]:
    """The shape that a transposed convolution gives; arguments as in `conv2d_transpose`.

    Parameters
    ----------
    x_shape : (N, H, W, C)
    k_shape : (kh, kw, F, C)
    strides, padding
        As in `conv2d_transpose`.

    Returns
    -------
    (N, oh, ow, F)

    Raises
    ------
    ValueError
        ``padding`` is neither ``"valid"`` nor ``"same"``, or ``strides`` holds a number below 1.

    Examples
    --------
    >>> transposed_shape((1, 4, 4, 3), (3, 2, 5, 3), (2, 3), "valid")
    (1, 9, 12, 5)
    """
    require(padding in ("valid", "same"), "padding", "must be 'valid' or 'same'", repr(padding))
    require(min(strides) >= 1, "strides", "must be 1 or more", strides)
    over = (
        (0, 0)
        if padding == "same"
        else tuple(max(k - s, 0) for k, s in zip(k_shape[:2], strides, strict=True))
    )
    n, h, w, _ = x_shape
    return n, h * strides[0] + over[0], w * strides[1] + over[1], k_shape[2]


def conv2d_fft(x: ArrayLike, kernels: ArrayLike, bias: ArrayLike) -> Array:
    """``conv2d`` with padding "valid", by multiplying spectra.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    kernels : array_like, shape (kh, kw, C, F)
    bias : array_like, shape (F,)

    Returns
    -------
    ndarray, shape (N, H - kh + 1, W - kw + 1, F)

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> x = np.arange(12.0).reshape(1, 3, 4, 1)
    >>> conv2d_fft(x, [[[[1]], [[-1]]]], [0])[0, 0, :, 0].round(9)
    array([-1., -1., -1.])
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    kh, kw, _, _ = _checked(x, kernels, bias, channel_axis=2, filter_axis=3)
    (oh, ow), _ = layout(x.shape, (kh, kw), (1, 1), "valid", "kernels")
    size = x.shape[1:3]
    pictures = np.fft.rfft2(x, axes=(1, 2))
    filters = np.fft.rfft2(kernels, s=size, axes=(0, 1)).conj()  # the conjugate: correlation
    spectrum = (pictures[..., None, :] @ filters)[..., 0, :]  # summed over channels
    out = np.fft.irfft2(spectrum, s=size, axes=(1, 2))[:, :oh, :ow]  # the rest wraps around
    return (out + bias).astype(x.dtype)


def _checked(
    x: Array, kernels: Array, bias: Array, channel_axis: int, filter_axis: int
) -> tuple[int, int, int, int]:
    """The kernels' shape, once channels and biases are known to fit."""
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    require(kernels.ndim == 4, "kernels", "must have four axes", kernels.shape)
    channels, filters = kernels.shape[channel_axis], kernels.shape[filter_axis]
    require(channels == x.shape[3], "kernels", f"must have x's {x.shape[3]} channels", channels)
    require(bias.shape == (filters,), "bias", f"must have shape ({filters},)", bias.shape)
    kh, kw, third, fourth = kernels.shape
    return kh, kw, third, fourth
