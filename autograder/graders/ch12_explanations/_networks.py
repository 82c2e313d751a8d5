"""Chapter 12's small classifiers: how they are drawn, and what NumPy says of them.

A classifier is a network with ``input_shape`` and ``weights`` whose last layer is a softmax. The
driver builds it in Keras; `cnnlab.autograder.graders.shared.networks` goes through it and back in
NumPy, so that mistakes can be predicted without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals
from cnnlab.autograder.graders.shared.networks import (
    Network,
    Step,
    drawn_weights,
    run,
    stack_of,
)
from cnnlab.course.ops import Array
from cnnlab.course.ops.network import softmax

Rng = np.random.Generator


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
    weights = drawn_weights(stack_of(network), tuple(network["input_shape"]), rng)
    return {**network, "weights": weights}


# What a classifier computes


def through(network: Network, x: Array) -> list[Step]:
    """Pictures on their way to the logits, in float64; the softmax is left out."""
    return run(network, np.asarray(x, np.float64), network["names"][-2])


def logits_of(network: Network, x: Array) -> Array:
    """Pictures (N, H, W, C) → (N, classes)."""
    return through(network, x)[-1].y


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
    logits = logits_of(network, image[None])[0]
    return int(np.argsort(logits)[-2])
