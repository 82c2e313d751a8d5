"""Small networks of chapter 11, forwards and backwards in NumPy.

A network is described by its layers, as `cnnlab.autograder.sandbox.drivers.ch11.network_of` takes
them. What a mistaken function would draw is computed with these, without Keras; correct answers are
not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.sandbox.drivers.models import weights_like
from cnnlab.course.ops import ascent, conv2d, max_pool2d, relu
from cnnlab.course.ops.gradients import conv2d_backward, max_pool2d_backward

Array = NDArray[Any]
Layer = tuple[str, str, Any]

SAME: dict[str, Any] = {"kernel_size": 3, "padding": "same", "activation": "relu"}
DARKER = ["Rescaling", {"scale": 1 / 32}]  # so that softmax does not saturate at once

FILTERS: dict[str, Any] = {
    "layers": [
        DARKER,
        ["Conv2D", {"filters": 4, **SAME}],
        ["MaxPooling2D", {"pool_size": 2}],
        ["Conv2D", {"filters": 5, **SAME}],
    ],
    "names": ["darker", "block1_conv1", "block1_pool", "block2_conv1"],
}
CLASSES: dict[str, Any] = {
    "layers": [
        DARKER,
        ["Conv2D", {"filters": 4, **SAME}],
        ["MaxPooling2D", {"pool_size": 2}],
        ["Conv2D", {"filters": 6, **SAME}],
        ["GlobalAveragePooling2D", {}],
        ["Dense", {"units": 5}],
        ["Softmax", {}],
    ],
    "names": ["darker", "conv1", "pool1", "conv2", "pooled", "logits", "predictions"],
}


def layers_of(network: dict[str, Any]) -> list[Layer]:
    """Name, kind and weights (or scale) of each layer."""
    shapes, channels = [], 3
    for kind, config in network["layers"]:
        width = config.get("filters", config.get("units"))
        if width:
            kernel = (3, 3, channels, width) if kind == "Conv2D" else (channels, width)
            shapes += [np.zeros(kernel, np.float32), np.zeros(width, np.float32)]
            channels = width
    drawn = iter(weights_like(shapes, network["seed"]))
    made = []
    for name, (kind, config) in zip(network["names"], network["layers"], strict=True):
        own = (next(drawn), next(drawn)) if kind in ("Conv2D", "Dense") else config.get("scale")
        made.append((name, kind, own))
    return made


def forward(image: Array, layers: list[Layer], last: str) -> tuple[Array, list[tuple[Any, ...]]]:
    """What layer ``last`` hands on for one picture, and what is needed on the way back."""
    x, tape = np.asarray(image, np.float64)[None], []
    for name, kind, own in layers:
        z = _through(kind, own, x)
        tape.append((kind, own, x, z))
        x = relu(z) if kind == "Conv2D" else z
        if name == last:
            return x, tape
    raise KeyError(last)


def _through(kind: str, own: Any, x: Array) -> Array:
    """Through one layer, its activation left out."""
    if kind == "Rescaling":
        return x * own
    if kind == "Conv2D":
        kernels, bias = own
        return conv2d(x, kernels, bias, padding="same")
    if kind == "MaxPooling2D":
        return max_pool2d(x)
    if kind == "GlobalAveragePooling2D":
        return x.mean(axis=(1, 2))
    if kind == "Dense":
        return x @ own[0] + own[1]
    return np.exp(x) / np.exp(x).sum()


def backward(dout: Array, tape: list[tuple[Any, ...]]) -> Array:
    """The gradient of a layer's output, handed back to the picture (H, W, 3)."""
    for kind, own, x, z in reversed(tape):
        if kind == "Rescaling":
            dout = dout * own
        elif kind == "Conv2D":
            dout = conv2d_backward(dout * (z > 0), x, own[0], padding="same")[0]
        elif kind == "MaxPooling2D":
            dout = max_pool2d_backward(dout, x, (2, 2))
        elif kind == "GlobalAveragePooling2D":
            dout = np.broadcast_to(dout[:, None, None] / (x.shape[1] * x.shape[2]), x.shape)
        elif kind == "Dense":
            dout = dout @ own[0].T
        else:
            dout = z * (dout - np.sum(dout * z))
    return dout[0]


Slope = Callable[[Array], Array]
"""From a layer's output to the gradient of what is maximised with respect to it."""


def gradient_of(network: dict[str, Any], layer: str, slope: Slope) -> Callable[[Array], Array]:
    """Picture → the gradient of what is maximised."""
    layers = layers_of(network)

    def gradient(image: Array) -> Array:
        out, tape = forward(image, layers, layer)
        return backward(slope(out), tape)

    return gradient


def mean_of(index: int | slice, border: int = 0) -> Slope:
    """The mean of one map, without its border."""

    def slope(out: Array) -> Array:
        dout = np.zeros_like(out)
        inner = slice(border, -border or None)
        part = dout[:, inner, inner, index]
        part[...] = 1 / part.size
        return dout

    return slope


def noise(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """What ascent begins with: a picture that is nearly grey."""
    return rng.normal(0, ascent.NOISE, shape).astype(np.float32)


def lively(network: dict[str, Any], layer: str, rng: np.random.Generator) -> int:
    """A channel that answers to noise: a silent one would have no gradient."""
    out, _ = forward(noise(rng, 12, 12, 3), layers_of(network), layer)
    active = np.flatnonzero(np.mean(out > 0, axis=(0, 1, 2)) > 0.35)
    return int(rng.choice(active)) if active.size else int(np.argmax(np.mean(out > 0, (0, 1, 2))))
