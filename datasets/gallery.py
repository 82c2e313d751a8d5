"""The gallery of chapter 11: pictures that filters and classes of trained networks like.

Rendered by ``python -m cnnlab.course.training.gallery``; ``README.md`` has its card.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets.load import did_you_mean, embedded, registry

CARDS = "gallery/gallery.json"


@dataclass(frozen=True)
class Row:
    """One row of the gallery.

    Parameters
    ----------
    name : str
        A layer, or ``"classes"``.
    labels : tuple of str
        What each picture is of: ``"filter 3"``, ``"goldfish"``.
    pictures : ndarray, shape (n, size, size, 3), uint8
    card : dict
        How it was drawn: network, settings, seed, seconds, versions.
    """

    name: str
    labels: tuple[str, ...]
    pictures: NDArray[np.uint8]
    card: dict[str, Any]


def gallery_names() -> list[str]:
    """The rows that are there: layers in their order, then ``"classes"``."""
    files = [name.removeprefix("gallery/").removesuffix(".webp") for name in registry()
             if name.startswith("gallery/") and name.endswith(".webp")]  # fmt: skip
    return sorted(files, key=lambda name: (name == "classes", name))


def load_gallery(name: str) -> Row:
    """One row of the gallery.

    Parameters
    ----------
    name : str
        One of `gallery_names`.

    Raises
    ------
    ValueError
        There is no such row (the message suggests the nearest).
    OSError
        A file is damaged: it is not the one that the registry describes, or does not hold the
        pictures that its card names.
    """
    from PIL import Image

    known = gallery_names()
    if name not in known:
        guess = did_you_mean(name, known)
        raise ValueError(f"name must be one of {', '.join(known)}. Received: {name!r}.{guess}")
    card = json.loads(embedded(CARDS).read_text(encoding="utf-8"))[name]
    path = embedded(f"gallery/{name}.webp")
    with Image.open(path) as stored:
        strip = np.asarray(stored.convert("RGB"))
    count, side = len(card["pictures"]), strip.shape[0]
    if strip.shape[1] != count * side:
        raise OSError(f"{path} must hold {count} squares in a row. Received: {strip.shape[:2]}")
    pictures = strip.reshape(side, count, side, 3).swapaxes(0, 1)
    labels = (p if isinstance(p, str) else f"filter {p}" for p in card["pictures"])
    return Row(name, tuple(labels), pictures, card)
