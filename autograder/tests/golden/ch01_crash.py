# Python itself ends: in a cell, in a call, and by talking nonsense to the judge.
import ctypes
import os

# %% exercise="conv_step"
def conv_step(patch, kernel, bias):
    return gone


gone = ctypes.string_at(0)

# %%
def correlate2d(image, kernel):
    os._exit(0)


# %% exercise="relu"
def relu(z):
    return z


if os.write(3, b"\0\0\0\4\0\0\0\0"):
    relu = None
