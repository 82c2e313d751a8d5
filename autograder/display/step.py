"""What comes after an exercise that is passed, as a card says it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from cnnlab.course.palette import LINK


@dataclass(frozen=True)
class Step:
    """A sentence; its last words may be a link.

    Parameters
    ----------
    words : str
    linked : str
        The words behind them, which the link holds.
    link : str
        Where it leads, from the notebook; ``""`` for no link.

    Examples
    --------
    >>> print(Step("Next: ", "chapter 2", "../ch02/ch02.ipynb"))
    Next: chapter 2.
    """

    words: str
    linked: str = ""
    link: str = ""

    def __str__(self) -> str:
        return f"{self.words}{self.linked}."

    def html(self) -> str:
        """A paragraph; JupyterLab leaves the link its keys."""
        linked = escape(self.linked)
        if self.link:
            linked = (
                f'<a href="{escape(self.link)}" data-lm-suppress-shortcuts="true" '
                f'style="color:{LINK};">{linked}</a>'
            )
        return f'<p style="margin:6px 0;font-weight:600;">{escape(self.words)}{linked}.</p>'
