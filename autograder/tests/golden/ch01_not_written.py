# A stub, one that was put off, one that calls another, and two that are not there.
import numpy as np


def conv_step(patch, kernel, bias):
    # YOUR CODE HERE
    raise NotImplementedError()


def correlate2d(image, kernel):
    image = np.asarray(image)
    raise NotImplementedError("tomorrow")


def conv2d(x, kernels, bias):
    x, kernels, bias = 1.0 * np.asarray(x), 1.0 * np.asarray(kernels), 1.0 * np.asarray(bias)
    if kernels.shape[2] != x.shape[3] or any(k > n for k, n in zip(kernels.shape, x.shape[1:3])):
        raise ValueError("the kernels do not fit x")
    if bias.shape != kernels.shape[3:]:
        raise ValueError("there must be one bias for each filter")
    kh, kw, _, filters = kernels.shape
    shape = (len(x), x.shape[1] - kh + 1, x.shape[2] - kw + 1, filters)
    out = np.zeros(shape, np.result_type(x, kernels, bias))
    for n, i, j, f in np.ndindex(shape):
        out[n, i, j, f] = conv_step(x[n, i : i + kh, j : j + kw], kernels[..., f], bias[f])
    return out
