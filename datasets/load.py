"""Photographs for demos and figures, from the files that come with the course.

Every embedded file has its SHA-256 in ``registry.txt``; ``README.md`` says where it is from.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent
LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue look to people (ITU-R BT.601)."""


@cache
def registry() -> dict[str, str]:
    """Every embedded file, relative to this folder with ``/``, and its SHA-256."""
    lines = (FOLDER / "registry.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


@cache
def embedded(name: str) -> Path:
    """The path of an embedded file, its checksum verified once in this process.

    Raises
    ------
    ValueError
        ``name`` is not in the registry.
    OSError
        The file is missing, or is not the one that the registry describes.
    """
    if name not in registry():
        raise ValueError(f"name must be a file of datasets/registry.txt. Received: {name!r}")
    path = FOLDER / name
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != registry()[name]:
        raise OSError(
            f"{path} is damaged: its SHA-256 is {found}, but should be {registry()[name]}. "
            "Install CNN Lab again, or restore the file from git."
        )
    return path


def did_you_mean(word: object, known: Sequence[str], most: int = 3) -> str:
    """A question that suggests the names nearest to an unknown one; empty where none is near.

    Parameters
    ----------
    word : object
        What was given. Names that contain it are suggested, or else those that are spelt like it.
    known : sequence of str
    most : int
        So many suggestions at most.

    Examples
    --------
    >>> did_you_mean("rabbit", ["wood rabbit", "hare", "cat"])
    " Did you mean 'wood rabbit'?"
    >>> did_you_mean("block1conv1", ["block1_conv1", "block5_pool"])
    " Did you mean 'block1_conv1'?"
    """
    lower = {name.lower(): name for name in reversed(known)}  # of two alike the first
    wanted = str(word).lower().strip()
    inside = [name for name in reversed(lower) if wanted and wanted in name]
    inside.sort(key=lambda name: wanted not in name.split())  # whole words first
    near = inside[:most] or difflib.get_close_matches(wanted, lower, n=most)
    if not near:
        return ""
    *others, last = [repr(lower[name]) for name in near]
    return f" Did you mean {', '.join(others)} or {last}?" if others else f" Did you mean {last}?"


def photo_names() -> list[str]:
    """The photographs that `photo` knows.

    Examples
    --------
    >>> photo_names()
    ['brick', 'chelsea', 'coffee']
    """
    return sorted(Path(name).stem for name in registry() if name.startswith("photos/"))


def photo(name: str, size: int | tuple[int, int] | None = None, gray: bool = False) -> NDArray[Any]:
    """One of the course's photographs.

    Parameters
    ----------
    name : str
        One of `photo_names`.
    size : int or (int, int), optional
        Rows and columns of the result; one number means a square. The picture is first cut
        to that shape around its middle, so that nothing is stretched. Without a size: the
        whole picture as stored.
    gray : bool

    Returns
    -------
    ndarray, shape (H, W, 3), uint8, or with ``gray`` shape (H, W), float64
        Rows, columns, and red, green, blue from 0 to 255; in gray from 0.0 (black) to 1.0.
        A new array every time.

    Raises
    ------
    ValueError
        An unknown name (the message lists the names), or a size below 1.

    Examples
    --------
    >>> photo("chelsea", size=(48, 64)).shape, photo("chelsea", size=48, gray=True).shape
    ((48, 64, 3), (48, 48))
    """
    known = photo_names()
    if name not in known:
        guess = did_you_mean(name, known)
        raise ValueError(f"name must be one of {', '.join(known)}. Received: {name!r}.{guess}")
    pixels = _pixels(name, _rows_columns(size))
    if gray:
        brightness: NDArray[Any] = pixels @ np.array(LUMA) / 255
        return brightness
    return pixels.copy()


def _rows_columns(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    pair = (size, size) if isinstance(size, (int, np.integer)) else tuple(size)
    if len(pair) != 2 or min(pair) < 1:
        raise ValueError(f"size must be 1 or more, or a pair of such. Received: {size!r}")
    return int(pair[0]), int(pair[1])


@cache
def _pixels(name: str, size: tuple[int, int] | None) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps  # imported here, so that the package imports quickly

    with Image.open(embedded(f"photos/{name}.png")) as stored:
        picture = stored.convert("RGB")
    if size is not None:
        picture = ImageOps.fit(picture, size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(picture)
