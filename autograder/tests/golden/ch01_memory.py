# More memory than there is: in a cell, in a call, and in a result.
import numpy as np

# %% exercise="conv_step"
def conv_step(patch, kernel, bias):
    return table[0]


table = bytearray(1 << 44)

# %%
def relu(z):
    return np.ones((1 << 40, 4)) * np.asarray(z).ravel()[0]


# %%
def correlate2d(image, kernel):
    return np.zeros(70 << 20, np.uint8)


# %%
def conv2d(x, kernels, bias):
    return [0.5] * 500_000
