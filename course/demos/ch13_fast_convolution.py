"""Chapter 13's demo: the patch matrix, number by number, beside the picture that it came from.

``demo(im2col)`` runs the learner's own function on a small picture whose numbers are all
different, so that every number of the matrix tells which pixel it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.course.demos import page
from cnnlab.course.demos.answers import Answer, ask
from cnnlab.course.demos.still import Demo, Panel, cells, floats
from cnnlab.course.ops import fast, layout

HEIGHT, WIDTH = 4, 5
SECOND = 100
"""What is added to the numbers of the second channel."""

MENUS: dict[str, dict[str, Any]] = {
    "size": {"2 × 2": (2, 2), "1 × 1": (1, 1), "1 × 3": (1, 3), "2 × 3": (2, 3), "3 × 3": (3, 3)},
    "strides": {"1 down, 1 right": (1, 1), "2 and 2": (2, 2), "1 and 2": (1, 2), "3 and 2": (3, 2)},
    "padding": {"valid": "valid", "same": "same"},
    "channels": {"1": 1, "2": 2},
}
"""The demo's menus: name → what is written → what it means."""


@dataclass(frozen=True)
class Setting:
    """What the menus show."""

    size: str = "2 × 2"
    strides: str = "1 down, 1 right"
    padding: str = "valid"
    channels: str = "1"


@dataclass(frozen=True)
class Scene:
    """What the demo shows for one setting.

    Parameters
    ----------
    picture : ndarray, shape (1, H, W, C)
    places : (rows, columns)
    frame : ((above, below), (left, right))
    answer : Answer
        The matrix, one row for each place.
    """

    picture: NDArray[np.float64]
    places: tuple[int, int]
    frame: tuple[tuple[int, int], tuple[int, int]]
    answer: Answer


def checked(values: Mapping[str, Any]) -> Setting:
    """A setting as it came from the page.

    Raises
    ------
    ValueError
        A name is not in its menu, or there is no such menu.

    Examples
    --------
    >>> checked({"padding": "same"}).padding
    'same'
    """
    for name, value in values.items():
        if name not in MENUS or value not in MENUS[name]:
            raise ValueError(f"setting must hold choices of the menus. Received: {name}={value!r}")
    return Setting(**values)


def numbered(channels: int) -> NDArray[np.float64]:
    """A picture of shape (1, 4, 5, channels): 1, 2, 3 … and, in the second channel, 101, 102 …

    Examples
    --------
    >>> numbered(2)[0, 1, 0]
    array([  6., 106.])
    """
    first = np.arange(1.0, HEIGHT * WIDTH + 1).reshape(1, HEIGHT, WIDTH, 1)
    return np.concatenate([first + SECOND * c for c in range(channels)], axis=3)


def scene(function: Callable[..., Any], setting: Setting) -> Scene:
    """Everything that the demo shows for a setting.

    Parameters
    ----------
    function : callable
        The learner's ``im2col``.
    setting : Setting
    """
    size, strides, padding, channels = (
        MENUS[name][choice] for name, choice in asdict(setting).items()
    )
    x = numbered(channels)
    places, frame = layout(x.shape, size, strides, padding)
    args = (x, size, strides, padding)
    answer = ask(function, args, fast.im2col(*args), meant="the number of its patch and tap")
    return Scene(x, places, frame, answer)


class PatchDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows. ``picture`` and ``matrix`` travel as float32, row
    after row; ``plan`` says how they belong together.
    """

    _esm = page("ch13_fast_convolution.js")
    _css = page("ch13_fast_convolution.css")

    menus = traitlets.Dict({name: list(menu) for name, menu in MENUS.items()}).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    matrix = traitlets.Bytes().tag(sync=True)
    plan = traitlets.Dict().tag(sync=True)
    learners = traitlets.Bool().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, function: Callable[..., Any], **values: Any) -> None:
        self._function = function
        super().__init__(setting=asdict(checked(values)))
        self._update()
        self.observe(self._update, names=["setting"])

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, str]:
        try:
            return asdict(checked(proposal["value"]))
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    def _update(self, change: Any = None) -> None:
        setting = checked(self.setting)
        shown = scene(self._function, setting)
        _, height, width, channels = shown.picture.shape
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.picture, self.matrix = _wire(shown.picture), _wire(shown.answer.map)
            self.plan = {
                "picture": [height, width, channels],
                "matrix": list(shown.answer.map.shape),
                "places": list(shown.places),
                "frame": [list(pair) for pair in shown.frame],
                "size": list(MENUS["size"][setting.size]),
                "strides": list(MENUS["strides"][setting.strides]),
            }
            self.learners, self.message = shown.answer.learners, shown.answer.message

    def still(self) -> tuple[str, list[Panel]]:
        picture = floats(self.picture, self.plan["picture"])[:, :, 0]
        matrix = floats(self.matrix, self.plan["matrix"])
        panels = [
            cells("picture", picture, top=3 * SECOND, side=150),
            cells("matrix of patches", matrix, top=3 * SECOND, side=400),
        ]
        return "A numbered picture, and the matrix whose rows are its patches.", panels


def _wire(array: NDArray[np.float64]) -> bytes:
    return array.astype("<f4").tobytes()


def demo(function: Callable[..., Any]) -> PatchDemo:
    """The demo of chapter 13, with the learner's ``im2col``.

    Parameters
    ----------
    function : callable, (x, size, strides, padding) → matrix
    """
    return PatchDemo(function)
