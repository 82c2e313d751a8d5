# right: moves each number there and back in a copy, one flat place after the other
# names: -
import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    here = np.array(x, dtype=np.float64)
    slopes = np.zeros(here.size)
    for i in range(here.size):
        step = np.zeros(here.size)
        step[i] = eps
        step = step.reshape(here.shape)
        slopes[i] = (f(here + step) - f(here - step)) / (2 * eps)
    return slopes.reshape(here.shape)
