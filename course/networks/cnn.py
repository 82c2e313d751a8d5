"""The Keras models of the course. Keras is imported when a model is built, not before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def small_cnn(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    filters: Sequence[int] = (16, 32, 32),
    units: int = 64,
    dropout: float = 0.0,
    dtype: str = "float32",
) -> Any:
    """The network of chapter 4: blocks of convolution and pooling, and two dense layers.

    Every convolution is 3×3 with ``"same"`` padding and ReLU, followed by 2×2 max pooling.
    Then flatten, dropout, a dense layer with ReLU, dropout, and one sigmoid unit.

    Parameters
    ----------
    input_shape : (H, W, C)
    filters : sequence of int
        One convolution for each.
    units : int
        Of the first dense layer.
    dropout : float
        Rate of both dropouts; 0 leaves them out. They hold no weights, so
        ``get_weights()`` is the same list with and without.
    dtype : str

    Returns
    -------
    keras.Sequential
        Built, not compiled.
    """
    from keras import Input, Sequential, layers

    model = Sequential([Input(input_shape, dtype=dtype)], name="small_cnn")
    for count in filters:
        model.add(layers.Conv2D(count, 3, padding="same", activation="relu", dtype=dtype))
        model.add(layers.MaxPooling2D(2, dtype=dtype))
    model.add(layers.Flatten(dtype=dtype))
    for size, activation in ((units, "relu"), (1, "sigmoid")):
        if dropout:
            model.add(layers.Dropout(dropout, dtype=dtype))
        model.add(layers.Dense(size, activation=activation, dtype=dtype))
    return model


def build_cnn(
    input_shape: tuple[int, int, int],
    dropout: float = 0.5,
    augmentation: Sequence[Any] | None = None,
) -> Any:
    """The cats-and-dogs network of chapters 6 to 8.

    Four blocks of a 3×3 convolution (32, 64, 128 and 128 filters, ``"same"``, ReLU) and 2×2 max
    pooling; flatten, dropout, dense 512 and dense 256 with ReLU, one sigmoid unit.

    Parameters
    ----------
    input_shape : (H, W, C)
        H and W from 16 on; pixels are expected from 0 to 1.
    dropout : float
        0 leaves the layer out. It holds no weights, so ``get_weights()`` has the same 14
        arrays with and without.
    augmentation : sequence of Keras layers, optional
        Put in front, such as those of `augmentation_layers`.

    Returns
    -------
    keras.Sequential
        Built, not compiled.

    Raises
    ------
    ValueError
        ``input_shape`` is too small to be halved four times.
    """
    from keras import Input, Sequential, layers

    if min(input_shape[:2]) < 16:
        raise ValueError(f"input_shape must be 16×16 or larger. Received: {input_shape!r}")
    model = Sequential([Input(input_shape), *(augmentation or ())], name="cats_dogs")
    for count in (32, 64, 128, 128):
        model.add(layers.Conv2D(count, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    if dropout:
        model.add(layers.Dropout(dropout))
    for units in (512, 256):
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def compile_cnn(model: Any, learning_rate: float = 1e-3) -> Any:
    """Compile with Adam, binary cross-entropy and accuracy; returns the model itself."""
    from keras.optimizers import Adam

    model.compile(Adam(learning_rate), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def augmentation_layers(
    flip: bool = True,
    shift: float = 0.0,
    degrees: float = 0.0,
    zoom: float = 0.0,
    contrast: float | Sequence[float] = 0.0,
    seed: int | None = None,
) -> list[Any]:
    """Keras layers that vary a picture anew each time it is trained on, and never else.

    Parameters
    ----------
    flip : bool
        Mirror every other picture, left to right.
    shift : float
        Up to this share of the height and of the width, either way; by whole pixels, so that
        a small picture stays sharp.
    degrees : float
        Turn by up to so many degrees, either way.
    zoom : float
        Up to this share larger or smaller.
    contrast : float, or (float, float)
        A pair: up to these shares less and more, so ``(0.2, 0.2)`` draws factors from 0.8 to 1.2;
        Keras sorts it, so it cannot lower more than it raises. A single number only raises, 0.2 by
        factors from 1.0 to 1.2: so Keras 3.15.1 understands it, and so the recorded runs on the
        embedded pictures were made. What falls below 0 becomes 0.
    seed : int, optional
        With it, the same draws in every run.

    Returns
    -------
    list of keras.layers.Layer
        Without the layers whose strength is 0. What comes in at the edges is a mirror image.
    """
    from keras import layers

    made = [
        (flip, lambda: layers.RandomFlip("horizontal", seed=seed)),
        (shift, lambda: layers.RandomTranslation(shift, shift, interpolation="nearest", seed=seed)),
        (degrees, lambda: layers.RandomRotation(degrees / 360, seed=seed)),
        (zoom, lambda: layers.RandomZoom(zoom, seed=seed)),
        (np.any(contrast), lambda: layers.RandomContrast(contrast, seed=seed)),
    ]
    return [_compilable(make()) for strength, make in made if strength]


def _compilable(layer: Any) -> Any:
    """Keras keeps a layer that shifts or turns from XLA for TensorFlow's sake; JAX compiles it.

    Otherwise each step runs operation by operation: on an H100 more than 47 ms in place of 10.
    """
    from keras import config

    if config.backend() == "jax":
        layer.supports_jit = True
    return layer
