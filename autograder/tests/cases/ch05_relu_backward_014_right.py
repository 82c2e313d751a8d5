# right: np.where with the mask of the forward pass
# names: -
import numpy as np


def relu_backward(dout, z):
    return np.where(z > 0, dout, 0.0).astype(dout.dtype)
