"""Chapter 2's demo: watch a window walk, with any stride, padding and dilation.

``demo(conv2d)`` runs the learner's own function on a small picture. Where the window stands,
which cells are frame and which are never met, comes from `cnnlab.course.figures.sliding_window`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.course import ops
from cnnlab.course.demos import page
from cnnlab.course.demos.answers import Answer, ask
from cnnlab.course.demos.still import Demo, Panel, cells, floats
from cnnlab.course.figures.sliding_window import Walk, walk
from cnnlab.datasets.load import photo

LARGEST = {"size": 12, "k": 5, "stride": 4, "dilation": 4}
PADDINGS = ("valid", "same")
KERNELS = ("mean", "right minus left", "first tap alone")


@dataclass(frozen=True)
class Setting:
    """Where the sliders stand; every pair is (rows, columns)."""

    size: tuple[int, int] = (7, 9)
    k: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (2, 3)
    dilation: tuple[int, int] = (1, 1)
    padding: str = "same"
    kernel: str = "mean"


@dataclass(frozen=True)
class Scene:
    """What the demo shows for one setting.

    Parameters
    ----------
    picture : ndarray, shape (H, W)
        Whole numbers from 0 (black) to 9 (white).
    kernel : ndarray, shape (kh, kw)
    walks : pair of Walk, or None
        Along the rows and along the columns; None where the window has no place.
    answer : Answer
    """

    picture: NDArray[np.float64]
    kernel: NDArray[np.float64]
    walks: tuple[Walk, Walk] | None
    answer: Answer


def checked(values: Mapping[str, Any]) -> Setting:
    """A setting as it came from the page.

    Raises
    ------
    ValueError
        A number is not on its slider, or a name is not in its menu.

    Examples
    --------
    >>> checked({"size": [5, 6]}).size
    (5, 6)
    """
    unknown = set(values) - set(asdict(Setting()))
    if unknown:
        raise ValueError(f"setting must not have {sorted(unknown)}. Received: {dict(values)}")
    for name, top in LARGEST.items():
        pair = values.get(name, (1, 1))
        if len(pair) != 2 or not all(type(v) is int and 1 <= v <= top for v in pair):
            raise ValueError(f"{name} must be two whole numbers from 1 to {top}. Received: {pair}")
    for name, known in (("padding", PADDINGS), ("kernel", KERNELS)):
        if values.get(name, known[0]) not in known:
            raise ValueError(f"{name} must be one of {known}. Received: {values[name]!r}")
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return Setting(**given)


def settled(new: Setting, old: Setting) -> tuple[Setting, str]:
    """Keras takes strides or dilation above 1, never both: what was moved last stays.

    Returns
    -------
    Setting
    str
        What was set back, in words; ``""`` where nothing was.
    """
    if max(new.stride) == 1 or max(new.dilation) == 1:
        return new, ""
    back = "stride" if new.dilation != old.dilation else "dilation"
    words = f"Keras takes strides or dilation above 1, not both: the {back} is 1 again."
    undone: dict[str, Any] = {back: (1, 1)}
    return replace(new, **undone), words


@cache
def eye() -> NDArray[np.float64]:
    """Chelsea's right eye, shape (12, 12), in whole numbers from 0 (black) to 9 (white)."""
    top, left, side = 20, 15, LARGEST["size"]
    cells = photo("chelsea", size=64, gray=True)[top : top + side, left : left + side]
    return np.rint(9 * (cells - cells.min()) / np.ptp(cells))


def kernel_of(name: str, k: tuple[int, int]) -> NDArray[np.float64]:
    """The weights of a kernel in the menu, shape ``k``.

    Examples
    --------
    >>> kernel_of("right minus left", (1, 3))
    array([[-1.,  0.,  1.]])
    """
    weights = np.zeros(k)
    if name == "mean":
        weights += 1 / weights.size
    elif name == "right minus left":
        weights[:, 0] -= 1
        weights[:, -1] += 1
    else:
        weights[0, 0] = 1
    return weights


def scene(function: Callable[..., Any], setting: Setting) -> Scene:
    """Everything that the demo shows for a setting.

    Parameters
    ----------
    function : callable
        The learner's ``conv2d``.
    setting : Setting
    """
    height, width = setting.size
    picture = eye()[:height, :width]
    kernel = kernel_of(setting.kernel, setting.k)
    try:
        rows, columns = (
            walk(n, k, s, setting.padding, d)
            for n, k, s, d in zip(
                setting.size, setting.k, setting.stride, setting.dilation, strict=True
            )
        )
    except ValueError:
        words = "The window is larger than the picture: there is no place where it can stand."
        return Scene(picture, kernel, None, Answer(np.zeros((0, 0)), False, words))
    args = (
        picture[None, :, :, None],
        kernel[:, :, None, None],
        np.zeros(1),
        setting.stride,
        setting.padding,
        setting.dilation,
    )
    answer = ask(function, args, ops.conv2d(*args), plane=lambda y: y[0, :, :, 0])
    return Scene(picture, kernel, (rows, columns), answer)


def sentence(axis: str, walk: Walk) -> str:
    """One axis in words.

    Examples
    --------
    >>> sentence("rows", walk(6, 3, stride=2, padding="same"))
    '6 rows and a frame of 0 + 1, the window reaches over 3: 3 places.'
    >>> sentence("rows", walk(1, 1))
    '1 row, the window reaches over 1: 1 place.'
    """
    frame = f" and a frame of {walk.frame[0]} + {walk.frame[1]}" if any(walk.frame) else ""
    count = len(walk.starts)
    places = "1 place" if count == 1 else f"{count} places"
    missed = f" {len(walk.missed)} never met." if walk.missed else ""
    reach = walk.taps[-1] + 1
    shown = axis if walk.n > 1 else axis.removesuffix("s")
    return f"{walk.n} {shown}{frame}, the window reaches over {reach}: {places}.{missed}"


class StrideDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows. ``picture`` and ``feature_map`` travel as
    float32, row after row. ``walks`` is empty where the window has no place.
    """

    _esm = page("ch02_stride_padding.js")
    _css = page("ch02_stride_padding.css")

    largest = traitlets.Dict(LARGEST).tag(sync=True)
    menus = traitlets.Dict({"padding": PADDINGS, "kernel": KERNELS}).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    feature_map = traitlets.Bytes().tag(sync=True)
    map_shape: traitlets.List = traitlets.List().tag(sync=True)
    kernel: traitlets.List = traitlets.List().tag(sync=True)
    walks: traitlets.List = traitlets.List().tag(sync=True)
    sentences: traitlets.List = traitlets.List().tag(sync=True)
    learners = traitlets.Bool().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, function: Callable[..., Any], **values: Any) -> None:
        self._function = function
        self._setting = checked(values)
        super().__init__(setting=_plain(self._setting))
        self._show("")
        self.observe(self._follow, names=["setting"])

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return _plain(checked(proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def _follow(self, change: Any) -> None:
        asked = checked(self.setting)
        if asked == self._setting:
            return  # what was set back below comes round again
        self._setting, note = settled(asked, self._setting)
        self._show(note)

    def _show(self, note: str) -> None:
        shown = scene(self._function, self._setting)
        words = [shown.answer.message, note]
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.setting = _plain(self._setting)
            self.picture = shown.picture.astype("<f4").tobytes()
            self.kernel = shown.kernel.tolist()
            self.feature_map = shown.answer.map.astype("<f4").tobytes()
            self.map_shape = list(shown.answer.map.shape)
            self.walks = [_drawn(one) for one in shown.walks or ()]
            self.sentences = [
                sentence(axis, one)
                for axis, one in zip(("rows", "columns"), shown.walks or (), strict=False)
            ]
            self.learners = shown.answer.learners
            self.message = " ".join(word for word in words if word)

    def still(self) -> tuple[str, list[Panel]]:
        picture = floats(self.picture, self.setting["size"])
        done = floats(self.feature_map, self.map_shape)
        panels = [
            cells("picture", picture, signs=False, top=9, side=260),
            cells("kernel", self.kernel),
            cells("feature map", done, signs=bool((done < 0).any())),
        ]
        return "A picture, a kernel, and the feature map with strides and padding.", panels


def _plain(record: Setting | Walk) -> dict[str, Any]:
    """A record with lists in place of tuples, as JSON has it."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(record).items()}


def _drawn(walk: Walk) -> dict[str, Any]:
    """What the page needs of a walk."""
    return {**_plain(walk), "length": walk.length, "missed": list(walk.missed)}


def demo(function: Callable[..., Any]) -> StrideDemo:
    """The demo of chapter 2, with the learner's ``conv2d``.

    Parameters
    ----------
    function : callable
        x, kernels, bias, strides, padding, dilation → feature maps.
    """
    return StrideDemo(function)
