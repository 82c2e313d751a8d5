"""Chapter 9's calls: a list of layers, and a network too large to be filled with numbers.

VGG16 has 138 million weights. Nobody needs their values to see what it is made of, so the model is
built with variables that have a shape and no content; and where its answers are wanted, for a
small picture, the weights are handed to the call. What is asked for is said by the judge
(``given["asks"]``) and sent back with the answer, so that each rung of a ladder is about one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.drivers import models

POOL = 65_521
"""How many numbers are drawn; a prime, so that no filter is a repetition of its neighbour."""


def layers(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call a function that lists layers; send back what it is asked about, too."""
    return {"asks": given["asks"], "layers": function(*args, **kwargs)}


def built(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call a function that builds a Keras model; describe it, and run it on one batch.

    Parameters
    ----------
    given : dict
        ``asks``: which parts of the description to send, of those that `models.describe` has.
        For ``"y"`` among them: ``x``, a batch, and ``seed``, for `tiled_weights`.
    """

    def work() -> dict[str, Any]:
        import keras

        with keras.StatelessScope(initialize_variables=False):
            model = function(*args, **kwargs)
            tree = models.describe(model)
            if "y" in given["asks"]:
                tree["y"] = _answers(model, given["x"], given["seed"])
        return {name: tree[name] for name in given["asks"]}

    # Keras remembers, for each thread, variables to be filled later. These must never be.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def _answers(model: Any, x: np.ndarray, seed: int) -> np.ndarray:
    weights = tiled_weights([tuple(w.shape) for w in model.trainable_variables], seed)
    rest = [np.zeros(tuple(w.shape), w.dtype) for w in model.non_trainable_variables]
    return models.numbers(model.stateless_call(weights, rest, x, training=False)[0])


def tiled_weights(shapes: list[tuple[int, ...]], seed: int) -> list[np.ndarray]:
    """Weights of these shapes, made quickly of few random numbers that repeat.

    Their size is He's for kernels, and 0.1 for biases.
    """
    pool = np.random.default_rng(seed).standard_normal(POOL).astype(np.float32)
    made = []
    for shape in shapes:
        scale = np.sqrt(2 / max(1, prod(shape[:-1]))) if len(shape) > 1 else 0.1
        made.append(np.resize(pool * np.float32(scale), shape))
    return made
