"""Line drawings in the page's own colours: sharp at every size, light or dark, still in print.

A `Drawing` is SVG. In a notebook its lines, words and paper follow the theme; it may show several
frames in turn, and holds still on paper, under the pointer, and for people who have asked their
computer for less motion.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.palette import THEMES

Point = tuple[float, float]

_FOLLOW = {
    "ink": ("jp-ui-font-color1", "vscode-editor-foreground"),
    "soft": ("jp-ui-font-color2", "vscode-descriptionForeground"),
    "paper": ("jp-layout-color0", "vscode-editor-background"),
}
_FONT = "var(--jp-ui-font-family, system-ui), sans-serif"


class Drawing:
    """A drawing and its description.

    Lengths are pixels, x to the right and y down. Colours are ``"ink"``, ``"soft"`` and
    ``"paper"``, which follow the theme, or any of CSS.

    Parameters
    ----------
    width, height : float
    alt : str
        What is to be seen, for screen readers.
    """

    def __init__(self, width: float, height: float, alt: str = "") -> None:
        self.width, self.height, self.alt = width, height, alt
        self._parts: list[str] = []
        self._frames: list[str] = []
        self._seconds = 1.0
        self._still = 0

    def polygon(
        self,
        corners: Sequence[Point],
        colour: str = "none",
        opacity: float = 1.0,
        edge: str = "ink",
        line: float = 1.0,
        solid: bool = True,
    ) -> None:
        """A filled shape. Where it is solid, nothing behind shows through its colour."""
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        if solid and colour != "none" and opacity < 1:
            self._parts.append(f'<polygon points="{points}" fill="{_paint("paper")}"/>')
        self._parts.append(
            f'<polygon points="{points}" fill="{_paint(colour)}" fill-opacity="{_n(opacity)}" '
            f'stroke="{_paint(edge)}" stroke-width="{_n(line)}" stroke-linejoin="round"/>'
        )

    def rectangle(self, at: Point, size: Point, colour: str = "none", **look: Any) -> None:
        """A polygon with its upper left corner at a point; ``size`` is width and height."""
        (x, y), (w, h) = at, size
        self.polygon([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], colour, **look)

    def line(
        self,
        points: Sequence[Point],
        colour: str = "ink",
        width: float = 1.2,
        dashed: bool = False,
    ) -> None:
        """A line through points."""
        way = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dashes = ' stroke-dasharray="4 3"' if dashed else ""
        self._parts.append(
            f'<polyline points="{way}" fill="none" stroke="{_paint(colour)}" '
            f'stroke-width="{_n(width)}" stroke-linecap="round"{dashes}/>'
        )

    def curve(
        self,
        path: str,
        colour: str = "ink",
        width: float = 1.2,
        at: Point = (0, 0),
        scale: Point = (1, 1),
    ) -> None:
        """A line along an SVG path, whose origin comes to ``at``; -1 in ``scale`` mirrors it."""
        move = f"translate({_n(at[0])} {_n(at[1])}) scale({_n(scale[0])} {_n(scale[1])})"
        self._parts.append(
            f'<path d="{path}" transform="{move}" fill="none" stroke="{_paint(colour)}" '
            f'stroke-width="{_n(width)}" stroke-linecap="round"/>'
        )

    def arrow(self, start: Point, end: Point, colour: str = "ink", width: float = 1.6) -> None:
        """A line with a head at its end."""
        along = np.subtract(end, start) / max(float(np.hypot(*np.subtract(end, start))), 1e-9)
        across = np.array([-along[1], along[0]])
        foot = np.array(end) - 9 * along
        self.line([start, (foot[0], foot[1])], colour, width)
        head = [end, *(tuple(foot + side * 4.5 * across) for side in (1, -1))]
        self.polygon(head, colour, edge=colour)

    def text(
        self,
        at: Point,
        words: str,
        size: float = 13,
        colour: str = "ink",
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        """Lines of words; ``at`` is the middle (or start, or end) of the first line's foot."""
        weight = ' font-weight="bold"' if bold else ""
        for row, line in enumerate(words.split("\n")):
            self._parts.append(
                f'<text x="{_n(at[0])}" y="{_n(at[1] + 1.25 * size * row)}" '
                f'font-size="{_n(size)}" text-anchor="{anchor}" fill="{_paint(colour)}"{weight}>'
                f"{html.escape(line)}</text>"
            )

    def image(self, at: Point, size: Point, pixels: ArrayLike) -> None:
        """A photograph, shape (H, W, 3) of uint8, stretched to ``size`` (width, height)."""
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(np.asarray(pixels, np.uint8)).save(file, format="PNG")
        data = base64.b64encode(file.getvalue()).decode("ascii")
        self._parts.append(
            f'<image x="{_n(at[0])}" y="{_n(at[1])}" width="{_n(size[0])}" '
            f'height="{_n(size[1])}" preserveAspectRatio="none" '
            f'href="data:image/png;base64,{data}"/>'
        )

    def flight(self, start: Point, end: Point, words: str, colour: str) -> None:
        """A number on a plate, half-way between two points; in a frame it flies along."""
        dx, dy = ((b - a) / 2 for a, b in zip(start, end, strict=True))
        x, y = start[0] + dx, start[1] + dy
        wide = 9 * len(words) + 10
        inner = Drawing(self.width, self.height)
        inner.rectangle((x - wide / 2, y - 13), (wide, 24), "paper", edge=colour, line=2.5)
        inner.text((x, y + 4), words, 14, bold=True)
        way = f"--dx:{_n(dx)}px;--dy:{_n(dy)}px"
        self._parts.append(f'<g class="cnnlab-flight" style="{way}">{"".join(inner._parts)}</g>')

    def play(self, frames: Sequence[Drawing], seconds: float, still: int = -1) -> None:
        """Show drawings in turn on top of this one, again and again.

        Parameters
        ----------
        frames : sequence of Drawing
        seconds : float
            How long each is shown.
        still : int
            The one that is shown where nothing may move.
        """
        self._frames = ["".join(frame._parts) for frame in frames]
        self._seconds, self._still = seconds, still % len(frames)

    def html(self) -> str:
        """The drawing for a page: it follows the page's theme, and moves."""
        groups = []
        for place, parts in enumerate(self._frames):
            late = (place - len(self._frames)) * self._seconds
            kind = "cnnlab-frame cnnlab-still" if place == self._still else "cnnlab-frame"
            groups.append(f'<g class="{kind}" style="animation-delay:{_n(late)}s">{parts}</g>')
        return self._svg(f"<style>{self._style()}</style>" + "".join([*self._parts, *groups]))

    def svg(self, theme: str = "light") -> str:
        """The drawing as a file, without motion, in the literal colours of one of `THEMES`."""
        parts = [*self._parts, *self._frames[self._still : self._still + 1]]
        colours = THEMES[theme]
        paper = f'<rect width="100%" height="100%" fill="{colours["paper"]}"/>'
        whole = self._svg(paper + "".join(parts), 'font-family="sans-serif" ')
        return re.sub(r"var\(--(ink|soft|paper)\)", lambda match: colours[match[1]], whole)

    def show(self) -> None:
        """Show the drawing below the running cell."""
        from IPython.display import display

        display(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # HTML first in every front end that has it: it follows the theme, and may move.
        return {"text/html": self.html(), "image/svg+xml": self.svg(), "text/plain": self.alt}

    def _svg(self, inside: str, more: str = "") -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="cnnlab-drawing" role="img" {more}'
            f'aria-label="{html.escape(self.alt, quote=True)}" width="{_n(self.width)}" '
            f'height="{_n(self.height)}" viewBox="0 0 {_n(self.width)} {_n(self.height)}">'
            f"{inside}</svg>"
        )

    def _style(self) -> str:
        """How the page's theme gives colours, and what moves."""
        follow = "".join(
            f"--{name}:var(--{lab},var(--{code},{THEMES['light'][name]}));"
            for name, (lab, code) in _FOLLOW.items()
        )
        literal = "".join(f"--{name}:{colour};" for name, colour in THEMES["light"].items())
        me = ".cnnlab-drawing"
        style = (
            f"{me}{{{follow}background:var(--paper);border-radius:6px;font-family:{_FONT};"
            f"max-width:100%;height:auto}}@media print{{{me}{{{literal}}}}}"
        )
        if not self._frames:
            return style
        count = len(self._frames)
        return style + (
            f"{me} .cnnlab-frame{{visibility:hidden;"
            f"animation:cnnlab-turn-{count} {_n(count * self._seconds)}s step-end infinite}}"
            f"{me} .cnnlab-still{{visibility:visible}}"
            f"{me} .cnnlab-flight{{animation:cnnlab-fly {_n(self._seconds)}s infinite}}"
            f"@keyframes cnnlab-turn-{count}{{0%{{visibility:visible}}"
            f"{_n(100 / count)}%,100%{{visibility:hidden}}}}"
            "@keyframes cnnlab-fly{0%,15%{transform:translate(calc(-1*var(--dx)),"
            "calc(-1*var(--dy)))}75%,100%{transform:translate(var(--dx),var(--dy))}}"
            f"{me}:is(:hover,:focus) *{{animation-play-state:paused!important}}"
            f"@media print{{{me} *{{animation:none!important}}}}"
            f"@media (prefers-reduced-motion:reduce){{{me} *{{animation:none!important}}}}"
        )


def _paint(colour: str) -> str:
    return f"var(--{colour})" if colour in _FOLLOW else colour


def _n(value: float) -> str:
    """A length, short: at most two digits after the point."""
    return f"{round(float(value), 2):g}"
