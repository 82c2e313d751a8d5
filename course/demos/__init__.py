"""The chapters' demos, one module each; here is what they share.

A demo runs the learner's own function. Its maths is plain functions, tested without a
browser; the widget is a thin skin over them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course import palette


def ready(function: Callable[..., Any]) -> bool:
    """Whether a function is written; where it is not, one line that says so is printed.

    A cell that shows what the learner's function does begins with it, so that "Run All
    Cells" comes to its end in an untouched notebook:

    Examples
    --------
    >>> def relu(z):
    ...     raise NotImplementedError()
    >>> if ready(relu):
    ...     print(relu(1))
    Write relu first, then run this cell again.
    """
    if is_stub(function):
        print(f"Write {function.__name__} first, then run this cell again.")
        return False
    return True


def page(name: str) -> str:
    """A demo's script or style sheet, with the colours and what all demos share in front of it.

    Parameters
    ----------
    name : str
        ``ch01_convolution.js`` or ``ch01_convolution.css``, a file of this folder.
    """
    own = Path(__file__).parent / name
    shared = own.with_name(f"shared{own.suffix}").read_text(encoding="utf-8")
    first = (
        [palette.script(), in_notebook()]
        if own.suffix == ".js"
        else [palette.style(".cnnlab-demo")]
    )
    return "\n".join([*first, shared, own.read_text(encoding="utf-8")])


def in_notebook() -> str:
    """The script of what demos and questions do alike; it comes first."""
    return Path(__file__).with_name("notebook.js").read_text(encoding="utf-8")
