# wrong: drops, and does not scale up what is kept
# names: not-inverted
import numpy as np


def dropout(x, rate, rng, training=True):
    if not training:
        return x, np.ones(x.shape, dtype=bool)
    keep = rng.random(x.shape) >= rate
    dropped = x.copy()
    dropped[~keep] = 0
    return dropped, keep
