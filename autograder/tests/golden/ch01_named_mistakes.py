# One mistake that has a name in each of four functions, two mistakes at once in conv2d.
import numpy as np


def conv_step(patch, kernel, bias):
    patch, kernel = np.asarray(patch, float), np.asarray(kernel, float)
    if patch.shape != kernel.shape:
        raise ValueError("kernel and patch have different shapes")
    return float(np.sum(patch * kernel))  # no bias


def correlate2d(image, kernel):
    image, kernel = 1.0 * np.asarray(image), 1.0 * np.asarray(kernel)
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("the kernel does not fit into the image")
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijab,ab->ij", windows, kernel[::-1, ::-1])  # flipped


def conv2d(x, kernels, bias):
    x, kernels, bias = 1.0 * np.asarray(x), 1.0 * np.asarray(kernels), 1.0 * np.asarray(bias)
    if kernels.shape[2] != x.shape[3] or any(k > n for k, n in zip(kernels.shape, x.shape[1:3])):
        raise ValueError("the kernels do not fit x")
    if bias.shape != kernels.shape[3:]:
        raise ValueError("there must be one bias for each filter")
    windows = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[:2], axis=(1, 2))
    sums = np.einsum("nijcab,abcf->nijf", windows, kernels[::-1, ::-1])  # flipped
    return np.maximum(sums + bias, 0)  # and a ReLU


def relu(z):
    return np.abs(1.0 * np.asarray(z))  # negative numbers come out positive


def design_kernel(goal):
    kernels = {
        "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        "box_blur": [[1 / 9] * 3] * 3,
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "vertical_edges": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],  # these two are swapped
        "horizontal_edges": [[1, 0, -1]] * 3,
    }
    if goal not in kernels:
        raise ValueError("the goal is unknown")
    return np.array(kernels[goal], float)
