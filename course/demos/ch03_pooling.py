"""Chapter 3's demo: shift a picture pixel by pixel, and watch which pooled numbers change.

``demo(max_pool2d)`` runs the learner's own function, on the picture as it is shifted and on the
picture as it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.course import ops
from cnnlab.course.demos import page
from cnnlab.course.demos.answers import Answer, ask
from cnnlab.course.demos.still import Demo, Panel, cells, floats
from cnnlab.course.figures.pooling_windows import places
from cnnlab.datasets.load import photo

SIDE = 12
"""Rows and columns of the picture that is shown."""
FARTHEST = 6
"""How far the picture can be shifted, up and down, left and right."""
LARGEST = 6
PADDINGS = ("valid", "same")


@dataclass(frozen=True)
class Setting:
    """Where the menus stand; every pair is (down, across). A stride of 0 is the window's size."""

    picture: str = "Chelsea's eye"
    shift: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (2, 2)
    stride: tuple[int, int] = (0, 0)
    padding: str = "valid"

    @property
    def strides(self) -> tuple[int, int]:
        """The strides with the window's size put in."""
        down, across = (s or k for s, k in zip(self.stride, self.size, strict=True))
        return down, across


@dataclass(frozen=True)
class Scene:
    """What the demo shows for one setting.

    Parameters
    ----------
    picture, before : ndarray, shape (12, 12)
        Shifted, and as it was; whole numbers from -9 to 9.
    answer : Answer
        The pooled picture.
    pooled_before : ndarray
        The picture as it was, pooled by the same function.
    """

    picture: NDArray[np.float64]
    before: NDArray[np.float64]
    answer: Answer
    pooled_before: NDArray[np.float64]

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Which pooled numbers are no longer what they were."""
        return ~np.isclose(self.answer.map, self.pooled_before)


@cache
def pictures() -> dict[str, NDArray[np.float64]]:
    """Pictures by name, each of shape (24, 24): what is shown, and 6 more pixels on each side.

    Examples
    --------
    >>> sorted({picture.shape for picture in pictures().values()})
    [(24, 24)]
    """
    wide = SIDE + 2 * FARTHEST
    cat = photo("chelsea", size=40, gray=True)
    outlines = ops.relu(ops.correlate2d(cat, [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]))
    dot = np.zeros((wide, wide))
    dot[wide // 2, wide // 2] = 9
    signed = np.random.default_rng(3).integers(-9, 10, (wide, wide)).astype(float)
    return {
        "Chelsea's eye": _whole(cat[4 : 4 + wide, 2 : 2 + wide]),
        "Chelsea's outlines": _whole(outlines[4 : 4 + wide, 4 : 4 + wide]),
        "one dot": dot,
        "numbers below 0, too": signed,
    }


def _whole(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole numbers from 0 to 9, spread over all of the range but its rare ends."""
    low, high = np.quantile(part, [0.01, 0.99])
    return np.rint(9 * np.clip((part - low) / (high - low), 0, 1))


def view(picture: str, shift: tuple[int, int] = (0, 0)) -> NDArray[np.float64]:
    """The shown part of a picture that was moved ``shift`` = (down, right).

    Examples
    --------
    >>> view("one dot")[6, 6], view("one dot", (1, -2))[7, 4]
    (np.float64(9.0), np.float64(9.0))
    """
    top, left = FARTHEST - shift[0], FARTHEST - shift[1]
    return pictures()[picture][top : top + SIDE, left : left + SIDE]


def checked(values: Mapping[str, Any]) -> Setting:
    """A setting as it came from the page.

    Raises
    ------
    ValueError
        A number is not in its menu, or a name is unknown.

    Examples
    --------
    >>> checked({"size": [2, 3]}).strides
    (2, 3)
    """
    unknown = set(values) - set(asdict(Setting()))
    if unknown:
        raise ValueError(f"setting must not have {sorted(unknown)}. Received: {dict(values)}")
    ranges = {"shift": (-FARTHEST, FARTHEST), "size": (1, LARGEST), "stride": (0, LARGEST)}
    for name, (low, high) in ranges.items():
        pair = values.get(name, (low, low))
        if len(pair) != 2 or not all(type(v) is int and low <= v <= high for v in pair):
            raise ValueError(
                f"{name} must be two whole numbers from {low} to {high}. Received: {pair}"
            )
    for name, known in (("picture", tuple(pictures())), ("padding", PADDINGS)):
        if values.get(name, known[0]) not in known:
            raise ValueError(f"{name} must be one of {known}. Received: {values[name]!r}")
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return Setting(**given)


def scene(function: Callable[..., Any], setting: Setting) -> Scene:
    """Everything that the demo shows for a setting.

    Parameters
    ----------
    function : callable
        The learner's ``max_pool2d``.
    setting : Setting
    """
    picture, before = view(setting.picture, setting.shift), view(setting.picture)
    shifted, first = (_pooled(function, image, setting) for image in (picture, before))
    if not (shifted.learners and first.learners):  # never one of the learner's, one of ours
        trouble = first.message if shifted.learners else shifted.message
        shifted, first = (
            Answer(_right(image, setting), False, trouble) for image in (picture, before)
        )
    return Scene(picture, before, shifted, first.map)


def _arguments(image: NDArray[np.float64], setting: Setting) -> tuple[Any, ...]:
    strides = setting.strides if any(setting.stride) else None  # the default is tried as well
    return image[None, :, :, None], setting.size, strides, setting.padding


def _right(image: NDArray[np.float64], setting: Setting) -> NDArray[np.float64]:
    return ops.max_pool2d(*_arguments(image, setting))[0, :, :, 0]


def _pooled(function: Callable[..., Any], image: NDArray[np.float64], setting: Setting) -> Answer:
    args = _arguments(image, setting)
    right, meant = ops.max_pool2d(*args), "the largest number of the window"
    return ask(function, args, right, plane=lambda y: y[0, :, :, 0], meant=meant)


def sentence(setting: Setting, shown: Scene) -> str:
    """What a shift did, in words.

    Examples
    --------
    >>> sentence(Setting("one dot"), scene(ops.max_pool2d, Setting("one dot")))
    'Nothing is shifted yet. 144 pixels become 36 numbers.'
    """
    pixels, numbers = shown.picture.size, shown.answer.map.size
    down, right = setting.shift
    if not (down or right):
        return f"Nothing is shifted yet. {pixels} pixels become {numbers} numbers."
    ways = [(down, "down", "up"), (right, "to the right", "to the left")]
    way = " and ".join(f"{abs(n)} {more if n > 0 else less}" for n, more, less in ways if n)
    moved = np.count_nonzero(shown.picture != shown.before)
    return (
        f"Shifted by {way}: {moved} of {pixels} pixels have changed ({moved / pixels:.0%}), and "
        f"{np.count_nonzero(shown.changed)} of {numbers} pooled numbers "
        f"({np.mean(shown.changed):.0%})."
    )


class PoolingDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows. ``picture``, ``pooled`` and ``pooled_before``
    travel as float32, row after row. ``rows`` and ``columns`` are the (first, last + 1) cells
    that each window covers.
    """

    _esm = page("ch03_pooling.js")
    _css = page("ch03_pooling.css")

    names: traitlets.List[Any] = traitlets.List().tag(sync=True)
    paddings = traitlets.List(list(PADDINGS)).tag(sync=True)
    largest = traitlets.Int(LARGEST).tag(sync=True)
    farthest = traitlets.Int(FARTHEST).tag(sync=True)
    side = traitlets.Int(SIDE).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    pooled = traitlets.Bytes().tag(sync=True)
    pooled_before = traitlets.Bytes().tag(sync=True)
    changed: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    columns: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    learners = traitlets.Bool().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, function: Callable[..., Any], **values: Any) -> None:
        self._function = function
        super().__init__(names=list(pictures()), setting=_plain(checked(values)))
        self._update()
        self.observe(self._update, names=["setting"])

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return _plain(checked(proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def _update(self, change: Any = None) -> None:
        setting = checked(self.setting)
        shown = scene(self._function, setting)
        windows = places((SIDE, SIDE), setting.size, setting.strides, setting.padding)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.picture = _wire(shown.picture)
            self.pooled = _wire(shown.answer.map)
            self.pooled_before = _wire(shown.pooled_before)
            self.changed = shown.changed.ravel().tolist()
            self.rows = [[line[0][0].start, line[0][0].stop] for line in windows]
            self.columns = [[across.start, across.stop] for _, across in windows[0]]
            self.sentence = sentence(setting, shown)
            self.learners = shown.answer.learners
            self.message = shown.answer.message

    def still(self) -> tuple[str, list[Panel]]:
        picture = floats(self.picture, (SIDE, SIDE))
        pooled = floats(self.pooled, (len(self.rows), len(self.columns)))
        panels = [
            cells("picture", picture, bool((picture < 0).any()), top=9, side=260),
            cells("largest numbers", pooled, bool((pooled < 0).any()), top=9),
        ]
        return "A picture, and the largest number of each of its windows.", panels


def _wire(array: NDArray[np.float64]) -> bytes:
    return array.astype("<f4").tobytes()


def _plain(setting: Setting) -> dict[str, Any]:
    """A setting with lists in place of tuples, as JSON has it."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(setting).items()}


def demo(function: Callable[..., Any]) -> PoolingDemo:
    """The demo of chapter 3, with the learner's ``max_pool2d``.

    Parameters
    ----------
    function : callable
        x, size, strides, padding → pooled.
    """
    return PoolingDemo(function)
