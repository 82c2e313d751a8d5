# right: np.pad does it, the mode is looked up
# names: -
import numpy as np


def pad2d(x, pad_h, pad_w, mode="zeros"):
    modes = {"zeros": "constant", "edge": "edge"}
    return np.pad(x, ((0, 0), tuple(pad_h), tuple(pad_w), (0, 0)), mode=modes[mode])
