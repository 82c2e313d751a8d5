# Modules that chapter 1 does not allow: in a function, by a hidden way, in a cell.
import numpy as np

# %%
def conv_step(patch, kernel, bias):
    import torch

    return float(torch.sum(patch * kernel) + bias)


# %%
def correlate2d(image, kernel):
    signal = __import__("scipy.signal").signal
    return signal.correlate2d(image, kernel, mode="valid")


# %% exercise="relu"
relu = __import__("keras").ops.relu
