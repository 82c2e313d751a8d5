"""Pictures of whole networks: the stack of layers, what each costs, and what it says.

As `cnnlab.course.figures`: every function gives a `Picture` that carries its own description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.figures import Picture
from cnnlab.course.ops.layers import Shape, normalise, trace_shapes
from cnnlab.course.palette import BLUE, GRAY, GREEN, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"conv": BLUE, "max_pool": GREEN, "dense": ORANGE}
"""Of each kind of layer (Okabe and Ito's palette); gray for those that neither learn nor shrink."""
WORDS = {
    "conv": "convolution",
    "max_pool": "max pool",
    "global_average_pool": "global average",
    "flatten": "flatten",
    "dropout": "dropout",
    "dense": "dense",
}
SLANT = 0.35


def label(layer: Sequence[Any]) -> str:
    """A layer in words.

    Examples
    --------
    >>> label(("conv", 16, 3)), label(("max_pool", 2)), label(("dense", 64))
    ('convolution 16 of 3×3', 'max pool 2×2', 'dense 64')
    """
    full = normalise(layer)
    size = "×".join(map(str, full.size))
    details = {
        "conv": f" {full.units} of {size}",
        "max_pool": f" {size}",
        "dropout": f" {full.rate:g}",
        "dense": f" {full.units}",
    }
    return WORDS[full.kind] + details.get(full.kind, "")


def stack(input_shape: Shape, layers: Sequence[Sequence[Any]], rows: int = 1) -> Picture:
    """What flows through a network: one box for the picture and one for each layer's result.

    Height and width are to scale; the third size is drawn by its logarithm.

    Parameters
    ----------
    input_shape : (H, W, C)
    layers : sequence of tuple
        As in `cnnlab.course.ops.layers`.
    rows : int
        Deep networks are read in several rows, from left to right each.
    """
    from matplotlib.figure import Figure

    shapes = [tuple(input_shape), *trace_shapes(input_shape, layers)]
    kinds = ["picture", *(normalise(layer).kind for layer in layers)]
    texts = ["picture", *(label(layer).replace(" ", "\n", 1) for layer in layers)]
    sizes = ["×".join(map(str, shape)) for shape in shapes]
    boxes, across = list(zip(shapes, sizes, kinds, texts, strict=True)), -(-len(shapes) // rows)
    figure = Figure(figsize=(1.18 * across, 2.7 * rows))
    axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
    ends = [
        _boxes(ax, boxes[row * across : (row + 1) * across], input_shape[0])
        for row, ax in enumerate(axes)
    ]
    for ax in axes:
        ax.set(xlim=(-0.4, max(ends) - 0.2), ylim=(-1.3, 1.2), aspect="equal")
        ax.axis("off")
    steps = (f"{t.replace(chr(10), ' ')}, {s}" for t, s in zip(texts, sizes, strict=True))
    return Picture(figure, f"Boxes from left to right, one after each layer: {'; '.join(steps)}.")


def _boxes(ax: Axes, boxes: Sequence[tuple[Shape, str, str, str]], tallest: int) -> float:
    """A row of results, each with its shape above and its layer below; gives the row's end."""
    x = 0.0
    for shape, size, kind, text in boxes:
        width = _volume(ax, x, shape, tallest, COLOURS.get(kind, GRAY))
        ax.text(x + width / 2, -0.82, text, ha="center", va="top", size=8.5, color=INK)
        ax.text(x + width / 2, 1.0, size, ha="center", va="bottom", size=8.5, color=INK)
        x += width + 0.62
    return x


def _volume(ax: Axes, x: float, shape: Shape, tallest: int, colour: str) -> float:
    """One result as a box, or a row of numbers as a bar; gives the width taken."""
    from matplotlib.patches import Polygon

    if len(shape) == 1:
        height, width, back = min(0.25 + 0.13 * log2(shape[0] + 1), 1.5), 0.1, 0.0
    else:
        height, back = 1.1 * shape[0] / tallest, SLANT * _width(shape, tallest)
        width = 0.06 * (1 + log2(shape[2]))
    low, high = -height / 2, height / 2
    front = [(x, low), (x + width, low), (x + width, high), (x, high)]
    top = [(x, high), (x + width, high), (x + width + back, high + back), (x + back, high + back)]
    side = [
        (x + width, low),
        (x + width + back, low + back),
        (x + width + back, high + back),
        (x + width, high),
    ]
    for corners, alpha in ((front, 0.45), (top, 0.25), (side, 0.65)):
        ax.add_patch(Polygon(corners, facecolor=colour, alpha=alpha, edgecolor="none"))
        ax.add_patch(Polygon(corners, fill=False, edgecolor=INK, linewidth=0.8))
    return width + back


def _width(shape: Shape, tallest: int) -> float:
    """The width of a map as it is drawn, going to the back."""
    return 1.1 * shape[1] / tallest


def costs(layers: Sequence[Sequence[Any]], counts: Mapping[str, Sequence[int]]) -> Picture:
    """What each layer costs, as bars side by side with their numbers.

    Parameters
    ----------
    layers : sequence of tuple
    counts : mapping of str to sequence of int
        One panel for each: its title, and a number for each layer.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 0.34 * len(layers) + 0.9), layout="constrained")
    panels = figure.subplots(1, len(counts), sharey=True, squeeze=False)[0]
    names = [label(layer) for layer in layers]
    colours = [COLOURS.get(normalise(layer).kind, GRAY) for layer in layers]
    for ax, (title, numbers) in zip(panels, counts.items(), strict=True):
        places = range(len(names))
        ax.barh(places, numbers, color=colours, height=0.72)
        for place, number in zip(places, numbers, strict=True):
            ax.text(number, place, f" {number:,}", va="center", size=9, color=INK)
        ax.set_title(f"{title}: {sum(numbers):,}", fontsize=10.5, color=INK)
        ax.set_xlim(0, 1.32 * max(1, *numbers))
        ax.set_yticks(places, names, fontsize=9)
        ax.set_xticks([])
        ax.tick_params(length=0)
        ax.spines[["top", "right", "bottom"]].set_visible(False)
    panels[0].invert_yaxis()
    parts = (
        f"{title}: " + ", ".join(f"{n} {c:,}" for n, c in zip(names, numbers, strict=True))
        for title, numbers in counts.items()
    )
    return Picture(figure, "Bars for each layer. " + ". ".join(parts) + ".")


def verdicts(
    images: ArrayLike,
    answers: Mapping[str, ArrayLike],
    truth: Sequence[int],
    classes: tuple[str, str] = ("cat", "dog"),
    columns: int = 8,
) -> Picture:
    """Pictures, and below each what one or two networks say.

    A bar that goes to the left says class 0, one to the right class 1; the number is the
    probability of class 1.

    Parameters
    ----------
    images : array_like, shape (N, H, W, 3), uint8
    answers : mapping of str to array_like, shape (N,) or (N, 1)
        Who says it, and the probabilities of class 1.
    truth : sequence of int
        0 or 1 for each picture: its title.
    """
    from matplotlib.figure import Figure

    images = np.asarray(images)
    given = {name: np.ravel(np.asarray(p)) for name, p in answers.items()}
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(1.32 * columns, (1.55 + 0.27 * len(given)) * rows))
    ratios = [4, 0.2 + 0.8 * len(given)] * rows
    grid = figure.add_gridspec(2 * rows, columns, height_ratios=ratios, hspace=0.3, wspace=0.16)
    for n, image in enumerate(images):
        row, column = divmod(n, columns)
        ax = figure.add_subplot(grid[2 * row, column])
        ax.imshow(image)
        ax.set_title(classes[truth[n]], fontsize=9.5, color=INK, pad=3)
        ax.axis("off")
        bars = figure.add_subplot(grid[2 * row + 1, column])
        _leanings(bars, {name: p[n] for name, p in given.items()}, first=column == 0)
    said = (
        f"{n + 1}: {classes[truth[n]]}, "
        + ", ".join(f"{name} {p[n]:.2f}" for name, p in given.items())
        for n in range(len(images))
    )
    about = f"Pictures with their class and the probability of {classes[1]}. "
    return Picture(figure, about + "; ".join(said) + ".")


def _leanings(ax: Axes, probabilities: Mapping[str, float], first: bool) -> None:
    """One bar for each probability, from the middle to where it leans."""
    for place, (name, p) in enumerate(probabilities.items()):
        colour = ORANGE if p >= 0.5 else BLUE
        ax.barh(place, p - 0.5, color=colour, height=0.8, alpha=0.75)
        beside = -0.25 if p >= 0.5 else 0.25  # the half that the bar leaves free
        ax.text(beside, place, f"{p:.3f}", ha="center", va="center", size=8, color="black")
        if first:
            ax.text(-0.56, place, name, ha="right", va="center", size=9, color=INK)
    ax.axvline(0, color=INK, linewidth=0.6, zorder=0)
    ax.set(xlim=(-0.5, 0.5), ylim=(len(probabilities) - 0.5, -0.5), xticks=[], yticks=[])
    ax.spines[:].set_color("0.75")
