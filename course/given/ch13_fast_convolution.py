"""What chapter 13 gives its learners: where windows stand, and the layer as a loop."""

import math

import numpy as np


def layout(x_shape, size, strides=(1, 1), padding="valid"):
    """Where windows stand: (rows, columns) of places, and the frame of zeros around a picture."""
    if padding not in ("valid", "same"):
        raise ValueError(f"padding must be 'valid' or 'same'. Received: {padding!r}")
    if min(strides) < 1:
        raise ValueError(f"strides must be 1 or more. Received: {strides}")
    places, frame = [], []
    for n, k, stride in zip(x_shape[1:3], size, strides, strict=True):
        zeros = max((math.ceil(n / stride) - 1) * stride + k - n, 0) if padding == "same" else 0
        places.append((n + zeros - k) // stride + 1)
        frame.append((zeros // 2, zeros - zeros // 2))
    if min(places) < 1:
        raise ValueError(f"size of the kernels must fit into {x_shape[1:3]}. Received: {size}")
    return tuple(places), tuple(frame)


def conv2d_loop(x, kernels, bias, strides=(1, 1), padding="valid"):
    """The layer of chapter 2, as a loop over pictures, rows, columns and filters."""
    kh, kw, _, filters = kernels.shape
    (rows, columns), frame = layout(x.shape, (kh, kw), strides, padding)
    picture = np.pad(x, ((0, 0), *frame, (0, 0)))
    out = np.zeros((len(x), rows, columns, filters), np.result_type(x, kernels, bias))
    for n, i, j, f in np.ndindex(out.shape):
        top, left = i * strides[0], j * strides[1]
        patch = picture[n, top : top + kh, left : left + kw]
        out[n, i, j, f] = np.sum(patch * kernels[:, :, :, f]) + bias[f]
    return out
