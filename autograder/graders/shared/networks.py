"""Small networks as stacks: what they are made of, and what NumPy computes with them.

A stack is a list of layers, a dict each: its class, perhaps its name, and its config as Keras takes
it or as `cnnlab.autograder.sandbox.drivers.models.describe` gives it. The Keras builder is
`models.stack`, which takes a network as it crosses to a driver (`stack_of` makes a stack of it).

`simulate` answers as a driver does, with NumPy alone, so that mistakes are changes of a stack.
`steps` goes through a stack and `backward` comes back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from cnnlab.autograder.sandbox.drivers.models import weights_like
from cnnlab.course.ops import Array, conv2d, gradients, max_pool2d, output_size, relu
from cnnlab.course.ops import network as ops
from cnnlab.course.ops.layers import Shape

Layer = dict[str, Any]
Stack = list[Layer]
Network = dict[str, Any]
"""As it crosses to a driver: ``layers`` (class name and config), ``names``, and ``weights`` or
their ``seed``; perhaps ``input_shape``."""

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


CATS_DOGS: Stack = [
    *(layer for filters in (32, 64, 128, 128) for layer in (conv(filters), max_pool())),
    flatten(),
    dropout(),
    dense(512),
    dense(256),
    dense(1, "sigmoid"),
]
"""The network of chapters 6 and 8."""


def stack_of(network: Network) -> Stack:
    """The layers of a network that crosses to a driver, each with its name."""
    layers = zip(network["names"], network["layers"], strict=True)
    return [{"class": kind, "name": name, **config} for name, (kind, config) in layers]


def own_activation(layer: Layer) -> str:
    """The activation that is part of a layer."""
    name = str(layer.get("activation") or "linear").lower()
    return {"re_l_u": "relu"}.get(name, name)


def alone(layer: Layer) -> str | None:
    """The activation, where a layer is nothing else."""
    kind = layer["class"]
    if kind == "Activation":
        return own_activation(layer)
    return kind.lower() if kind in ("ReLU", "Softmax") else None


def activation_of(layer: Layer) -> str:
    """A layer's activation, also where the layer is nothing else."""
    return alone(layer) or own_activation(layer)


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
    x = np.frombuffer(pixels, np.float32).reshape(shape)
    return forward(stack, x, drawn_weights(stack, shape[1:], seed))


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
        size, strides = _windows(layer)
        padding = layer.get("padding", "valid")
        places = zip(shape[:2], size, strides, strict=True)
        height, width = (output_size(n, k, s, padding) for n, k, s in places)
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


def _windows(layer: Layer) -> tuple[tuple[int, int], tuple[int, int]]:
    """Size and strides of a convolution's or a pooling's windows; Keras's own where not given."""
    pools = layer["class"] == "MaxPooling2D"
    size = _both(layer["pool_size" if pools else "kernel_size"])
    strides = layer.get("strides")
    return size, _both(strides) if strides else size if pools else (1, 1)


def _both(size: int | Sequence[int]) -> tuple[int, int]:
    """Down and across."""
    down, across = (size, size) if isinstance(size, int) else size
    return down, across


def drawn_weights(stack: Stack, input_shape: Shape, seed: int | np.random.Generator) -> list[Array]:
    """Weights as the drivers draw them."""
    return weights_like([np.empty(s, np.float32) for s in traced(stack, input_shape)[0]], seed)


class Step(NamedTuple):
    """What one layer did.

    Parameters
    ----------
    layer : dict
    weights : list of ndarray
        Its kernel and bias, if it has any.
    x, z, y : ndarray
        What came in; what the layer made of it; the same after its activation.
    """

    layer: Layer
    weights: list[Array]
    x: Array
    z: Array
    y: Array


def steps(stack: Stack, x: Array, weights: Sequence[Array]) -> list[Step]:
    """A batch on its way through a stack, outside of training.

    Parameters
    ----------
    stack : list of dict
    x : ndarray, shape (N, H, W, C)
    weights : sequence of ndarray
        In Keras's order; for some more layers, too.
    """
    left, done = iter(weights), []
    for layer in stack:
        own = [next(left), next(left)] if layer["class"] in ("Conv2D", "Dense") else []
        z = _through(layer, own, x)
        done.append(Step(layer, own, x, z, ACTIVATIONS[activation_of(layer)](z)))
        x = done[-1].y
    return done


def forward(stack: Stack, x: Array, weights: Sequence[Array]) -> Array:
    """The stack's answers outside of training."""
    return steps(stack, x, weights)[-1].y


def run(network: Network, x: Array, last: str | None = None) -> list[Step]:
    """A batch on its way through a network, as far as the layer ``last``."""
    stack = stack_of(network)
    weights = network.get("weights")
    if weights is None:
        weights = drawn_weights(stack, x.shape[1:], network["seed"])
    stop = len(stack) if last is None else network["names"].index(last) + 1
    return steps(stack[:stop], x, weights)


def _through(layer: Layer, weights: list[Array], x: Array) -> Array:
    """Through one layer, its activation left out."""
    kind = layer["class"]
    if kind == "Conv2D":
        kernels, bias = weights
        return conv2d(x, kernels, bias, _windows(layer)[1], layer.get("padding", "valid"))
    if kind == "MaxPooling2D":
        return max_pool2d(x, *_windows(layer), layer.get("padding", "valid"))
    if kind == "Dense":
        kernel, bias = weights
        return x @ kernel + bias
    if kind == "Flatten":
        return ops.flatten(x)
    if kind == "GlobalAveragePooling2D":
        return x.mean(axis=(1, 2))
    return x * layer["scale"] if kind == "Rescaling" else x


def backward(done: Sequence[Step], dout: Array) -> Array:
    """The gradient of what the last of these steps gave, handed back to what the first one got."""
    for step in reversed(done):
        dout = _back(step, SLOPES[activation_of(step.layer)](dout, step.y))
    return dout


def _back(step: Step, dout: Array) -> Array:
    """Back through one layer, its activation left out."""
    layer, weights, x = step[:3]
    kind = layer["class"]
    if kind == "Conv2D":
        padding = layer.get("padding", "valid")
        return gradients.conv2d_backward(dout, x, weights[0], _windows(layer)[1], padding)[0]
    if kind == "MaxPooling2D":
        return gradients.max_pool2d_backward(dout, x, *_windows(layer))
    if kind == "Dense":
        return gradients.dense_backward(dout, x, weights[0])[0]
    if kind == "Flatten":
        return dout.reshape(x.shape)
    if kind == "GlobalAveragePooling2D":
        return np.broadcast_to(dout[:, None, None] / prod(x.shape[1:3]), x.shape)
    return dout * layer["scale"] if kind == "Rescaling" else dout


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "relu": relu,
    "sigmoid": ops.sigmoid,
    "softmax": ops.softmax,
    "tanh": np.tanh,
}
SLOPES: dict[str, Callable[[Array, Array], Array]] = {
    "linear": lambda dout, y: dout,
    "relu": lambda dout, y: dout * (y > 0),
    "softmax": lambda dout, y: y * (dout - np.sum(dout * y, axis=-1, keepdims=True)),
}
"""From the gradient of what an activation gave, and what it gave, to that of what it got."""
