# The right numbers in the wrong form.
import numpy as np


def conv_step(patch, kernel, bias):
    patch, kernel = np.asarray(patch, float), np.asarray(kernel, float)
    if patch.shape != kernel.shape:
        raise ValueError("kernel and patch have different shapes")
    return np.sum(patch * kernel, keepdims=True) + bias  # an array


def correlate2d(image, kernel):
    image, kernel = 1.0 * np.asarray(image), 1.0 * np.asarray(kernel)
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("the kernel does not fit into the image")
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijab,ab->ij", windows, kernel)[None]  # an axis too many


def conv2d(x, kernels, bias):
    x, kernels, bias = 1.0 * np.asarray(x), 1.0 * np.asarray(kernels), 1.0 * np.asarray(bias)
    if kernels.shape[2] != x.shape[3] or any(k > n for k, n in zip(kernels.shape, x.shape[1:3])):
        raise ValueError("the kernels do not fit x")
    if bias.shape != kernels.shape[3:]:
        raise ValueError("there must be one bias for each filter")
    windows = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[:2], axis=(1, 2))
    return (np.einsum("nijcab,abcf->nijf", windows, kernels) + bias).tolist()  # a list


def relu(z):
    return np.maximum(np.asarray(z, np.float64), 0)  # another dtype


def design_kernel(goal):
    kernel = np.eye(3)  # and no return
