"""Keras models for drivers: what a learner built, and models for a learner to work on.

Keras is imported in functions alone: a chapter without Keras loads this file, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.values import Unsupported

KEPT = (
    "filters",
    "units",
    "kernel_size",
    "pool_size",
    "strides",
    "padding",
    "dilation_rate",
    "data_format",
    "groups",
    "rate",
    "activation",
    "use_bias",
    "trainable",
    "factor",
    "height_factor",
    "width_factor",
    "mode",
    "fill_mode",
    "value_range",
)
"""What a layer's description keeps of its config."""


def built(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call a function that builds a Keras model, and describe what it built.

    Parameters
    ----------
    given : dict
        What `describe` takes besides the model.
    """
    return describe(function(*args, **kwargs), **given)


def compiled(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call a function that compiles a model of ours, given as the layers of `stack`.

    The model compiled is the one that came back, or ours where nothing came back: Keras's own
    ``model.compile`` returns None, too.
    """
    model = stack(**given)
    returned = function(model, *args, **kwargs)
    model = model if returned is None else returned
    demand_model(model)
    return {"compiled": compile_config(model), "returned": returned is not None}


def demand_model(model: Any) -> None:
    """Refuse anything but a Keras model, with a message."""
    import keras

    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise Unsupported(f"{'None' if model is None else kind} where a Keras model was expected")


def describe(
    model: Any, x: np.ndarray | None = None, seed: int = 0, training: bool = False
) -> dict[str, Any]:
    """A Keras model as a tree.

    Parameters
    ----------
    model : keras.Model
    x : array or None
        A batch to run through the model, with weights that `weights_like` draws from ``seed``.
    training : bool
        Also run it twice as in training, as ``"training"``.

    Returns
    -------
    dict
        ``layers`` (a dict each, containers opened, the input layer left out), ``inputs`` and
        ``outputs`` (shapes without the batch), ``weights`` (shapes in ``get_weights()`` order),
        ``trainable`` (how many numbers are trained), ``compiled``, and ``y``.
    """
    demand_model(model)
    if not model.built and x is not None:
        model(np.zeros_like(x[:1]))
    tree: dict[str, Any] = {
        "layers": [_layer(layer) for layer in flat(model)],
        "inputs": _shape(model, "input_shape"),
        "outputs": _shape(model, "output_shape"),
        "weights": [list(w.shape) for w in model.weights],
        "trainable": int(sum(np.prod(w.shape) for w in model.trainable_weights)),
        "compiled": compile_config(model),
    }
    if x is not None:
        model.set_weights(weights_like(model.get_weights(), seed))
        tree["y"] = numbers(model(x, training=False))
        if training:
            tree["training"] = [numbers(model(x, training=True)) for _ in range(2)]
    return tree


def weights_like(shapes: list[Any], seed: int | np.random.Generator) -> list[np.ndarray]:
    """Weights of these shapes, drawn one after another: kernels by He, biases small.

    What is no float (the state of a random layer) stays as it is.

    Parameters
    ----------
    shapes : list of array
        As ``get_weights()`` gives them.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for like in shapes:
        if like.dtype.kind != "f":
            drawn.append(like)
            continue
        scale = np.sqrt(2 / max(1, np.prod(like.shape[:-1]))) if like.ndim > 1 else 0.1
        drawn.append((rng.normal(size=like.shape) * scale).astype(np.float32))
    return drawn


def flat(model: Any) -> list[Any]:
    """A model's layers in order, nested models opened, input layers left out."""
    found = []
    for layer in model.layers:
        if hasattr(layer, "layers"):
            found += flat(layer)
        elif type(layer).__name__ != "InputLayer":
            found.append(layer)
    return found


def stack(
    layers: list[Any],
    input_shape: Sequence[int | None] = (None, None, 3),
    seed: int = 0,
    names: list[str] | None = None,
    weights: list[np.ndarray] | None = None,
    front: Sequence[Any] = (),
) -> Any:
    """A Keras model of plain layers, one after another.

    Parameters
    ----------
    layers : list of (class name, config)
        ``("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "relu"})``.
    input_shape : sequence of int
        Without the batch; as it stands, colour pictures of any size.
    seed : int
        Of the weights, see `weights_like`,
    names : list of str, optional
        One for each layer.
    weights : list of ndarray, optional
        In ``get_weights()`` order, in the place of drawn ones.
    front : sequence of Keras layers
        Through which a picture goes before all others.
    """
    import keras

    names = names or [f"layer{i}" for i, _ in enumerate(layers)]
    made = [getattr(keras.layers, k)(**c, name=n) for (k, c), n in zip(layers, names, strict=True)]
    x = picture = keras.Input(tuple(input_shape))
    for layer in (*front, *made):
        x = layer(x)
    model = keras.Model(picture, x, name="small")
    model.set_weights(weights_like(model.get_weights(), seed) if weights is None else weights)
    return model


def compile_config(model: Any) -> dict[str, Any] | None:
    """How a model was compiled, in names; None where it was not."""
    config = model.get_compile_config() if getattr(model, "compiled", False) else None
    if not config:
        return None
    return {
        "optimizer": _named(config.get("optimizer")),
        "loss": _named(config.get("loss")),
        "from_logits": bool(_config(config.get("loss")).get("from_logits", False)),
        "metrics": [_named(metric) for metric in _listed(config.get("metrics"))],
        "learning_rate": _rate(model),
    }


def _rate(model: Any) -> float | None:
    rate = getattr(model.optimizer, "learning_rate", None)
    try:
        return None if rate is None else float(np.asarray(rate))
    except (TypeError, ValueError):
        return None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _config(value: Any) -> dict[str, Any]:
    inner = value.get("config") if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _named(value: Any) -> str:
    """What a serialised Keras object, a function or a text is called, in small letters."""
    if isinstance(value, dict):
        if value.get("class_name") == "function":
            return _named(value.get("config"))
        return _named(_config(value).get("fn") or value.get("class_name") or "")
    if isinstance(value, list | tuple):
        return " ".join(_named(item) for item in value)
    text = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(text))


def _layer(layer: Any) -> dict[str, Any]:
    """A layer's class, name and what of its config matters, as plain values."""
    config = layer.get_config()
    kept = {name: _plain(config[name]) for name in KEPT if name in config}
    return {"class": type(layer).__name__, "name": str(layer.name), **kept}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _named(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _shape(model: Any, name: str) -> Any:
    try:
        return _plain(list(getattr(model, name))[1:])
    except (AttributeError, ValueError, TypeError):  # not built, or several inputs
        return None


def numbers(value: Any) -> np.ndarray:
    """A tensor, or whatever NumPy can read, as an array."""
    from keras import ops

    try:
        return np.array(ops.convert_to_numpy(value))
    except Exception:
        raise Unsupported("a model that does not answer with one array") from None
