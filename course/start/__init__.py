"""The start page: the map of the course, what a learner has reached, and what comes next.

`cnnlab.course.start.contents` shows it in JupyterLab whenever ``start.ipynb`` is opened; elsewhere
the notebook's own cell calls `overview`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnlab.course.start.page import Overview


def overview() -> Overview:
    """The map of the course for the folder in which this runs, with the points earned there."""
    from pathlib import Path

    from cnnlab.course.start.page import Overview

    return Overview(Path.cwd())
