"""Chapter 11's demo: gradient ascent on the small network, live.

``demo(ascent_step, total_variation)`` takes every step with the learner's own function. The page
asks for steps, a few at a time, and draws what came before it asks again: so it can be stopped at
once, and other cells can run in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.course.demos import page
from cnnlab.course.demos.answers import Answer, ask
from cnnlab.course.demos.still import Demo, Panel, pixels
from cnnlab.course.figures.gradient_ascent import shown
from cnnlab.course.networks.pretrained import load_small_vgg
from cnnlab.course.ops import ascent

Array = NDArray[Any]

SIDE = 64
"""Pixels of the picture's side."""
STEPS = 200
"""One run has so many steps at most."""
SECONDS = 0.06
"""How long the page waits for an answer: so many steps are taken at a time."""
RANGES = {"tv": (0.0, 1.0), "l6": (0.0, 1.0), "jitter": (0, 8), "rate": (1.0, 8.0)}


@dataclass(frozen=True)
class Setting:
    """Where the menus and sliders stand."""

    layer: str = "block3_conv1"
    channel: int = 4
    tv: float = 0.1
    l6: float = 0.0
    jitter: int = 2
    rate: float = 4.0


def scored(model: Any, layer: str) -> Callable[[Array, int], tuple[float, Array]]:
    """From a picture and a channel to the mean of its map without the border, and the gradient.

    A silent map has none, so the gradient is then that of the sums before the ReLU.
    """
    import keras
    import tensorflow as tf

    conv = model.get_layer(layer)
    below = keras.Model(model.input, conv.input)

    @tf.function
    def both(x: Any, channel: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            kernel = tf.gather(conv.kernel, [channel], axis=3)
            sums = tf.nn.conv2d(below(x, training=False), kernel, 1, "SAME")
            sums += tf.gather(conv.bias, channel)
            inner = sums[:, 2:-2, 2:-2] if sums.shape[1] > 4 else sums
            value = tf.reduce_mean(tf.nn.relu(inner))
            goal = tf.where(value > 0, value, tf.reduce_mean(inner))
        return value, tape.gradient(goal, x)

    def score(image: Array, channel: int) -> tuple[float, Array]:
        value, gradient = both(tf.constant(image[None], tf.float32), tf.constant(channel))
        return float(value), gradient[0].numpy().astype(np.float64)

    return score


def stepped(
    score: Callable[[Array], tuple[float, Array]],
    image: Array,
    shift: Array,
    setting: Setting,
    function: Callable[..., Any],
) -> tuple[Array, float, Answer]:
    """One step with the learner's ``ascent_step``.

    The penalties' weights are relative to the gradient of the score, which differs by orders of
    magnitude from layer to layer: at 1 they push about as strongly as it does.

    Returns
    -------
    picture : ndarray, shape (H, W, 3)
    score : float
        Before the step.
    answer : Answer
        What the learner should know.
    """
    found: list[Any] = []

    def gradient(seen: Array) -> Array:
        value, slope = score(seen)
        found.append(value)
        length = np.sqrt(np.mean(slope**2))
        return slope / (length * slope.size) if length else slope

    def step(seen: Array, uphill: Array, rate: float) -> Array:
        right = ascent.ascent_step(seen, uphill, rate)
        answer = ask(
            function,
            (seen, uphill, rate),
            right,
            plane=lambda result: result.reshape(len(result), -1),
            meant="one step uphill of the given length",
        )
        found.append(answer)
        return answer.map.reshape(seen.shape)

    picture = ascent.shifted_step(
        gradient, image, shift, setting.rate, setting.tv, setting.l6, step
    )
    return picture, found[0], found[1]


def roughness(function: Callable[..., Any], image: Array) -> Answer:
    """The learner's total variation of a picture, as one number."""
    right = np.asarray(ascent.total_variation(image))
    return ask(function, (image,), right, np.atleast_2d, meant="the sum of all differences")


def sentence(step: int, scores: list[float], rough: float, size: int) -> str:
    """How it stands, in words.

    Examples
    --------
    >>> sentence(12, [1.0, 3.5], 300.0, 100)
    'Step 12 of 200. The mean of the map is 3.5, at the start it was 1. Roughness 3 per number.'
    """
    if not scores:
        return "Noise, before the first step. Press Start."
    told = f"Step {step} of {STEPS}. The mean of the map is {scores[-1]:.3g}, "
    told += f"at the start it was {scores[0]:.3g}. Roughness {rough / size:.3g} per number."
    if scores[-1] == 0:
        told += " This filter is silent here: what rises for now is the sum before its ReLU."
    return told


class AscentDemo(Demo):
    """The widget: it keeps the picture, the page asks for steps.

    The page sets ``setting``, ``tick`` (one more asks for steps) and ``noise`` (one more begins
    anew); ``answered`` is the last tick that was carried out. ``picture`` is (side, side, 3) uint8.
    """

    _esm = page("ch11_filters_classes.js")
    _css = page("ch11_filters_classes.css")

    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    counts: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    ranges: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    side = traitlets.Int(SIDE).tag(sync=True)
    limit = traitlets.Int(STEPS).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    tick = traitlets.Int(0).tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)
    noise = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    scores: traitlets.List[Any] = traitlets.List().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        step: Callable[..., Any],
        variation: Callable[..., Any],
        model: Any,
        **values: Any,
    ) -> None:
        self._step, self._variation, self._model = step, variation, model
        self._scored: dict[str, Callable[[Array, int], tuple[float, Array]]] = {}
        names = [layer.name for layer in model.layers if "conv" in layer.name]
        counts = {name: int(model.get_layer(name).output.shape[-1]) for name in names}
        super().__init__(
            layers=names, counts=counts, ranges={k: list(v) for k, v in RANGES.items()}
        )
        self.setting = asdict(self.checked(values))
        self.begin()
        self.observe(self._changed, names=["setting"])
        self.observe(self.begin, names=["noise"])
        self.observe(self._ticked, names=["tick"])

    def checked(self, values: Mapping[str, Any]) -> Setting:
        """A setting as it came from the page. Raises ValueError for what cannot be."""
        setting = Setting(**values)
        if setting.layer not in self.layers:
            raise ValueError(f"layer must be one of {self.layers}. Received: {setting.layer!r}")
        count = self.counts[setting.layer]
        if type(setting.channel) is not int or not 0 <= setting.channel < count:
            raise ValueError(
                f"channel must be from 0 to {count - 1}. Received: {setting.channel!r}"
            )
        for name, (low, high) in RANGES.items():
            value = getattr(setting, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} must be a number. Received: {value!r}")
            if not low <= value <= high or (name == "jitter" and value != int(value)):
                raise ValueError(f"{name} must be from {low} to {high}. Received: {value!r}")
        return setting

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return asdict(self.checked(proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def begin(self, change: Any = None) -> None:
        """Noise again, another one each time."""
        self._rng = np.random.default_rng(self.noise)
        self._image: Array = ascent.noise(SIDE, self._rng)
        self._scores: list[float] = []
        self.step = 0
        self._show("")

    def _changed(self, change: Any) -> None:
        what = [(change[age]["layer"], change[age]["channel"]) for age in ("old", "new")]
        if what[0] != what[1]:  # another filter begins with noise; sliders go on with the picture
            self.begin()

    def _ticked(self, change: Any) -> None:
        start = time.monotonic()
        told = self.climb()
        while self.step < STEPS and time.monotonic() - start < SECONDS:
            told = self.climb()
        self._show(told)

    def climb(self) -> str:
        """One step; what the learner should know of it. At the last step nothing is done."""
        if self.step >= STEPS:
            return self.message
        setting = Setting(**self.setting)
        if setting.layer not in self._scored:
            self._scored[setting.layer] = scored(self._model, setting.layer)
        score = self._scored[setting.layer]
        jitter = int(setting.jitter)
        shift = self._rng.integers(-jitter, jitter + 1, 2)
        self._image, value, answer = stepped(
            lambda seen: score(seen, setting.channel), self._image, shift, setting, self._step
        )
        self._scores.append(value)
        self.step += 1
        return answer.message

    def _show(self, told: str) -> None:
        rough = roughness(self._variation, self._image)
        number = float(rough.map.ravel()[0])
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.picture = shown(self._image, contrast=None).tobytes()
            self.scores = list(self._scores)
            self.sentence = sentence(self.step, self._scores, number, self._image.size)
            self.message = " ".join(filter(None, [told, rough.message if self._scores else ""]))
            self.answered = self.tick

    def still(self) -> tuple[str, list[Panel]]:
        shown = np.frombuffer(self.picture, np.uint8).reshape(SIDE, SIDE, 3)
        panel = pixels("noise, to begin with", shown[::2, ::2], 240)
        return "The noise from which a filter's favorite picture is made.", [panel]


def demo(
    ascent_step: Callable[..., Any], total_variation: Callable[..., Any], model: Any = None
) -> AscentDemo:
    """The demo of chapter 11, with the learner's functions.

    Parameters
    ----------
    ascent_step : callable
        image, gradient, rate → image.
    total_variation : callable
        image → float.
    model : keras.Model, optional
        For pictures of any size, with convolutions; the course's small VGG where left out.
    """
    model = load_small_vgg(top=False)[0] if model is None else model
    return AscentDemo(ascent_step, total_variation, model)
