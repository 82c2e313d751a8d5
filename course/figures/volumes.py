"""Volumes drawn in space: a window inside, maps that are stacked, maps that are pooled.

Rows run down, columns to the right, channels to the back. Every function gives a `Drawing` that
carries its own description; colours are those of `palette.ROLES`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course import ops
from cnnlab.course.figures.drawing import Drawing, Point
from cnnlab.course.palette import INPUT, KERNEL, OUTPUT, WINDOW

SLANT = np.array([0.82, -0.57])
"""Where one pixel to the back leads on the page."""
STEPS = 4
"""Places of an animated window in each direction: enough to see the order."""

Part = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Where a part of a volume begins, and its size: rows, columns, channels."""


@dataclass(frozen=True)
class Solid:
    """A volume of cells, and where it is on the page.

    Parameters
    ----------
    corner : (x, y)
        Of the upper left cell of the front channel.
    shape : (rows, columns, channels)
    cell, back : float
        Pixels from cell to cell, and from channel to channel.
    """

    corner: Point
    shape: tuple[int, int, int]
    cell: float = 6.0
    back: float = 16.0

    def at(self, row: float, column: float, channel: float = 0.0) -> Point:
        """A point of the volume on the page."""
        x, y = np.add(self.corner, SLANT * channel * self.back)
        return float(x + column * self.cell), float(y + row * self.cell)

    @property
    def middle(self) -> Point:
        """The middle of the front."""
        return self.at(self.shape[0] / 2, self.shape[1] / 2)

    @property
    def below(self) -> Point:
        """Where its name stands: under the middle of the front."""
        x, y = self.at(self.shape[0], self.shape[1] / 2)
        return x, y + 22

    def faces(self, part: Part) -> tuple[list[Point], list[Point], list[Point]]:
        """Front, top and right side of a part."""
        (r, c, d), (h, w, deep) = part
        front = [self.at(*p, d) for p in ((r, c), (r, c + w), (r + h, c + w), (r + h, c))]
        away = [self.at(*p, d + deep) for p in ((r, c), (r, c + w), (r + h, c + w))]
        return (
            front,
            [front[0], front[1], away[1], away[0]],
            [front[1], away[1], away[2], front[2]],
        )

    def draw(
        self,
        on: Drawing,
        colour: str,
        part: Part | None = None,
        solid: bool = True,
        line: float = 1,
    ) -> None:
        """Draw it, or a part of it; where it is not solid, what lies behind shows through."""
        shades = (0.45, 0.25, 0.65) if solid else (0.2, 0.1, 0.28)
        for corners, shade in zip(self.faces(part or self.whole), shades, strict=True):
            on.polygon(corners, colour, shade, solid=solid, line=line)

    def sheets(self, on: Drawing) -> None:
        """Lines on top and side where one channel ends and the next begins."""
        rows, columns, channels = self.shape
        for d in range(1, channels):
            edge = [self.at(0, 0, d), self.at(0, columns, d), self.at(rows, columns, d)]
            on.line(edge, width=0.6)

    @property
    def whole(self) -> Part:
        """All of it as a part."""
        return (0, 0, 0), self.shape


def size(shape: tuple[int, ...]) -> str:
    """A shape as it is written.

    >>> size((32, 32, 3))
    '32 × 32 × 3'
    """
    return " × ".join(map(str, shape))


def window(image: ArrayLike, kernel: ArrayLike, bias: float = 0.0) -> Drawing:
    """A filter's window inside a picture, and each of its numbers on its way to the map.

    Parameters
    ----------
    image : array_like, shape (H, W, C)
    kernel : array_like, shape (kh, kw, C)
    bias : float

    Returns
    -------
    Drawing
        One frame for each of 4 × 4 places, with the number that is computed there.
    """
    image, kernel = np.asarray(image, float), np.asarray(kernel, float)
    answers = ops.conv2d(image[None], kernel[..., None], np.array([bias]))[0, :, :, 0]
    before = Solid((30, 78), image.shape)
    filter_ = Solid((328, 34), kernel.shape)
    after = Solid((510, 90), (*answers.shape, 1))
    rows, columns = (np.linspace(0, n - 1, STEPS).round().astype(int) for n in answers.shape)
    places = [(int(i), int(j)) for i in rows for j in columns]
    on = Drawing(720, 336, _window_alt(image.shape, kernel.shape, answers, places))
    _behind(on, before)
    filter_.draw(on, KERNEL)
    filter_.sheets(on)
    on.text((406, 34), f"one filter\n{size(kernel.shape)}", anchor="start")
    on.text((390, 292), f"{kernel.size} products,\none sum", colour="soft")
    on.polygon(after.faces(after.whole)[0], "none", edge="soft")
    on.text(before.below, f"picture\n{size(image.shape)}")
    on.text(after.below, f"one map\n{size(answers.shape)}")
    frames = [_window_frame(on, before, after, kernel.shape, answers, place) for place in places]
    on.play(frames, 1.6, still=6)
    return on


def _behind(on: Drawing, volume: Solid) -> None:
    """A volume of glass: faces that let through, and its hidden edges dashed."""
    rows, columns, deep = volume.shape
    volume.draw(on, INPUT, solid=False)
    volume.sheets(on)
    for corner in ((0, 0, deep), (rows, 0, 0), (rows, columns, deep)):
        on.line([volume.at(rows, 0, deep), volume.at(*corner)], "soft", 0.8, dashed=True)


def _window_frame(
    on: Drawing,
    before: Solid,
    after: Solid,
    kernel: tuple[int, ...],
    answers: np.ndarray,
    place: tuple[int, int],
) -> Drawing:
    """The window at one place, its number in flight, and the map as far as it is filled."""
    frame = Drawing(on.width, on.height)
    row, column = place
    columns, deep = answers.shape[1], before.shape[2]
    for part in (((0, 0, 0), (row, columns, 0)), ((row, 0, 0), (1, column + 1, 0))):
        if min(part[1][:2]):
            frame.polygon(after.faces(part)[0], OUTPUT, 0.55, edge="none")
    here = after.at(row + 0.5, column + 0.5)
    frame.rectangle((here[0] - 5, here[1] - 5), (10, 10), OUTPUT, line=1.5)
    before.draw(frame, WINDOW, ((row, column, 0), (kernel[0], kernel[1], deep)), line=1.5)
    for d in range(1, deep):
        top = [before.at(row, column, d), before.at(row, column + kernel[1], d)]
        frame.line([*top, before.at(row + kernel[0], column + kernel[1], d)], width=0.8)
    start = before.at(row + kernel[0] / 2, column + kernel[1], deep)
    frame.line([start, here], WINDOW, 1.5, dashed=True)
    frame.flight(start, here, f"{answers[place]:.1f}".replace("-", "−"), WINDOW)
    return frame


def _window_alt(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    answers: np.ndarray,
    places: list[tuple[int, int]],
) -> str:
    said = ", ".join(f"{answers[p]:.1f} at row {p[0]}, column {p[1]}" for p in places[:3])
    return (
        f"A picture of {size(image)} as a box of glass. In it a window of {size(kernel)} reaches "
        f"from the front to the back through all channels. At each place it gives one number, "
        f"which flies into its cell of one map of {size(answers.shape)}: {said}, and so on, from "
        f"left to right and from the top down; {len(places)} of {answers.size:,} places are shown."
    )


def stacking(image: tuple[int, int, int], kernel: tuple[int, int]) -> Drawing:
    """Two filters, the map of each, and the volume that the two maps make.

    Parameters
    ----------
    image : (H, W, C)
    kernel : (kh, kw)
    """
    map_shape = (image[0] - kernel[0] + 1, image[1] - kernel[1] + 1)
    before = Solid((20, 110), image, cell=4.5)
    stack = Solid((590, 118), (*map_shape, 2), cell=4.2, back=44)
    on = Drawing(780, 330)
    before.draw(on, INPUT)
    before.sheets(on)
    on.text(before.below, f"picture\n{size(image)}")
    for name, top, shade in (("A", 40, 0.3), ("B", 190, 0.75)):
        filter_ = Solid((252, top + 40), (*kernel, image[2]), cell=5, back=10)
        one = Solid((398, top), (*map_shape, 1), cell=3.6, back=8)
        on.arrow((206, 178 if name == "A" else 188), (242, top + 54))
        filter_.draw(on, KERNEL)
        on.text((266, top + 84), f"filter {name}", 13)
        on.arrow((312, top + 50), (386, top + 50))
        _page(on, one, shade, name)
        on.arrow((516, top + 50), (580, 168 if name == "A" else 190))
        on.text((one.middle[0], one.at(map_shape[0], 0)[1] + 17), f"map {name}", 13)
    for d, name, shade in ((1, "B", 0.75), (0, "A", 0.3)):
        page = (0, 0, d), (*map_shape, 0.2)
        stack.draw(on, OUTPUT, page)
        on.polygon(stack.faces(page)[0], OUTPUT, shade)
        x, y = stack.at(map_shape[0] / 2, map_shape[1], d)
        on.text((x - 18, y + 6), name, 17, bold=True)
    on.text(stack.below, f"both maps, one behind the other\n{size(stack.shape)}")
    on.alt = (
        f"A picture of {size(image)} goes to two filters of {size((*kernel, image[2]))}, A and B. "
        f"Each gives one map of {size(map_shape)}. The two maps, one behind the other like pages, "
        f"are a volume of {size(stack.shape)}."
    )
    return on


def _page(on: Drawing, one: Solid, shade: float, name: str) -> None:
    one.draw(on, OUTPUT)
    on.polygon(one.faces(one.whole)[0], OUTPUT, shade)
    on.text((one.middle[0], one.middle[1] + 7), name, 20, bold=True)


def pooling(shape: tuple[int, int, int], pool: int = 2) -> Drawing:
    """A volume before and after pooling: each map by itself, so the depth stays.

    Parameters
    ----------
    shape : (H, W, C)
    pool : int
        Height and width of the window, and its step.
    """
    less = (shape[0] // pool, shape[1] // pool, shape[2])
    before = Solid((30, 122), shape, cell=6, back=13)
    after = Solid((470, 170), less, cell=6, back=13)
    on = Drawing(720, 372)
    for volume, colour in ((before, INPUT), (after, OUTPUT)):
        volume.draw(on, colour)
        volume.sheets(on)
    row, column = 9, 11
    there = ((row * pool, column * pool, 0), (pool, pool, 0))
    on.polygon(before.faces(there)[0], WINDOW, line=2)
    on.polygon(after.faces(((row, column, 0), (1, 1, 0)))[0], WINDOW, line=2)
    start = before.at((row + 0.5) * pool, (column + 1) * pool)
    on.line([start, after.at(row + 0.5, column)], WINDOW, 2, dashed=True)
    on.text((408, 186), f"{pool} × {pool} cells\nbecome one", 13)
    on.text((408, 146), "each map by itself", 12, "soft")
    on.arrow((372, 160), (446, 160))
    for volume, name in ((before, "before"), (after, "after")):
        on.text(volume.below, f"{name}\n{size(volume.shape)}")
        x, y = volume.at(0, 0, volume.shape[2] / 2)
        on.text((x - 8, y - 8), f"{volume.shape[2]} maps", 12, "soft", anchor="end")
    on.alt = (
        f"A volume of {size(shape)} before pooling and one of {size(less)} after it. A window of "
        f"{pool} × {pool} cells on the front map becomes one cell of the front map. Height and "
        f"width are divided by {pool}; there are {shape[2]} maps before and {shape[2]} after."
    )
    return on
