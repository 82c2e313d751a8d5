"""`load_folder` step by step, and what goes wrong in a step: the square, the labels, the order."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch15_your_photographs._folders import File, bare, class_of, on_disk
from cnnlab.autograder.judging.twists import Fails
from cnnlab.course.ops import Array
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


# The folder


def steps(
    folder: str,
    size: int,
    *,
    given: dict[str, Any],
    upright: bool = True,
    mode: str = "RGB",
    cut: Cut = _SQUARE,
    hidden: str = "skipped",
    broken: str = "skipped",
    hidden_folders: bool = False,
    label: Callable[[list[int], list[str]], Labeled] = in_place,
    order: Callable[[int, Rng], Any] = lambda n, rng: rng.permutation(n),
    apart: bool = False,
    generator: Callable[[int], Rng] = np.random.default_rng,
) -> dict[str, Any]:
    """What the driver says of a `load_folder` with mistakes; without any, it is right.

    Nothing is written: a diagnosis asks for more than a thousand such folders.
    """
    names = sorted({class_of(each) for each in given["files"] if "/" in each["name"]})
    names = [name for name in names if hidden_folders or not name.startswith(HIDDEN)]
    images: list[Array] = []
    labels: list[int] = []
    skipped: list[str] = []
    for each in sorted(given["files"], key=lambda each: each["name"]):
        if "/" not in each["name"] or class_of(each) not in names:
            continue
        if bare(each).startswith(HIDDEN) and hidden != "read":
            skipped += [bare(each)] if hidden == "skipped" else []
            continue
        pixels = _pixels(each, size, upright, mode, cut)
        if pixels is None and broken == "stops":
            raise Fails("a file that cannot be read")
        if pixels is None:
            skipped += [bare(each)] if broken == "skipped" else []
            continue
        images.append(pixels)
        labels.append(names.index(class_of(each)))
    labels, names = label(labels, names)
    stacked, numbers = _stacked(images), np.array(labels)
    orders = [np.asarray(order(len(images), generator(seed))) for seed in given["seeds"]]
    drawn = [[stacked[o], numbers if apart else numbers[o], names, skipped] for o in orders]
    return {**given, "drawn": drawn}


def _pixels(each: File, size: int, upright: bool, mode: str, cut: Cut) -> Array | None:
    from PIL import ImageOps

    about = tuple((name, value) for name, value in each.items() if name != "pixels")
    pixels = each["pixels"]
    stored = None if pixels is None else _read(pixels.tobytes(), pixels.shape, about)
    if stored is None:
        return None
    image = ImageOps.exif_transpose(stored) if upright else stored
    return np.asarray(cut(image.convert(mode) if mode else image, size))


@lru_cache(maxsize=512)
def _read(pixels: bytes, shape: tuple[int, ...], about: tuple[tuple[str, Any], ...]) -> Any:
    """What Pillow reads of a file; None where it cannot."""
    from PIL import Image

    array = np.frombuffer(pixels, np.uint8).reshape(shape)
    with suppress(OSError):
        body = on_disk({**dict(about), "pixels": array})["body"]
        image = Image.open(io.BytesIO(body.tobytes()))
        image.load()
        return image
    return None


def _stacked(images: list[Array]) -> Array:
    if len({image.shape for image in images}) > 1:
        raise Fails("pictures of different shapes")
    return np.stack(images)
