"""Folders of little pictures: how they are drawn, and what is true of what was loaded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from cnnlab.course.ops import Array
from cnnlab.datasets.folders import HIDDEN

Rng = np.random.Generator
File = dict[str, Any]
Facts = dict[str, Any]

STEPS = (50, 120, 190)
"""Of red, green and blue: pictures are told apart by their colors, far beyond a JPEG's losses."""
COLORS = [(r, g, b) for r in STEPS for g in STEPS for b in STEPS]


def picture(rng: Rng, shape: tuple[int, int], color: Sequence[int]) -> Array:
    """A picture with bright and dark stripes around its color, (H, W, 3), uint8.

    No two rows or columns are alike, and what is at the border differs from the middle.
    """
    height, width = shape
    y, x = np.mgrid[:height, :width]
    stripes = (7 * y + 11 * x + 3 * (y * x % 5)) % 41 - 20
    noise = rng.integers(-8, 9, (height, width, 3))
    return (np.array(color) + stripes[..., None] + noise).astype(np.uint8)


def smooth_picture(rng: Rng, shape: tuple[int, int], color: Sequence[int]) -> Array:
    """A picture as a JPEG keeps it: brightness rises from corner to corner, and one end is white."""
    height, width = shape
    y, x = np.mgrid[:height, :width] / max(shape)
    down, across = rng.integers(20, 40, 2)
    ramp = down * y + across * x
    return (np.array(color) + ramp[..., None]).astype(np.uint8)


TURNS: dict[int, Callable[[Array], Array]] = {
    1: lambda upright: upright,
    3: lambda upright: upright[::-1, ::-1],
    6: lambda upright: np.rot90(upright, 1),
    8: lambda upright: np.rot90(upright, -1),
}
"""EXIF's orientation → how the file holds an upright picture: the camera was turned."""
ORIENTATION = 274


def file(name: str, pixels: Array | None = None, **more: Any) -> File:
    """A file of a folder.

    Its ``name`` is relative to the folder; ``kind`` is ``"PNG"``, ``"JPEG"``, or ``"text"`` (no
    picture); ``pixels`` are as they are to be seen; ``turned`` is of `TURNS`; ``mode`` says how
    they are stored; ``kept`` is the share of the file's bytes that is there.
    """
    usual = {"kind": "PNG", "turned": 1, "mode": "RGB", "kept": 1.0}
    return {"name": name, "pixels": pixels, **usual, **more}


def files(rng: Rng, names: Iterable[str], shapes: Sequence[tuple[int, int]]) -> list[File]:
    """A PNG under each name, of these shapes in turn, each of another color."""
    names = list(names)
    colors = rng.permutation(COLORS)[: len(names)]
    return [
        file(name, picture(rng, shapes[i % len(shapes)], color))
        for i, (name, color) in enumerate(zip(names, colors, strict=True))
    ]


# What the driver gets


def written(given: dict[str, Any]) -> dict[str, Any]:
    """The files as a folder holds them: nobody who reads them gets upright pixels."""
    return {**given, "files": [on_disk(each) for each in given["files"]]}


def on_disk(each: File) -> dict[str, Any]:
    """A file's name and bytes."""
    body = b"no picture" if each["kind"] == "text" else encoded(each)
    kept = body[: int(len(body) * each["kept"])]
    return {"name": each["name"], "body": np.frombuffer(kept, np.uint8)}


def encoded(each: File) -> bytes:
    """A picture as its file's bytes."""
    from PIL import Image

    stored = np.ascontiguousarray(TURNS[each["turned"]](each["pixels"]))
    picture = Image.fromarray(stored).convert(each["mode"])
    about = Image.Exif()
    if each["turned"] != 1:
        about[ORIENTATION] = each["turned"]
    body = io.BytesIO()
    options: dict[str, Any] = {"quality": 95, "subsampling": 0} if each["kind"] == "JPEG" else {}
    picture.save(body, format=each["kind"], exif=about, **options)
    return body.getvalue()


# What is true of a result


def is_readable(each: File) -> bool:
    return each["kind"] != "text" and each["kept"] == 1


def is_hidden(each: File) -> bool:
    return any(part.startswith(HIDDEN) for part in PurePosixPath(each["name"]).parts)


def class_of(each: File) -> str:
    return PurePosixPath(each["name"]).parts[0]


def bare(each: File) -> str:
    return PurePosixPath(each["name"]).name


def facts(args: tuple[Any, ...], value: Any) -> Facts:
    """What was loaded, in the order of the files' names, and what holds of its labels."""
    found = value["drawn"]
    images, labels, names, skipped = _read(found[0])
    asks = value["asks"]
    there = sorted(filter(is_readable, value["files"]), key=lambda each: each["name"])
    places = _which(images, there)
    came = [there[place]["name"] for place in places]
    # Where two pictures are taken for one file, their order must not hang on the generator.
    order = sorted(range(len(came)), key=lambda i: (came[i], images[i].tobytes()))
    if asks == "shape":  # the labels' own rung says what they are
        return {"images": images[order], "labels": np.zeros_like(labels)}
    if asks == "images":
        return {"pictures": [came[i] for i in order], "images": images[order]}
    if asks == "labels":
        return label_facts([class_of(there[place]) for place in places], labels, names)
    if asks == "left out":
        listed = {bare(each) for each in value["files"] if "/" in each["name"]}
        return {
            "names": sorted(names),
            "pictures": [came[i] for i in order],
            "skipped": sorted(name for name in skipped if name in listed),
        }
    orders = [_which(_read(one)[0], there) for one in found]
    return draw_facts(orders, [class_of(each) for each in there])


def label_facts(classes: list[str], labels: Array, names: list[str]) -> Facts:
    """What holds of labels, whatever order a system lists its folders in."""
    said = labels.tolist()
    pairs = set(zip(classes, said, strict=True))
    kinds = sorted(set(classes))
    whole = all(isinstance(label, int) and 0 <= label < len(names) for label in said)
    return {
        "names": sorted(names),
        "the names are sorted": names == sorted(names),
        "a label for each folder": len(pairs) == len(kinds) == len(set(said)),
        "different labels": len(set(said)),
        "the lowest label": min(said, default=0),
        "a label is the place of its folder in the names": whole
        and all(names[label] == kind for kind, label in pairs),
        "a label is the place of its folder in sorted order": whole
        and all(kinds.index(kind) == label for kind, label in pairs),
    }


def draw_facts(orders: list[list[int]], classes: list[str]) -> Facts:
    """What holds of the orders of three calls: two generators, then the first again."""
    first, other, again = orders
    kinds = [classes[place] for place in first]
    blocks = 1 + sum(a != b for a, b in pairwise(kinds))
    return {
        "the same generator gives the same order": first == again,
        "another generator gives another order": first != other,
        "the classes are mixed": blocks > len(set(kinds)),
    }


def _read(found: Any) -> tuple[Array, Array, list[str], list[str]]:
    """A call's four results.

    Raises
    ------
    ValueError
        They are something else.
    """
    if not isinstance(found, tuple | list) or len(found) != 4:
        raise ValueError("four results are needed")
    images, labels, names, skipped = found
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 4 or labels.shape != images.shape[:1] or labels.dtype.kind not in "iuf":
        raise ValueError("a label is needed for each picture")
    if labels.dtype.kind == "f" and not np.any(labels % 1):
        labels = labels.astype(np.int64)
    return images, labels, [str(name) for name in names], [str(name) for name in skipped]


def _which(images: Array, there: list[File]) -> list[int]:
    """The file that each loaded picture shows: the one with the nearest color."""
    colors = images.mean(axis=(1, 2), dtype=np.float64)
    if images.dtype.kind == "f":
        colors[images.max(axis=(1, 2, 3)) <= 1] *= 255
    distances = np.abs(colors[:, None] - np.array([_color(each) for each in there])).sum(axis=-1)
    return distances.argmin(axis=1).tolist()


def _color(each: File) -> Array:
    """The mean color as it is stored: in gray pictures all three are alike."""
    pixels = each["pixels"].mean(axis=(0, 1), dtype=np.float64)
    if each["mode"] == "L":
        return np.full(3, pixels @ np.array((0.299, 0.587, 0.114)))
    return np.asarray(pixels)


def stated(asks: str, given: list[File], images: Array | None = None) -> Facts:
    """What must hold, from the files alone."""
    good = [each for each in given if is_readable(each) and not is_hidden(each)]
    names = sorted({class_of(each) for each in given if "/" in each["name"] and not _apart(each)})
    came = sorted(each["name"] for each in good if "/" in each["name"])
    if asks == "images":
        return {"pictures": came, "images": images}
    if asks == "labels":
        yes: tuple[str, ...] = (
            "a label is the place of its folder in the names",
            "a label is the place of its folder in sorted order",
        )
        return {
            "names": names,
            "the names are sorted": True,
            "a label for each folder": True,
            "different labels": len(names),
            "the lowest label": 0,
            **dict.fromkeys(yes, True),
        }
    if asks == "left out":
        out = [each for each in given if each not in good and "/" in each["name"]]
        left = sorted(bare(each) for each in out if not _apart(each))
        return {"names": names, "pictures": came, "skipped": left}
    yes = (
        "the same generator gives the same order",
        "another generator gives another order",
        "the classes are mixed",
    )
    return dict.fromkeys(yes, True)


def _apart(each: File) -> bool:
    """Whether a file lies in a hidden folder, which is no class."""
    return class_of(each).startswith(HIDDEN)
