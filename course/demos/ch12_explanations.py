"""Chapter 12's demo: hide a part of a photograph, and three explanations side by side.

``demo(saliency, grad_cam, occlusion_map, classifier)`` draws the explanations with the learner's
own functions. The occluder costs one forward pass wherever it goes.
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
from cnnlab.course.demos.still import Demo, Panel, pixels
from cnnlab.course.figures import heatmaps
from cnnlab.course.networks import explain
from cnnlab.course.networks.pretrained import Classifier, as_batch
from cnnlab.course.ops.network import softmax
from cnnlab.datasets.load import photo, photo_names

BOTH = "cat and cup"
CLASSES = 5
"""How many classes are shown: the first ones of the photograph as it is."""
SIZES = {"small": 8, "medium": 4, "large": 2}
"""The occluder's side, as a part of the photograph's."""
STEPS = 10
"""Steps of the occlusion map from side to side."""


@dataclass(frozen=True)
class Setting:
    """Where the menus and the occluder stand.

    Parameters
    ----------
    photo : str
    rank : int
        The class that is explained: 0 is the photograph's first.
    size : str
        Of `SIZES`.
    row, column : int
        The occluder's upper left corner.
    """

    photo: str = BOTH
    rank: int = 0
    size: str = "medium"
    row: int = 0
    column: int = 0


def picture(name: str, side: int) -> NDArray[np.uint8]:
    """A photograph, or the cat's and the cup's halves side by side: (side, side, 3)."""
    if name != BOTH:
        return photo(name, size=side)
    half = side // 2
    left, right = photo("chelsea", size=(side, half)), photo("coffee", size=(side, side - half))
    return np.concatenate([left, right], axis=1)


def bars(
    names: list[str], chosen: list[int], before: NDArray[Any], after: NDArray[Any]
) -> list[dict[str, Any]]:
    """What is drawn for each class: its name, logits and probabilities before and after.

    Parameters
    ----------
    before, after : ndarray, shape (classes,)
        Logits.

    Examples
    --------
    >>> bars(["cat", "cup"], [1], np.array([0.0, 0.0]), np.array([0.0, -1.0]))[0]["drop"]
    1.0
    """
    shares = softmax(before), softmax(after)
    return [
        {
            "name": names[i],
            "logit": round(float(after[i]), 2),
            "drop": round(float(before[i] - after[i]), 2),
            "before": round(float(shares[0][i]), 4),
            "after": round(float(shares[1][i]), 4),
        }
        for i in chosen
    ]


def sentence(row: Mapping[str, Any], first: str) -> str:
    """What hiding this place does, in words.

    Examples
    --------
    >>> sentence({"name": "cup", "drop": -1.5, "logit": 9.5}, "cup")
    'Hiding this raises the logit of cup by 1.5, to 9.5. The network says cup.'
    """
    drop = row["drop"]
    does = "lowers" if drop > 0 else "raises"
    by = f"{does} the logit of {row['name']} by {abs(drop):.3g}, to {row['logit']:.3g}"
    by = by if drop else f"leaves the logit of {row['name']} at {row['logit']:.3g}"
    return f"Hiding this {by}. The network says {first}."


class ExplanationsDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows. ``photograph`` and the three overlays are
    (side, side, 3), uint8, row after row.
    """

    _esm = page("ch12_explanations.js")
    _css = page("ch12_explanations.css")

    photos: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sizes: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    side = traitlets.Int().tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    photograph = traitlets.Bytes().tag(sync=True)
    colour: traitlets.List[Any] = traitlets.List().tag(sync=True)
    bars: traitlets.List[Any] = traitlets.List().tag(sync=True)
    overlays: traitlets.List[Any] = traitlets.List().tag(sync=True)
    captions: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, functions: tuple[Callable[..., Any], ...], classifier: Classifier, **values: Any
    ) -> None:
        from cnnlab.course.networks.quiet import tensorflow as tf

        self._functions, self._classifier = functions, classifier
        self._network = tf.function(explain.logits_of(classifier.model))
        self._seen: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}
        self._hidden: dict[tuple[str, str], NDArray[Any]] = {}
        self._explained: dict[tuple[str, int, str], tuple[list[bytes], list[str], str]] = {}
        side = classifier.size[0]
        super().__init__(
            photos=[BOTH, *photo_names()],
            sizes={name: side // part for name, part in SIZES.items()},
            side=side,
        )
        self.setting = asdict(self.checked({"row": side // 3, "column": 2 * side // 3} | values))
        self._update()
        self.observe(self._update, names=["setting"])

    def checked(self, values: Mapping[str, Any]) -> Setting:
        """A setting as it came from the page. Raises ValueError for what cannot be."""
        setting = Setting(**values)
        for name, known in (("photo", self.photos), ("size", list(self.sizes))):
            if getattr(setting, name) not in known:
                raise ValueError(f"{name} must be one of {known}. Received: {values[name]!r}")
        last = self.side - self.sizes[setting.size]
        for name, most in (("rank", CLASSES - 1), ("row", last), ("column", last)):
            value = getattr(setting, name)
            if type(value) is not int or not 0 <= value <= most:
                raise ValueError(f"{name} must be from 0 to {most}. Received: {value!r}")
        return setting

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return asdict(self.checked(proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def logits(self, pictures: NDArray[Any]) -> NDArray[np.float64]:
        """The network's logits for a batch."""
        return np.asarray(self._network(pictures), np.float64)

    def seen(self, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """A photograph as the network takes it, and its logits; computed once."""
        if name not in self._seen:
            image = as_batch(picture(name, self.side), (self.side, self.side))[0]
            self._seen[name] = image, self.logits(image[None])[0]
        return self._seen[name]

    def all_drops(self, name: str, size: str) -> NDArray[Any]:
        """How all logits drop at each place of the occlusion map: (rows, columns, classes)."""
        if (name, size) not in self._hidden:
            image, logits = self.seen(name)
            pixels, stride = self.sizes[size], self.stride
            corners = explain.places(image.shape, pixels, stride)
            rows = [
                self.logits(explain.occluded(image, [corner], pixels)) for corner in corners
            ]  # one by one: a graph for one picture is there already
            across = (self.side - pixels) // stride + 1
            drops = (logits - np.concatenate(rows)).reshape(-1, across, logits.size)
            self._hidden[name, size] = drops
        return self._hidden[name, size]

    @property
    def stride(self) -> int:
        return max(1, self.side // STEPS)

    def answers(self, setting: Setting, index: int) -> list[Answer]:
        """The three explanations, by the learner's functions where they can be shown."""
        image, _ = self.seen(setting.photo)
        model, pixels = self._classifier.model, self.sizes[setting.size]
        late = explain.LATE[self._classifier.title]
        drops = self.all_drops(setting.photo, setting.size)[..., index]
        calls = (
            ((), explain.saliency(model, image, index), "the largest slope"),
            ((late,), explain.grad_cam(model, image, index, late), "the weighted maps"),
            ((pixels, self.stride), drops, "the logit's drop"),
        )
        return [
            ask(function, (model, image, index, *more), right, meant=meant, near=1e-3)
            for function, (more, right, meant) in zip(self._functions, calls, strict=True)
        ]

    def explained(self, setting: Setting, index: int) -> tuple[list[bytes], list[str], str]:
        """Overlays, their captions, and what the learner should know; computed once."""
        key = setting.photo, index, setting.size
        if key not in self._explained:
            shown, shape = picture(setting.photo, self.side), (self.side, self.side)
            found = self.answers(setting, index)
            maps: list[NDArray[Any]] = [answer.map for answer in found]
            maps[2] = heatmaps.placed(maps[2], shape, self.sizes[setting.size], self.stride)
            captions = [
                f"{'your' if answer.learners else 'the course’s'} {name}"
                for answer, name in zip(found, ("saliency", "Grad-CAM", "occlusion"), strict=True)
            ]
            message = " ".join(answer.message for answer in found if answer.message)
            overlays = [heatmaps.overlay(shown, each).tobytes() for each in maps]
            self._explained[key] = overlays, captions, message
        return self._explained[key]

    def _update(self, change: Any = None) -> None:
        setting = Setting(**self.setting)
        image, before = self.seen(setting.photo)
        corner, names = (setting.row, setting.column), self._classifier.names
        after = self.logits(explain.occluded(image, [corner], self.sizes[setting.size]))[0]
        chosen = [int(i) for i in np.argsort(-before)[:CLASSES]]
        overlays, captions, message = self.explained(setting, chosen[setting.rank])
        shown = picture(setting.photo, self.side)
        rows = bars(names, chosen, before, after)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.photograph = shown.tobytes()
            self.colour = shown.mean(axis=(0, 1)).round().astype(int).tolist()
            self.bars = rows
            self.overlays, self.captions, self.message = overlays, captions, message
            self.sentence = sentence(rows[setting.rank], names[int(np.argmax(after))])

    def still(self) -> tuple[str, list[Panel]]:
        shape, names = (self.side, self.side, 3), ["photograph", *self.captions]
        part = max(1, self.side // 70)
        panels = [
            pixels(name, np.frombuffer(data, np.uint8).reshape(shape)[::part, ::part], 170)
            for name, data in zip(names, [self.photograph, *self.overlays], strict=True)
        ]
        return "A photograph, and three explanations of what the network sees in it.", panels


def demo(
    saliency: Callable[..., Any],
    grad_cam: Callable[..., Any],
    occlusion_map: Callable[..., Any],
    classifier: Classifier,
    **values: Any,
) -> ExplanationsDemo:
    """The demo of chapter 12, with the learner's functions.

    Parameters
    ----------
    classifier : Classifier
        As `cnnlab.course.networks.explain.load_explained` gives it.
    **values
        Of the `Setting` to begin with.
    """
    return ExplanationsDemo((saliency, grad_cam, occlusion_map), classifier, **values)
