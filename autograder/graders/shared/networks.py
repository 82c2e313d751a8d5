"""Keras models as stacks: what a learner's model is made of, and what it must compute.

A stack is a list of layers as `cnnlab.autograder.sandbox.drivers.models.describe` gives them: a
dict each. `simulate` answers as that driver does, with NumPy alone, so that mistakes are changes of
a stack. `in_words` brings stacks that compute the same to the same words: an activation may stand
in its layer or in a layer of its own, before a pooling or after it, and dropout before or after
flatten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.drivers.models import weights_like
from cnnlab.course.ops import Array, conv2d, max_pool2d, network, output_size, relu
from cnnlab.course.ops.layers import Shape

Layer = dict[str, Any]
Stack = list[Layer]

# Layers


def conv(filters: int, k: int = 3, padding: str = "same", activation: str = "relu") -> Layer:
    return {
        "class": "Conv2D",
        "filters": filters,
        "kernel_size": [k, k],
        "strides": [1, 1],
        "padding": padding,
        "activation": activation,
    }


def max_pool(padding: str = "valid") -> Layer:
    return {
        "class": "MaxPooling2D",
        "pool_size": [2, 2],
        "strides": [2, 2],
        "padding": padding,
    }


def dense(units: int, activation: str = "relu") -> Layer:
    return {"class": "Dense", "units": units, "activation": activation}


def flatten() -> Layer:
    return {"class": "Flatten"}


def dropout(rate: float = 0.5) -> Layer:
    return {"class": "Dropout", "rate": rate}


def other(kind: str, **config: Any) -> Layer:
    return {"class": kind, **config}


# What a stack computes


def simulate(
    stack: Stack,
    input_shape: Shape,
    asks: Sequence[str],
    x: Array | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """What the driver would say of a Keras model of these layers.

    Parameters
    ----------
    stack : list of dict
    input_shape : (H, W, C)
    asks : sequence of str
        Of ``layers``, ``inputs``, ``outputs``, ``weights`` and ``y``.
    x : ndarray, shape (N, H, W, C)
        Pictures for ``y``,
    seed : int
        and the seed of its weights.

    Raises
    ------
    ValueError
        A layer has nothing left to work on.
    """
    shapes, shape = traced(stack, input_shape)
    tree: dict[str, Any] = {
        "layers": [{"name": "", **layer} for layer in stack],
        "inputs": list(input_shape),
        "outputs": list(shape),
        "weights": [list(s) for s in shapes],
    }
    if "y" in asks and x is not None:
        tree["y"] = _answers(json.dumps(stack), x.tobytes(), x.shape, seed).copy()
    return {name: tree[name] for name in asks}


@lru_cache(maxsize=256)
def _answers(layers: str, pixels: bytes, shape: Shape, seed: int) -> Array:
    """`forward`, remembered: two mistakes make the same stack in whichever order."""
    stack = json.loads(layers)
    like = [np.zeros(s, np.float32) for s in traced(stack, shape[1:])[0]]
    x = np.frombuffer(pixels, np.float32).reshape(shape)
    return forward(stack, x, weights_like(like, seed))


def traced(stack: Stack, input_shape: Shape) -> tuple[list[Shape], Shape]:
    """The shapes of all weights, and of what comes out, the batch left out."""
    shapes, shape = [], tuple(input_shape)
    for layer in stack:
        shape, own = grow(shape, layer)
        shapes += own
    return shapes, shape


def grow(shape: Shape, layer: Layer) -> tuple[Shape, list[Shape]]:
    """The shape after a layer, and the shapes of the layer's own weights."""
    kind = layer["class"]
    if kind in ("Conv2D", "MaxPooling2D"):
        size = layer["kernel_size" if kind == "Conv2D" else "pool_size"]
        places = zip(shape[:2], size, layer["strides"], strict=True)
        height, width = (output_size(n, k, s, layer["padding"]) for n, k, s in places)
        if kind == "MaxPooling2D":
            return (height, width, shape[2]), []
        filters = layer["filters"]
        return (height, width, filters), [(*size, shape[2], filters), (filters,)]
    if kind == "Flatten":
        return (prod(shape),), []
    if kind == "GlobalAveragePooling2D":
        return shape[2:], []
    if kind == "Dense":
        units = layer["units"]
        return (*shape[:-1], units), [(shape[-1], units), (units,)]
    return shape, []


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "relu": relu,
    "sigmoid": network.sigmoid,
    "softmax": network.softmax,
    "tanh": np.tanh,
}


def forward(stack: Stack, x: Array, weights: list[Array]) -> Array:
    """The stack's answers outside of training."""
    left = iter(weights)
    for layer in stack:
        kind = layer["class"]
        if kind == "Conv2D":
            x = conv2d(x, next(left), next(left), tuple(layer["strides"]), layer["padding"])
        elif kind == "MaxPooling2D":
            x = max_pool2d(x, tuple(layer["pool_size"]), None, layer["padding"])
        elif kind == "Dense":
            x = x @ next(left) + next(left)
        elif kind == "Flatten":
            x = network.flatten(x)
        elif kind == "GlobalAveragePooling2D":
            x = x.mean(axis=(1, 2))
        elif kind == "Rescaling":
            x = x * np.float32(layer["scale"])
        x = ACTIVATIONS[layer.get("activation", "linear")](x)
    return x


# What is compared


def in_words(layers: Stack) -> dict[str, str]:
    """A description of what the layers do, one entry each: ``{"layer 1": "…"}``."""
    found: list[dict[str, Any]] = []
    for layer in layers:
        activation = _alone(layer)
        if activation is None:
            found.append(dict(layer))
        elif not _joined(found, activation):
            found.append({"class": activation})
    for i in range(len(found) - 1):
        if found[i]["class"] == "Dropout" and found[i + 1]["class"] in _FLAT:
            found[i : i + 2] = found[i + 1], found[i]  # the same numbers are dropped
    return {f"layer {n}": _sentence(layer) for n, layer in enumerate(found, 1)}


_FLAT = ("Flatten", "Reshape")
_UNHINDERED = (*_FLAT, "Dropout", "MaxPooling2D")
"""What a ReLU may pass: it keeps zeros and the order of numbers."""


def _alone(layer: Layer) -> str | None:
    """The activation, where a layer is nothing else."""
    kind = layer["class"]
    if kind == "Activation":
        return _activation(layer)
    return kind.lower() if kind in ("ReLU", "Softmax") else None


def _activation(layer: Layer) -> str:
    name = str(layer.get("activation") or "linear").lower()
    return {"re_l_u": "relu"}.get(name, name)


def _joined(found: Stack, activation: str) -> bool:
    """Whether an activation could be put into the layer that it belongs to."""
    if activation == "linear":
        return True
    for layer in reversed(found):
        if "activation" in layer:
            own = _activation(layer)
            if own == "linear":
                layer["activation"] = activation
            return own == "linear" or own == activation == "relu"
        if activation != "relu" or layer["class"] not in _UNHINDERED:
            return False
    return False


_PLAIN: dict[str, Any] = {
    "dilation_rate": [1, 1],
    "groups": 1,
    "use_bias": True,
    "trainable": True,
    "data_format": "channels_last",
}
"""Settings that are left out of a description."""


def _sentence(layer: Layer) -> str:
    kind = layer["class"]
    words = {
        "Conv2D": lambda: f"convolution {layer['filters']} of {_pair(layer['kernel_size'])}",
        "MaxPooling2D": lambda: f"max pool {_pair(layer['pool_size'])}",
        "Dense": lambda: f"dense {layer['units']}",
        "Dropout": lambda: f"dropout {layer['rate']:g}",
        "Flatten": lambda: "flatten",
        "Reshape": lambda: "flatten",
    }
    parts = [words[kind]() if kind in words else kind.lower()]
    if "padding" in layer and (kind == "Conv2D" or layer["padding"] != "valid"):
        parts.append(str(layer["padding"]))
    usual = layer.get("pool_size", [1, 1])
    if layer.get("strides", usual) != usual:
        parts.append(f"stride {_pair(layer['strides'])}")
    if "activation" in layer:
        parts.append(_activation(layer))
    parts += [f"{n} {layer[n]}" for n, usual in _PLAIN.items() if layer.get(n, usual) != usual]
    return ", ".join(parts)


def _pair(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes))
