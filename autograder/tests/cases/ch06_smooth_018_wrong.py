# wrong: the average starts at 0 and is never corrected for it
# names: starts-at-zero
import numpy as np


def smooth(values, weight=0.8):
    smoothed, average = [], 0.0
    for value in values:
        average = weight * average + (1 - weight) * value
        smoothed.append(average)
    return np.array(smoothed)
