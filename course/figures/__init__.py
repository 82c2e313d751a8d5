"""The course's pictures: tables of numbers, photographs, feature maps, blocks, curves.

Every function here gives a `Picture`, which shows itself in a notebook together with a
description for those who do not see it. Colours are told apart by colour-blind people too:
blue is positive, red is negative, white is 0; brightness is gray.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.palette import BLUE, INK, INPUT, KERNEL, ORANGE, OUTPUT, WINDOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIGNS = "RdBu"
DPI = 160
FEW = 100
"""Tables of up to this many numbers are read out in full."""


class Picture:
    """A drawn figure and its description.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
        What is to be seen, for screen readers.
    """

    def __init__(self, figure: Figure, alt: str) -> None:
        self.figure = figure
        self.alt = alt

    def png(self) -> bytes:
        """The picture as a PNG file on white, readable in light and dark notebooks."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=DPI, bbox_inches="tight", facecolor="white")
        return file.getvalue()

    def show(self) -> None:
        """Show the picture below the running cell."""
        from IPython.display import display

        display(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        data = base64.b64encode(self.png()).decode("ascii")
        alt = html.escape(self.alt, quote=True)
        image = (
            f'<img alt="{alt}" src="data:image/png;base64,{data}" '
            'style="max-width: 100%; zoom: 0.6; border-radius: 6px">'
        )
        # HTML first in every front end that has it, because a bare PNG carries no description.
        return {"text/html": image, "image/png": data, "text/plain": self.alt}


def numbers(
    *arrays: ArrayLike,
    titles: Sequence[str] = (),
    signs: str = "",
    marked: tuple[int, int, int, int] | None = None,
    shades: str | Sequence[str] = "signs",
) -> Picture:
    """Tables of numbers side by side, each number in a cell of its colour.

    Parameters
    ----------
    *arrays : array_like, shape (H, W) each
        Rows, columns.
    titles : sequence of str
        One above each table.
    signs : str
        One character between each two tables, as in ``"∗="``.
    marked : (row, column, height, width), optional
        Cells of the first table to put a frame around.
    shades : {"signs", "gray"}, or one of these for each table
        ``"gray"`` is for brightness in percent: 0 is black, 100 is white.
    """
    tables = [_table(a) for a in arrays]
    figure, axes = _row([t.shape for t in tables], inches_per_cell=0.44, gap=0.9)
    for ax, table, title, shade in zip(
        axes, tables, _spread(titles, tables), _spread(shades, tables), strict=True
    ):
        _cells(ax, table, shade or "signs")
        ax.set_title(title, fontsize=11, color=INK, pad=8)
    if marked is not None:
        _frame(axes[0], marked)
    _between(figure, axes, signs)
    return Picture(figure, _read_out(tables, titles, signs))


def step(patch: ArrayLike, kernel: ArrayLike, bias: float = 0.0) -> Picture:
    """One step of a convolution: patch times kernel, the products, and their sum.

    Parameters
    ----------
    patch, kernel : array_like, shape (kh, kw)
        One channel.
    bias : float
        Is written only where it is not 0.
    """
    tables = [_table(patch), _table(kernel)]
    tables.append(tables[0] * tables[1])
    picture = numbers(*tables, titles=["patch", "kernel", "products"], signs="×=")
    total = tables[2].sum()
    words = f"sum {_number(total)}"
    if bias:
        words += f" {'+' if bias > 0 else '−'} bias {_number(abs(bias))} = {_number(total + bias)}"
    right = picture.figure.axes[2].get_position().x1
    picture.figure.text(right + 0.04, 0.5, words, va="center", size=16, color=ORANGE, weight="bold")
    picture.alt += f" {words}."
    return picture


def photos(
    *images: ArrayLike,
    titles: Sequence[str] = (),
    alt: str,
    shades: str | Sequence[str] = "auto",
    counted: bool = True,
) -> Picture:
    """Photographs and feature maps side by side.

    Parameters
    ----------
    *images : array_like, shape (H, W) or (H, W, 3) each
        Colour is 0…255 (integers) or 0…1 (floats).
    titles : sequence of str
        One above each.
    alt : str
        What is to be seen.
    shades : {"auto", "gray", "signs"}, or one of these for each
        For pictures without colour. ``"gray"`` goes from black at 0 to white at 1 or above;
        ``"signs"`` from red over white at 0 to blue; ``"auto"`` takes signs where a number
        is negative.
    counted : bool
        Whether rows and columns are counted at the edges; not for kernels and spectra.
    """
    arrays = [np.asarray(image) for image in images]
    for array in arrays:
        if array.ndim != 2 and array.shape[2:] != (3,):
            raise ValueError(f"images must be (H, W) or (H, W, 3). Received: {array.shape}")
    side = 3.2 if len(arrays) < 4 else 11 / len(arrays)
    figure, axes = _row([(1, 1)] * len(arrays), inches_per_cell=side, gap=0.75 if counted else 0.3)
    for ax, array, title, shade in zip(
        axes, arrays, _spread(titles, arrays), _spread(shades, arrays), strict=True
    ):
        _photo(ax, array, shade or "auto")
        if not counted:
            ax.set(xticks=[], yticks=[], xlabel="")
        ax.set_title(title, fontsize=11, color=INK)
    axes[0].set_ylabel("row" if counted else "", fontsize=9)
    return Picture(figure, alt)


def curve(x: ArrayLike, y: ArrayLike, xlabel: str, ylabel: str) -> Picture:
    """A function of one variable, with both axes through the origin.

    Parameters
    ----------
    x, y : array_like, shape (n,)
    xlabel, ylabel : str
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4, 2.8))
    ax = figure.add_subplot()
    ax.axhline(0, color="0.7", linewidth=1)
    ax.axvline(0, color="0.7", linewidth=1)
    ax.plot(np.asarray(x), np.asarray(y), color=BLUE, linewidth=2.5)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(color="0.92")
    ax.spines[["top", "right"]].set_visible(False)
    return Picture(figure, f"A curve: {ylabel} over {xlabel}.")


def blocks(shapes: Sequence[tuple[int, ...]], labels: Sequence[str], signs: str = "") -> Picture:
    """Arrays as boxes in space, sizes to scale.

    Parameters
    ----------
    shapes : sequence of (H, W, C) or (kh, kw, C, F)
        Height, width, depth; with a fourth number, that many boxes in two columns. The first
        is what comes in, the last what comes out, and between them are kernels.
    labels : sequence of str
        One below each box, above its shape.
    signs : str
        One character between each two boxes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 3.4))
    ax = figure.add_subplot()
    x = 0.0
    for index, (shape, label) in enumerate(zip(shapes, labels, strict=True)):
        colour = OUTPUT if index == len(shapes) - 1 else (INPUT, KERNEL)[min(index, 1)]
        width = _block(ax, x, shape, colour)
        size = " × ".join(map(str, shape[:3]))
        size = f"{shape[3]} of {size}" if len(shape) == 4 else size
        ax.text(x + width / 2, -24, f"{label}\n{size}", ha="center", va="top", size=11, color=INK)
        x += width
        if index < len(signs):
            ax.text(x + 6, 0, signs[index], ha="center", va="center", size=22, color=INK)
        x += 12
    ax.set(xlim=(-2, x - 8), ylim=(-34, 24), aspect="equal")
    ax.axis("off")
    parts = [
        f"{label}, {' by '.join(map(str, s))}" for s, label in zip(shapes, labels, strict=True)
    ]
    return Picture(figure, "Boxes in space: " + "; ".join(parts) + ".")


def _table(array: ArrayLike) -> NDArray[Any]:
    table = np.asarray(array)
    if table.ndim != 2:
        raise ValueError(f"arrays must have shape (H, W). Received: {table.shape}")
    return table


def _spread(values: str | Sequence[str], like: Sequence[Any]) -> Sequence[str]:
    """One value for each: a single string for all, nothing as empty strings."""
    if isinstance(values, str):
        return [values] * len(like)
    return values or [""] * len(like)


def _row(
    shapes: Sequence[tuple[int, ...]], inches_per_cell: float, gap: float
) -> tuple[Figure, list[Axes]]:
    """A figure with axes of these (rows, columns) side by side, middles on one line."""
    from matplotlib.figure import Figure

    widths = [inches_per_cell * s[1] for s in shapes]
    heights = [inches_per_cell * s[0] for s in shapes]
    total = sum(widths) + gap * (len(shapes) - 1)
    figure = Figure(figsize=(total, max(heights)))
    left, axes = 0.0, []
    for width, height in zip(widths, heights, strict=True):
        bottom = (max(heights) - height) / 2 / max(heights)
        axes.append(figure.add_axes((left / total, bottom, width / total, height / max(heights))))
        left += width + gap
    return figure, axes


def _cells(ax: Axes, table: NDArray[Any], shade: str) -> None:
    """One coloured cell with its number for each entry."""
    import matplotlib

    top = float(np.abs(table).max()) or 1.0
    low = -1.6 * top if shade == "signs" else 0.0  # 1.6: strong colours would hide the numbers
    high = 1.6 * top if shade == "signs" else 100.0
    colormap = matplotlib.colormaps[SIGNS if shade == "signs" else "gray"]
    colours = colormap((table - low) / (high - low))
    ax.imshow(colours[..., :3], interpolation="nearest")
    size = 11 if max(len(_number(v)) for v in table.flat) < 4 else 9
    for (i, j), value in np.ndenumerate(table):
        dark = colours[i, j, :3] @ (0.299, 0.587, 0.114) < 0.46
        ax.text(j, i, _number(value), ha="center", va="center", size=size,
                color="white" if dark else "black")  # fmt: skip
    ax.set(xticks=[], yticks=[])
    ax.set_xticks(np.arange(-0.5, table.shape[1]), minor=True)
    ax.set_yticks(np.arange(-0.5, table.shape[0]), minor=True)
    ax.grid(which="minor", color="0.55", linewidth=0.8)
    ax.tick_params(which="both", length=0)


def _frame(ax: Axes, marked: tuple[int, int, int, int]) -> None:
    from matplotlib.patches import Rectangle

    row, column, height, width = marked
    corner = (column - 0.5, row - 0.5)
    ax.add_patch(
        Rectangle(
            corner, width, height, fill=False, edgecolor=WINDOW, lw=4, clip_on=False, zorder=5
        )
    )


def _between(figure: Figure, axes: Sequence[Axes], signs: str) -> None:
    for sign, left, right in zip(signs, axes, axes[1:], strict=False):
        x = (left.get_position().x1 + right.get_position().x0) / 2
        figure.text(x, 0.5, sign, ha="center", va="center", size=20, color=INK)


def _photo(ax: Axes, array: NDArray[Any], shade: str) -> None:
    if array.ndim == 3:
        ax.imshow(array)
    elif shade == "signs" or (shade == "auto" and array.min() < 0):
        top = float(np.abs(array).max()) or 1.0
        shown = ax.imshow(array, cmap=SIGNS, vmin=-top, vmax=top)
        bar = ax.inset_axes((0.0, -0.2, 1.0, 0.045))
        scale = ax.figure.colorbar(shown, cax=bar, orientation="horizontal")
        scale.set_ticks([-top, 0, top], labels=[_number(v) for v in (-top, 0, top)])
        bar.tick_params(labelsize=8)
    else:
        ax.imshow(array, cmap="gray", vmin=0, vmax=max(1.0, float(array.max())))
    height, width = array.shape[:2]
    ax.set(xticks=[0, width - 1], yticks=[0, height - 1])
    ax.tick_params(labelsize=8)
    ax.set_xlabel("column", fontsize=9, labelpad=-8)


def _block(ax: Axes, x: float, shape: tuple[int, ...], colour: str) -> float:
    """Draw one box, or a column of boxes, from ``x`` on; gives the width taken."""
    height, width, depth = shape[:3]
    count = shape[3] if len(shape) == 4 else 1
    rows = -(-count // 2) if count > 1 else 1
    across, down = width + 0.7 * depth + 2, height + 0.7 * depth + 1.5
    for index in range(count):
        column, row = divmod(index, rows)
        middle = ((rows - 1) / 2 - row) * down
        _box(ax, x + column * across, middle - height / 2, (height, width, depth), colour)
    columns = -(-count // rows)
    return columns * across - 2


def _box(ax: Axes, x: float, y: float, size: tuple[int, int, int], colour: str) -> None:
    """Front, top and side of a box whose front's lower left corner is at (x, y)."""
    from matplotlib.patches import Polygon

    height, width, depth = size
    back = 0.7 * depth  # depth runs to the upper right
    front = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    away = [(a + back, b + back) for a, b in front]
    faces = {
        0.35: front,
        0.2: [front[3], front[2], away[2], away[3]],
        0.55: [front[1], away[1], away[2], front[2]],
    }
    for alpha, corners in faces.items():
        ax.add_patch(Polygon(corners, facecolor="white", edgecolor="none"))
        ax.add_patch(Polygon(corners, facecolor=colour, alpha=alpha, edgecolor="none"))
        ax.add_patch(Polygon(corners, fill=False, edgecolor=INK, linewidth=0.8))


def _number(value: float) -> str:
    """Short, with a real minus sign: -2.0 is ``−2``, 0.1111 is ``0.11``, -0.0 is ``0``."""
    return f"{round(float(value), 2) + 0.0:g}".replace("-", "−")


def _read_out(tables: Sequence[NDArray[Any]], titles: Sequence[str], signs: str) -> str:
    """The tables in words: row after row where they are small, the size where they are not."""
    parts = []
    for title, table in zip(_spread(titles, tables), tables, strict=True):
        words = f"{table.shape[0]} rows of {table.shape[1]} numbers"
        if table.size <= FEW:
            words = "; ".join(" ".join(map(_number, row)) for row in table)
        parts.append(f"{title}: {words}." if title else f"{words}.")
    return " ".join(parts)
