"""Chapter 12's small classifiers: how they are drawn, and what NumPy says of them.

A classifier is what `cnnlab.autograder.sandbox.drivers.ch12` builds of it: ``layers``, ``names``,
``input_shape`` and ``weights``. Its last layer is a softmax. `forward` and `backward` are the
course's own operations, layer by layer, so that mistakes can be predicted without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals
from cnnlab.course.ops import Array, conv2d, max_pool2d, relu
from cnnlab.course.ops import gradients as back
from cnnlab.course.ops.network import softmax

Rng = np.random.Generator
Network = dict[str, Any]


def conv(filters: int, k: int = 3, activation: str = "relu") -> list[Any]:
    config = {"filters": filters, "kernel_size": k, "padding": "same", "activation": activation}
    return ["Conv2D", config]


def dense(units: int, activation: str | None = None) -> list[Any]:
    return ["Dense", {"units": units, "activation": activation}]


POOL: list[Any] = ["MaxPooling2D", {"pool_size": 2}]
AVERAGE: list[Any] = ["GlobalAveragePooling2D", {}]
FLATTEN: list[Any] = ["Flatten", {}]
SOFTMAX: list[Any] = ["Softmax", {}]


def deep(classes: int = 5) -> Network:
    """Three convolutions for pictures of 20×16, as SqueezeNet ends: an average, then logits."""
    layers = [conv(4), POOL, conv(6), POOL, conv(5), AVERAGE, dense(classes), SOFTMAX]
    names = ["conv1", "pool1", "conv2", "pool2", "conv3", "average", "logits", "predictions"]
    return {"layers": layers, "names": names, "input_shape": [20, 16, 3]}


def flat(shape: Sequence[int] = (12, 10, 3), classes: int = 4) -> Network:
    """As VGG16 ends: flattened, so that every place has its own weights."""
    layers = [conv(5), POOL, conv(6), FLATTEN, dense(7, "relu"), dense(classes), SOFTMAX]
    names = ["conv1", "pool1", "conv2", "flatten", "fc1", "logits", "predictions"]
    return {"layers": layers, "names": names, "input_shape": list(shape)}


def square(classes: int = 6) -> Network:
    """Everything six: some mistakes only raise where sizes differ."""
    layers = [conv(6), conv(6), FLATTEN, dense(classes), SOFTMAX]
    names = ["conv1", "conv2", "flatten", "logits", "predictions"]
    return {"layers": layers, "names": names, "input_shape": [6, 6, 3]}


def averaged(kernel: Any, shape: Sequence[int], activation: str = "linear") -> Network:
    """One convolution of 1×1, and the average over all places: to be worked out by hand.

    Parameters
    ----------
    kernel : array_like, shape (C, classes)
    """
    kernel = np.asarray(kernel, np.float32)
    channels, classes = kernel.shape
    return {
        "layers": [conv(classes, 1, activation), AVERAGE, SOFTMAX],
        "names": ["conv1", "logits", "predictions"],
        "input_shape": [*shape, channels],
        "weights": [kernel[None, None], np.zeros(classes, np.float32)],
    }


def weighted(kernel: Any, shape: Sequence[int]) -> Network:
    """The channels themselves (1×1, ReLU), their averages, and a dense layer with this kernel.

    Parameters
    ----------
    kernel : array_like, shape (C, classes)
    """
    kernel = np.asarray(kernel, np.float32)
    channels, classes = kernel.shape
    return {
        "layers": [conv(channels, 1), AVERAGE, dense(classes), SOFTMAX],
        "names": ["conv1", "average", "logits", "predictions"],
        "input_shape": [*shape, channels],
        "weights": [
            np.eye(channels, dtype=np.float32)[None, None],
            np.zeros(channels, np.float32),
            kernel,
            np.zeros(classes, np.float32),
        ],
    }


def drawn(rng: Rng, network: Network) -> Network:
    """The network with weights: kernels by He, biases small."""
    weights = []
    shape = tuple(network["input_shape"])
    for kind, config in network["layers"]:
        if kind == "Conv2D":
            k, filters = config["kernel_size"], config["filters"]
            weights += _layer(rng, (k, k, shape[-1], filters))
            shape = (*shape[:2], filters)
        elif kind == "Dense":
            weights += _layer(rng, (shape[-1], config["units"]))
            shape = (config["units"],)
        elif kind == "MaxPooling2D":
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == "Flatten":
            shape = (prod(shape),)
        elif kind == "GlobalAveragePooling2D":
            shape = shape[2:]
    return {**network, "weights": weights}


def _layer(rng: Rng, shape: tuple[int, ...]) -> list[Array]:
    kernel = rng.normal(size=shape) * np.sqrt(2 / prod(shape[:-1]))
    return [kernel.astype(np.float32), (rng.normal(size=shape[-1:]) * 0.1).astype(np.float32)]


# What a classifier computes


def forward(network: Network, x: Array) -> list[Array]:
    """What goes through: the pictures, then each layer's output; the last but one are logits."""
    left = iter(network["weights"])
    outs = [np.asarray(x, np.float64)]
    for kind, config in network["layers"]:
        outs.append(_through(kind, outs[-1], left))
        if config.get("activation") == "relu":
            outs[-1] = relu(outs[-1])
    return outs


def _through(kind: str, x: Array, left: Any) -> Array:
    if kind == "Conv2D":
        return conv2d(x, next(left), next(left), padding="same")
    if kind == "Dense":
        return x @ next(left) + next(left)
    if kind == "MaxPooling2D":
        return max_pool2d(x)
    if kind == "GlobalAveragePooling2D":
        return x.mean(axis=(1, 2))
    return softmax(x) if kind == "Softmax" else x.reshape(len(x), -1)


def backward(network: Network, outs: list[Array], dlogits: Array, layer: str | None) -> Array:
    """The gradient, from the logits down to a layer's output; to the pictures with None."""
    weights, names = list(network["weights"]), network["names"]
    stop = 0 if layer is None else names.index(layer) + 1
    d = dlogits
    for i in range(len(names) - 2, stop - 1, -1):  # the softmax is left out
        kind, config = network["layers"][i]
        x, out = outs[i], outs[i + 1]
        if config.get("activation") == "relu":
            d = d * (out > 0)
        if kind in ("Conv2D", "Dense"):
            weights, kernel = weights[:-2], weights[-2]
        if kind == "Conv2D":
            d = back.conv2d_backward(d, x, kernel, padding="same")[0]
        elif kind == "Dense":
            d = back.dense_backward(d, x, kernel)[0]
        elif kind == "MaxPooling2D":
            d = back.max_pool2d_backward(d, x, (2, 2))
        elif kind == "GlobalAveragePooling2D":
            d = np.broadcast_to(d[:, None, None] / prod(x.shape[1:3]), x.shape)
        else:
            d = d.reshape(x.shape)
    return d


# What could be explained instead of the class that was asked for

Objective = Callable[[Array, int], Array]
"""From the logits (classes,) and an index to the gradient of what is explained: (classes,)."""


def one_logit(logits: Array, index: int) -> Array:
    return np.eye(len(logits))[index]


def probability(logits: Array, index: int) -> Array:
    shares = softmax(logits)
    return shares[index] * (one_logit(logits, index) - shares)


def log_probability(logits: Array, index: int) -> Array:
    return one_logit(logits, index) - softmax(logits)


def every_logit(logits: Array, index: int) -> Array:
    return np.ones(len(logits))


def top_logit(logits: Array, index: int) -> Array:
    return one_logit(logits, int(np.argmax(logits)))


def picture(rng: Rng, network: Network) -> Array:
    return reals(rng, *network["input_shape"])


def unlikely(network: Network, image: Array) -> int:
    """A class that the classifier does not name first: of the others, the one with most points.

    Its probability is neither nearly 1 nor nearly 0, which would hide what was explained.
    """
    logits = forward(network, image[None])[-2][0]
    return int(np.argsort(logits)[-2])
