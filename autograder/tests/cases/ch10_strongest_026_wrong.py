# wrong: argsort sorts upwards, and the last k were not turned around; so of two alike the later is first
# names: ascending, later-of-two-alike
import numpy as np


def strongest(feature_map, k):
    means = np.mean(feature_map, axis=(0, 1, 2))
    return np.argsort(means)[-k:].tolist()
