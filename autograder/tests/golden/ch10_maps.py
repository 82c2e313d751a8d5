# Chapter 10: a pass for each layer, grey levels cut off, shares as percent, the weakest first.
import keras
import numpy as np


def feature_maps(model, image, names):
    found = {}
    for name in names:
        if name not in [layer.name for layer in model.layers]:
            raise ValueError("names must be layers of the model")
        found[name] = np.asarray(keras.Model(model.input, model.get_layer(name).output)(image[None]))
    return found


def to_picture(feature_map):
    values = np.asarray(feature_map, dtype=float)
    if values.ndim != 2:
        raise ValueError("feature_map needs two axes")
    low, high = values.min(), values.max()
    return (255 * (values - low) / (high - low)).astype(np.uint8)


def sparsity(maps):
    return {name: 100 * float(np.mean(np.asarray(values) == 0)) for name, values in maps.items()}


def strongest(feature_map, k):
    values = np.asarray(feature_map, dtype=float)
    if not 1 <= k <= values.shape[-1]:
        raise ValueError("k is out of range")
    order = np.argsort(values.mean(axis=(0, 1, 2)), kind="stable")
    return [int(channel) for channel in order[:k]]
