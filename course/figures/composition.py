"""How small things make larger ones: two small kernels, and edges that become a cat.

Every function gives a `Drawing` that carries its own description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.course.figures.drawing import Drawing, Point
from cnnlab.course.palette import INPUT, OUTPUT, WINDOW, WINDOWS

CELL = 30.0


@dataclass(frozen=True)
class Sheet:
    """A map that lies flat: rows come towards you, columns go to the right.

    Parameters
    ----------
    middle : (x, y)
    n : int
        Rows and columns.
    """

    middle: Point
    n: int

    def at(self, row: float, column: float) -> Point:
        """A point on it; whole numbers are corners of cells."""
        r, c = row - self.n / 2, column - self.n / 2
        return self.middle[0] + CELL * (c - 0.45 * r), self.middle[1] + 0.5 * CELL * r

    def square(self, row: float, column: float, n: float) -> list[Point]:
        """The corners of a square of cells."""
        corners = ((0, 0), (0, n), (n, n), (n, 0))
        return [self.at(row + i, column + j) for i, j in corners]

    def draw(self, on: Drawing, colour: str) -> None:
        """All its cells."""
        for row in range(self.n):
            for column in range(self.n):
                on.polygon(self.square(row, column, 1), colour, 0.3, line=0.7)


def two_as_one(k: int = 3) -> Drawing:
    """Two kernels one after the other see as many pixels as one larger kernel.

    Parameters
    ----------
    k : int
        Height and width of the two; odd.
    """
    big, middle = 2 * k - 1, k
    on = Drawing(760, 400)
    for left, sizes in ((200.0, (big, middle, 1)), (570.0, (big, 1))):
        levels = {big: 280.0, middle: 168.0, 1: 70.0}
        sheets = [Sheet((left, levels[n]), n) for n in sizes]
        for place, sheet in enumerate(sheets):
            sheet.draw(on, OUTPUT if place else INPUT)
            if place:
                below = sheets[place - 1]
                cells = (0, 0) if sheet.n == 1 else (sheet.n - 1, 0)
                _cone(on, sheet, cells, below, below.n - sheet.n + 1)
                if sheet.n > 1:
                    _corners(on, sheet, below)
    on.text((200, 26), f"two kernels of {k} × {k}, one after the other", 14, bold=True)
    on.text((570, 26), f"one kernel of {big} × {big}", 14, bold=True)
    for y, words in ((70, "one number\nof map 2"), (172, "map 1"), (262, "picture")):
        on.text((52, y), words, 12, "soft")
    on.text((200, 352), f"sees {big} × {big} pixels\n2 · {k * k} = {2 * k * k} weights", 13)
    on.text((570, 352), f"sees {big} × {big} pixels\n{big * big} weights", 13)
    on.text((388, 288), "=", 30)
    on.alt = (
        f"Left: one number of the second map looks at {k} by {k} numbers of the first map, and "
        f"each of these at {k} by {k} pixels, so together they see {big} by {big} pixels, with "
        f"{2 * k * k} weights. Right: one kernel of {big} by {big} sees the same {big} by {big} "
        f"pixels, with {big * big} weights."
    )
    return on


def _cone(on: Drawing, sheet: Sheet, cell: tuple[int, int], below: Sheet, k: int) -> None:
    """A cell, and the window of the sheet below that it looks at."""
    row, column = cell
    window = below.square(row, column, k)
    on.polygon(window, WINDOW, 0.35, line=2.2, edge=WINDOW, solid=False)
    corners = sheet.square(row, column, 1)
    for top, foot in zip(corners, window, strict=True):
        on.line([top, foot], WINDOW, 1.4)
    on.polygon(corners, WINDOW, 0.9, line=1.5)


def _corners(on: Drawing, sheet: Sheet, below: Sheet) -> None:
    """What the four corners of a sheet look at: together, all that the sheet sees."""
    far, k = sheet.n - 1, below.n - sheet.n + 1
    for row, column in ((0, 0), (0, far), (far, far)):
        window = below.square(row, column, k)
        on.line([*window, window[0]], WINDOW, 1.4, dashed=True)


SLOPE, FALL, LEVEL, ROUND = WINDOWS
"""Colours of the four kinds of lines; each keeps its own through the whole picture."""

Stroke = tuple[str, str]
"""A colour and an SVG path."""

EDGES: dict[str, Stroke] = {
    "rising": (SLOPE, "M-14,14 L14,-14"),
    "falling": (FALL, "M-14,-14 L14,14"),
    "level": (LEVEL, "M-16,0 L16,0"),
    "round": (ROUND, "M-14,0 A14,14 0 0 1 14,0"),
}
PARTS: dict[str, list[Stroke]] = {
    "ear": [(SLOPE, "M-18,16 L0,-18"), (FALL, "M0,-18 L18,16")],
    "eye": [(ROUND, "M-16,0 A16,14 0 0 1 16,0"), (ROUND, "M-16,0 A16,14 0 0 0 16,0")],
    "nose": [(LEVEL, "M-12,-8 L12,-8"), (FALL, "M-12,-8 L0,8"), (SLOPE, "M0,8 L12,-8")],
    "whiskers": [(FALL, "M-18,-12 L16,-4"), (LEVEL, "M-18,2 L16,2"), (SLOPE, "M-18,16 L16,8")],
}
FACE: list[tuple[str, Point, bool]] = [
    *[("ear", (-40, -62), False), ("ear", (40, -62), False)],
    *[("eye", (-30, -10), False), ("eye", (30, -10), False), ("nose", (0, 24), False)],
    *[("whiskers", (-58, 30), False), ("whiskers", (58, 30), True)],
]
"""Which part is where on the face, and whether it is mirrored."""


def from_edges_to_parts() -> Drawing:
    """Lines of four kinds make parts, and parts make the face of a cat.

    This is the idea, drawn by hand; what a trained network really has there is in chapter 11.
    """
    on = Drawing(780, 372)
    heads = ((90, "edges", "first layers"), (330, "parts", "layers in the middle"))
    for x, name, where in (*heads, (630, "a cat", "last layers")):
        on.text((x, 30), name, 16, bold=True)
        on.text((x, 50), where, 12, "soft")
    spots = {name: (90.0, 92.0 + 74 * place) for place, name in enumerate(EDGES)}
    places = {name: (330.0, 92.0 + 74 * place) for place, name in enumerate(PARTS)}
    for part, strokes in PARTS.items():
        used = {colour for colour, _ in strokes}
        for name, (colour, _) in EDGES.items():
            if colour in used:
                on.line([_beside(spots[name], 30), _beside(places[part], -30)], colour, 1.6)
        on.line([_beside(places[part], 30), (510, 200)], "soft", 1.2)
    on.arrow((506, 200), (524, 200), "soft")
    for name, stroke in EDGES.items():
        _tile(on, spots[name], [stroke], name)
    for name, strokes in PARTS.items():
        _tile(on, places[name], strokes, name)
    on.rectangle((528, 88), (204, 224), "paper", edge="soft")
    for part, (across, down), mirrored in FACE:
        for colour, path in PARTS[part]:
            _stroke(on, (630 + 1.2 * across, 210 + 1.2 * down), colour, path, 1.2, mirrored)
    _stroke(on, (630, 224), ROUND, "M-78,-20 A78,80 0 0 0 78,-20", 1.0)
    said = "; ".join(f"{part} from {_kinds(strokes)} lines" for part, strokes in PARTS.items())
    on.alt = (
        f"From left to right: four kinds of edges, {', '.join(EDGES)}. Out of them parts are "
        f"made: {said}. Out of the parts the face of a cat is made, and every line in it still "
        "has the color of its kind."
    )
    return on


def _kinds(strokes: Sequence[Stroke]) -> str:
    names = {colour: name for name, (colour, _) in EDGES.items()}
    return " and ".join(dict.fromkeys(names[colour] for colour, _ in strokes))


def _beside(point: Point, dx: float) -> Point:
    return point[0] + dx, point[1]


def _tile(on: Drawing, at: Point, strokes: Sequence[Stroke], name: str) -> None:
    """A frame with lines in it, and its name below."""
    on.rectangle((at[0] - 26, at[1] - 26), (52, 52), "paper", edge="soft")
    on.text((at[0], at[1] + 39), name, 12)
    for colour, path in strokes:
        _stroke(on, at, colour, path)


def _stroke(
    on: Drawing, at: Point, colour: str, path: str, scale: float = 1.0, mirrored: bool = False
) -> None:
    on.curve(path, colour, 4.5 / scale, at=at, scale=(-scale if mirrored else scale, scale))
