"""A page about a network on one's own photographs: one HTML file that needs nothing else.

Pictures are in the page itself, made anew of their pixels, so nothing that a camera wrote beside
them (place, time, name) is passed on.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.figures import Picture
from cnnlab.course.figures.calibration import reliability
from cnnlab.course.ops import Array
from cnnlab.course.ops.calibration import expected_calibration_error

TEMPLATE = Path(__file__).with_name("showcase.html")
SIDE = 160
"""Of a thumbnail, in pixels."""
NORMAL = 1.96
"""Standard deviations on either side that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Showcase:
    """What the page is made of.

    Parameters
    ----------
    title : str
    names : sequence of str
        The classes.
    images : ndarray, shape (N, H, W, 3), uint8
        The test pictures,
    labels : ndarray of int, shape (N,)
        what they show,
    probabilities : ndarray, shape (N, classes)
        and what the network says.
    scenes : ndarray of int, shape (N,)
        Which of them belong together.
    worst : ndarray of int
        Places of the worst mistakes, the surest first.
    overlays : sequence of ndarray, shape (h, w, 3), uint8
        For each of these: why the network said so.
    calibration : (confidence, accuracy, count)
    facts : sequence of str
        Sentences about the pictures, the split and the network.
    remark : str
        The author's own words; may be empty.
    """

    title: str
    names: Sequence[str]
    images: NDArray[np.uint8]
    labels: NDArray[np.integer]
    probabilities: Array
    scenes: NDArray[np.integer]
    worst: NDArray[np.integer]
    overlays: Sequence[NDArray[np.uint8]]
    calibration: tuple[Array, Array, Array]
    facts: Sequence[str] = ()
    remark: str = ""


def confusion_table(
    labels: NDArray[np.integer], said: NDArray[np.integer], classes: int
) -> NDArray[np.int64]:
    """How often each class (row) was taken for each (column).

    Examples
    --------
    >>> confusion_table(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (labels, said), 1)
    return table


def between(share: float, count: int) -> tuple[float, float]:
    """Where the true share of right answers may lie: Wilson's interval, 95 %.

    Parameters
    ----------
    share : float
        What was measured,
    count : int
        on so many pictures that have nothing to do with each other.

    Examples
    --------
    >>> [round(end, 2) for end in between(0.8, 10)]
    [0.49, 0.94]
    """
    square = NORMAL**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    spread = sqrt(share * (1 - share) / count + square / (4 * count**2))
    reach = NORMAL * spread / (1 + square / count)
    return middle - reach, middle + reach


def advice(table: NDArray[np.int64], names: Sequence[str], error: float) -> list[str]:
    """What would help, from the numbers alone.

    Parameters
    ----------
    table : ndarray of int, shape (classes, classes)
        As `confusion_table` gives it.
    error : float
        The expected calibration error.

    Examples
    --------
    >>> advice(np.array([[20, 0], [0, 20]]), ["cat", "dog"], 0.02)[0]
    'There is no mistake. Ask for harder pictures: other places, other light, other cameras.'
    """
    wrong = table - np.diag(np.diag(table))
    found = []
    if not wrong.any():
        found.append(
            "There is no mistake. Ask for harder pictures: other places, other light, other "
            "cameras."
        )
    else:
        truth, said = divmod(int(wrong.argmax()), wrong.shape[1])
        found.append(
            f"“{names[truth]}” was taken for “{names[said]}” most often, {wrong[truth, said]} "
            "times. More pictures of these two, as different as possible, would help first."
        )
    counts = table.sum(axis=1)
    if counts.min() < 30:
        rare = names[int(counts.argmin())]
        found.append(
            f"The test holds only {counts.min()} pictures of “{rare}”. With more of them the "
            "numbers on this page would be surer."
        )
    if error > 0.1:
        found.append(
            f"How sure the network is and how often it is right are {100 * error:.0f} points "
            "apart. Do not take its percentages at their word."
        )
    return found


def data_uri(pixels: NDArray[np.uint8], side: int = SIDE) -> str:
    """A picture as a text that a page can show; made anew, so without EXIF."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    filter_ = Image.Resampling.LANCZOS if image.width > side else Image.Resampling.NEAREST
    body = io.BytesIO()
    image.resize((side, side), filter_).save(body, format="JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(body.getvalue()).decode("ascii")


def _figure(picture: Picture) -> tuple[str, str]:
    png = base64.b64encode(picture.png()).decode("ascii")
    return f"data:image/png;base64,{png}", picture.alt


def page(show: Showcase) -> str:
    """The page, as HTML."""
    import jinja2

    said = show.probabilities.argmax(axis=1)
    table = confusion_table(show.labels, said, len(show.names))
    right, count = int(np.trace(table)), int(table.sum())
    error = expected_calibration_error(*show.calibration)
    mistakes = [
        {
            "picture": data_uri(show.images[place]),
            "why": data_uri(overlay),
            "truth": show.names[int(show.labels[place])],
            "said": show.names[int(said[place])],
            "sure": f"{show.probabilities[place].max():.0%}",
        }
        for place, overlay in zip(show.worst, show.overlays, strict=True)
    ]
    scenes = len(np.unique(show.scenes))
    low, high = between(right / count, scenes)
    diagram, alt = _figure(reliability(*show.calibration))
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        show=show,
        table=table.tolist(),
        most=int(table.max()),
        right=right,
        count=count,
        scenes=scenes,
        share=f"{right / count:.0%}",
        low=f"{low:.0%}",
        high=f"{high:.0%}",
        usual=f"{table.sum(axis=1).max() / count:.0%}",
        error=f"{100 * error:.0f}",
        diagram=diagram,
        alt=alt,
        mistakes=mistakes,
        advice=advice(table, show.names, error),
    )
