# Chapter 2: whole numbers, pairs of numbers, and two mistakes at once.
import numpy as np


def output_size(n, k, stride=1, padding="valid", dilation=1):
    if padding == "same":
        return np.ceil(n / stride)  # not an int
    return (n - dilation * (k - 1) - 1) / stride + 1


def same_padding(n, k, stride=1, dilation=1):
    return dilation * (k - 1) // 2


def pad2d(x, pad_h, pad_w, mode="zeros"):
    x = 1.0 * np.asarray(x)
    if x.ndim != 4:
        raise ValueError("x needs four axes")
    if min(pad_h) < 0 or min(pad_w) < 0:
        raise ValueError("pad_h and pad_w must not be negative")
    if mode not in ("zeros", "edge"):
        raise ValueError("the mode is unknown")
    frame = ((0, 0), pad_w, pad_h, (0, 0))  # rows and columns swapped
    return np.pad(x, frame, mode="constant" if mode == "zeros" else "edge")


def conv2d(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
    x, kernels, bias = 1.0 * np.asarray(x), 1.0 * np.asarray(kernels), 1.0 * np.asarray(bias)
    (kh, kw, depth, filters), (sh, sw), (dh, dw) = kernels.shape, strides, dilation
    if depth != x.shape[3]:
        raise ValueError("the kernels have other channels than x")
    if bias.shape != (filters,):
        raise ValueError("there must be one bias for each filter")
    if min(strides) < 1:
        raise ValueError("strides must be positive")
    if min(dilation) < 1:
        raise ValueError("dilation must be positive")
    if padding not in ("valid", "same"):
        raise ValueError("padding is unknown")
    if padding == "same":
        frame = []
        for n, k, s, d in ((x.shape[1], kh, sh, dh), (x.shape[2], kw, sw, dw)):
            missing = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
            frame.append((missing // 2, missing - missing // 2))
        x = np.pad(x, ((0, 0), *frame, (0, 0)))
    if dh * (kh - 1) >= x.shape[1] or dw * (kw - 1) >= x.shape[2]:
        raise ValueError("the kernels do not fit")
    rows = (x.shape[1] - dh * (kh - 1) - 1) // sh + 1
    columns = (x.shape[2] - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((len(x), rows, columns, filters), np.result_type(x, kernels, bias))
    for i, j in np.ndindex(rows, columns):
        top, left = i * sh, j * sw
        window = x[:, top : top + dh * (kh - 1) + 1 : dh, left : left + dw * (kw - 1) + 1 : dw]
        out[:, i, j] = np.einsum("nabc,abcf->nf", window, kernels[::-1, ::-1])  # flipped
    return out  # and no bias
