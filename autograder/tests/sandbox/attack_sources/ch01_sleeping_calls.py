"""Every cell and every call sleeps a while, each far below its limit of ten seconds.

The processor is idle and nothing hangs, but the submissions behind this one wait for minutes.
"""

# %%
import time

import numpy as np

NAP = 1.5

# %%
first = time.sleep(NAP)
# %%
second = time.sleep(NAP)
# %%
third = time.sleep(NAP)
# %%
fourth = time.sleep(NAP)


# %%
def rested(result):
    time.sleep(NAP)
    return first, second, third, fourth, result


# %%
def conv_step(patch, kernel, bias):
    return rested(0.0)[-1]


# %%
def correlate2d(image, kernel):
    return rested(np.ones((2, 2), np.float32))[-1]


# %%
def conv2d(x, kernels, bias):
    return rested(np.ones((1, 2, 2, 1), np.float32))[-1]


# %%
def relu(z):
    return rested(np.ones(3, np.float32))[-1]
