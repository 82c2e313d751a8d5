"""Pictures of how sure a network is: answers with their spread, and how often it is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.figures import Picture
from cnnlab.course.palette import BLUE, INK, ORANGE


def ranges(
    images: ArrayLike,
    mean: ArrayLike,
    std: ArrayLike,
    truth: Sequence[int] | None = None,
    classes: tuple[str, str] = ("cat", "dog"),
    columns: int = 8,
) -> Picture:
    """Pictures, and below each the mean of many answers and one standard deviation around it.

    Parameters
    ----------
    images : array_like, shape (N, H, W, 3), uint8
    mean, std : array_like, shape (N,) or (N, 1)
        Of the probability of class 1.
    truth : sequence of int, optional
        0 or 1 for each picture: its title.
    """
    from matplotlib.figure import Figure

    images = np.asarray(images)
    middle, spread = np.ravel(np.asarray(mean)), np.ravel(np.asarray(std))
    names = [classes[t] for t in truth] if truth is not None else [""] * len(images)
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(1.32 * columns, 2.0 * rows))
    grid = figure.add_gridspec(
        2 * rows, columns, height_ratios=[4, 1] * rows, hspace=0.25, wspace=0.16
    )
    for n, (image, name) in enumerate(zip(images, names, strict=True)):
        row, column = divmod(n, columns)
        ax = figure.add_subplot(grid[2 * row, column])
        ax.imshow(image)
        ax.set_title(name, fontsize=9.5, color=INK, pad=3)
        ax.axis("off")
        line = figure.add_subplot(grid[2 * row + 1, column])
        colour = ORANGE if middle[n] >= 0.5 else BLUE
        line.axvline(0.5, 0.45, color="0.75", linewidth=0.8)
        line.errorbar(middle[n], 0.4, xerr=spread[n], fmt="o", color=colour, ms=4, lw=3)
        text = f"{middle[n]:.2f} ± {spread[n]:.2f}"
        line.text(0.5, -0.75, text, ha="center", va="center", size=8, color=INK)
        line.set(xlim=(-0.05, 1.05), ylim=(-1.3, 1.1), xticks=[], yticks=[])
        line.spines[:].set_color("0.75")
    said = (
        f"{n + 1}: {name or 'picture'}, {m:.2f} ± {s:.2f}"
        for n, (name, m, s) in enumerate(zip(names, middle, spread, strict=True))
    )
    about = f"Pictures with the probability of {classes[1]}, mean and spread over many passes. "
    return Picture(figure, about + "; ".join(said) + ".")


def quarters(doubt: ArrayLike, right: ArrayLike) -> NDArray[np.float64]:
    """How often answers are right, from the quarter with the least doubt to that with the most.

    Parameters
    ----------
    doubt : array_like, shape (N,)
        Larger is less sure.
    right : array_like of bool, shape (N,)

    Returns
    -------
    ndarray, shape (4,)
        Shares from 0 to 1.

    Examples
    --------
    >>> quarters([0.1, 0.9, 0.2, 0.5], [True, False, True, False])
    array([1., 1., 0., 0.])
    """
    order = np.argsort(np.ravel(np.asarray(doubt)), kind="stable")
    right = np.ravel(np.asarray(right))
    return np.array([right[part].mean() for part in np.array_split(order, 4)])


def by_quarter(shares: dict[str, NDArray[np.float64]]) -> Picture:
    """Bars of what `quarters` gives, side by side for several kinds of doubt.

    Parameters
    ----------
    shares : dict of str to ndarray, shape (4,)
        The name of the doubt, and its quarters.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 2.7), layout="constrained")
    ax = figure.add_subplot()
    width = 0.8 / len(shares)
    for i, (name, values) in enumerate(shares.items()):
        left = np.arange(4) - 0.4 + (i + 0.5) * width
        hatch = "" if i else "//"
        colour = (BLUE, ORANGE)[i % 2]
        bars = ax.bar(left, values, 0.92 * width, color=colour, hatch=hatch, ec="white", label=name)
        ax.bar_label(bars, [f"{v:.0%}" for v in values], fontsize=9, color=INK)
    ax.axhline(0.5, color="0.6", linewidth=1, linestyle=":")
    ax.set_xticks(range(4), ["least doubt", "second quarter", "third quarter", "most doubt"])
    ax.set(ylabel="right", ylim=(0, 1.12), yticks=[0, 0.5, 1])
    ax.set_yticklabels(["0 %", "50 %", "100 %"])
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper right", frameon=False, ncols=len(shares), fontsize=9)
    told = (f"{name}: {', '.join(f'{v:.0%}' for v in s)}" for name, s in shares.items())
    return Picture(figure, f"Share of right answers by quarters of doubt. {'; '.join(told)}.")
