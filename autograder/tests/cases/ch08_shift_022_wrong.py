# wrong: np.roll brings in on one side what left on the other
# names: wraps-around
import numpy as np


def shift(x, dy, dx):
    return np.roll(np.roll(x, dy, axis=1), dx, axis=2)
