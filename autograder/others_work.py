"""Whose work a notebook is. Imports nothing: pytest asks in everybody's folders."""

from __future__ import annotations

from pathlib import Path

FOLDERS = ("submitted", "autograded")
"""Folders of nbgrader's that hold ``STUDENT/ASSIGNMENT/NOTEBOOK.ipynb``."""

SAVED = "_saved"
"""The folder beside the chapters: notebooks before a reset or an update, and answers that
earned full marks."""


def is_own_work(path: Path) -> bool:
    """Whether a notebook is what its reader works in: no submission, and no earlier version.

    Examples
    --------
    >>> is_own_work(Path("/course/exercises/ch01_convolution/ch01_convolution.ipynb"))
    True
    >>> is_own_work(Path("/course/submitted/ada/ch01_convolution/ch01_convolution.ipynb"))
    False
    >>> is_own_work(Path("/course/exercises/_saved/ch01_convolution/monday.ipynb"))
    False
    """
    parts = path.absolute().parts
    return not (len(parts) >= 4 and parts[-4] in FOLDERS) and SAVED not in parts[-3:-1]
