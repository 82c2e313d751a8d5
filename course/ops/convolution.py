"""Vectorised NumPy ops with Keras's meaning: the course's one definition of each.

Batches are NHWC ``(N, H, W, C)``, kernels Keras's ``(kh, kw, C, F)``. float32 stays float32;
lists and integers become float64. Inputs are never changed. Demos draw with these ops and the
judge builds twists from them; grades come from recorded Keras outputs alone.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cnnlab.course.ops.arguments import Array, as_floats, require
from cnnlab.course.ops.padding import layout, pad2d


def conv_step(patch: ArrayLike, kernel: ArrayLike, bias: float = 0.0) -> float:
    """One output cell: one receptive field times one filter, summed, plus the bias.

    Parameters
    ----------
    patch : array_like, shape (kh, kw, C)
    kernel : array_like, shape (kh, kw, C)
    bias : float

    Raises
    ------
    ValueError
        The shapes of ``patch`` and ``kernel`` differ.

    Examples
    --------
    >>> conv_step([[[1], [2]]], [[[10], [100]]], 5)
    215.0
    """
    patch, kernel = as_floats(patch=patch, kernel=kernel)
    require(
        patch.shape == kernel.shape,
        "kernel",
        f"must have patch's shape {patch.shape}",
        kernel.shape,
    )
    return float(np.sum(patch * kernel) + bias)


def correlate2d(image: ArrayLike, kernel: ArrayLike) -> Array:
    """Slide a kernel over a picture, without padding.

    Parameters
    ----------
    image : array_like, shape (H, W)
    kernel : array_like, shape (kh, kw)

    Returns
    -------
    ndarray, shape (H - kh + 1, W - kw + 1)

    Raises
    ------
    ValueError
        An argument is not 2-D, or ``kernel`` is larger than ``image``.

    Examples
    --------
    >>> correlate2d([[1, 2, 3], [4, 5, 6]], [[1, -1]])
    array([[-1., -1.],
           [-1., -1.]])
    """
    image, kernel = as_floats(image=image, kernel=kernel)
    require(image.ndim == 2, "image", "must have shape (H, W)", image.shape)
    require(kernel.ndim == 2, "kernel", "must have shape (kh, kw)", kernel.shape)
    require(
        kernel.shape[0] <= image.shape[0] and kernel.shape[1] <= image.shape[1],
        "kernel",
        f"must fit into the image {image.shape}",
        kernel.shape,
    )
    return np.einsum("ijkl,kl->ij", sliding_window_view(image, kernel.shape), kernel)


def relu(z: ArrayLike) -> Array:
    """max(z, 0), element by element, in a new array of the same shape and dtype.

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
    >>> relu([-1.5, 2.0])
    array([0., 2.])
    """
    (z,) = as_floats(z=z)
    return np.maximum(z, 0)


def conv2d(
    x: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike,
    strides: tuple[int, int] = (1, 1),
    padding: str = "valid",
    dilation: tuple[int, int] = (1, 1),
) -> Array:
    """What Keras's ``Conv2D`` computes, activation aside.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    kernels : array_like, shape (kh, kw, C, F)
    bias : array_like, shape (F,)
    strides, dilation : pair of int
        Down the rows, along the columns.
    padding : {"valid", "same"}

    Returns
    -------
    ndarray, shape (N, oh, ow, F)

    Raises
    ------
    ValueError
        Shapes that do not fit together; the message names the argument.

    Examples
    --------
    >>> conv2d(np.ones((1, 3, 4, 2)), np.ones((2, 2, 2, 5)), np.zeros(5)).shape
    (1, 2, 3, 5)
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    require(kernels.ndim == 4, "kernels", "must have shape (kh, kw, C, F)", kernels.shape)
    kh, kw, channels, filters = kernels.shape
    require(channels == x.shape[3], "kernels", f"must have x's {x.shape[3]} channels", channels)
    require(bias.shape == (filters,), "bias", f"must have shape ({filters},)", bias.shape)
    _, frame = layout(x.shape, (kh, kw), strides, padding, "kernels", dilation)
    if padding == "same":
        x = pad2d(x, *frame)
    reach = tuple(d * (k - 1) + 1 for d, k in zip(dilation, (kh, kw), strict=True))
    windows = sliding_window_view(x, reach, axis=(1, 2))
    windows = windows[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]
    return np.tensordot(windows, kernels, axes=([4, 5, 3], [0, 1, 2])) + bias


# Pooling


def max_pool2d(
    x: ArrayLike,
    size: tuple[int, int] = (2, 2),
    strides: tuple[int, int] | None = None,
    padding: str = "valid",
) -> Array:
    """The largest number of every window, each channel by itself.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    size : pair of int
        Height and width of the window.
    strides : pair of int, optional
        Down the rows, along the columns; ``size`` where left out.
    padding : {"valid", "same"}
        Padded cells take no part.

    Returns
    -------
    ndarray, shape (N, oh, ow, C)

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> max_pool2d([[[[1], [3], [5]], [[2], [4], [9]]]]).ravel()
    array([4.])
    >>> max_pool2d([[[[1], [3], [5]], [[2], [4], [9]]]], padding="same").ravel()
    array([4., 9.])
    """
    (x,) = as_floats(x=x)
    return _pooling_windows(x, size, strides, padding, -np.inf).max(axis=(4, 5))


def average_pool2d(
    x: ArrayLike,
    size: tuple[int, int] = (2, 2),
    strides: tuple[int, int] | None = None,
    padding: str = "valid",
) -> Array:
    """The mean of every window, each channel by itself; arguments as in `max_pool2d`.

    With ``"same"`` a window at the border is divided by the cells that lie in the picture.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    size, strides, padding
        As in `max_pool2d`.

    Returns
    -------
    ndarray, shape (N, oh, ow, C)

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> average_pool2d([[[[1], [3], [5]], [[2], [4], [9]]]], padding="same").ravel()
    array([2.5, 7. ])
    """
    (x,) = as_floats(x=x)
    sums = _pooling_windows(x, size, strides, padding, 0).sum(axis=(4, 5))
    cells = _pooling_windows(np.ones_like(x), size, strides, padding, 0).sum(axis=(4, 5))
    return sums / cells


def global_average_pool2d(x: ArrayLike) -> Array:
    """The mean over height and width, one number for each picture and channel.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)

    Returns
    -------
    ndarray, shape (N, C)

    Raises
    ------
    ValueError
        ``x`` does not have four axes, or it is empty.

    Examples
    --------
    >>> global_average_pool2d([[[[1, 10], [3, 30]]]])
    array([[ 2., 20.]])
    """
    (x,) = as_floats(x=x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    require(x.size > 0, "x", "must not be empty", x.shape)
    return x.mean(axis=(1, 2))


def _pooling_windows(
    x: Array, size: tuple[int, int], strides: tuple[int, int] | None, padding: str, fill: float
) -> Array:
    """Every window of a batch, shape (N, oh, ow, C, kh, kw), padded with ``fill``."""
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    strides = size if strides is None else strides
    _, frame = layout(x.shape, size, strides, padding)
    if padding == "same":
        x = np.pad(x, ((0, 0), *frame, (0, 0)), constant_values=fill)
    windows = sliding_window_view(x, size, axis=(1, 2))
    return windows[:, :: strides[0], :: strides[1]]
