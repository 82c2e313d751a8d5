"""Pictures of pooling windows: a table, each window in its own colour, and what is taken of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.figures import INK, Picture
from cnnlab.course.ops import output_size, same_padding
from cnnlab.course.palette import WINDOWS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL = 0.46
"""Inches from cell to cell."""

Place = tuple[slice, slice]


def places(
    shape: tuple[int, int],
    size: tuple[int, int] = (2, 2),
    strides: tuple[int, int] | None = None,
    padding: str = "valid",
) -> list[list[Place]]:
    """Rows and columns of the picture under each window, by row and column of the result.

    Raises
    ------
    ValueError
        As `cnnlab.course.ops.output_size`.

    Examples
    --------
    >>> places((2, 5))
    [[(slice(0, 2, None), slice(0, 2, None)), (slice(0, 2, None), slice(2, 4, None))]]
    """
    axes = []
    for n, k, stride in zip(shape, size, strides or size, strict=True):
        count = output_size(n, k, stride, padding)
        before = same_padding(n, k, stride)[0] if padding == "same" else 0
        starts = [i * stride - before for i in range(count)]
        axes.append([slice(max(start, 0), min(start + k, n)) for start in starts])
    return [[(row, column) for column in axes[1]] for row in axes[0]]


def picture(
    table: ArrayLike,
    size: tuple[int, int] = (2, 2),
    strides: tuple[int, int] | None = None,
    padding: str = "valid",
    take: Callable[[NDArray[Any]], Any] | None = None,
    titles: Sequence[str] = ("", ""),
) -> Picture:
    """A table with its windows, and to the right of it what is taken of each.

    Cells that no window meets are hatched.

    Parameters
    ----------
    table : array_like, shape (H, W)
    size, strides, padding
        As in `cnnlab.course.ops.max_pool2d`. Windows should not overlap.
    take : callable, optional
        From the numbers under a window to one. Nothing is shown on the right without it.
    titles : sequence of str
        Above the table, and above what is taken.
    """
    from matplotlib.figure import Figure

    table = np.asarray(table)
    windows = places((table.shape[0], table.shape[1]), size, strides, padding)
    fills = _fills(table.shape, windows)
    rows, columns = len(windows), len(windows[0])
    gap = 2.4
    width = table.shape[1] + (gap + columns if take else 0)
    figure = Figure(figsize=(CELL * (width + 1), CELL * (table.shape[0] + 1.2)))
    ax = figure.add_axes((0, 0, 1, 1))
    middle = table.shape[1] / 2
    ax.text(middle, -0.55, titles[0], ha="center", size=11, color=INK)
    for (i, j), value in np.ndenumerate(table):
        _cell(ax, i, j, value, fills.get((i, j)))
    if take is not None:
        down, across = (table.shape[0] - rows) / 2, table.shape[1] + gap
        ax.text(across - gap / 2, table.shape[0] / 2, "→", ha="center", va="center", size=22)
        ax.text(across + columns / 2, down - 0.55, titles[1], ha="center", size=11, color=INK)
        for i, line in enumerate(windows):
            for j, place in enumerate(line):
                _cell(ax, down + i, across + j, take(table[place]), _colour(i, j))
    ax.set(xlim=(-0.5, width + 0.5), ylim=(table.shape[0] + 0.1, -1.1), aspect="equal")
    ax.axis("off")
    return Picture(figure, _words(table, windows, size, take))


def _colour(i: int, j: int) -> str:
    return WINDOWS[2 * (i % 2) + j % 2]


def _fills(shape: tuple[int, ...], windows: list[list[Place]]) -> dict[tuple[int, int], str]:
    """The colour of each cell that lies under a window."""
    cells: dict[tuple[int, int], str] = {}
    for i, line in enumerate(windows):
        for j, (rows, columns) in enumerate(line):
            inside = np.ndindex(rows.stop - rows.start, columns.stop - columns.start)
            cells |= {(rows.start + a, columns.start + b): _colour(i, j) for a, b in inside}
    return cells


def _cell(ax: Axes, row: float, column: float, value: Any, colour: str | None) -> None:
    """One square with its number; hatched where ``colour`` is None."""
    from matplotlib.patches import Rectangle

    look: dict[str, Any] = {"facecolor": colour, "alpha": 0.55, "edgecolor": "none"}
    if colour is None:
        look = {"facecolor": "white", "hatch": "///", "edgecolor": "0.8"}
    ax.add_patch(Rectangle((column, row), 1, 1, **look))
    ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor="0.45", linewidth=0.8))
    words = f"{round(float(value), 2):g}".replace("-", "−")
    ax.text(column + 0.5, row + 0.5, words, ha="center", va="center", size=11, color="black")


def _words(
    table: NDArray[Any],
    windows: list[list[Place]],
    size: tuple[int, int],
    take: Callable[[NDArray[Any]], Any] | None,
) -> str:
    """The picture in words."""
    numbers = "; ".join(" ".join(f"{v:g}" for v in row) for row in table)
    words = f"A table with windows of {size[0]} by {size[1]} in four colors: {numbers}."
    if take is not None:
        taken = "; ".join(" ".join(f"{take(table[p]):g}" for p in line) for line in windows)
        words += f" Taken of each window: {taken}."
    return words
