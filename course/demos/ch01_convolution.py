"""Chapter 1's demo: move a kernel over a picture, and see every product and sum.

``demo(correlate2d)`` runs the learner's own function. What it cannot show (a stub, an error,
a result of the wrong shape) it says in words, and shows the course's own result instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnlab.course import ops
from cnnlab.course.demos import page
from cnnlab.course.demos.answers import Answer, ask
from cnnlab.course.demos.still import Demo, Panel, cells, floats, framed
from cnnlab.datasets.load import photo

SIZE = 48
LARGEST = 5
TINY = "5 × 5 example"

PRESETS: dict[str, list[list[float]]] = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "vertical edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "horizontal edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "cross": [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
    "one row": [[-1, 0, 1]],
    "wide blur": [[1 / 25] * 5] * 5,
}
"""Kernels to begin with, by the name in the demo's menu."""


@cache
def pictures() -> dict[str, NDArray[np.float64]]:
    """The demo's pictures by name, each of shape (H, W), from 0.0 (black) to 1.0 (white).

    Examples
    --------
    >>> {name: picture.shape for name, picture in pictures().items()}["chelsea"]
    (48, 48)
    """
    rows = ("11100", "01110", "00111", "00110", "01100")
    tiny = np.array([[float(cell) for cell in row] for row in rows])
    photos = {name: photo(name, SIZE, gray=True) for name in ("chelsea", "coffee", "brick")}
    return {**photos, TINY: tiny}


def answer(function: Callable[..., Any], image: ArrayLike, kernel: ArrayLike) -> Answer:
    """Run a learner's ``correlate2d`` on copies, and judge whether its result can be shown.

    Parameters
    ----------
    function : callable, (image, kernel) → array
        May be a stub, raise, or give anything at all.
    image : array_like, shape (H, W)
    kernel : array_like, shape (kh, kw)

    Examples
    --------
    >>> answer(lambda image, kernel: 1 / 0, [[1.0]], [[2.0]]).message
    "Your function raised ZeroDivisionError: division by zero. You see the course's result."
    """
    image, kernel = np.array(image, dtype=float), np.array(kernel, dtype=float)
    return ask(function, (image, kernel), ops.correlate2d(image, kernel))


def checked_kernel(rows: Any) -> NDArray[np.float64]:
    """A kernel as typed into the demo.

    Raises
    ------
    ValueError
        Not 1…5 rows of 1…5 finite numbers.
    """
    try:
        kernel = np.array(rows, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"kernel must be rows of numbers. Received: {rows!r}") from None
    if kernel.ndim != 2 or not all(1 <= n <= LARGEST for n in kernel.shape):
        raise ValueError(f"kernel must be 1 to 5 rows of 1 to 5. Received: shape {kernel.shape}")
    if not np.isfinite(kernel).all():
        raise ValueError(f"kernel must be finite numbers. Received: {rows!r}")
    return kernel


class ConvolutionDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``picture`` and ``kernel``; the rest follows. ``image`` and ``feature_map``
    travel as float32, row after row, their shapes beside them. ``answered`` holds the picture and
    the kernel that they belong to.
    """

    _esm = page("ch01_convolution.js")
    _css = page("ch01_convolution.css")

    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    picture = traitlets.Unicode("chelsea").tag(sync=True)
    kernel: traitlets.List[Any] = traitlets.List().tag(sync=True)
    image = traitlets.Bytes().tag(sync=True)
    image_shape: traitlets.List[Any] = traitlets.List().tag(sync=True)
    feature_map = traitlets.Bytes().tag(sync=True)
    map_shape: traitlets.List[Any] = traitlets.List().tag(sync=True)
    answered: traitlets.List[Any] = traitlets.List().tag(sync=True)
    learners = traitlets.Bool().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, function: Callable[..., Any], **traits: Any) -> None:
        traits.setdefault("kernel", PRESETS["vertical edges"])
        self._function = function
        super().__init__(names=list(pictures()), presets=PRESETS, **traits)
        self._update()
        self.observe(self._update, names=["picture", "kernel"])

    @traitlets.validate("picture")
    def _known(self, proposal: Any) -> str:
        name: str = proposal["value"]
        if name not in pictures():
            known = ", ".join(pictures())
            raise traitlets.TraitError(f"picture must be one of {known}. Received: {name!r}")
        return name

    @traitlets.validate("kernel")
    def _sound(self, proposal: Any) -> list[list[float]]:
        try:
            kernel: list[list[float]] = checked_kernel(proposal["value"]).tolist()
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return kernel

    def _update(self, change: Any = None) -> None:
        image = pictures()[self.picture]
        result = answer(self._function, image, self.kernel)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.image, self.image_shape = _wire(image), list(image.shape)
            self.feature_map, self.map_shape = _wire(result.map), list(result.map.shape)
            self.answered = [self.picture, self.kernel]
            self.learners, self.message = result.learners, result.message

    def still(self) -> tuple[str, list[Panel]]:
        image = floats(self.image, self.image_shape)
        done = floats(self.feature_map, self.map_shape)
        (height, width), (kh, kw) = image.shape, np.shape(self.kernel)
        picture = framed(
            cells("picture", image, signs=False, top=1), (0, 0, kw / width, kh / height)
        )
        panels = [picture, cells("kernel", self.kernel), cells("feature map", done)]
        return f"The picture {self.picture}, a kernel, and the feature map of both.", panels


def _wire(array: NDArray[np.float64]) -> bytes:
    return array.astype("<f4").tobytes()


def demo(function: Callable[..., Any]) -> ConvolutionDemo:
    """The demo of chapter 1, with the learner's ``correlate2d``.

    Parameters
    ----------
    function : callable, (image of shape (H, W), kernel of shape (kh, kw)) → feature map
    """
    return ConvolutionDemo(function)
