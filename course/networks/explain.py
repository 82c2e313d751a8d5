"""Why this class? Three answers: saliency, Grad-CAM, occlusion.

The course's own versions of what chapter 12's learner writes. A ``model`` takes pictures
(N, H, W, C) and ends in a softmax layer of its own; what goes into it are the logits, which are
explained here, not the probabilities. TensorFlow is imported when one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.networks.lookup import layer_of
from cnnlab.course.networks.pretrained import Classifier, ending_in_softmax, load_any_classifier
from cnnlab.course.ops import require

BATCH = 16
"""Occluded pictures that go through the network at once."""

Image = NDArray[np.floating]
Map = NDArray[np.float32]

LATE = {"SqueezeNet 1.1": "fire9", "VGG16": "block5_conv3", "small VGG": "block4_conv3"}
"""For each classifier a late layer that still has some places."""


def load_explained(tell: Callable[[str], None] = print) -> Classifier:
    """A trained classifier whose last layer is a softmax alone; as `load_any_classifier`."""
    found = load_any_classifier(logits=True, tell=tell)
    return found._replace(model=ending_in_softmax(found.model))


def logits_of(model: Any) -> Any:
    """The model without its softmax."""
    from cnnlab.course.networks.quiet import keras

    return keras.Model(model.input, model.layers[-1].input)


def checked(model: Any, image: Image, index: int) -> None:
    """Raise ValueError, naming the argument, where image or index do not fit the model."""
    fits = np.ndim(image) == 3 and np.shape(image)[-1] == model.input.shape[-1]
    wanted = f"must have shape (H, W, {model.input.shape[-1]})"
    require(fits, "image", wanted, np.shape(image))
    classes = model.output.shape[-1]
    require(0 <= index < classes, "index", f"must be from 0 to {classes - 1}", index)


def gradient(model: Any, image: Image, index: int) -> Image:
    """The logit's derivative by each number of the picture: (H, W, C)."""
    from cnnlab.course.networks.quiet import tensorflow as tf

    checked(model, image, index)
    x = tf.constant(image[None])
    network = logits_of(model)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logit = network(x)[0, index]
    return np.asarray(tape.gradient(logit, x)[0])


def saliency(model: Any, image: Image, index: int) -> Map:
    """How strongly the logit depends on each pixel (Simonyan, Vedaldi and Zisserman, 2013).

    Parameters
    ----------
    image : array, shape (H, W, C)
        As the network takes it.
    index : int
        Of the class.

    Returns
    -------
    array, shape (H, W), float32
        The largest size of the gradient over the channels.

    Raises
    ------
    ValueError
        ``image`` or ``index`` does not fit the model; the message names it.
    """
    return np.abs(gradient(model, image, index)).max(axis=-1)


def grad_cam(model: Any, image: Image, index: int, layer: str) -> Map:
    """Where a layer's maps speak for the class (Selvaraju and others, 2017).

    Parameters
    ----------
    image, index
        As for `saliency`.
    layer : str
        Name of a layer whose output has height and width.

    Returns
    -------
    array, shape (h, w), float32
        From 0 to 1, at the layer's resolution; zeros where nothing speaks for the class.

    Raises
    ------
    ValueError
        As for `saliency`; or ``layer`` is none of the model's, or has no height and width.
    """
    from cnnlab.course.networks.quiet import keras
    from cnnlab.course.networks.quiet import tensorflow as tf

    checked(model, image, index)
    place = layer_of(model, layer).output
    require(len(place.shape) == 4, "layer", "must have height and width", layer)
    network = keras.Model(model.input, [place, model.layers[-1].input])
    with tf.GradientTape() as tape:
        maps, logits = network(image[None])
        logit = logits[0, index]
    weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2), keepdims=True)
    cam = np.maximum(np.sum(weights * maps, axis=-1)[0], 0)
    return cam / cam.max() if cam.any() else cam


def places(shape: tuple[int, ...], size: int, stride: int) -> list[tuple[int, int]]:
    """The upper left corners (row, column) of an occluder, row after row.

    Examples
    --------
    >>> places((5, 6, 3), 3, 2)
    [(0, 0), (0, 2), (2, 0), (2, 2)]
    """
    down, across = (range(0, n - size + 1, stride) for n in shape[:2])
    return [(i, j) for i in down for j in across]


def occluded(image: Image, corners: list[tuple[int, int]], size: int) -> Image:
    """A picture for each corner, with a square of the image's mean colour there: (N, H, W, C)."""
    pictures = np.repeat(image[None], len(corners), axis=0)
    for picture, (i, j) in zip(pictures, corners, strict=True):
        picture[i : i + size, j : j + size] = image.mean(axis=(0, 1))
    return pictures


def batches(items: list[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Pieces of a list."""
    return (items[i : i + size] for i in range(0, len(items), size))


def occlusion_map(model: Any, image: Image, index: int, size: int, stride: int) -> Map:
    """By how much the logit drops when a part of the picture is hidden (Zeiler and Fergus, 2014).

    Parameters
    ----------
    image, index
        As for `saliency`.
    size, stride : int
        Of the occluder, and from one of its places to the next, in pixels.

    Returns
    -------
    array, shape ((H - size) // stride + 1, (W - size) // stride + 1), float32
        The original's logit less the occluded one's.

    Raises
    ------
    ValueError
        As for `saliency`; or ``size`` is not from 1 to H and W, or ``stride`` is below 1.
    """
    checked(model, image, index)
    height, width = image.shape[:2]
    fits = 1 <= size <= min(height, width)
    require(fits, "size", f"must be from 1 to {min(height, width)}", size)
    require(stride >= 1, "stride", "must be 1 or more", stride)
    network = logits_of(model)
    corners = places(image.shape, size, stride)
    scores = [
        np.asarray(network(occluded(image, some, size)))[:, index] for some in batches(corners)
    ]
    original = np.asarray(network(image[None]))[0, index]
    rows = (height - size) // stride + 1
    return (original - np.concatenate(scores)).reshape(rows, -1)


def with_shuffled_weights(model: Any, count: int, seed: int = 0) -> Any:
    """A copy in which the last ``count`` layers' weights are shuffled, each array in itself.

    What they learned is lost; how large they are is not (after Adebayo and others, 2018).
    """
    from cnnlab.course.networks.quiet import keras

    rng = np.random.default_rng(seed)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    learned = [layer for layer in copy.layers if layer.get_weights()]
    for layer in learned[::-1][:count]:
        layer.set_weights(
            [rng.permutation(w.ravel()).reshape(w.shape) for w in layer.get_weights()]
        )
    return copy
