"""Where windows stand: how many places an axis has, and the frame that padding adds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops.arguments import Array, as_floats, require

Pair = tuple[int, int]
Frame = tuple[Pair, Pair]


def output_size(n: int, k: int, stride: int = 1, padding: str = "valid", dilation: int = 1) -> int:
    """How many positions a kernel of ``k`` taps has along an axis of ``n`` cells.

    Parameters
    ----------
    n, k, stride : int
        Cells of the axis, taps of the kernel, cells from one place to the next.
    padding : "valid" or "same"
    dilation : int

    Returns
    -------
    int

    Raises
    ------
    ValueError
        ``stride``, ``dilation`` or ``k`` below 1, an unknown ``padding``, or (with
        ``"valid"``) a kernel that does not fit.

    Examples
    --------
    >>> output_size(7, 3), output_size(7, 3, stride=2, padding="same")
    (5, 4)
    """
    for name, value in (("n", n), ("k", k), ("stride", stride), ("dilation", dilation)):
        require(value >= 1, name, "must be 1 or more", value)
    require(padding in ("valid", "same"), "padding", "must be 'valid' or 'same'", repr(padding))
    if padding == "same":
        return -(-n // stride)
    reach = dilation * (k - 1) + 1
    require(reach <= n, "k", f"must reach over at most n = {n} cells", reach)
    return (n - reach) // stride + 1


def same_padding(n: int, k: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Zeros before and after an axis so that ``"same"`` gives ceil(n / stride) positions.

    The odd one goes after, as in Keras.

    Parameters
    ----------
    n, k, stride, dilation : int
        As in `output_size`.

    Returns
    -------
    (before, after) : pair of int

    Examples
    --------
    >>> same_padding(6, 3), same_padding(6, 3, stride=2)
    ((1, 1), (0, 1))
    """
    positions = output_size(n, k, stride, "same", dilation)
    total = max((positions - 1) * stride + dilation * (k - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def layout(
    shape: tuple[int, ...],
    size: Pair,
    strides: Pair,
    padding: str,
    name: str = "size",
    dilation: Pair = (1, 1),
) -> tuple[Pair, Frame]:
    """Where windows stand in pictures of a shape.

    Parameters
    ----------
    shape : (N, H, W, C)
    size, strides, dilation : pair of int
        Of the window: down the rows, along the columns.
    padding : {"valid", "same"}
    name : str
        What the caller's argument for the size is called, for the error message.

    Returns
    -------
    places : (oh, ow)
    frame : ((above, below), (left, right))
        Cells that ``padding`` adds.

    Raises
    ------
    ValueError
        Sizes that do not fit together; the message names the argument.

    Examples
    --------
    >>> layout((1, 5, 6, 3), (3, 2), (2, 2), "same")
    ((3, 3), ((1, 1), (0, 0)))
    """
    require(padding in ("valid", "same"), "padding", "must be 'valid' or 'same'", repr(padding))
    for what, pair in ((name, size), ("strides", strides), ("dilation", dilation)):
        require(min(pair) >= 1, what, "must be 1 or more", pair)
    height, width = shape[1:3]
    reach = tuple(d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True))
    fits = padding == "same" or (reach[0] <= height and reach[1] <= width)
    require(fits, name, f"must fit into x, whose height and width are {(height, width)}", reach)
    axes = list(zip((height, width), size, strides, dilation, strict=True))
    oh, ow = (output_size(n, k, s, padding, d) for n, k, s, d in axes)
    if padding == "valid":
        return (oh, ow), ((0, 0), (0, 0))
    rows, columns = (same_padding(*axis) for axis in axes)
    return (oh, ow), (rows, columns)


def pad2d(
    x: ArrayLike, pad_h: tuple[int, int], pad_w: tuple[int, int], mode: str = "zeros"
) -> Array:
    """A frame around every picture of a batch.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    pad_h, pad_w : pair of int
        Cells above and below, left and right.
    mode : {"zeros", "edge"}
        Zeros, or the pixel of the border that is nearest.

    Returns
    -------
    ndarray, shape (N, above + H + below, left + W + right, C)

    Raises
    ------
    ValueError
        ``x`` has not four axes, a pad is negative, or ``mode`` is unknown.

    Examples
    --------
    >>> pad2d([[[[1], [2]]]], (0, 1), (2, 0), mode="edge")[0, :, :, 0]
    array([[1., 1., 1., 2.],
           [1., 1., 1., 2.]])
    """
    (x,) = as_floats(x=x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    for name, pad in (("pad_h", pad_h), ("pad_w", pad_w)):
        require(min(pad) >= 0, name, "must not be negative", pad)
    require(mode in ("zeros", "edge"), "mode", "must be 'zeros' or 'edge'", repr(mode))
    frame = ((0, 0), pad_h, pad_w, (0, 0))
    return np.pad(x, frame) if mode == "zeros" else np.pad(x, frame, mode="edge")
