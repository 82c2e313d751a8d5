"""Arrays as small pictures: HTML tables whose cells are coloured by their value.

Tables rather than drawings: they need no script and no library, a screen reader can walk through
them, and the numbers in them can be copied. Red is negative and blue is positive, as in all
figures and demos of the course.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import product
from typing import Any

import numpy as np

from cnnlab.course import palette

PRINTED = 8
"""Rows and columns at most of a picture whose cells show their numbers."""
DRAWN = 24
"""Rows and columns at most of any picture; what is larger is cut around the cell that matters."""
SIDE_BY_SIDE = 3
"""Channels at most that are shown next to one another."""

MEANING = "Red is negative, blue is positive."
"""What the colours of the cells say."""
SOFT = f"var(--jp-ui-font-color2,var(--vscode-descriptionForeground,{palette.SOFT}))"
"""The colour of what matters less, in the page's own theme."""
_MARK = (
    f"outline:3px solid {palette.MARK};outline-offset:-3px;"
    "box-shadow:inset 0 0 0 4.5px white;"  # a thin line between: it is seen on red, too
)
_FONT = "font-family:var(--jp-code-font-family,monospace);font-size:12px;"


@dataclass(frozen=True)
class Plane:
    """A 2-D cut through an array.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
    caption : str
        Which cut it is: ``"image 0, filter 1"``; empty where there is only one.
    mark : tuple of int, optional
        Row and column, in ``values``, of the cell to be outlined.
    """

    values: np.ndarray
    caption: str = ""
    mark: tuple[int, int] | None = None


@dataclass(frozen=True)
class Focus:
    """The place that a picture is about: one index for each named axis, and one cell."""

    fixed: dict[str, int] = field(default_factory=dict)
    cell: tuple[int, int] | None = None


def axes(name: str, ndim: int, last: str = "channel") -> tuple[str, ...]:
    """What an array's axes count, in the course's layouts; ``""`` for rows and columns.

    Examples
    --------
    >>> axes("x", 4)
    ('image', '', '', 'channel')
    >>> axes("kernels", 4)
    ('', '', 'channel', 'filter')
    """
    if ndim == 4:
        return ("", "", "channel", "filter") if "kernel" in name else ("image", "", "", last)
    if ndim == 3:
        return ("", "", last)
    return (*(f"axis {i}" for i in range(ndim - 2)), *[""] * min(ndim, 2))


def focus(names: Sequence[str], index: Sequence[int] | None) -> Focus:
    """Where an index points, axis by axis.

    Examples
    --------
    >>> focus(("image", "", "", "filter"), (0, 2, 1, 3))
    Focus(fixed={'image': 0, 'filter': 3}, cell=(2, 1))
    """
    if index is None:
        return Focus()
    spatial = [i for i, name in zip(index, names, strict=True) if not name]
    cell = (0, *spatial)[-2:]
    fixed = {name: i for i, name in zip(index, names, strict=True) if name}
    return Focus(fixed, (cell[0], cell[1]) if spatial else (0, 0))


def planes(array: np.ndarray, names: Sequence[str], at: Focus, marked: bool) -> list[Plane]:
    """The cuts through an array that show the focus; the first ones, where an axis is free.

    Parameters
    ----------
    array : ndarray, any shape
    names : sequence of str
        What each axis counts, see `axes`.
    at : Focus
    marked : bool
        Whether the cell in focus is outlined.
    """
    choices: list[list[int | slice]] = []
    for name, length in zip(names, array.shape, strict=True):
        if not name:
            choices.append([slice(None)])
        elif name in at.fixed:
            choices.append([min(at.fixed[name], length - 1)])
        else:
            choices.append([*range(min(length, SIDE_BY_SIDE))])
    if 0 in array.shape:
        return []
    cuts = list(product(*choices))[:SIDE_BY_SIDE]
    return [plane(array, names, cut, at.cell if marked else None) for cut in cuts]


def all_cuts(shape: Sequence[int], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Every cut through an array of this shape that has rows and columns alone.

    Examples
    --------
    >>> len(all_cuts((2, 5, 5, 3), axes("x", 4)))
    6
    """
    places = zip(shape, names, strict=True)
    return list(product(*(range(n) if name else [slice(None)] for n, name in places)))


def plane(
    array: np.ndarray,
    names: Sequence[str],
    cut: tuple[Any, ...],
    cell: tuple[int, int] | None = None,
) -> Plane:
    """One cut through an array; see `planes` for the parameters."""
    values = np.atleast_2d(array[cut])
    said = [
        f"{name} {i}"
        for name, i, length in zip(names, cut, array.shape, strict=True)
        if name and length > 1
    ]
    rows, columns = values.shape
    top, left = (_start(i, n) for i, n in zip(cell or (0, 0), values.shape, strict=True))
    if max(rows, columns) > DRAWN:
        values = values[top : top + DRAWN, left : left + DRAWN]
        below, right = top + values.shape[0] - 1, left + values.shape[1] - 1
        said.append(f"rows {top} to {below} and columns {left} to {right} of {rows}×{columns}")
    mark = (cell[0] - top, cell[1] - left) if cell else None
    return Plane(values, ", ".join(said), mark)


def _start(i: int, length: int) -> int:
    """Where a window of at most DRAWN cells begins that has ``i`` near its middle."""
    return max(0, min(i - DRAWN // 2, length - DRAWN))


def scale(*arrays: np.ndarray) -> float:
    """The largest finite size among all numbers: where the colours end."""
    largest = [np.max(np.abs(a), where=np.isfinite(a), initial=0) for a in map(_real, arrays)]
    return float(max(largest, default=0)) or 1.0


def _real(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=np.float64)


def digits(expected: Any, received: Any) -> int:
    """As many significant digits as it takes to tell two numbers apart, at least 3.

    Examples
    --------
    >>> digits(1.0, 1.00004)
    6
    """
    for n in range(3, 9):
        if number(expected, n) != number(received, n):
            return n
    return 3


def number(value: Any, significant: int = 3) -> str:
    """A number as it is written in a cell.

    Examples
    --------
    >>> number(np.float32(-0.0)), number(1234.0), number(1 / 3), number(np.True_)
    ('0', '1234', '0.333', 'True')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e5:
        return str(int(value))
    return f"{value:.{significant}g}"


def grid(plane: Plane, label: str, limit: float, significant: int = 3, hollow: bool = False) -> str:
    """A plane as an HTML table.

    Parameters
    ----------
    plane : Plane
    label : str
        What the table shows, for those who cannot see it.
    limit : float
        The size of number at which the colours end, see `scale`.
    significant : int
        Digits of a printed number.
    hollow : bool
        Whether a cell of 0 stays without a colour, so that the others stand out on any page.
    """
    printed = max(plane.values.shape) <= PRINTED
    rows = []
    for i, row in enumerate(plane.values):
        cells = (
            _cell(value, limit, (i, j) == plane.mark, significant if printed else 0, hollow)
            for j, value in enumerate(row)
        )
        rows.append(f'<tr style="background:none;">{"".join(cells)}</tr>')
    size = "×".join(map(str, plane.values.shape))
    about = ", ".join(filter(None, [label, size, plane.caption, _marked(plane, significant)]))
    return (
        f'<table aria-label="{escape(about)}" style="border-collapse:collapse;border:0;margin:0;'
        f'width:auto;table-layout:auto;{_FONT}"><tbody>{"".join(rows)}</tbody></table>'
    )


def _marked(plane: Plane, significant: int) -> str:
    if plane.mark is None:
        return ""
    i, j = plane.mark
    return f"outlined is row {i}, column {j}: {number(plane.values[i, j], significant)}"


def _cell(value: Any, limit: float, marked: bool, significant: int, hollow: bool) -> str:
    back, front = ("none", SOFT) if hollow and value == 0 else colours(float(value) / limit)
    text = number(value, significant) if significant else ""
    size = "min-width:26px;padding:3px 5px;" if significant else "width:9px;height:9px;padding:0;"
    style = (
        f"background:{back};color:{front};{size}{_MARK if marked else ''}"
        "border:1px solid rgba(127,127,127,.35);text-align:right;line-height:1.3;"
    )
    return f'<td style="{style}">{escape(text)}</td>'


def colours(share: float) -> tuple[str, str]:
    """The background of a number between -1 and 1, and the colour of text that reads well on it.

    Examples
    --------
    >>> colours(0.0) == (palette.ZERO, "black")
    True
    >>> colours(1.0) == (palette.POSITIVE, "white")
    True
    """
    if not math.isfinite(share):
        return palette.NO_NUMBER, "white"
    end, weight = palette.POSITIVE if share > 0 else palette.NEGATIVE, min(abs(share), 1.0)
    ends = zip(palette.rgb(palette.ZERO), palette.rgb(end), strict=True)
    rgb = [round(zero + (most - zero) * weight) for zero, most in ends]
    linear = [_linear(c / 255) for c in rgb]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # Where black and white text have the same contrast, 4.6.
    return f"#{rgb[0]:02x}{rgb[1]:02x}{rgb[2]:02x}", "black" if luminance > 0.179 else "white"


def _linear(channel: float) -> float:
    """An sRGB channel as an amount of light."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
