# A cell that never ends, and a neighbour that loses nothing by it.
import time

import numpy as np

# %% exercise="conv_step"
def conv_step(patch, kernel, bias):
    return nap


nap = time.sleep(1000)

# %%
def relu(z):
    return np.maximum(1.0 * np.asarray(z), 0)
