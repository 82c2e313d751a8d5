"""The Keras models of the course. Keras is imported when a model is built, not before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


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
