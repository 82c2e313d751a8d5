"""How a window walks along one axis: its places, the frame of zeros, the cells that it never meets.

>>> one = walk(8, 3, stride=2)
>>> one.starts, one.missed
((0, 2, 4), (7,))
>>> walk(6, 3, stride=2, padding="same").frame
(0, 1)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlab.course.figures import Picture
from cnnlab.course.ops import output_size, same_padding
from cnnlab.course.palette import GRAY, INK, KERNEL, ORANGE, PADDING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL = 0.4
"""Inches from cell to cell."""


@dataclass(frozen=True)
class Walk:
    """One axis with a window on it. Places and cells are counted on the framed axis.

    Parameters
    ----------
    n : int
        Cells of the picture.
    frame : pair of int
        Zeros before and after them.
    starts : tuple of int
        Where each place begins.
    taps : tuple of int
        How far each tap of the kernel lies from the start.
    """

    n: int
    frame: tuple[int, int]
    starts: tuple[int, ...]
    taps: tuple[int, ...]

    @property
    def length(self) -> int:
        """All cells, the frame's too."""
        return self.frame[0] + self.n + self.frame[1]

    @property
    def missed(self) -> tuple[int, ...]:
        """The cells that lie under no tap at any place."""
        met = {start + tap for start in self.starts for tap in self.taps}
        return tuple(cell for cell in range(self.length) if cell not in met)


def walk(n: int, k: int, stride: int = 1, padding: str = "valid", dilation: int = 1) -> Walk:
    """The walk of a kernel of ``k`` taps over ``n`` cells, as in Keras.

    Raises
    ------
    ValueError
        As `cnnlab.course.ops.output_size`.
    """
    count = output_size(n, k, stride, padding, dilation)
    frame = same_padding(n, k, stride, dilation) if padding == "same" else (0, 0)
    starts = tuple(i * stride for i in range(count))
    return Walk(n, frame, starts, tuple(i * dilation for i in range(k)))


def picture(*walks: Walk, titles: Sequence[str] = ()) -> Picture:
    """Axes side by side, and under each the window at all its places, one below the other.

    Frame cells are gray and hold 0, missed cells are hatched, taps are blue.

    Parameters
    ----------
    *walks : Walk
    titles : sequence of str
        One above each.
    """
    from matplotlib.figure import Figure

    titles = titles or [""] * len(walks)
    bottom = 1.3 + max(len(w.starts) for w in walks)
    width = sum(w.length + 3.0 for w in walks)
    figure = Figure(figsize=(CELL * width, CELL * (bottom + 1.0)))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(bottom, -1.0), aspect="equal")
    ax.axis("off")
    left = 1.5
    for one, title in zip(walks, titles, strict=True):
        _axis(ax, left, one, title)
        left += one.length + 3.0
    return Picture(figure, _read_out(walks, titles))


def _axis(ax: Axes, left: float, walk: Walk, title: str) -> None:
    """The cells, numbered without the frame, and the places below them."""
    ax.text(left + walk.length / 2, -0.4, title, ha="center", size=11, color=INK)
    before = walk.frame[0]
    for cell in range(walk.length):
        framed = not before <= cell < before + walk.n
        _square(ax, left + cell, 0, PADDING if framed else "white", cell in walk.missed)
        _name(ax, left + cell + 0.5, "0" if framed else _letter(cell - before), cell in walk.missed)
    for place, start in enumerate(walk.starts):
        y = 1.3 + place
        ends = left + start + 0.4, left + start + walk.taps[-1] + 0.6
        ax.plot(ends, (y + 0.4, y + 0.4), color=KERNEL, lw=1.5, zorder=1)
        for tap in walk.taps:
            _square(ax, left + start + tap, y, KERNEL, False, 0.8)
        ax.text(left - 0.35, y + 0.4, str(place), ha="right", va="center", size=10, color=ORANGE,
                weight="bold")  # fmt: skip


def _square(ax: Axes, x: float, y: float, colour: str, hatched: bool, height: float = 1.0) -> None:
    from matplotlib.patches import Rectangle

    hatch = "////" if hatched else None
    edge = GRAY if height == 1.0 else "white"
    ax.add_patch(Rectangle((x, y), 1, height, facecolor=colour, edgecolor=edge, hatch=hatch, lw=1))


def _name(ax: Axes, x: float, name: str, hatched: bool) -> None:
    label = ax.text(x, 0.5, name, ha="center", va="center", size=10, color=INK)
    if hatched:
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5})


def _letter(cell: int) -> str:
    """Cells have letters, so that nobody takes them for numbers to be multiplied."""
    return "abcdefghijklmnopqrstuvwxyz"[cell % 26]


def _read_out(walks: Sequence[Walk], titles: Sequence[str]) -> str:
    return " ".join(
        f"{title}: {_sentence(walk)}" if title else _sentence(walk)
        for walk, title in zip(walks, titles, strict=True)
    )


def _sentence(walk: Walk) -> str:
    before = walk.frame[0]

    def name(cell: int) -> str:
        inside = before <= cell < before + walk.n
        return _letter(cell - before) if inside else "0"

    axis = " ".join(map(name, range(walk.length)))
    places = "; ".join(
        f"place {i} covers {' '.join(name(start + tap) for tap in walk.taps)}"
        for i, start in enumerate(walk.starts)
    )
    missed = ", ".join(map(name, walk.missed))
    rest = f" No place meets {missed}." if missed else ""
    return f"The cells {axis}: {places}.{rest}"
