"""What chapter 5 gives its learners: the forward pass of chapters 1 to 4."""

import math

import numpy as np


def same_padding(n, k, stride=1):
    """Chapter 2: how many zeros "same" puts (before, after) an axis of n cells."""
    reach = (math.ceil(n / stride) - 1) * stride + k
    total = max(reach - n, 0)
    return total // 2, total - total // 2


def conv2d(x, kernels, bias, strides=(1, 1), padding="valid"):
    """Chapter 2: Keras's Conv2D for a batch (N, H, W, C), each tap at all places at once."""
    (down, right), (kh, kw) = strides, kernels.shape[:2]
    if padding == "same":
        frame = same_padding(x.shape[1], kh, down), same_padding(x.shape[2], kw, right)
        x = np.pad(x, ((0, 0), *frame, (0, 0)))
    height, width = x.shape[1] - kh + 1, x.shape[2] - kw + 1
    out = bias
    for a, b in np.ndindex(kh, kw):
        out = out + x[:, a : a + height : down, b : b + width : right] @ kernels[a, b]
    return out


def relu(z):
    """Chapter 1: zero for negative numbers, the number itself for all others."""
    return np.maximum(z, 0)


def max_pool2d(x):
    """Chapter 3: Keras's MaxPooling2D with 2 x 2 windows, for a batch (N, H, W, C)."""
    height, width = 2 * (x.shape[1] // 2), 2 * (x.shape[2] // 2)
    corners = [x[:, a:height:2, b:width:2] for a, b in np.ndindex(2, 2)]
    return np.max(corners, axis=0)


def dense(x, weights, bias):
    """Chapter 4: Keras's Dense without an activation, for a batch (N, n)."""
    return x @ weights + bias


def softmax(z):
    """Chapter 4: shares of the classes; each row of z (N, classes) gets a sum of 1."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
