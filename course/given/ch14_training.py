"""What chapter 14 gives its learners: a convolution, ReLU and chapter 6's smooth."""

import numpy as np


def same_padding(n, k):
    """Chapter 2: how many zeros "same" puts (before, after) an axis, at stride 1."""
    return (k - 1) // 2, k // 2


def conv2d(x, kernels, bias, padding="valid"):
    """Chapter 2: Keras's Conv2D with stride 1 for a batch (N, H, W, C)."""
    kh, kw = kernels.shape[:2]
    if padding == "same":
        frame = same_padding(x.shape[1], kh), same_padding(x.shape[2], kw)
        x = np.pad(x, ((0, 0), *frame, (0, 0)))
    height, width = x.shape[1] - kh + 1, x.shape[2] - kw + 1
    out = bias
    for a, b in np.ndindex(kh, kw):
        out = out + x[:, a : a + height, b : b + width] @ kernels[a, b]
    return out


def relu(z):
    """Chapter 1: zero for negative numbers, the number itself for all others."""
    return np.maximum(z, 0)


def smooth(values, weight=0.8):
    """Chapter 6: an average that forgets, corrected for its beginning at 0."""
    smoothed, mean = np.empty(len(values)), 0.0
    for t, value in enumerate(values, 1):
        mean = weight * mean + (1 - weight) * value
        smoothed[t - 1] = mean / (1 - weight**t)
    return smoothed
