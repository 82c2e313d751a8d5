"""What chapter 4 gives its learners: finished functions of chapters 1 to 3."""

import math

import numpy as np


def relu(z):
    """Chapter 1: zero for negative numbers, the number itself for all others."""
    return np.maximum(z, 0)


def conv2d(x, kernels, bias):
    """Chapter 2: Keras's Conv2D with stride 1 and padding="same", for a batch (N, H, W, C)."""
    kh, kw = kernels.shape[:2]
    height, width = x.shape[1:3]
    rows, columns = ((k - 1) // 2 for k in (kh, kw))
    padded = np.pad(x, ((0, 0), (rows, kh - 1 - rows), (columns, kw - 1 - columns), (0, 0)))
    out = bias
    for i in range(kh):  # each tap at all places of all pictures at once: that is quick
        for j in range(kw):
            out = out + padded[:, i : i + height, j : j + width] @ kernels[i, j]
    return out


def max_pool2d(x):
    """Chapter 3: Keras's MaxPooling2D with 2 x 2 windows, for a batch (N, H, W, C)."""
    pictures, height, width, channels = x.shape
    rows, columns = height // 2, width // 2
    windows = x[:, : 2 * rows, : 2 * columns]
    return windows.reshape(pictures, rows, 2, columns, 2, channels).max(axis=(2, 4))


def pair(k):
    """A number for both directions, (down, across); a pair stays as it is."""
    return tuple(k) if isinstance(k, (tuple, list)) else (k, k)


def trace_shapes(input_shape, layers):
    """Chapter 3: the shape after each layer of a stack, the batch left out."""

    def places(k, stride, padding="valid", dilation=1):
        for n, a, s, d in zip(shape[:2], pair(k), pair(stride), pair(dilation), strict=True):
            yield -(-n // s) if padding == "same" else (n - d * (a - 1) - 1) // s + 1

    shapes, shape = [], tuple(input_shape)
    for kind, *given in layers:
        if kind == "conv":
            filters, k, *rest = given
            shape = (*places(k, *rest, *(1, "same", 1)[len(rest) :]), filters)
        elif kind == "max_pool":
            shape = (*places(given[0], given[-1]), shape[2])
        elif kind == "global_average_pool":
            shape = shape[2:]
        elif kind == "flatten":
            shape = (math.prod(shape),)
        elif kind == "dense":
            shape = (*shape[:-1], given[0])
        shapes.append(shape)
    return shapes
