"""Cats and dogs, labelled, in three parts: what the course's networks learn from.

`README.md` beside this file is the data card.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets import photographs
from cnnlab.datasets.load import embedded
from cnnlab.datasets.photographs import PARTS

SIDE = 32
CLASSES = ("cat", "dog")


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

    def as_tf(self, batch_size: int = 32, seed: int | None = None) -> Any:
        """As a ``tf.data.Dataset`` of batches, for ``model.fit``. Imports TensorFlow.

        Parameters
        ----------
        batch_size : int
            The last batch may be smaller.
        seed : int, optional
            With it, the pictures come in another order each time through; the orders depend
            on the seed alone. Without it, they come as they are.

        Returns
        -------
        tf.data.Dataset
            Of pairs: pictures, shape (B, H, W, 3), float32 from 0 to 1, and labels, shape (B,),
            float32.

        Raises
        ------
        ValueError
            ``batch_size`` is below 1.
        """
        import tensorflow as tf

        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more. Received: {batch_size!r}")
        dataset = tf.data.Dataset.from_tensor_slices((self.x, self.y))
        if seed is not None:
            dataset = dataset.shuffle(len(self.x), seed=seed)

        def scale(x: Any, y: Any) -> tuple[Any, Any]:
            return tf.cast(x, tf.float32) / 255, tf.cast(y, tf.float32)

        return dataset.batch(batch_size).map(scale).prefetch(tf.data.AUTOTUNE)


@dataclass(frozen=True)
class CatsDogs:
    """The three parts, and the classes' names: label 0 is ``classes[0]``."""

    train: Part
    validation: Part
    test: Part
    classes: tuple[str, str] = CLASSES


def load_cats_dogs(size: int | None = None, source: str | Path = "auto") -> CatsDogs:
    """Pictures of cats and dogs to train with, to validate and to test.

    In each part cats and dogs take turns, so every beginning of a part is balanced.

    Parameters
    ----------
    size : int, optional
        Rows and columns. Without it: 32 for the embedded pictures, as stored; 150, as in the
        article, for photographs.
    source : {"auto", "embedded", "photographs"} or path
        ``"embedded"``: what comes with the course, 2800 pictures to train with, 1000 to
        validate, 1000 to test; sizes above 32 hold no more detail than 32. ``"photographs"``:
        what ``cnnlab data cats-dogs`` has fetched, 2000, 1000 and 1000. A path: a folder or
        zip archive of photographs of your own. ``"auto"``: for sizes above 32 the photographs
        if they have been fetched, else the embedded pictures.

    Returns
    -------
    CatsDogs
        New arrays every time.

    Raises
    ------
    ValueError
        ``size`` is not a whole number from 1 on; there is no such ``source``, or it holds too
        few pictures.
    OSError
        A file is missing or damaged, or the photographs have not been fetched.

    Examples
    --------
    >>> cats_dogs = load_cats_dogs()
    >>> cats_dogs.train.x.shape, cats_dogs.test.y[:4]
    ((2800, 32, 32, 3), array([0, 1, 0, 1], dtype=uint8))
    """
    if size is not None and (not isinstance(size, int | np.integer) or size < 1):
        raise ValueError(f"size must be a whole number from 1 on. Received: {size!r}")
    if source == "auto":
        wanted = size is not None and size > SIDE and photographs.installed() is not None
        source = "photographs" if wanted else "embedded"
    if source == "embedded":
        train, validation, test = (_part(part, int(size or SIDE)) for part in PARTS)
        return CatsDogs(train, validation, test)
    found = photographs.read(_folder(source), int(size or photographs.SIDE))
    train, validation, test = (_labelled(found[part]) for part in PARTS)
    return CatsDogs(train, validation, test)


def _folder(source: str | Path) -> Path:
    if source == "photographs":
        if (folder := photographs.installed()) is None:
            raise FileNotFoundError(
                "The photographs are not here yet. `cnnlab data cats-dogs` fetches them; with "
                "--from it takes a folder or a zip archive."
            )
        return folder
    if not Path(source).exists():
        raise ValueError(
            "source must be auto, embedded, photographs, or a folder or zip archive that exists. "
            f"Received: {str(source)!r}"
        )
    return Path(source)


def _labelled(x: NDArray[np.uint8]) -> Part:
    return Part(x, (np.arange(len(x)) % 2).astype(np.uint8))


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
    return _labelled(x)


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
    """A network that was trained for the course; `cnnlab.course.training.small_cnn` made it.

    Raises
    ------
    ValueError
        There is no network of this ``name``.
    OSError
        A file is missing or damaged.

    Examples
    --------
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
