"""The course's colours, each with one meaning, in figures and demos alike.

All of them can be told apart by colour-blind people (after Okabe and Ito's palette), and none
says anything that a label or a shape does not say, too.
"""

from __future__ import annotations

INPUT, KERNEL, WINDOW, OUTPUT, PADDING = "#777777", "#0072b2", "#ff8c1a", "#009e73", "#dedede"

ROLES = {"input": INPUT, "kernel": KERNEL, "window": WINDOW, "output": OUTPUT, "padding": PADDING}
"""What takes part in a convolution or a pooling, and its colour; demos get them by these names."""

WINDOWS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7")
"""Where many windows are shown at once: those that touch never share one."""

INK, SOFT, PAPER = "#222222", "#555555", "#ffffff"
"""Lines and words, what matters less, and what they stand on, where a page has no theme."""


def script() -> str:
    """The colours as JavaScript: ``ROLES.window``, ``WINDOWS[0]``."""
    pairs = ", ".join(f'{name}: "{colour}"' for name, colour in ROLES.items())
    windows = ", ".join(f'"{colour}"' for colour in WINDOWS)
    return f"const ROLES = {{ {pairs} }};\nconst WINDOWS = [{windows}];"


def style() -> str:
    """The colours as properties of a demo: ``var(--window)``."""
    pairs = " ".join(f"--{name}: {colour};" for name, colour in ROLES.items())
    return f".cnnlab-demo {{ {pairs} }}"
