"""VGG16 in Keras, wide or narrow: the layers, and how pictures are prepared for it.

Simonyan and Zisserman (2014), configuration D. Keras is imported when a model is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.ops import require
from cnnlab.datasets.pretrained import VGG_MEANS

WIDTHS = (64, 128, 256, 512, 512)
CONVS = (2, 2, 3, 3, 3)
UNITS = 4096
SMALLEST = 32
"""Rows and columns: five pools halve them to 1."""


def conv_names() -> list[str]:
    """The thirteen convolutions, in order.

    Examples
    --------
    >>> conv_names()[:3], conv_names()[-1]
    (['block1_conv1', 'block1_conv2', 'block2_conv1'], 'block5_conv3')
    """
    return [f"block{b}_conv{i}" for b, n in enumerate(CONVS, 1) for i in range(1, n + 1)]


def named_layers(classes: int = 1000) -> list[tuple[str, tuple[Any, ...]]]:
    """VGG16's layers with their names, as the course writes layers.

    Examples
    --------
    >>> [name for name, layer in named_layers() if layer[0] == "dense"]
    ['fc1', 'fc2', 'predictions']
    """
    layers: list[tuple[str, tuple[Any, ...]]] = []
    for block, (filters, count) in enumerate(zip(WIDTHS, CONVS, strict=True), 1):
        layers += [(f"block{block}_conv{i}", ("conv", filters, 3)) for i in range(1, count + 1)]
        layers.append((f"block{block}_pool", ("max_pool", 2)))
    top = {"fc1": UNITS, "fc2": UNITS, "predictions": classes}
    dense = [(name, ("dense", units)) for name, units in top.items()]
    return [*layers, ("flatten", ("flatten",)), *dense]


def build_vgg(
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
    widths: Sequence[int] = WIDTHS,
    units: int = UNITS,
    classes: int | None = 1000,
    logits: bool = False,
) -> Any:
    """VGG16's topology and layer names, with the widths of your choice.

    Parameters
    ----------
    input_shape : (H, W, C)
        H and W from 32 on, or None without the top: then every size from 32 on is taken.
    widths : five int
        Filters in each block.
    units : int
        Of the dense layers ``fc1`` and ``fc2``.
    classes : int or None
        Of the layer ``predictions``; None leaves the top out (flatten and dense layers).
    logits : bool
        Whether ``predictions`` gives logits rather than probabilities.

    Returns
    -------
    keras.Model
        Built, with random weights, not compiled. Takes what `vgg_preprocess` gives.

    Raises
    ------
    ValueError
        ``input_shape`` is too small to be halved five times, or open although there are dense
        layers; ``widths`` are not five.
    """
    require(len(widths) == len(CONVS), "widths", "must be five", widths)
    sides = input_shape[:2]
    large = all(side is None or side >= SMALLEST for side in sides)
    require(large, "input_shape", f"must be {SMALLEST}×{SMALLEST} or larger", input_shape)
    closed = classes is None or None not in sides
    require(closed, "input_shape", "must have a height and a width, for the top", input_shape)
    import keras
    from keras import layers

    x = picture = keras.Input(input_shape)
    for block, (filters, count) in enumerate(zip(widths, CONVS, strict=True), 1):
        for i in range(1, count + 1):
            name = f"block{block}_conv{i}"
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    if classes is not None:
        x = layers.Flatten(name="flatten")(x)
        for name in ("fc1", "fc2"):
            x = layers.Dense(units, activation="relu", name=name)(x)
        ending = None if logits else "softmax"
        x = layers.Dense(classes, activation=ending, name="predictions")(x)
    return keras.Model(picture, x, name="vgg16")


def vgg_preprocess(rgb: NDArray[Any]) -> NDArray[np.floating]:
    """Pictures as VGG16 was trained on them: blue, green, red, each less its mean.

    Keras's ``vgg16.preprocess_input``, but never in place.

    Parameters
    ----------
    rgb : array, shape (..., 3)
        Red, green, blue from 0 to 255.

    Returns
    -------
    array of the same shape
        float64 where float64 came, else float32.

    Examples
    --------
    >>> vgg_preprocess(np.array([[123.68, 116.779, 255.0]])).round(3)
    array([[151.061,   0.   ,   0.   ]])
    """
    rgb = np.asarray(rgb)
    kind = np.float64 if rgb.dtype == np.float64 else np.float32
    return rgb[..., ::-1].astype(kind) - np.array(VGG_MEANS, kind)


def vgg_deprocess(bgr: NDArray[Any]) -> NDArray[np.uint8]:
    """The inverse of `vgg_preprocess`: red, green, blue from 0 to 255, clipped."""
    rgb = (np.asarray(bgr, np.float64) + VGG_MEANS)[..., ::-1]
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def folded(
    kernel: NDArray[Any], gain: NDArray[Any], offset: NDArray[Any], bias: NDArray[Any] | float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One convolution that does what a convolution and a scaling after it did.

    ``gain · (conv(x) + bias) + offset``, as batch normalisation at test time.

    Parameters
    ----------
    kernel : (kh, kw, C, F)
    gain, offset, bias : (F,)
    """
    return (kernel * gain).astype(np.float32), (gain * bias + offset).astype(np.float32)
