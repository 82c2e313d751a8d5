"""Chapter 11's pictures: what gradient ascent draws, shown while it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course import figures
from cnnlab.course.networks.pretrained import ending_in_softmax, load_any_classifier
from cnnlab.course.networks.vgg import vgg_deprocess
from cnnlab.course.ops.ascent import recoloured
from cnnlab.datasets.gallery import load_gallery

CONTRAST = 45.0
"""Standard deviation that a shown picture is brought to, in grey levels."""

Draw = Callable[[int, Any], NDArray[Any]]
"""``draw(steps, start)`` goes on from a start, or begins with noise where that is None."""


def shown(image: ArrayLike, contrast: float | None = CONTRAST) -> NDArray[np.uint8]:
    """A picture as the network takes it, in colours.

    Parameters
    ----------
    image : array_like, shape (H, W, 3)
        Blue, green, red, each less its mean.
    contrast : float or None
        The standard deviation that it gets; None shows it as it is.

    Returns
    -------
    array, shape (H, W, 3), uint8
        Red, green, blue.
    """
    image = np.asarray(image, np.float64)
    if contrast is not None:
        image = image * (contrast / max(float(image.std()), 1e-8))
    return vgg_deprocess(image)


def emerging(draw: Draw, steps: int, every: int = 10, alt: str = "") -> NDArray[Any]:
    """Gradient ascent in portions; the picture so far is shown after each of them.

    Parameters
    ----------
    draw : callable, (steps, start) → picture
    steps, every : int
        All steps, and those of one portion.
    alt : str
        What is to be seen in the end.

    Returns
    -------
    array, shape (H, W, 3)
        The last picture.
    """
    from IPython.display import display

    image = handle = None
    for done in range(0, steps, every):
        image = draw(min(every, steps - done), image)
        told = f"step {min(done + every, steps)} of {steps}"
        picture = figures.photos(shown(image), titles=[told], alt=f"{alt} ({told})", counted=False)
        if handle is None:
            handle = display(picture, display_id=True)
        else:
            handle.update(picture)
    if image is None:
        raise ValueError(f"steps must be 1 or more. Received: {steps}")
    return image


def class_network(tell: Callable[[str], None] = print) -> tuple[Any, list[str], int]:
    """A classifier whose last layer is a softmax alone, its classes, and a good size of pictures.

    With ImageNet's 1000 classes where the weights can be had, else with CIFAR-10's ten.
    """
    model, names, *_ = load_any_classifier(logits=True, tell=tell)
    return ending_in_softmax(model), names, model.input_shape[1] or 128


def show_gallery(*names: str, across: int = 8) -> None:
    """Rows of the gallery, every picture with its name.

    Classes are shown in the colours of photographs: the network that drew them leans to blue
    whatever the class.

    Parameters
    ----------
    *names : str
        Layers, or ``"classes"``.
    across : int
        Pictures side by side.

    Raises
    ------
    ValueError
        There is no such row.
    """
    for name in names:
        row = load_gallery(name)
        heading = name if name == "classes" else f"{name}: {len(row.labels)} of its filters"
        pictures = [in_natural_colours(p) if name == "classes" else p for p in row.pictures]
        sheet(pictures, row.labels, heading, across).show()


def in_natural_colours(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of bytes, `recoloured`; plain ones stay as they are."""
    if np.linalg.matrix_rank(np.cov(picture.reshape(-1, 3).T.astype(float)), tol=1e-3) < 3:
        return picture
    return np.rint(recoloured(picture).clip(0, 255)).astype(np.uint8)


def sheet(
    pictures: Sequence[ArrayLike], labels: Sequence[str], heading: str, across: int = 8
) -> figures.Picture:
    """Pictures in rows, each with its name below."""
    from matplotlib.figure import Figure

    down = -(-len(pictures) // across)
    height = 11 / across * down * 1.15
    figure = Figure(figsize=(11, height))
    grid = {"wspace": 0.06, "hspace": 0.16, "left": 0, "right": 1, "bottom": 0.1, "top": 1}
    axes = figure.subplots(down, across, squeeze=False, gridspec_kw=grid)
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, label in zip(axes.flat, pictures, labels, strict=False):
        ax.imshow(np.asarray(picture), interpolation="bicubic")
        ax.set_title(label, y=-0.17, fontsize=9, color=figures.INK)
    figure.suptitle(heading, fontsize=12, color=figures.INK, y=1 + 0.3 / height)
    return figures.Picture(figure, f"{heading}. In order: {', '.join(labels)}.")
