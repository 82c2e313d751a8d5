"""Pictures of chapters 9 and 10: receptive fields, best guesses, what transfer gains, sparsity.

As `cnnlab.course.figures`: every function gives a `Picture` that carries its own description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.figures import Picture
from cnnlab.course.palette import BLUE, GREEN, INK, ORANGE, WINDOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fields(image: ArrayLike, sizes: Mapping[str, int]) -> Picture:
    """Receptive fields as frames around one place, on a photograph.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8
    sizes : mapping of str to int
        What has this field, and how many pixels it measures in each direction.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    image = np.asarray(image)
    row, column = image.shape[0] / 2 - 0.5, image.shape[1] / 2 - 0.5
    figure = Figure(figsize=(7.4, 4.6))
    ax = figure.add_subplot()
    ax.imshow(image)
    named = sorted(sizes.items(), key=lambda pair: pair[1])
    for place, (name, size) in enumerate(named):
        corner = column - size / 2, row - size / 2
        for colour, width in (("white", 3.2), (ORANGE if place % 2 else BLUE, 1.6)):
            frame = Rectangle(corner, size, size, fill=False, edgecolor=colour, linewidth=width)
            ax.add_patch(frame)
        level = image.shape[0] * (1 - (place + 0.5) / len(named))
        ax.annotate(
            f"{name}: {size}×{size}",
            xy=(column + size / 2, min(max(level, row - size / 2), row + size / 2)),
            xytext=(image.shape[1] + 12, level),
            va="center",
            size=10,
            color=INK,
            arrowprops={
                "arrowstyle": "-",
                "color": ORANGE if place % 2 else BLUE,
                "shrinkA": 2,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
        )
    ax.axis("off")
    said = ", ".join(f"{name} {size} by {size} pixels" for name, size in named)
    return Picture(figure, f"A photograph with frames around its middle, one in another: {said}.")


def guesses(images: Sequence[ArrayLike], answers: Sequence[Sequence[tuple[str, float]]]) -> Picture:
    """Photographs, and below each its most probable classes as bars.

    Parameters
    ----------
    images : sequence of array_like, shape (H, W, 3), uint8
    answers : sequence of list of (name, probability)
        As `top_k` gives them, one list for each photograph.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.5 * len(images), 4.3), layout="constrained")
    tops, bottoms = figure.subplots(2, len(images), height_ratios=[3, 2], squeeze=False)
    for ax, bars, image, answer in zip(tops, bottoms, images, answers, strict=True):
        ax.imshow(np.asarray(image))
        ax.axis("off")
        _bars(bars, answer)
    said = (
        f"photograph {n}: " + ", ".join(f"{name} {p:.0%}" for name, p in answer)
        for n, answer in enumerate(answers, 1)
    )
    return Picture(figure, f"Photographs with bars for the best guesses. {'; '.join(said)}.")


def _bars(ax: Axes, answer: Sequence[tuple[str, float]]) -> None:
    places = range(len(answer))
    ax.barh(places, [p for _, p in answer], color=BLUE, height=0.7)
    for place, (name, p) in enumerate(answer):
        outside = p < 0.5
        ax.text(
            p + 0.02 if outside else 0.02,
            place,
            f"{name}  {p:.0%}",
            va="center",
            size=9.5,
            color=INK if outside else "white",
        )
    ax.set(xlim=(0, 1), ylim=(len(answer) - 0.5, -0.5), xticks=[], yticks=[])
    ax.spines[["top", "right", "bottom"]].set_visible(False)


def learning_curves(
    curves: Mapping[str, Sequence[Mapping[str, Any]]], marks: Mapping[str, tuple[int, float]]
) -> Picture:
    """Test accuracy by the number of training pictures.

    Parameters
    ----------
    curves : mapping of str to sequence
        Whose they are; entries with ``per_class``, and ``test``, the accuracies of several draws.
    marks : mapping of str to (int, float)
        Single results: pictures of each class, and accuracy from 0 to 1.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(8.2, 3.9), layout="constrained")
    ax = figure.add_subplot()
    for (name, rows), colour, shape in zip(curves.items(), (BLUE, GREEN), "os", strict=False):
        counts = [row["per_class"] for row in rows]
        means = [np.mean(row["test"]) for row in rows]
        low, high = ([f(row["test"]) for row in rows] for f in (min, max))
        ax.fill_between(counts, low, high, color=colour, alpha=0.18, linewidth=0)
        ax.plot(counts, means, color=colour, marker=shape, markersize=5, label=name)
    for name, (count, accuracy) in marks.items():
        ax.plot(count, accuracy, "*", color=ORANGE, markersize=14, label=name)
    ax.set_xscale("log")
    ticks = sorted({row["per_class"] for rows in curves.values() for row in rows} - {1400})
    ax.set_xticks(ticks, [f"{n:,}" for n in ticks])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_ylim(0.5, 1)
    ax.grid(alpha=0.25)
    ax.set(xlabel="training pictures of each class", ylabel="test pictures that are right")
    ax.legend(loc="lower right", frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    said = [
        f"{name}: "
        + ", ".join(f"{np.mean(row['test']):.1%} with {row['per_class']}" for row in rows)
        for name, rows in curves.items()
    ]
    said += [f"{name}: {accuracy:.1%} with {count}" for name, (count, accuracy) in marks.items()]
    return Picture(figure, f"Curves that rise from left to right. {'; '.join(said)}.")


def grid(
    maps: Mapping[str, ArrayLike],
    shade: Callable[[NDArray[Any]], NDArray[np.uint8]],
    across: int = 8,
) -> Picture:
    """The first feature maps of some layers, one row for each layer.

    A map whose cells are all alike is *silent*: black, with a cross. One that is 0 nearly
    everywhere keeps its few bright cells, white on black.

    Parameters
    ----------
    maps : mapping of str to array_like, shapes (1, h, w, C)
        Layer → its maps, as `feature_maps` gives them.
    shade : callable
        From one map to gray levels, as `to_picture`.
    across : int
        Maps in a row.
    """
    from matplotlib.figure import Figure

    rows = {name: np.moveaxis(np.asarray(m)[0, ..., :across], -1, 0) for name, m in maps.items()}
    figure = Figure(figsize=(1.5 * across + 1.4, 1.5 * len(rows) + 0.3))
    space = {"wspace": 0.05, "hspace": 0.05, "left": 0.09, "right": 1, "bottom": 0, "top": 0.96}
    axes = figure.subplots(len(rows), across, squeeze=False, gridspec_kw=space)
    silent = []
    for line, (name, row) in zip(axes, rows.items(), strict=True):
        height, width = row.shape[1:]
        line[0].set_ylabel(f"{name}\n{height} × {width}", fontsize=11, color=INK)
        for channel, (ax, one) in enumerate(zip(line, row, strict=True)):
            ax.imshow(_gray(one, shade), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            if np.ptp(one) == 0:
                _cross(ax, height, width)
                silent.append(f"{name} {channel}")
            if ax in axes[0]:
                ax.set_title(str(channel), fontsize=11, color=INK, pad=4)
    sizes = ", ".join(
        f"{name} {row.shape[1]} by {row.shape[2]} cells" for name, row in rows.items()
    )
    return Picture(
        figure,
        f"A grid of feature maps in shades of gray, one row of {across} for each layer: {sizes}. "
        f"Silent, so black with a cross: {', '.join(silent) or 'none'}.",
    )


def _gray(
    one: NDArray[Any], shade: Callable[[NDArray[Any]], NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """A map's gray levels; where shading gives one level alone, what is above the rest is white."""
    levels = np.asarray(shade(one))
    if np.ptp(levels) > 0:
        return levels
    return np.where(one > np.min(one), 255, 0).astype(np.uint8)


def _cross(ax: Axes, height: int, width: int) -> None:
    """The mark of a silent map."""
    low, right, bottom = -0.5, width - 0.5, height - 0.5
    ax.plot([low, right], [low, bottom], color=WINDOW, lw=1.2)
    ax.plot([low, right], [bottom, low], color=WINDOW, lw=1.2)
    ax.text(
        (width - 1) / 2, (height - 1) / 2, "silent", ha="center", va="center", size=11,
        color="white", bbox={"facecolor": "black", "edgecolor": WINDOW, "pad": 3},
    )  # fmt: skip


def sparsities(shares: Mapping[str, Mapping[str, float]], title: str) -> Picture:
    """The share of zeros, layer by layer.

    Parameters
    ----------
    shares : mapping of str to mapping of str to float
        Whose they are → layer → from 0 to 1, as `sparsity` gives them; the same layers for all.
    title : str
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(8.2, 3.7), layout="constrained")
    ax = figure.add_subplot()
    styles = zip((BLUE, ORANGE, GREEN), ("o-", "s--", "^:"), strict=True)
    for (name, row), (colour, style) in zip(shares.items(), styles, strict=False):
        ax.plot(list(row.values()), style, color=colour, markersize=5, label=name)
    layers = list(next(iter(shares.values())))
    ax.set_xticks(range(len(layers)), layers, rotation=45, ha="right", rotation_mode="anchor")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(ylim=(0, 1), ylabel="numbers that are 0", title=title)
    ax.grid(alpha=0.25)
    ax.legend(loc="lower right", frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    said = (
        f"{name}: " + ", ".join(f"{layer} {share:.0%}" for layer, share in row.items())
        for name, row in shares.items()
    )
    return Picture(figure, f"The share of zeros in each layer of {title}. {'; '.join(said)}.")
