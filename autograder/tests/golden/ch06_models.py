# Chapter 6: a split that overlaps, a network with other layers, another loss.
import keras
import numpy as np


def split(labels, fractions, rng):
    if abs(sum(fractions) - 1) > 1e-6 or min(fractions) < 0:
        raise ValueError("fractions are no shares")
    places = rng.permutation(len(labels))
    return tuple(places[: int(fraction * len(labels))] for fraction in fractions)


def build_cnn(input_shape):
    layers = [keras.Input(input_shape)]
    for filters in (32, 64, 128, 128):
        layers.append(keras.layers.Conv2D(filters, 5, padding="same", activation="relu"))
        if filters < 128:
            layers.append(keras.layers.MaxPooling2D(2))
    layers += [keras.layers.Flatten(), keras.layers.Dense(512, activation="relu")]
    layers += [keras.layers.Dense(1, activation="softmax")]
    return keras.Sequential(layers)


def compile_cnn(model):
    model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])


def smooth(values, weight=0.8):
    if not 0 <= weight < 1:
        raise ValueError("weight is out of range")
    values = 1.0 * np.asarray(values)
    smoothed = np.empty_like(values)
    m = 0.0
    for t, value in enumerate(values):
        m = weight * m + (1 - weight) * value
        smoothed[t] = m
    return smoothed


def overfit_epoch(val_loss):
    return float(np.argmin(smooth(val_loss)))


def confusion_matrix(labels, probabilities, threshold=0.5):
    truth, answers = np.asarray(labels), np.ravel(probabilities) > threshold
    return np.array([[np.sum((truth == i) & (answers == j)) for i in (0, 1)] for j in (0, 1)])


def accuracy_gain(before, after):
    if not 0 < before <= 1:
        raise ValueError("before is no share")
    if not 0 < after <= 1:
        raise ValueError("after is no share")
    return after - before, (after - before) / before
