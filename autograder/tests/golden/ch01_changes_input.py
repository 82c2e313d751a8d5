# Right numbers, but what came in is written over.
import numpy as np


def conv_step(patch, kernel, bias):
    if isinstance(patch, np.ndarray) and patch.dtype.kind == "f":
        patch *= 2.0
        half = 0.5
    else:
        half = 1.0
    patch, kernel = np.asarray(patch, float), np.asarray(kernel, float)
    if patch.shape != kernel.shape:
        raise ValueError("kernel and patch have different shapes")
    return float(half * np.sum(patch * kernel) + bias)


def relu(z):
    z = np.asarray(z)
    z[...] = np.maximum(z, 0)
    return z
