"""Whole networks, drawn: the one of this course from picture to answer, and VGG16.

Every function gives a `Drawing` that carries its own description. A box is what comes out of a
layer; its colour says which kind of layer (`diagrams.COLOURS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.figures.diagrams import COLOURS, WORDS
from cnnlab.course.figures.drawing import Drawing
from cnnlab.course.figures.volumes import size
from cnnlab.course.networks.vgg import named_layers
from cnnlab.course.ops.layers import Shape, trace_shapes
from cnnlab.course.palette import GRAY, WINDOW

LAYERS: list[tuple[Any, ...]] = [
    *[("conv", 16, 3), ("max_pool", 2), ("conv", 32, 3), ("max_pool", 2)],
    *[("conv", 32, 3), ("max_pool", 2), ("flatten",), ("dense", 64), ("dense", 1)],
]
"""The network of chapter 4."""
INPUT_SHAPE = (32, 32, 3)
CHAPTERS = {"conv": "chapters 1 and 2", "max_pool": "chapter 3", "dense": "chapter 4"}
"""Where each kind of layer is explained."""


def _slab(
    on: Drawing, x: float, middle: float, height: float, width: float, colour: str, strength: float
) -> float:
    """A volume seen from the side: thick as its channels, going to the back as wide as high.

    Gives the x of its right end.
    """
    low, high, back = middle + height / 2, middle - height / 2, 0.32 * height
    front = [(x, low), (x + width, low), (x + width, high), (x, high)]
    top = [(x, high), (x + width, high), (x + width + back, high - back), (x + back, high - back)]
    side = [front[1], (front[1][0] + back, low - back), top[2], front[2]]
    for corners, shade in ((front, 0.6), (top, 0.35), (side, 0.85)):
        on.polygon(corners, colour, shade * strength, line=0.9)
    return x + width + back


def _thickness(channels: int) -> float:
    """Of a slab with so many channels: it grows with their logarithm."""
    return 2 + 2.2 * log2(channels)


def network(
    image: NDArray[np.uint8],
    layers: Sequence[tuple[Any, ...]] = LAYERS,
    answer: str = "cat or dog?",
) -> Drawing:
    """A network from a picture to one answer, and the chapters that build each part.

    Parameters
    ----------
    image : array, shape (H, W, 3), uint8
        The network gets it with the 32 × 32 pixels of `INPUT_SHAPE`.
    layers : sequence of tuple
        As in `cnnlab.course.ops.layers`.
    answer : str
    """
    shapes = trace_shapes(INPUT_SHAPE, layers)
    kinds = [layer[0] for layer in layers]
    on, middle, side = Drawing(930, 322), 148.0, 110.0
    on.image((20, middle - side / 2), (side, side), image)
    on.rectangle((20, middle - side / 2), (side, side), "none")
    on.text((20 + side / 2, middle + side / 2 + 22), f"picture\n{size(INPUT_SHAPE)}", 12)
    x, starts = 168.0, []
    on.arrow((20 + side + 6, middle), (x - 6, middle))
    for kind, shape in zip(kinds, shapes, strict=True):
        starts.append(x)
        x += _box(on, x, middle, side, kind, shape)
    on.arrow((x - 26, middle), (x, middle))
    on.text((x + 6, middle + 5), answer, 15, anchor="start", bold=True)
    flat = kinds.index("flatten")
    _bracket(on, starts[0], starts[flat] - 24, 272, "feature extraction: what is where?")
    _bracket(on, starts[flat] - 8, x + 96, 272, "classification: so what is it?")
    _legend(on, 40, 22, CHAPTERS)
    steps = "; ".join(f"{WORDS[k]}, {size(s)}" for k, s in zip(kinds, shapes, strict=True))
    where = "; ".join(f"{WORDS[kind]} is built in {text}" for kind, text in CHAPTERS.items())
    on.alt = (
        f"A photograph goes through a network from left to right: {steps}; and the answer to "
        f"“{answer}”. The maps become smaller and more. {where.capitalize()}."
    )
    return on


def _box(on: Drawing, x: float, middle: float, side: float, kind: str, shape: Shape) -> float:
    """What comes out of one layer, with its name and shape below; gives the way to the next."""
    colour = COLOURS.get(kind, GRAY)
    if len(shape) == 3:
        width, step = _thickness(shape[2]), 80.0
        _slab(on, x, middle, side * shape[0] / INPUT_SHAPE[0], width, colour, 1)
    else:
        width, step = 9.0, 52.0
        height = 14 + 9 * log2(shape[0] + 1)
        on.rectangle((x, middle - height / 2), (width, height), colour, opacity=0.75)
    words = WORDS[kind].replace("convolution", "conv")
    on.text((x + width / 2, middle + side / 2 + 22), f"{words}\n{size(shape)}", 11)
    return step


def _bracket(on: Drawing, left: float, right: float, y: float, words: str) -> None:
    on.line([(left, y), (left, y + 8), (right, y + 8), (right, y)], "soft")
    on.text(((left + right) / 2, y + 28), words, 13, "soft")


def _legend(on: Drawing, x: float, y: float, words: dict[str, str]) -> None:
    """A square in each kind's colour, with the kind's name and some words."""
    for kind, text in words.items():
        on.rectangle((x, y - 10), (12, 12), COLOURS.get(kind, GRAY), opacity=0.75)
        said = f"{WORDS[kind]}: {text}" if text else WORDS[kind]
        on.text((x + 18, y), said, 12, anchor="start")
        x += 40 + 6.6 * len(said)


def vgg16(marked: Sequence[str] = (), about: str = "") -> Drawing:
    """VGG16 from the photograph to its 1000 numbers, with some layers marked.

    Heights grow with the root of the maps' heights, so that the smallest can be seen.

    Parameters
    ----------
    marked : sequence of str
        Names of layers, such as ``"block5_conv1"``.
    about : str
        What is marked, in words.

    Raises
    ------
    ValueError
        VGG16 has no layer of that name.
    """
    named = named_layers()
    if unknown := set(marked) - {name for name, _ in named}:
        raise ValueError(f"marked must be names of VGG16's layers. Received: {min(unknown)!r}")
    shapes = trace_shapes((224, 224, 3), [layer for _, layer in named])
    on, middle, foot = Drawing(930, 372 if marked else 318), 168.0, 342 if marked else 288
    x, block, first = 56.0, "", 0.0
    spots: list[tuple[float, float, str]] = []
    for (name, layer), shape in zip(named, shapes, strict=True):
        if (here := name.split("_")[0]) != block:
            x += 22 if block else 0
            block, first = here, x
        strength = 1.0 if name in marked or not marked else 0.35
        width, low = _vgg_box(on, x, middle, layer[0], shape, strength)
        if name in marked:
            spots.append((x + width / 2, low, name))
        if name.endswith("_pool"):
            on.text(
                ((first + x + width) / 2, foot), f"block {block[-1]}\n{size(shape)}", 11, "soft"
            )
        elif len(shape) == 1:
            on.text((x + width / 2, foot), f"{name}\n{shape[0]:,}", 11, "soft")
        x += width + (13 if len(shape) == 3 else 36)
    _pointers(on, spots, 290)
    _legend(on, 34, 20, {"conv": "", "max_pool": "", "dense": ""})
    if about:
        on.arrow((392, 24), (392, 6), WINDOW, 2.5)
        on.text((404, 20), about, 12, anchor="start", bold=True)
    said = f" Marked, {about}: {', '.join(marked)}." if marked else ""
    on.alt = (
        "VGG16 from left to right. Five blocks of two, two, three, three and three convolutions, "
        "each block with a max pool at its end, then flatten and three dense layers. The maps "
        f"shrink from 224 × 224 to 7 × 7, and there are more and more, from 64 to 512.{said}"
    )
    return on


def _vgg_box(
    on: Drawing, x: float, middle: float, kind: str, shape: Shape, strength: float
) -> tuple[float, float]:
    """One layer of VGG16; gives its width, and the y of its foot."""
    colour = COLOURS.get(kind, GRAY)
    if len(shape) == 1:
        height = 9 * log2(shape[0])
        on.rectangle((x, middle - height / 2), (9, height), colour, opacity=0.75 * strength)
        return 9, middle + height / 2
    height, width = 168 * sqrt(shape[0] / 224), 0.75 * _thickness(shape[2])
    _slab(on, x, middle, height, width, colour, strength)
    return width, middle + height / 2


def _pointers(on: Drawing, spots: Sequence[tuple[float, float, str]], y: float) -> None:
    """Names of layers, and an arrow from each to the foot of its box; they never overlap."""
    lower = False
    for place, (x, low, name) in enumerate(spots, 1):
        row = y + 20 * lower
        close = place < len(spots) and spots[place][0] - x < 95
        on.arrow((x, row - 14), (x, low + 5), WINDOW, 2.5)
        anchor = "end" if close else "start" if lower else "middle"
        on.text(
            (x + {"end": 8, "start": -8, "middle": 0}[anchor], row), name, 12, "ink", anchor, True
        )
        lower = close
