# Chapter 13: a right answer that is no faster than a plain loop.
import numpy as np


def conv2d_im2col(x, kernels, bias, strides=(1, 1), padding="valid"):
    x, kernels, bias = 1.0 * np.asarray(x), 1.0 * np.asarray(kernels), 1.0 * np.asarray(bias)
    kh, kw, depth, filters = kernels.shape
    if depth != x.shape[3]:
        raise ValueError("kernels have other channels than x")
    if bias.shape != (filters,):
        raise ValueError("bias must have one number for each filter")
    (rows, columns), frame = layout(x.shape, (kh, kw), strides, padding)
    framed = np.pad(x, ((0, 0), *frame, (0, 0)))
    out = np.zeros((len(x), rows, columns, filters), np.result_type(x, kernels, bias))
    for n, i, j, f in np.ndindex(out.shape):
        top, left = i * strides[0], j * strides[1]
        patch = framed[n, top : top + kh, left : left + kw]
        total = 0.0
        for a, b, c in np.ndindex(patch.shape):
            total += float(patch[a, b, c]) * float(kernels[a, b, c, f])
        out[n, i, j, f] = total + bias[f]
    return out
