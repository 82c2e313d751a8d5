# Chapter 3: lists of shapes that are too short, of the wrong kind, and right.
import math

import numpy as np


def max_pool2d(x, size=(2, 2), strides=None, padding="valid"):
    x = 1.0 * np.asarray(x)
    (kh, kw), (sh, sw) = size, strides or size
    if padding not in ("valid", "same"):
        raise ValueError("padding is unknown")
    if min(sh, sw) < 1:
        raise ValueError("strides must be positive")
    if padding == "same":
        frame = []
        for n, k, s in ((x.shape[1], kh, sh), (x.shape[2], kw, sw)):
            missing = max((-(-n // s) - 1) * s + k - n, 0)
            frame.append((missing // 2, missing - missing // 2))
        x = np.pad(x, ((0, 0), *frame, (0, 0)))  # zeros that may be the largest
    rows, columns = (x.shape[1] - kh) // sh + 1, (x.shape[2] - kw) // sw + 1
    if min(rows, columns) < 1:
        raise ValueError("size does not fit")
    out = np.zeros((len(x), rows, columns, x.shape[3]), x.dtype)
    for i, j in np.ndindex(rows, columns):
        window = x[:, i * sh : i * sh + kh, j * sw : j * sw + kw]
        out[:, i, j] = window.max(axis=(1, 2))
    return out


def global_average_pool2d(x):
    return np.mean(x, axis=(1, 2), keepdims=True)


def trace_shapes(input_shape, layers):
    shape, shapes = tuple(input_shape), []
    for kind, *given in layers:
        if kind == "dropout":
            continue  # forgotten in the list
        if kind == "conv":
            shape = (*shape[:2], given[0])
        elif kind == "max_pool":
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == "flatten":
            shape = math.prod(shape)  # a number, not a tuple
        shapes.append(shape)
    return shapes
