"""Still pictures of demos, drawn in milliseconds: panels with captions, side by side.

A `Panel` is a caption and pixels; `bundle` puts some together to one PNG on white.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from cnnlab.course import palette
from cnnlab.course.demos.stand_in import Playable, picture_bundle

SCALE = 2
"""Pixels of the file for each of the page: sharp on fine screens, too."""
WIDEST, GAP, LINE = 760, 14, 20
"""Of the whole picture, between panels, and of a caption's line; in CSS pixels."""
SIDE = 168
"""Of a panel's longer side, in CSS pixels."""
COLOURS = 96
NUMBERS_FROM = 20
"""Cells of so many CSS pixels hold their number."""


@dataclass(frozen=True)
class Panel:
    """A part of a still picture.

    Parameters
    ----------
    caption : str
    image : Image
        In pixels of the file.
    """

    caption: str
    image: Image.Image


class Demo(Playable):
    """A demo; each says in `still` what its still picture shows."""

    asked = traitlets.Int(0).tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    """Which of the page's messages was the last, and which is answered."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.observe(self._answered, names=["asked"])

    def _answered(self, change: Any) -> None:
        self.done = self.asked

    def still(self) -> tuple[str, list[Panel]]:
        """What is to be seen in words, and the panels."""
        raise NotImplementedError

    def stand_in(self) -> dict[str, str]:
        alt, panels = self.still()
        whole = together(panels)
        file = io.BytesIO()
        whole.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            file, "PNG"
        )
        return picture_bundle(file.getvalue(), whole.width // SCALE, alt)


def plain(words: str) -> str:
    """Words in the signs that Pillow's own font has."""
    return words.replace("×", "x").replace("−", "-")


@cache
def _font(size: float) -> Any:
    return ImageFont.load_default(size * SCALE)


def together(panels: Sequence[Panel]) -> Image.Image:
    """Panels in rows, each below its caption; a new row begins where one is full."""
    panels = panels or [Panel("", Image.new("RGB", (SCALE, SCALE), palette.PAPER))]
    places, x, y, tallest = [], 0, 0, 0
    for panel in panels:
        words = round(_font(12).getlength(panel.caption)) // SCALE + 2
        width = max(panel.image.width // SCALE, words)
        if x and x + width > WIDEST:
            x, y, tallest = 0, y + tallest + LINE + GAP, 0
        places.append((x, y))
        x, tallest = x + width + GAP, max(tallest, panel.image.height // SCALE)
    ends = [
        (px + max(p.image.width // SCALE, round(_font(12).getlength(p.caption)) // SCALE + 2))
        for (px, _), p in zip(places, panels, strict=True)
    ]
    size = (max(ends) + GAP, y + tallest + LINE + GAP)
    whole = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), palette.PAPER)
    pen = ImageDraw.Draw(whole)
    for (px, py), panel in zip(places, panels, strict=True):
        at = (px * SCALE + 8, py * SCALE + 8)
        pen.text(at, plain(panel.caption), palette.SOFT, _font(12))
        whole.paste(panel.image, (at[0], at[1] + LINE * SCALE))
    return whole


def floats(data: bytes, shape: Sequence[int]) -> NDArray[np.float32]:
    """Numbers as a demo sends them to its page."""
    return np.frombuffer(data, "<f4").reshape(shape)


def shaded(values: ArrayLike, signs: bool, top: float | None = None) -> NDArray[np.uint8]:
    """A table's colours: by sign, or from black (0) to white.

    Parameters
    ----------
    values : array_like, shape (H, W)
    top : float, optional
        The number with the strongest colour; the largest one where left out.

    Returns
    -------
    ndarray, shape (H, W, 3)

    Examples
    --------
    >>> shaded([[0.0, 2.0]], signs=False).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    table = np.asarray(values, float)
    share = table / ((np.abs(table).max(initial=0) if top is None else top) or 1)
    if not signs:
        gray = np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
        return np.repeat(gray[..., None], 3, axis=2)
    known = np.array([ImageColor.getrgb(colour) for colour in palette.RED_BLUE])
    place = (np.clip(share, -1, 1) + 1) / 2 * (len(known) - 1)
    bands = [np.interp(place, range(len(known)), band) for band in known.T]
    return np.rint(np.stack(bands, axis=2)).astype(np.uint8)


def cells(
    caption: str,
    values: ArrayLike,
    signs: bool = True,
    top: float | None = None,
    side: int = SIDE,
) -> Panel:
    """A table of numbers, each a cell of its colour; large cells hold their number."""
    table = np.asarray(values, float)
    if table.size == 0:
        return Panel(caption, Image.new("RGB", (SCALE, SCALE), palette.PAPER))
    cell = max(1, min(34, side // max(table.shape)))
    strongest = top if top is not None else 1.6 * float(np.abs(table).max())
    colours = shaded(table, signs, strongest if signs else top)
    panel = pixels(caption, colours, cell * table.shape[1])
    if cell >= NUMBERS_FROM:
        _write(panel.image, table, colours, cell * SCALE)
    return panel


def _write(image: Image.Image, table: NDArray[Any], colours: NDArray[Any], cell: int) -> None:
    pen = ImageDraw.Draw(image)
    for (i, j), value in np.ndenumerate(table):
        dark = colours[i, j] @ [0.299, 0.587, 0.114] < 118
        text = f"{value:.3g}"
        font = _font(10 if len(text) < 4 else 7)
        middle = ((j + 0.5) * cell, (i + 0.5) * cell)
        pen.rectangle((j * cell, i * cell, (j + 1) * cell, (i + 1) * cell), outline=palette.GRAY)
        pen.text(middle, text, "white" if dark else "black", font, anchor="mm")


def pixels(caption: str, values: ArrayLike, width: int = SIDE) -> Panel:
    """A picture.

    Parameters
    ----------
    values : array_like, shape (H, W) or (H, W, 3), uint8
    width : int
        In CSS pixels.
    """
    image = Image.fromarray(np.asarray(values, np.uint8)).convert("RGB")
    height = max(1, round(width * image.height / image.width))
    return Panel(caption, image.resize((width * SCALE, height * SCALE), Image.Resampling.NEAREST))


def framed(panel: Panel, box: tuple[float, float, float, float]) -> Panel:
    """A panel with a window's frame: left, top, right and bottom as parts of the panel, 0 to 1."""
    image = panel.image.copy()
    corners = [part * image.size[n % 2] for n, part in enumerate(box)]
    pen = ImageDraw.Draw(image)
    pen.rectangle(corners, outline=palette.INK, width=4 * SCALE)
    pen.rectangle(corners, outline=palette.WINDOW, width=3 * SCALE)
    return Panel(panel.caption, image)


def bars(
    caption: str, rows: Sequence[tuple[str, float, str]], width: int = 300, height: int = 18
) -> Panel:
    """A bar for each (label, length from 0 to 1, colour)."""
    labels = max(_font(11).getlength(label) for label, _, _ in rows) / SCALE + 8
    image = Image.new(
        "RGB", (round((labels + width) * SCALE), len(rows) * height * SCALE), palette.PAPER
    )
    pen = ImageDraw.Draw(image)
    for n, (label, share, colour) in enumerate(rows):
        y = n * height * SCALE
        pen.text((0, y + 2), plain(label), palette.INK, _font(11))
        end = labels + max(1.0, min(1.0, share) * (width - 4))
        box = (labels * SCALE, y + 4, end * SCALE, y + (height - 3) * SCALE)
        pen.rectangle(box, fill=colour)
    return Panel(caption, image)


def lines(
    caption: str,
    curves: Sequence[tuple[ArrayLike, str]],
    limits: tuple[float, float],
    size: tuple[int, int] = (420, SIDE),
) -> Panel:
    """Curves of (values, colour) from ``limits[0]`` at the foot to ``limits[1]`` at the top."""
    low, high = limits
    wide, tall = (n * SCALE for n in size)
    image = Image.new("RGB", (wide, tall), palette.PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, wide - 1, tall - 1), outline=palette.PADDING)
    for values, colour in curves:
        ways = np.clip((np.asarray(values, float) - low) / (high - low), 0, 1)
        x = np.linspace(4, wide - 5, len(ways))
        x, ways = x[np.isfinite(ways)], ways[np.isfinite(ways)]
        points = list(zip(x.tolist(), (tall - 6 - ways * (tall - 12)).tolist(), strict=True))
        if len(points) > 1:
            pen.line(points, colour, 2 * SCALE, joint="curve")
    return Panel(caption, image)
