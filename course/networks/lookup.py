"""Layers and classes by their names; who misspells one hears which is nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnlab.datasets.load import did_you_mean


def layer_of(model: Any, name: str, argument: str = "layer") -> Any:
    """A model's layer of that name.

    Parameters
    ----------
    model : keras.Model
    name : str
    argument : str
        What the caller's users know the name as; the message begins with it.

    Raises
    ------
    ValueError
        The model has no such layer; the message names the nearest and all there are.
    """
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise ValueError(
            f"{argument} must be a layer of {model.name}. Received: {name!r}."
            f"{did_you_mean(name, names)} Its layers: {', '.join(names)}"
        )
    return model.get_layer(name)


def class_index(names: Sequence[str], word: str, argument: str = "word") -> int:
    """The place of a class among a network's classes.

    Parameters
    ----------
    names : sequence of str
        As `load_classifier` gives them.
    word : str
        One of them; capitals do not matter, and ``_`` may stand for a space. ImageNet calls two
        things a crane, and two a maillot: of two classes of one name the first is meant.

    Raises
    ------
    ValueError
        No class has that name; the message suggests the nearest.

    Examples
    --------
    >>> class_index(["tabby", "collie"], "Collie")
    1
    >>> class_index(["tabby", "tiger cat"], "cat")
    Traceback (most recent call last):
    ValueError: word must be one of the 2 classes. Received: 'cat'. Did you mean 'tiger cat'?
    """
    plain = [name.lower().replace("_", " ") for name in names]
    wanted = str(word).lower().replace("_", " ").strip()
    if wanted not in plain:
        raise ValueError(
            f"{argument} must be one of the {len(names)} classes. Received: {word!r}."
            f"{did_you_mean(wanted, names)}"
        )
    return plain.index(wanted)
