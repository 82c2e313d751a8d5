"""A small Keras classifier for a learner to explain, with weights that the judge chose.

Keras is imported in functions alone: a chapter without Keras loads this file, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlab.autograder.sandbox.drivers import models


def explained(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> Any:
    """Call ``function(model, *args)`` on a model of ours, and give its result as an array.

    Parameters
    ----------
    given : dict
        What `classifier` takes. The model is new in every call: what a function does to it
        is of no consequence for the next.
    """
    return models.numbers(function(classifier(**given), *args, **kwargs))


def classifier(
    layers: list[Any], names: list[str], input_shape: list[int], weights: list[Any]
) -> Any:
    """A functional Keras model.

    Parameters
    ----------
    layers : list of [class name, config]
        ``["Conv2D", {"filters": 4, "kernel_size": 3, "activation": "relu"}]``.
    names : list of str
        One for each layer.
    input_shape : list of int
        Without the batch.
    weights : list of array
        In ``get_weights()`` order.
    """
    import keras

    x = picture = keras.Input(input_shape)
    for (kind, config), name in zip(layers, names, strict=True):
        x = getattr(keras.layers, kind)(**config, name=name)(x)
    model = keras.Model(picture, x, name="classifier")
    model.set_weights(weights)
    return model
