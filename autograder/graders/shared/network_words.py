"""What a Keras model is made of, in words that are the same for stacks that compute the same.

An activation may stand in its layer or in a layer of its own, before a pooling or after it, and
dropout before or after flatten.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from cnnlab.autograder.graders.shared.networks import Layer, Stack, alone, own_activation


def comparable(args: tuple[Any, ...], tree: dict[str, Any]) -> dict[str, Any]:
    """What `models.describe` says of a model, as far as it was asked for, in comparable words."""
    facts: dict[str, Any] = {}
    for name in ("inputs", "outputs"):
        if name in tree:
            facts[f"one picture: {name}"] = _size(tree[name])
    if "weights" in tree:
        facts["parameters"] = f"{sum(prod(shape) for shape in tree['weights']):,}"
        facts["shapes of the weights"] = "; ".join(map(_size, tree["weights"]))
    if "layers" in tree:
        facts |= in_words(tree["layers"])
    if "y" in tree:
        facts["answers"] = tree["y"]
    return facts


def in_words(layers: Stack) -> dict[str, str]:
    """A description of what the layers do, one entry each: ``{"layer 1": "…"}``.

    Layers beyond the first `MOST_LAYERS` are left out: no network of ours has nearly as many.
    """
    found: list[dict[str, Any]] = []
    for layer in layers[:MOST_LAYERS]:
        activation = alone(layer)
        if activation is None:
            found.append(dict(layer))
        elif not _joined(found, activation):
            found.append({"class": activation})
    for i in range(len(found) - 1):
        if found[i]["class"] == "Dropout" and found[i + 1]["class"] in _FLAT:
            found[i : i + 2] = found[i + 1], found[i]  # the same numbers are dropped
    return {f"layer {n}": _sentence(layer) for n, layer in enumerate(found, 1)}


MOST_LAYERS = 500
_FLAT = ("Flatten", "Reshape")
_UNHINDERED = (*_FLAT, "Dropout", "MaxPooling2D")
"""What a ReLU may pass: it keeps zeros and the order of numbers."""


def _joined(found: Stack, activation: str) -> bool:
    """Whether an activation could be put into the layer that it belongs to."""
    if activation == "linear":
        return True
    for layer in reversed(found):
        if "activation" in layer:
            own = own_activation(layer)
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
"""What is not worth a word."""


def _sentence(layer: Layer) -> str:
    kind = layer["class"]
    words = {
        "Conv2D": lambda: f"convolution {layer['filters']} of {_size(layer['kernel_size'])}",
        "MaxPooling2D": lambda: f"max pool {_size(layer['pool_size'])}",
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
        parts.append(f"stride {_size(layer['strides'])}")
    if "activation" in layer:
        parts.append(own_activation(layer))
    parts += [f"{n} {layer[n]}" for n, usual in _PLAIN.items() if layer.get(n, usual) != usual]
    return ", ".join(parts)


def _size(sizes: Sequence[int] | None) -> str:
    return "×".join(map(str, sizes)) if sizes else "unknown"
