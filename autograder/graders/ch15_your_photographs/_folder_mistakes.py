"""`load_folder` step by step, and what goes wrong in a step: the square, the labels, the order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab.autograder.judging.twists import Fails, Op
from cnnlab.course.ops import Array, require
from cnnlab.datasets.folders import HIDDEN

Rng = np.random.Generator
Cut = Callable[[Any, int], Any]
"""A picture of Pillow's, and rows and columns of the result → a square."""
Labeled = tuple[list[int], list[str]]
"""A label for each picture, and the names of the classes."""

FILTERS = {"nearest": 0, "Lanczos": 1, "bilinear": 2, "bicubic": 3}
"""Pillow's numbers."""
BILINEAR = FILTERS["bilinear"]


# The square


def _middle(image: Any) -> tuple[int, int, int, int]:
    """The largest square in the middle: left, top, right, bottom."""
    side = min(image.size)
    left, top = ((n - side) // 2 for n in image.size)
    return left, top, left + side, top + side


def cut_with(filter_: int) -> Cut:
    """The square in the middle, scaled with one of Pillow's filters."""
    return lambda image, size: image.crop(_middle(image)).resize((size, size), filter_)


_SQUARE = cut_with(BILINEAR)


def stretched(filter_: int) -> Cut:
    return lambda image, size: image.resize((size, size), filter_)


def from_corner(filter_: int) -> Cut:
    def cut(image: Any, size: int) -> Any:
        side = min(image.size)
        return image.crop((0, 0, side, side)).resize((size, size), filter_)

    return cut


def padded(image: Any, size: int) -> Any:
    from PIL import ImageOps

    return ImageOps.pad(image, (size, size), BILINEAR)


def small_window(image: Any, size: int) -> Any:
    """A window of the final size, cut from the middle of the whole picture."""
    left, top = ((n - size) // 2 for n in image.size)
    return image.crop((left, top, left + size, top + size))


def boxed(image: Any, size: int) -> Any:
    """Pillow scales the square out of the whole picture, and looks a little beyond its border."""
    return image.resize((size, size), BILINEAR, box=_middle(image))


def fitted(image: Any, size: int) -> Any:
    """Pillow's own function for it, which cuts at half pixels, too."""
    from PIL import ImageOps

    return ImageOps.fit(image, (size, size), BILINEAR)


# Labels and names


def in_place(labels: list[int], names: list[str]) -> Labeled:
    return labels, names


def listed_names(labels: list[int], names: list[str]) -> Labeled:
    """Names and labels in another than the sorted order, as a system may list folders."""
    return [len(names) - 1 - label for label in labels], names[::-1]


def listed_labels(labels: list[int], names: list[str]) -> Labeled:
    return [len(names) - 1 - label for label in labels], names


def sorted_labels(labels: list[int], names: list[str]) -> Labeled:
    return labels, names[::-1]


def counted(labels: list[int], names: list[str]) -> Labeled:
    return list(range(len(labels))), names


def counted_from_one(labels: list[int], names: list[str]) -> Labeled:
    return [label + 1 for label in labels], names


# The order


def with_generator(make: Callable[[], Rng]) -> Callable[[Op], Op]:
    """The function draws from another generator than it was given."""
    return lambda op: lambda folder, size, rng, **k: op(folder, size, make(), **k)


# The folder


def steps(
    folder: Any,
    size: int,
    rng: Rng,
    *,
    upright: bool = True,
    mode: str = "RGB",
    cut: Cut = _SQUARE,
    hidden: str = "skipped",
    broken: str = "skipped",
    hidden_folders: bool = False,
    label: Callable[[list[int], list[str]], Labeled] = in_place,
    order: Callable[[int, Rng], Any] = lambda n, rng: rng.permutation(n),
    apart: bool = False,
) -> Any:
    """`cnnlab.datasets.folders.load_folder` with mistakes: without any, it is that function."""
    require(size >= 1, "size", "must be 1 or more", size)
    root = Path(folder)
    kinds = sorted(path.name for path in root.iterdir() if path.is_dir())
    kinds = [kind for kind in kinds if hidden_folders or not kind.startswith(HIDDEN)]
    images: list[Array] = []
    labels: list[int] = []
    skipped: list[Any] = []
    for number, path in (
        (i, path) for i, kind in enumerate(kinds) for path in sorted((root / kind).iterdir())
    ):
        if path.name.startswith(HIDDEN) and hidden != "read":
            skipped += [path] if hidden == "skipped" else []
            continue
        pixels = _pixels(path, size, upright, mode, cut, broken)
        if pixels is None:
            skipped += [path] if broken == "skipped" else []
            continue
        images.append(pixels)
        labels.append(number)
    places = np.asarray(order(len(images), rng))
    labels, kinds = label(labels, kinds)
    stacked = _stacked(images)
    return stacked[places], np.array(labels)[places if not apart else slice(None)], kinds, skipped


def _pixels(path: Path, size: int, upright: bool, mode: str, cut: Cut, broken: str) -> Array | None:
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as stored:
            image = ImageOps.exif_transpose(stored) if upright else stored
            return np.asarray(cut(image.convert(mode) if mode else image, size))
    except OSError:
        if broken == "stops":
            raise Fails("a file that cannot be read") from None
        return None


def _stacked(images: list[Array]) -> Array:
    if len({image.shape for image in images}) > 1:
        raise Fails("pictures of different shapes")
    return np.stack(images)
