"""A wall of the mistakes of which a network was most sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.figures import Picture
from cnnlab.course.palette import BLUE, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def worst(probabilities: ArrayLike, labels: ArrayLike, truth: int, count: int) -> NDArray[np.intp]:
    """Places of the wrong answers about one class, the surest first.

    Parameters
    ----------
    probabilities : array_like, shape (N,) or (N, 1)
        Of class 1; above 0.5 is an answer for class 1.
    labels : array_like of int, shape (N,)
    truth : {0, 1}
        The class that the pictures show.
    count : int
        At most so many.

    Examples
    --------
    >>> worst([0.9, 0.2, 0.6, 0.8], [0, 0, 0, 1], truth=0, count=2)
    array([0, 2])
    """
    p, classes = np.ravel(np.asarray(probabilities)), np.asarray(labels)
    surely = p if truth == 0 else 1 - p
    wrong = np.flatnonzero((classes == truth) & ((p > 0.5) != (classes == 1)))
    return wrong[np.argsort(-surely[wrong], kind="stable")][:count]


def wall(
    images: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    classes: tuple[str, str] = ("cat", "dog"),
    columns: int = 8,
    rows: int = 2,
) -> Picture:
    """Pictures that a network got most confidently wrong, one block for each class.

    Parameters
    ----------
    images : array_like, shape (N, H, W, 3)
    probabilities : array_like, shape (N,) or (N, 1)
        Of class 1.
    labels : array_like of int, shape (N,)
    classes : (str, str)
    columns, rows : int
        Of each block.
    """
    from matplotlib.figure import Figure

    pictures, p = np.asarray(images), np.ravel(np.asarray(probabilities))
    figure = Figure(figsize=(1.25 * columns, 2 * (1.42 * rows + 0.35)), layout="constrained")
    parts, said = figure.subfigures(2, 1, squeeze=False)[:, 0], []
    for truth, part in enumerate(parts):
        places = worst(p, labels, truth, columns * rows)
        title = f"{classes[truth]}s that were taken for {classes[1 - truth]}s"
        part.suptitle(title, fontsize=11, color=INK)
        axes = part.subplots(rows, columns, squeeze=False).ravel()
        sure = [float(p[n] if truth == 0 else 1 - p[n]) for n in places]
        for ax in axes:
            ax.axis("off")
        for ax, place, share in zip(axes, places, sure, strict=False):
            _picture(ax, pictures[place], f"{classes[1 - truth]}: {share:.1%}", truth)
        shares = ", ".join(f"{share:.1%}" for share in sure) or "none"
        said.append(f"{title}: {len(places)} pictures, the network was sure by {shares}")
    return Picture(figure, f"A wall of mistakes. {'. '.join(said)}.")


def _picture(ax: Axes, image: NDArray[np.generic], title: str, truth: int) -> None:
    """One mistake, with what the network said in the colour of its wrong class."""
    ax.imshow(image)
    ax.set_title(title, fontsize=9, color=ORANGE if truth == 0 else BLUE, pad=2)
