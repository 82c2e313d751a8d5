"""Chapter 5's demo: choose output cells, and see where their gradient flows.

``demo(conv2d_backward, relu_backward, max_pool2d_backward)`` runs the learner's own functions,
one after the other. What cannot be shown is said in words, and replaced by the course's result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, wraps
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course import ops
from cnnlab.course.demos import page
from cnnlab.course.demos.answers import Answer, ask
from cnnlab.course.demos.still import Demo, Panel, cells, floats
from cnnlab.course.ops import gradients
from cnnlab.datasets.load import photo

Map = NDArray[np.float64]
SIDE = 8
WIDE = 18
STRIDES = (1, 2)
PADDINGS = ("valid", "same")

KERNELS: dict[str, list[list[float]]] = {
    "right minus left": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "below minus above": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "counting": [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "one row": [[-1, 0, 2]],
}
"""Kernels by the name in the demo's menu."""


@dataclass(frozen=True)
class Setting:
    """Where the menus stand, and which cells of the pooled map get a gradient of 1."""

    picture: str = "8 × 8 numbers"
    kernel: str = "right minus left"
    stride: int = 1
    padding: str = "valid"
    chosen: tuple[tuple[int, int], ...] = ((1, 1),)


@dataclass(frozen=True)
class Forwards:
    """The way forwards, each map of shape (rows, columns)."""

    picture: Map
    z: Map
    active: Map
    pooled: Map


@dataclass(frozen=True)
class Backwards:
    """The way back: ``dout`` as chosen, and what each function made of it."""

    dout: Map
    through_pool: Answer
    through_relu: Answer
    through_conv: Answer

    @property
    def answers(self) -> tuple[Answer, Answer, Answer]:
        """In the order of the pictures: conv, ReLU, pool."""
        return self.through_conv, self.through_relu, self.through_pool


@cache
def pictures() -> dict[str, Map]:
    """Pictures by name, whole numbers from 0 to 9.

    Examples
    --------
    >>> [picture.shape for picture in pictures().values()]
    [(8, 8), (8, 8), (18, 18)]
    """
    cat = photo("chelsea", size=54, gray=True)
    eye = np.rint(9 * cat[12 : 12 + WIDE, 8 : 8 + WIDE])
    dots = np.random.default_rng(5).integers(0, 10, (SIDE, SIDE)).astype(float)
    edge = np.tile([1.0, 1, 2, 2, 8, 8, 9, 9], (SIDE, 1))
    return {"8 × 8 numbers": dots, "an edge": edge, "Chelsea's eye": eye}


def forwards(setting: Setting) -> Forwards:
    """Picture, convolution, ReLU and 2×2 max pooling.

    Examples
    --------
    >>> [m.shape for m in (forwards(Setting()).z, forwards(Setting()).pooled)]
    [(6, 6), (3, 3)]
    """
    picture = pictures()[setting.picture]
    z = ops.conv2d(_batch(picture), *_layer(setting), (setting.stride,) * 2, setting.padding)
    active = ops.relu(z)
    return Forwards(picture, *map(_plane, (z, active, ops.max_pool2d(active))))


def backwards(functions: Mapping[str, Callable[..., Any]], setting: Setting) -> Backwards:
    """The chosen cells' gradient, through the learner's functions.

    Parameters
    ----------
    functions : mapping of str to callable
        ``"conv"``, ``"relu"`` and ``"pool"``: the three backward functions. A later one
        gets what the earlier one gave.
    setting : Setting
    """
    way = forwards(setting)
    dout = np.zeros_like(way.pooled)
    for place in setting.chosen:
        dout[place] = 1
    args: tuple[Any, ...] = _batch(dout), _batch(way.active), (2, 2)
    pool = _asked(functions["pool"], args, gradients.max_pool2d_backward(*args))
    args = _batch(pool.map), _batch(way.z)
    relu = _asked(functions["relu"], args, gradients.relu_backward(*args))
    kernels, how = _layer(setting)[0], ((setting.stride,) * 2, setting.padding)
    args = _batch(relu.map), _batch(way.picture), kernels, *how
    dx = gradients.conv2d_backward(*args)[0]
    return Backwards(dout, pool, relu, _asked(_first_of_three(functions["conv"]), args, dx))


def _asked(function: Callable[..., Any], args: tuple[Any, ...], right: Map) -> Answer:
    return ask(function, args, right, plane=_plane, meant="the gradient")


def _first_of_three(function: Callable[..., Any]) -> Callable[..., Any]:
    """A learner's ``conv2d_backward`` as a function that gives dx; a stub stays a stub."""
    if is_stub(function):
        return function

    @wraps(function)
    def dx_only(*args: Any) -> Any:
        result = function(*args)
        return result[0] if isinstance(result, tuple | list) and len(result) == 3 else result

    return dx_only


def _layer(setting: Setting) -> tuple[Map, Map]:
    kernel = np.array(KERNELS[setting.kernel], dtype=float)
    return kernel[:, :, None, None], np.zeros(1)


def _batch(plane: Map) -> Map:
    return plane[None, :, :, None]


def _plane(batch: Map) -> Map:
    return batch[0, :, :, 0]


def frame(setting: Setting) -> tuple[int, int]:
    """How many rows and columns of zeros lie above and left of the picture."""
    if setting.padding == "valid":
        return 0, 0
    size = zip(pictures()[setting.picture].shape, np.shape(KERNELS[setting.kernel]), strict=True)
    top, left = (ops.same_padding(n, k, setting.stride)[0] for n, k in size)
    return top, left


def sentence(setting: Setting, way: Forwards, back: Backwards) -> str:
    """What became of the gradient, in words.

    Examples
    --------
    >>> one = Setting()
    >>> sentence(one, forwards(one), backwards(COURSE, one)).split(". ")[0]
    'Row 1, column 1 of the pooled map is 7'
    """
    pixels = np.count_nonzero(back.through_conv.map)
    reached = f"The gradient reaches {pixels} of {way.picture.size} pixels."
    if len(setting.chosen) != 1:
        shut = np.count_nonzero(back.through_pool.map) - np.count_nonzero(back.through_relu.map)
        return (
            f"{len(setting.chosen)} cells are chosen; {shut} gradients stop at the ReLU. {reached}"
        )
    i, j = setting.chosen[0]
    place = f"Row {i}, column {j} of the pooled map is {way.pooled[i, j]:g}."
    if not back.through_relu.map.any():
        return (
            f"{place} No cell of its window was above 0, so the ReLU is shut: nothing gets through."
        )
    row, column = np.argwhere(back.through_relu.map)[0]
    return f"{place} It came from row {row}, column {column} of the convolution. {reached}"


COURSE: dict[str, Callable[..., Any]] = {
    "conv": gradients.conv2d_backward,
    "relu": gradients.relu_backward,
    "pool": gradients.max_pool2d_backward,
}
"""The course's own functions, by the keys of `backwards`."""


def checked(values: Mapping[str, Any]) -> Setting:
    """A setting as it came from the page; chosen cells that no longer exist are dropped.

    Raises
    ------
    ValueError
        A value is not in its menu, or ``chosen`` is not a list of places.

    Examples
    --------
    >>> checked({"padding": "same", "chosen": [[0, 3], [9, 9]]}).chosen
    ((0, 3),)
    """
    known: dict[str, list[Any]] = {
        "picture": list(pictures()),
        "kernel": list(KERNELS),
        "stride": list(STRIDES),
        "padding": list(PADDINGS),
    }
    unknown = set(values) - {*known, "chosen"}
    if unknown:
        raise ValueError(f"setting must not have {sorted(unknown)}. Received: {dict(values)}")
    for name, names in known.items():
        if name in values and values[name] not in names:
            raise ValueError(f"{name} must be one of {names}. Received: {values[name]!r}")
    chosen = [tuple(place) for place in values.get("chosen", Setting.chosen)]
    if not all(len(p) == 2 and all(type(n) is int and n >= 0 for n in p) for p in chosen):
        raise ValueError(f"chosen must be places (row, column). Received: {values['chosen']}")
    setting = Setting(**{**values, "chosen": ()})
    rows, columns = forwards(setting).pooled.shape
    inside = tuple(dict.fromkeys((r, c) for r, c in chosen if r < rows and c < columns))
    return Setting(**{**values, "chosen": inside})


class BackpropDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows. ``values`` holds eight maps as float32, row after
    row: picture, convolution, ReLU, pooled, then the gradients of the same four. ``shapes`` are
    their (rows, columns).
    """

    _esm = page("ch05_backprop.js")
    _css = page("ch05_backprop.css")

    menus = traitlets.Dict().tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    values = traitlets.Bytes().tag(sync=True)
    shapes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    frame: traitlets.List[Any] = traitlets.List().tag(sync=True)
    kernel_shape: traitlets.List[Any] = traitlets.List().tag(sync=True)
    learners: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, functions: Mapping[str, Callable[..., Any]], **values: Any) -> None:
        self._functions = functions
        menus = {"picture": list(pictures()), "kernel": list(KERNELS)}
        menus |= {"stride": [str(s) for s in STRIDES], "padding": list(PADDINGS)}
        super().__init__(menus=menus, setting=_plain(checked(values)))
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
        way, back = forwards(setting), backwards(self._functions, setting)
        maps = [way.picture, way.z, way.active, way.pooled]
        maps += [*(answer.map for answer in back.answers), back.dout]
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.values = b"".join(m.astype("<f4").tobytes() for m in maps)
            self.shapes = [list(m.shape) for m in maps]
            self.frame = list(frame(setting))
            self.kernel_shape = list(np.shape(KERNELS[setting.kernel]))
            self.learners = [answer.learners for answer in back.answers]
            self.sentence = sentence(setting, way, back)
            said = (answer.message for answer in reversed(back.answers))
            self.message = next(filter(None, said), "")

    def still(self) -> tuple[str, list[Panel]]:
        sizes = np.cumsum([4 * rows * columns for rows, columns in self.shapes])
        starts = [0, *sizes[:-1]]
        names = ["picture", "convolution", "ReLU", "max pool"]
        names += [f"gradient: {name}" for name in names]
        maps = [
            floats(self.values[start:end], shape)
            for start, end, shape in zip(starts, sizes, self.shapes, strict=True)
        ]
        panels = [
            cells(name, each, signs=n > 0, side=150)
            for n, (name, each) in enumerate(zip(names, maps, strict=True))
        ]
        return "A picture on its way forwards, and the gradient on its way back.", panels


def _plain(setting: Setting) -> dict[str, Any]:
    """A setting with lists in place of tuples, as JSON has it."""
    return asdict(setting) | {"chosen": [list(place) for place in setting.chosen]}


def demo(
    conv2d_backward: Callable[..., Any],
    relu_backward: Callable[..., Any],
    max_pool2d_backward: Callable[..., Any],
) -> BackpropDemo:
    """The demo of chapter 5, with the learner's three functions.

    Parameters
    ----------
    conv2d_backward : callable, (dout, x, kernels, strides, padding) → (dx, dk, db)
    relu_backward : callable, (dout, z) → dz
    max_pool2d_backward : callable, (dout, x, size) → dx
    """
    functions = {"conv": conv2d_backward, "relu": relu_backward, "pool": max_pool2d_backward}
    return BackpropDemo(functions)
