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

from cnnlab.autograder.graders.shared.networks import Network, Step, backward, run
from cnnlab.course.ops import ascent

Array = NDArray[Any]

SAME: dict[str, Any] = {"kernel_size": 3, "padding": "same", "activation": "relu"}
DARKER = ["Rescaling", {"scale": 1 / 32}]  # so that softmax does not saturate at once

FILTERS: Network = {
    "layers": [
        DARKER,
        ["Conv2D", {"filters": 4, **SAME}],
        ["MaxPooling2D", {"pool_size": 2}],
        ["Conv2D", {"filters": 5, **SAME}],
    ],
    "names": ["darker", "block1_conv1", "block1_pool", "block2_conv1"],
}
CLASSES: Network = {
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


def through(network: Network, image: Array, last: str) -> list[Step]:
    """One picture's way to layer ``last``, in float64."""
    return run(network, np.asarray(image, np.float64)[None], last)


def output(network: Network, image: Array, last: str) -> Array:
    """What layer ``last`` hands on for one picture."""
    return through(network, image, last)[-1].y


Slope = Callable[[Array], Array]
"""From a layer's output to the gradient of what is maximised with respect to it."""


def gradient_of(network: Network, layer: str, slope: Slope) -> Callable[[Array], Array]:
    """Picture → the gradient of what is maximised."""

    def gradient(image: Array) -> Array:
        done = through(network, image, layer)
        return backward(done, slope(done[-1].y))[0]

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


def lively(network: Network, layer: str, rng: np.random.Generator) -> int:
    """A channel that answers to noise: a silent one would have no gradient."""
    out = output(network, noise(rng, 12, 12, 3), layer)
    active = np.flatnonzero(np.mean(out > 0, axis=(0, 1, 2)) > 0.35)
    return int(rng.choice(active)) if active.size else int(np.argmax(np.mean(out > 0, (0, 1, 2))))
