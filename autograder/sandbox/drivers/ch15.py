"""Chapter 15's calls: a folder of pictures that is written first, a frozen base, a trained head.

Keras is imported in functions alone: a chapter without it loads this file, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cnnlab.autograder.sandbox.drivers import models


def folder(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Write a folder of pictures, and call ``function(folder, size, rng)`` on it.

    Parameters
    ----------
    args : (name of the folder, size)
    given : dict
        ``files`` (see `write`), ``seeds`` (one for each call), ``asks`` (is carried along) and
        ``text`` (whether the folder is given as a text, not as a Path).

    Returns
    -------
    dict
        What was given, and ``drawn``: what each call returned, skipped files by name.
    """
    name, *rest = args
    with TemporaryDirectory() as place:
        root = Path(place, name)
        for file in given["files"]:
            write(root, file)
        where = str(root) if given["text"] else root
        drawn = [
            function(where, *rest, np.random.default_rng(seed), **kwargs) for seed in given["seeds"]
        ]
    return {**given, "drawn": [_plain(found) for found in drawn]}


def write(root: Path, file: dict[str, Any]) -> None:
    """Write one file of a folder: its ``name`` relative to the root, its ``body`` as numbers."""
    path = root / file["name"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file["body"].tobytes())


def _plain(found: Any) -> Any:
    """What a call returned, with the files' names in place of their paths."""
    if not isinstance(found, tuple | list) or len(found) != 4:
        return found
    images, labels, names, skipped = found
    if isinstance(skipped, tuple | list | set | np.ndarray):
        skipped = [PurePath(str(path)).name for path in skipped]
    return [images, labels, names, skipped]


def splits(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """As chapter 6's: with one generator, with another, and with the first again."""
    from cnnlab.autograder.sandbox.drivers import ch06

    return ch06.splits(function, args, kwargs, given)


def features(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> np.ndarray:
    """Call ``function(base, images, …)`` on a base of ours.

    Parameters
    ----------
    given : dict
        What `models.stack` takes.
    """
    return models.numbers(function(models.stack(**given), *args, **kwargs))


def head(function: Callable[..., Any], args: Any, kwargs: Any, given: Any) -> dict[str, Any]:
    """Call ``function(features, labels, classes, rng)``, and describe the model that it trained.

    Parameters
    ----------
    given : dict
        ``seed`` of the generator, ``new`` (features that it has not seen) and ``asks``. All of it
        is carried along.

    Returns
    -------
    dict
        What was given; ``layers`` (class, units, activation and penalty of each), ``scales``
        (mean and variance of a Normalization layer), ``loss``, ``takes`` (the input's shape), and
        ``y``, the model's answers to ``new``.
    """
    import keras

    model = function(*args, np.random.default_rng(given["seed"]), **kwargs)
    models.demand_model(model)
    found = models.flat(model)
    scales = [
        (models.numbers(layer.mean).ravel(), models.numbers(layer.variance).ravel())
        for layer in found
        if isinstance(layer, keras.layers.Normalization)
        and getattr(layer, "mean", None) is not None
    ]
    return {
        **given,
        "layers": [_described(layer) for layer in found],
        "scales": scales,
        "loss": (models.compile_config(model) or {}).get("loss"),
        "y": models.numbers(model(given["new"], training=False)),
    }


def _described(layer: Any) -> dict[str, Any]:
    activation = getattr(layer, "activation", None)
    penalty = getattr(layer, "kernel_regularizer", None)
    return {
        "class": type(layer).__name__,
        "units": getattr(layer, "units", None),
        "activation": getattr(activation, "__name__", "") or "linear",
        "l2": float(np.asarray(getattr(penalty, "l2", 0.0))),
    }
