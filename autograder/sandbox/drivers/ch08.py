"""Chapter 8: varied batches, and what a model's first convolution gets to see.

Keras is needed by `model` alone, for models that are there already.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.drivers.models import demand_model, flat, numbers, weights_like


def batches(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> list[list[Any]]:
    """Call a function of ``(x, y, rng)`` with generators of ours.

    Parameters
    ----------
    given : list of (seed, calls)
        For each a new generator, which serves that many calls one after another.

    Returns
    -------
    list of list
        For each generator, what its calls gave.
    """
    runs = []
    for seed, calls in given:
        rng = np.random.default_rng(seed)
        runs.append([function(*args, rng, **kwargs) for _ in range(calls)])
    return runs


def model(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call a function that builds a Keras model, and watch its first convolution.

    Parameters
    ----------
    given : dict
        ``x`` (pictures), ``seed`` (of the weights, see `weights_like`), ``training``.

    Returns
    -------
    dict
        ``layers`` (class names in order), ``dropout`` (rates), ``weights`` (shapes), ``seen``
        (what reached the first Conv2D in two runs on all pictures; nothing if there is none).
        Without training also ``y``, the answers to the first two pictures.
    """
    built = function(*args, **kwargs)
    demand_model(built)
    layers = flat(built)
    names = [type(layer).__name__ for layer in layers]
    tree: dict[str, Any] = {
        "layers": names,
        "dropout": [float(a.rate) for a, n in zip(layers, names, strict=True) if n == "Dropout"],
        "weights": [list(w.shape) for w in built.get_weights()],
        "seen": [],
    }
    if not given["training"]:
        built.set_weights(weights_like(built.get_weights(), given["seed"]))
        tree["y"] = numbers(built(given["x"][:2], training=False))
    if "Conv2D" in names:
        watched = layers[names.index("Conv2D")]
        tree["seen"] = seen_by(watched, built, given["x"], given["training"])
    return tree


class Enough(Exception):
    """The layer that is watched has been reached; what comes after it would only cost time."""


def seen_by(layer: Any, built: Any, x: np.ndarray, training: bool) -> list[np.ndarray]:
    """What reaches a layer when its model is run twice."""
    seen = []
    call = layer.call

    def watch(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(numbers(inputs))
        raise Enough

    layer.call = watch
    try:
        for _ in range(2):
            with suppress(Enough):
                built(x, training=training)
    finally:
        layer.call = call
    return seen
