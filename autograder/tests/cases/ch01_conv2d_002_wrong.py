# wrong: the loops end one place early, so the last row and column stay zero
# names: stops-one-short
import numpy as np


def conv2d(x, kernels, bias):
    n, height, width, channels = x.shape
    kh, kw, _, filters = kernels.shape
    result = np.zeros((n, height - kh + 1, width - kw + 1, filters), dtype=x.dtype)
    for picture in range(n):
        for f in range(filters):
            for row in range(height - kh):
                for col in range(width - kw):
                    window = x[picture, row : row + kh, col : col + kw]
                    result[picture, row, col, f] = (window * kernels[..., f]).sum() + bias[f]
    return result
