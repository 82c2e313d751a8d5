"""Chapter 8, more pictures from the same ones: what each exercise is probed with."""

from __future__ import annotations

from cnnlab.autograder.graders.ch08_augmentation import (
    adjust_contrast,
    affine,
    augment_batch,
    build_augmented_cnn,
    fit_standardizer,
    hflip,
    shift,
    standardize,
    zca_whiten,
)
from cnnlab.autograder.judging.exercise import Chapter

PRELUDE = '''\
import math
import keras
import numpy as np


def build_cnn(input_shape):
    """Chapter 6: the cats-and-dogs network, not compiled; it takes pixels from 0 to 1."""
    layers = [keras.Input(input_shape)]
    for filters in (32, 64, 128, 128):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D(2))
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.5)]
    layers += [keras.layers.Dense(units, activation="relu") for units in (512, 256)]
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
'''
"""The finished function of chapter 6 that a solution may call. The chapter's set-up cell holds
the same text."""

CHAPTER = Chapter(
    name="ch08_augmentation",
    title="More pictures from the same ones",
    exercises=(
        fit_standardizer.EXERCISE,
        standardize.EXERCISE,
        zca_whiten.EXERCISE,
        hflip.EXERCISE,
        shift.EXERCISE,
        adjust_contrast.EXERCISE,
        affine.EXERCISE,
        augment_batch.EXERCISE,
        build_augmented_cnn.EXERCISE,
    ),
    prelude=PRELUDE,
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=20.0,
    keras=True,
)
