"""The course's colours, each with one meaning, in figures, demos, questions and cards alike.

The one convention of signs: blue is positive, red is negative, white is 0. So in a heat map blue
speaks for the class and red against it.

All of them can be told apart by colour-blind people (after Okabe and Ito's palette and
ColorBrewer's), and none says anything that a label or a shape does not say, too. No other file
states a colour; what only outlines or shades is black, white or one of CSS's short grays.
"""

from __future__ import annotations

BLUE, ORANGE, GREEN, PINK = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, AMBER, GRAY, PALE = "#56b4e9", "#e69f00", "#777777", "#8ec9ea"
"""Curves, bars and kinds of layers that have no meaning below."""

INPUT, KERNEL, WINDOW, OUTPUT, PADDING = GRAY, BLUE, "#ff8c1a", GREEN, "#dedede"

ROLES = {"input": INPUT, "kernel": KERNEL, "window": WINDOW, "output": OUTPUT, "padding": PADDING}
"""What takes part in a convolution or a pooling, and its colour; demos get them by these names."""

TRAINING, VALIDATION = BLUE, ORANGE
"""Curves: on what the network learns from, and on what it has not seen."""

WINDOWS = (SKY, AMBER, GREEN, PINK)
"""Where many windows are shown at once: those that touch never share one."""

RED_BLUE = (
    *("#67001f", "#b2182b", "#d6604d", "#f4a582", "#fddbc7", "#f7f7f7"),
    *("#d1e5f0", "#92c5de", "#4393c3", "#2166ac", "#053061"),
)
"""ColorBrewer's RdBu, from the lowest number, red, by 0 in the middle to the highest, blue."""

ZERO, POSITIVE, NEGATIVE = RED_BLUE[5], RED_BLUE[-2], RED_BLUE[1]
"""Small tables of a card: strong numbers of either sign, and 0."""
FOR, AGAINST = RED_BLUE[-3], RED_BLUE[2]
"""Laid over a photograph: lighter, so that they are seen on its dark parts, too."""
NO_NUMBER, MARK = "#666666", "#c51b7d"
"""A cell of a card that holds nan or inf, and the line around the first that differs."""

PASSED, NOT_YET, UNTOUCHED, BOX = "#1b7f5c", "#bf4f06", "#2166ac", "#7b4fa3"
TO_DO = "#6b6b6b"
"""States of an exercise: white words are read well on each."""

INK, SOFT, PAPER = "#222222", "#555555", "#ffffff"
"""Lines and words, what matters less, and what they stand on, where a page has no theme."""

THEMES = {
    "light": {"ink": INK, "soft": SOFT, "paper": PAPER},
    "dark": {"ink": "#e4e4e4", "soft": "#a8a8a8", "paper": "#111111"},
}
"""Literal colours for files that no page surrounds."""

BRAND = "var(--jp-brand-color1, #1976d2)"
ERROR = "var(--jp-error-color1, #d32f2f)"
LINK = "var(--jp-content-link-color, var(--vscode-textLink-foreground, #1565c0))"
"""The page's own where it has a theme: focus, what is wrong in a field, and links."""


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of a colour, from 0 to 255.

    Examples
    --------
    >>> rgb(PAPER)
    (255, 255, 255)
    """
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def script() -> str:
    """The colours as JavaScript: ``ROLES.window``, ``WINDOWS[0]``, ``SIGNS[0]``."""
    pairs = ", ".join(f'{name}: "{colour}"' for name, colour in ROLES.items())
    windows = ", ".join(f'"{colour}"' for colour in WINDOWS)
    signs = ", ".join(f'"{colour}"' for colour in RED_BLUE)
    return f"const ROLES = {{ {pairs} }};\nconst WINDOWS = [{windows}];\nconst SIGNS = [{signs}];"


def style(selector: str) -> str:
    """The colours as properties of an element: ``var(--window)``, ``var(--training)``."""
    named = {
        **ROLES,
        "training": TRAINING,
        "validation": VALIDATION,
        "positive": POSITIVE,
        "negative": NEGATIVE,
        "signs": f"linear-gradient(90deg, {', '.join(RED_BLUE)})",
        "passed": PASSED,
        "not-yet": NOT_YET,
        "brand": BRAND,
        "error": ERROR,
        "link": LINK,
    }
    return f"{selector} {{ {' '.join(f'--{name}: {value};' for name, value in named.items())} }}"
