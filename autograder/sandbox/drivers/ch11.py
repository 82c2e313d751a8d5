"""Gradient ascent on small networks: scores and models for a learner's functions.

Keras is imported in functions alone: a chapter without Keras loads this file, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlab.autograder.sandbox.drivers import models

_built: dict[str, Any] = {}


def ascended(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call ``function(score, *args)`` with a score of ours.

    Parameters
    ----------
    given : dict
        ``weights`` (the score is the sum of picture times weights) or ``network``, ``layer`` and
        ``index`` (the score is the mean of that feature map). It is carried along.

    Returns
    -------
    dict
        ``picture``, and what was given.
    """
    return {"picture": models.numbers(function(_score(given), *args, **kwargs)), **given}


def visualized(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call ``function(model, *args)`` with a model of ours.

    Parameters
    ----------
    given : dict
        ``network``, see `network_of`. It is carried along.

    Returns
    -------
    dict
        ``picture``, and what was given.
    """
    model = network_of(given["network"])
    return {"picture": models.numbers(function(model, *args, **kwargs)), **given}


def network_of(network: dict[str, Any]) -> Any:
    """A model for pictures of any size; the same for the same description.

    Parameters
    ----------
    network : dict
        ``layers`` (class name, config), ``names``, and the weights' ``seed``.
    """
    key = repr(network)
    if key not in _built:
        _built[key] = models.stack(**network)
    return _built[key]


def _score(given: dict[str, Any]) -> Callable[[Any], Any]:
    """From a batch of one picture, (1, H, W, 3), to a tensor without axes."""
    import keras
    from keras import ops

    if "weights" in given:
        return lambda x: ops.sum(ops.cast(given["weights"], x.dtype) * x)
    model = network_of(given["network"])
    key = f"{given['network']!r} up to {given['layer']}"
    if key not in _built:
        _built[key] = keras.Model(model.input, model.get_layer(given["layer"]).output)
    below = _built[key]
    return lambda x: ops.mean(below(x)[..., given["index"]])
