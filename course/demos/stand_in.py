"""What stands in a saved notebook in a demo's place, where no Python runs to play it.

A widget is two outputs: its own, and below it one for readers without a kernel. The page hides
the second while it lives. On the next day JupyterLab finds no model for the first, and a rule
that the second brings along hides the complaint. GitHub, nbconvert and paper show the second alone.
"""

from __future__ import annotations

import base64
from html import escape
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

COMPLAINT = (
    ".jp-OutputArea-child:has(> .jp-OutputArea-output.jupyter-widgets)"
    ":has(+ .jp-OutputArea-child [data-cnnlab-still]) { display: none; }"
)
"""JupyterLab's output with the class of a widget that failed, where a stand-in follows."""
SHEET = (
    "background: #fff; border: 1px solid #8888; border-radius: 6px; box-sizing: border-box; "
    "max-width: 100%; padding: 8px; width: max-content"
)
"""A white sheet with a margin: a still picture stands on it on light and on dark pages."""
PLAY = "A still picture: run this cell in JupyterLab to play."


class Playable(anywidget.AnyWidget):
    """A widget with a stand-in. Whoever derives from it says what that is."""

    still_id = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(still_id=uuid4().hex[:12], **traits)

    def stand_in(self) -> dict[str, str]:
        """The MIME bundle for readers without a kernel."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        from IPython.display import display

        data, metadata = self._repr_mimebundle_() or ({}, {})
        # Empty HTML: whoever cannot show the widget shows nothing here, rather than its name.
        display({**data, "text/html": "", "text/plain": ""}, metadata=metadata, raw=True)
        still = self.stand_in()
        mark = f'<div data-cnnlab-still="{self.still_id}"><style>{COMPLAINT}</style>'
        display({**still, "text/html": f"{mark}{still['text/html']}</div>"}, raw=True)


def picture_bundle(png: bytes, width: int, alt: str) -> dict[str, str]:
    """A still picture with its description.

    Parameters
    ----------
    png : bytes
    width : int
        At which it is shown, in CSS pixels.
    alt : str
    """
    data = base64.b64encode(png).decode("ascii")
    image = (
        f'<img alt="{escape(alt, quote=True)}" width="{width}" '
        f'src="data:image/png;base64,{data}" style="display: block; max-width: 100%">'
    )
    html = (
        f"<figure style='margin: 4px'><div style='{SHEET}'>{image}</div>"
        f"<figcaption>{PLAY}</figcaption></figure>"
    )
    return {"text/html": html, "image/png": data, "text/plain": f"{alt} {PLAY}"}
