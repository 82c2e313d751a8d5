"""A head of one's own on a frozen base: features once, a small classifier, and both as one model.

The course's own versions of what chapter 15's learner writes. Keras is imported when one is asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.networks.vgg import vgg_preprocess
from cnnlab.course.ops import require

EPOCHS = 30
RATE = 0.01
PENALTY = 0.01
"""How much a large weight costs: this times its square."""


def frozen_features(base: Any, images: NDArray[np.uint8], batch: int = 32) -> NDArray[np.float32]:
    """What a frozen base says of pictures: the mean of each of its maps.

    Parameters
    ----------
    base : keras.Model
        Takes what `vgg_preprocess` gives, answers with maps (N, h, w, C).
    images : ndarray, shape (N, H, W, 3), uint8
        Red, green, blue from 0 to 255.
    batch : int
        So many pictures go through the base at once.

    Returns
    -------
    ndarray, shape (N, C), float32

    Raises
    ------
    ValueError
        ``batch`` is below 1.
    """
    require(batch >= 1, "batch", "must be 1 or more", batch)
    found = []
    for start in range(0, len(images), batch):
        maps = base(vgg_preprocess(images[start : start + batch]), training=False)
        found.append(np.asarray(maps).mean(axis=(1, 2)))
    return np.concatenate(found)


def fit_head(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    classes: int,
    rng: np.random.Generator,
) -> Any:
    """A classifier on features: they are normalized, then one dense layer with softmax.

    Parameters
    ----------
    features : ndarray, shape (N, D)
        As the base gives them.
    labels : ndarray of int, shape (N,)
        From 0 to ``classes - 1``.
    classes : int
    rng : numpy.random.Generator
        Seeds Keras.

    Returns
    -------
    keras.Model
        Trained; takes features (N, D) and gives probabilities (N, classes).

    Raises
    ------
    ValueError
        ``labels`` are not as many as ``features``.
    """
    import keras

    require(len(labels) == len(features), "labels", f"must be {len(features)}", len(labels))
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    scale = keras.layers.Normalization()
    scale.adapt(features)
    penalty = keras.regularizers.L2(PENALTY)
    last = keras.layers.Dense(classes, activation="softmax", kernel_regularizer=penalty)
    head = keras.Sequential([keras.Input(features.shape[1:]), scale, last])
    head.compile(keras.optimizers.Adam(RATE), loss="sparse_categorical_crossentropy")
    head.fit(features, labels, epochs=EPOCHS, verbose=0)
    return head


def whole_model(base: Any, head: Any) -> Any:
    """Base and head as one classifier that ends in a softmax alone, as chapter 12 explains them.

    Parameters
    ----------
    base : keras.Model
        Answers with maps; takes pictures of any size, as `vgg_preprocess` gives them.
    head : keras.Model
        As `fit_head` gives it: its last layer with weights is dense, and what comes before it
        brings features to the same scale.

    Returns
    -------
    keras.Model
        Takes what the base takes, gives what the head gives.

    Raises
    ------
    ValueError
        ``head`` does not end in a dense layer.
    """
    import keras

    dense = next((layer for layer in reversed(head.layers) if hasattr(layer, "units")), None)
    if dense is None:
        raise ValueError(f"head must end in a dense layer. Received: {head.layers}")
    x = keras.layers.GlobalAveragePooling2D(name="features")(base.output)
    for layer in head.layers:
        if layer is dense:
            break
        if not isinstance(layer, keras.layers.InputLayer):
            x = layer(x)
    logits = keras.layers.Dense(dense.units, name="logits")
    x = keras.layers.Softmax(name="shares")(logits(x))
    model = keras.Model(base.input, x, name="own_photographs")
    logits.set_weights(dense.get_weights())
    return model
