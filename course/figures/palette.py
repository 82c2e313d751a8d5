"""The course's colours, each with one meaning, in figures and demos alike.

All of them can be told apart by colour-blind people (after Okabe and Ito's palette), and none
says anything that a label or a shape does not say, too.
"""

from __future__ import annotations

INPUT, KERNEL, WINDOW, OUTPUT, PADDING = "#777777", "#0072b2", "#ff8c1a", "#009e73", "#dedede"

ROLES = {"input": INPUT, "kernel": KERNEL, "window": WINDOW, "output": OUTPUT, "padding": PADDING}
"""What takes part in a convolution or a pooling, and its colour; demos get them by these names."""

TRAINING, VALIDATION = "#0072b2", "#d55e00"
"""Curves: on what the network learns from, and on what it has not seen."""

WINDOWS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7")
"""Where many windows are shown at once: those that touch never share one."""

RED_BLUE = (
    *("#67001f", "#b2182b", "#d6604d", "#f4a582", "#fddbc7", "#f7f7f7"),
    *("#d1e5f0", "#92c5de", "#4393c3", "#2166ac", "#053061"),
)
"""ColorBrewer's RdBu, from the lowest number, red, by 0 in the middle to the highest, blue."""

INK, SOFT, PAPER = "#222222", "#555555", "#ffffff"
"""Lines and words, what matters less, and what they stand on, where a page has no theme."""


def script() -> str:
    """The colours as JavaScript: ``ROLES.window``, ``WINDOWS[0]``, ``SIGNS[0]``."""
    pairs = ", ".join(f'{name}: "{colour}"' for name, colour in ROLES.items())
    windows = ", ".join(f'"{colour}"' for colour in WINDOWS)
    signs = ", ".join(f'"{colour}"' for colour in RED_BLUE)
    return f"const ROLES = {{ {pairs} }};\nconst WINDOWS = [{windows}];\nconst SIGNS = [{signs}];"


def style() -> str:
    """The colours as properties of a demo: ``var(--window)``, ``var(--training)``."""
    curves = {"training": TRAINING, "validation": VALIDATION}
    pairs = " ".join(f"--{name}: {colour};" for name, colour in {**ROLES, **curves}.items())
    return f".cnnlab-demo {{ {pairs} }}"
