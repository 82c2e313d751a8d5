"""Chapter 8's demo: twelve fresh variants of one picture, and whether their label is still true.

``demo(hflip, shift, adjust_contrast, affine)`` varies with the learner's own functions. Where one
of them is a stub, raises or gives something that is no picture, the demo says so in words and
takes the course's own in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course.demos import page
from cnnlab.course.demos.still import Demo, Panel, pixels
from cnnlab.course.ops import augmentation
from cnnlab.datasets.load import photo
from cnnlab.datasets.pictures import load_cats_dogs

SIDE = 48
"""Rows and columns of every picture."""
VARIANTS = 12
STEPS = ("hflip", "shift", "affine", "adjust_contrast")
"""The functions in the order in which they are applied."""
RANGES = {"shift": 50, "degrees": 180, "zoom": 60, "contrast": 100}
"""How far each slider goes: percent of the side, degrees, percent, percent."""

Floats = NDArray[np.float32]
Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Setting:
    """Where the controls stand. ``draw`` counts how often was drawn anew."""

    picture: str = "a cat"
    mirror: bool = True
    shift: int = 10
    degrees: int = 15
    zoom: int = 0
    contrast: int = 20
    draw: int = 0


@dataclass(frozen=True)
class Change:
    """What is done to one variant."""

    mirror: bool
    down: int
    right: int
    degrees: float
    zoom: float
    factor: float

    def calls(self) -> list[tuple[str, tuple[Any, ...]]]:
        """The functions to call and their arguments after the picture; idle ones left out."""
        every: list[tuple[str, tuple[Any, ...], bool]] = [
            ("hflip", (), self.mirror),
            ("shift", (self.down, self.right), bool(self.down or self.right)),
            ("affine", (self.degrees, self.zoom), bool(self.degrees or self.zoom != 1)),
            ("adjust_contrast", (self.factor,), self.factor != 1),
        ]
        return [(name, args) for name, args, wanted in every if wanted]

    def words(self) -> str:
        """
        Examples
        --------
        >>> Change(True, -2, 0, 12.4, 1.0, 0.9).words()
        'mirrored, 2 up, turned by 12°, contrast × 0.90'
        """
        said = ["mirrored"] if self.mirror else []
        for n, more, less in ((self.down, "down", "up"), (self.right, "right", "left")):
            said += [f"{abs(n)} {more if n > 0 else less}"] if n else []
        turn = round(self.degrees)
        said += [f"turned by {turn}°".replace("-", "−")] if turn else []
        said += [f"zoom × {self.zoom:.2f}"] if self.zoom != 1 else []
        said += [f"contrast × {self.factor:.2f}"] if self.factor != 1 else []
        return ", ".join(said) or "as it is"


@dataclass(frozen=True)
class Scene:
    """What the demo shows for one setting.

    Parameters
    ----------
    pictures : ndarray, shape (12, 48, 48, 3), uint8
    words : list of str
        What was done to each.
    learners : bool
        Whether only the learner's functions were at work.
    message : str
        What the learner should know; ``""`` where all is well.
    """

    pictures: NDArray[np.uint8]
    words: list[str]
    learners: bool
    message: str


@cache
def pictures() -> dict[str, Floats]:
    """Pictures by their label, each of shape (48, 48, 3), from 0 to 1.

    Examples
    --------
    >>> {picture.shape for picture in pictures().values()}
    {(48, 48, 3)}
    """
    animals = load_cats_dogs(SIDE).train.x
    found = {
        "a cat": photo("chelsea", size=SIDE),
        "a small cat": animals[2],
        "a dog": animals[3],
        "a six": written("6"),
        "the letter b": written("b"),
        "to the left": arrow(),
    }
    return {name: np.divide(x, 255, dtype=np.float32) for name, x in found.items()}


def written(letter: str) -> NDArray[np.uint8]:
    """A letter in white on dark blue, shape (48, 48, 3)."""
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.new("RGB", (SIDE, SIDE), (20, 40, 80))
    font = ImageFont.load_default(size=SIDE * 0.8)
    middle = (SIDE / 2, SIDE / 2)
    ImageDraw.Draw(sheet).text(middle, letter, font=font, anchor="mm", fill="white")
    return np.asarray(sheet)


def arrow() -> NDArray[np.uint8]:
    """A white arrow on blue that points to the left, as on a road sign."""
    from PIL import Image, ImageDraw

    sheet = Image.new("RGB", (SIDE, SIDE), (0, 90, 170))
    corners = [(8, 24), (22, 10), (22, 19), (40, 19), (40, 29), (22, 29), (22, 38)]
    ImageDraw.Draw(sheet).polygon(corners, fill="white")
    return np.asarray(sheet)


def changes(setting: Setting) -> list[Change]:
    """One change for each variant. A slider stretches the same draws; ``draw`` makes new ones.

    Examples
    --------
    >>> changes(Setting(shift=0, degrees=0, contrast=0, mirror=False))[3].words()
    'as it is'
    """
    rng = np.random.default_rng(setting.draw)
    coins = rng.random(VARIANTS) < 0.5
    down, right, turn, size, light = rng.uniform(-1, 1, (5, VARIANTS))
    far = SIDE * setting.shift / 100
    return [
        Change(
            bool(setting.mirror and coins[n]),
            round(far * down[n]),
            round(far * right[n]),
            setting.degrees * float(turn[n]),
            1 + setting.zoom / 100 * float(size[n]),
            1 + setting.contrast / 100 * float(light[n]),
        )
        for n in range(VARIANTS)
    ]


def scene(functions: Functions, setting: Setting) -> Scene:
    """Everything that the demo shows for a setting.

    Parameters
    ----------
    functions : mapping of str to callable
        The learner's, by their names in `STEPS`.
    setting : Setting
    """
    varied: list[Floats] = []
    troubles: dict[str, str] = {}
    for change in changes(setting):
        x = pictures()[setting.picture][None]
        for name, args in change.calls():
            x, trouble = applied(name, functions[name], x, args)
            if trouble:
                troubles.setdefault(name, trouble)
        varied.append(x[0])
    message = next(iter(troubles.values()), "")
    learners = not any(trouble.endswith(INSTEAD) for trouble in troubles.values())
    shown = np.rint(255 * np.clip(varied, 0, 1)).astype(np.uint8)
    return Scene(shown, [change.words() for change in changes(setting)], learners, message)


INSTEAD = "You see the course's."


def applied(
    name: str, function: Callable[..., Any], x: Floats, args: Sequence[Any]
) -> tuple[Floats, str]:
    """One step by the learner's function, or by the course's where theirs gives no picture.

    Returns
    -------
    picture : ndarray, shape (1, H, W, 3)
    trouble : str
        What the learner should know, or ``""``.

    Examples
    --------
    >>> applied("hflip", lambda x: None, np.ones((1, 2, 2, 3), np.float32), ())[1]
    "Your hflip gave no array of shape (1, 2, 2, 3). You see the course's."
    """
    right: Floats = getattr(augmentation, name)(x, *args)
    if is_stub(function):
        return right, f"Your {name} is not written yet. {INSTEAD}"
    try:
        result = function(x.copy(), *args)
    except Exception as error:  # whatever a learner's code may raise
        what = f"{type(error).__name__}: {error}".rstrip(": .")
        return right, f"Your {name} raised {what}. {INSTEAD}"
    if not _is_picture(result, right.shape):
        return right, f"Your {name} gave no array of shape {right.shape}. {INSTEAD}"
    if not np.allclose(result, right, atol=1e-3):
        arguments = ", ".join(["x", *(f"{a:.3g}" for a in args)])
        return result, f"Your {name}({arguments}) differs from the course's. You see your result."
    return result, ""


def _is_picture(result: Any, shape: tuple[int, ...]) -> bool:
    sound = isinstance(result, np.ndarray) and result.dtype.kind in "biuf"
    return sound and result.shape == shape and bool(np.isfinite(result).all())


def checked(values: Mapping[str, Any]) -> Setting:
    """A setting as it came from the page.

    Raises
    ------
    ValueError
        A number is outside of its slider, or a name is unknown.

    Examples
    --------
    >>> checked({"picture": "a six", "degrees": 180}).degrees
    180
    """
    unknown = set(values) - set(asdict(Setting()))
    if unknown:
        raise ValueError(f"setting must not have {sorted(unknown)}. Received: {dict(values)}")
    setting = Setting(**values)
    if setting.picture not in pictures():
        known = ", ".join(pictures())
        raise ValueError(f"picture must be one of {known}. Received: {setting.picture!r}")
    if type(setting.mirror) is not bool:
        raise ValueError(f"mirror must be true or false. Received: {setting.mirror!r}")
    for name, most in {**RANGES, "draw": 10**6}.items():
        value = getattr(setting, name)
        if type(value) is not int or not 0 <= value <= most:
            raise ValueError(f"{name} must be from 0 to {most}. Received: {value!r}")
    return setting


class AugmentationDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows. ``original`` and ``variants`` travel as bytes:
    pictures, rows, columns, red, green, blue. Which variants are marked is known to the page
    alone.
    """

    _esm = page("ch08_augmentation.js")
    _css = page("ch08_augmentation.css")

    names: traitlets.List[Any] = traitlets.List().tag(sync=True)
    ranges = traitlets.Dict(RANGES).tag(sync=True)
    side = traitlets.Int(SIDE).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    original = traitlets.Bytes().tag(sync=True)
    variants = traitlets.Bytes().tag(sync=True)
    words: traitlets.List[Any] = traitlets.List().tag(sync=True)
    learners = traitlets.Bool().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, functions: Functions, **values: Any) -> None:
        self._functions = dict(functions)
        super().__init__(names=list(pictures()), setting=asdict(checked(values)))
        self._update()
        self.observe(self._update, names=["setting"])

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return asdict(checked(proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def _update(self, change: Any = None) -> None:
        setting = checked(self.setting)
        shown = scene(self._functions, setting)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.original = np.rint(255 * pictures()[setting.picture]).astype(np.uint8).tobytes()
            self.variants = shown.pictures.tobytes()
            self.words = shown.words
            self.learners = shown.learners
            self.message = shown.message

    def still(self) -> tuple[str, list[Panel]]:
        shape = (-1, SIDE, SIDE, 3)
        original, variants = (
            np.frombuffer(data, np.uint8).reshape(shape) for data in (self.original, self.variants)
        )
        panels = [pixels(self.setting["picture"], original[0], 110)]
        panels += [pixels(f"variant {n + 1}", each, 110) for n, each in enumerate(variants[:5])]
        return "A picture, and variants of it.", panels


def demo(
    hflip: Callable[..., Any],
    shift: Callable[..., Any],
    adjust_contrast: Callable[..., Any],
    affine: Callable[..., Any],
) -> AugmentationDemo:
    """The demo of chapter 8, with the learner's four functions."""
    functions = {
        "hflip": hflip,
        "shift": shift,
        "adjust_contrast": adjust_contrast,
        "affine": affine,
    }
    return AugmentationDemo(functions)
