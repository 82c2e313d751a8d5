"""A Keras model for a learner to look into, which counts how often it is run.

Keras is imported in functions alone: a chapter without Keras loads this file, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlab.autograder.sandbox.drivers import models
from cnnlab.autograder.sandbox.values import Unsupported

_built: dict[str, Any] = {}


def feature_maps(
    function: Callable[..., Any], args: Any, kwargs: Any, given: Any
) -> dict[str, Any]:
    """Call ``function(model, *args)`` on a model of ours, and say what it found.

    Parameters
    ----------
    given : dict
        ``network``: what `models.stack` takes (``layers``, ``input_shape``, ``seed``,
        ``names``); ``counted``: whether the forward passes matter here.

    Returns
    -------
    dict
        ``maps`` (name → array), ``order`` (the names as they came), and where it is counted
        ``passes``: how often the model was run, eagerly or in a graph.
    """
    model, runs = _counting(given["network"])
    runs.assign(0)
    found = function(model, *args, **kwargs)
    if not isinstance(found, dict):
        kind = "None" if found is None else type(found).__name__
        raise Unsupported(f"{kind}, not a dictionary of feature maps")
    maps = {name: models.numbers(value) for name, value in found.items()}
    passes = {"passes": int(runs.numpy())} if given["counted"] else {}
    return {"maps": maps, "order": list(found), **passes}


def _counting(network: dict[str, Any]) -> tuple[Any, Any]:
    """A model whose first layer counts its runs, and the counter; the same for the same layers."""
    import tensorflow as tf
    from keras import Layer

    key = repr(network)
    if key not in _built:
        runs = tf.Variable(0, dtype=tf.int64)

        class Counter(Layer):
            """Hands pictures on, and counts."""

            def call(self, x: Any) -> Any:
                runs.assign_add(1)
                return tf.identity(x)

        model = models.stack(**network, front=[Counter(name="photograph")])
        _built[key] = model, runs
    return _built[key]
