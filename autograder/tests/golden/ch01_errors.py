# Each cell goes wrong in a way of its own.
import numpy as np

# %%
def conv_step(patch, kernel, bias):
    return float(np.sum(patch * kernel) + offset)  # there is no such name


# %% exercise="correlate2d"
def correlate2d(image, kernel):
    return image[: 3 / rows]


rows = 3 / 0

# %% exercise="conv2d"
def conv2d(x, kernels, bias):
    return x[0] + kernels[(0, 1]


# %%
relu = "np.maximum"

# %%
def design_kernel(goal):
    return slice(3)
