# right: all windows at once with sliding_window_view, and one einsum
# names: -
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv2d(x, kernels, bias):
    kh, kw = kernels.shape[:2]
    windows = sliding_window_view(x, (kh, kw), axis=(1, 2))
    return np.einsum("nijcab,abcf->nijf", windows, kernels) + bias
