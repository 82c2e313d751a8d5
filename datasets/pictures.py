"""Cats and dogs, labelled, in three parts: what the course's networks learn from.

`README.md` beside this file is the data card.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets.load import embedded

SIDE = 32
CLASSES = ("cat", "dog")
SOURCES = ("auto", "embedded")
PARTS = ("train", "validation", "test")


class Part(NamedTuple):
    """Pictures and what they show.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, 3), uint8
        Pictures: rows, columns, and red, green, blue from 0 to 255.
    y : ndarray, shape (N,), uint8
        0 for a cat, 1 for a dog.
    """

    x: NDArray[np.uint8]
    y: NDArray[np.uint8]


@dataclass(frozen=True)
class CatsDogs:
    """The three parts, and the classes' names: label 0 is ``classes[0]``."""

    train: Part
    validation: Part
    test: Part
    classes: tuple[str, str] = CLASSES


def load_cats_dogs(size: int | None = None, source: str = "auto") -> CatsDogs:
    """Pictures of cats and dogs: 2800 to train with, 1000 to validate, 1000 to test.

    In each part cats and dogs take turns, so every beginning of a part is balanced.

    Parameters
    ----------
    size : int, optional
        Rows and columns; without it 32, as stored. Other sizes are computed and hold no more
        detail than 32×32 do.
    source : {"auto", "embedded"}
        Both are the pictures that come with the course.

    Returns
    -------
    CatsDogs
        New arrays every time.

    Raises
    ------
    ValueError
        ``size`` is not a whole number from 1 on, or there is no such ``source``.
    OSError
        A file is missing or damaged.

    >>> cats_dogs = load_cats_dogs()
    >>> cats_dogs.train.x.shape, cats_dogs.test.y[:4]
    ((2800, 32, 32, 3), array([0, 1, 0, 1], dtype=uint8))
    """
    if source not in SOURCES:
        raise ValueError(f"source must be one of {', '.join(SOURCES)}. Received: {source!r}")
    if size is not None and (not isinstance(size, int | np.integer) or size < 1):
        raise ValueError(f"size must be a whole number from 1 on. Received: {size!r}")
    train, validation, test = (_part(part, int(size or SIDE)) for part in PARTS)
    return CatsDogs(train, validation, test)


def _part(name: str, size: int) -> Part:
    from PIL import Image  # imported here, so that the package imports quickly

    with Image.open(embedded(f"cats_dogs/{name}.webp")) as stored:
        sheet = np.asarray(stored.convert("RGB"))
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    grid = sheet.reshape(rows, SIDE, columns, SIDE, 3).transpose(0, 2, 1, 3, 4)
    x = grid.reshape(-1, SIDE, SIDE, 3)
    if size != SIDE:
        resized = (Image.fromarray(p).resize((size, size), Image.Resampling.BICUBIC) for p in x)
        x = np.stack([np.asarray(p) for p in resized])
    return Part(x, (np.arange(len(x)) % 2).astype(np.uint8))


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network as numbers, and what is known about it.

    Parameters
    ----------
    weights : list of ndarray, float32
        In the order of Keras's ``get_weights()``: kernel and bias of each layer.
    card : dict
        How it was trained and how often it is right.
    examples : ndarray of int, shape (n,)
        Places of some pictures in the test part,
    keras : ndarray, shape (n, 1), float32
        and what Keras's own ``predict`` says about these, divided by 255.
    """

    weights: list[NDArray[np.float32]]
    card: dict[str, Any]
    examples: NDArray[np.int64]
    keras: NDArray[np.float32]


def load_network(name: str = "ch04_cats_dogs") -> TrainedNetwork:
    """A network that was trained for the course; `cnnlab.course.train_small` made it.

    Raises
    ------
    ValueError
        There is no network of this ``name``.
    OSError
        A file is missing or damaged.

    >>> sum(w.size for w in load_network().weights) < 60_000
    True
    """
    try:
        arrays, card = embedded(f"weights/{name}.npz"), embedded(f"weights/{name}.json")
    except ValueError:
        raise ValueError(f"name must be a network in weights/. Received: {name!r}") from None
    with np.load(arrays, allow_pickle=False) as stored:
        count = sum(key.startswith("weight_") for key in stored)
        weights = [stored[f"weight_{i}"].astype(np.float32) for i in range(count)]
        examples, keras = stored["examples"], stored["keras"]
    return TrainedNetwork(weights, json.loads(card.read_text(encoding="utf-8")), examples, keras)
