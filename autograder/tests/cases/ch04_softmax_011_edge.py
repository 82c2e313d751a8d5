# edge: the formula as it stands, which overflows for large numbers
# names: overflows
import numpy as np


def softmax(z):
    powers = np.exp(z)
    return powers / powers.sum(axis=-1, keepdims=True)
