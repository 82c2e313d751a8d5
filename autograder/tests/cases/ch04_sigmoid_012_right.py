# right: written with the hyperbolic tangent, which never overflows
# names: -
import numpy as np


def sigmoid(z):
    return (np.tanh(z / 2) + 1) / 2
