"""Gradient ascent, for three exercises: how it is computed, how it goes wrong, when it is stable.

Correct pictures come from Keras's gradients. What a mistaken function would draw is computed by
`climb`, with the networks of `_networks`. A picture is compared as it is, number by number,
for its noise and shifts come from the generator in a stated order; only on the rung "climbs" any
picture is right that the network likes well enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.shared.gradients import gradients
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import ascent

Array = NDArray[Any]
Gradient = Callable[[Array], Array]
Rng = np.random.Generator

TERMS = 3000
"""Sets the tolerance: every step carries on what the one before has rounded."""
STEADY = 2e-3

# What is drawn, rightly and with mistakes


def climb(
    gradient: Gradient,
    image: Any,
    steps: int,
    rng: Rng,
    rate: float = 1.0,
    tv: float = 0.0,
    l6: float = 0.0,
    jitter: int = 0,
    step: Callable[..., Array] = ascent.ascent_step,
    undone: bool = True,
    redrawn: bool = True,
    follows: bool = True,
) -> Array:
    """Gradient ascent, or what becomes of it with a mistake.

    Parameters
    ----------
    step : callable
        In the place of `ascent.ascent_step`.
    undone, redrawn, follows : bool
        Whether the shift is taken back, drawn for every step, and the gradient taken anew for
        every step.
    """
    image = np.asarray(image, np.float64)
    shift = rng.integers(-jitter, jitter + 1, 2) if not redrawn else np.zeros(2, int)
    uphill = gradient
    if not follows:
        first = gradient(image) - ascent.penalty_gradient(image, tv, l6)
        uphill, tv, l6 = (lambda seen: first), 0.0, 0.0
    for _ in range(steps):
        if redrawn:
            shift = rng.integers(-jitter, jitter + 1, 2)
        image = ascent.shifted_step(uphill, image, shift, rate, tv, l6, step)
        if not undone:
            image = np.roll(image, shift, axis=(0, 1))
    return image


def _down(image: Array, gradient: Array, rate: float) -> Array:
    return ascent.ascent_step(image, -gradient, rate)


def with_mistake(**mistakes: Any) -> Callable[[Op], Op]:
    """The op with a mistake of its own; mistakes add up."""
    return lambda op: lambda *args, **kwargs: op(*args, **{**mistakes, **kwargs})


def penalties(change: Callable[[float, float, int], tuple[float, float]]) -> Callable[[Op], Op]:
    """Other weights for roughness and large numbers, from both and the size of the picture."""

    def apply(op: Op) -> Op:
        def wrong(*args: Any, given: Any, **kwargs: Any) -> Any:
            start = kwargs.get("start")
            if start is None and "size" in kwargs:
                start = np.zeros((kwargs["size"], kwargs["size"], 3))
            size = np.size(args[0] if start is None else start)
            tv, l6 = change(kwargs.get("tv", 0.0), kwargs.get("l6", 0.0), size)
            return op(*args, given=given, **{**kwargs, "tv": tv, "l6": l6})

        return wrong

    return apply


DESCENDS = (
    "Your picture goes downhill: the score falls with every step. Which way does the "
    "gradient point?"
)
NOT_UNDONE = (
    "You shift the picture for each step and never shift it back. Shift it "
    "back by just as much before the next step."
)
ONE_SHIFT = (
    "You draw one shift and use it for all steps. Then the network always sees the picture at the "
    "same place. Draw anew for each step."
)

_ADDED = "You add the penalties: your score grows when the picture is rough and bright. Subtract the penalties from the score."
_TV_SUM = (
    "Your total variation is the whole sum, so it weighs more in a larger picture. Divide it by how "
    "many numbers the picture has."
)
_L6_SUM = "Your L6 norm sums the sixth powers. Take their mean, so that the size of the picture does not matter."

CLIMB_TWISTS = (
    Twist("descends", with_mistake(step=_down), DESCENDS),
    Twist("jitter-not-undone", with_mistake(undone=False), NOT_UNDONE),
    Twist("one-jitter-for-all", with_mistake(redrawn=False), ONE_SHIFT),
)
PENALTY_TWISTS = (
    Twist("penalties-added", penalties(lambda tv, l6, size: (-tv, -l6)), _ADDED),
    Twist("variation-not-averaged", penalties(lambda tv, l6, size: (tv * size, l6)), _TV_SUM),
    Twist("l6-summed", penalties(lambda tv, l6, size: (tv, l6 * size ** (1 / 6))), _L6_SUM),
)

# How a picture is looked at


def seen(raw: Any, worth: Callable[[Array], float]) -> Any:
    """What is compared: the picture, or only whether the network likes it enough."""
    picture = raw["picture"]
    if "climbs" not in raw:
        return np.asarray(picture, np.float32)
    fits = isinstance(picture, np.ndarray) and picture.shape == raw["climbs"]["shape"]
    enough = fits and worth(np.asarray(picture, np.float64)) >= raw["climbs"]["from"]
    return {f"the score is at least {raw['climbs']['times']} times that of the start": enough}


def climbing(worth: float, shape: tuple[int, ...], times: int) -> dict[str, Any]:
    """What a probe of the rung "climbs" gives: the score to be reached, the same everywhere."""
    return {"climbs": {"from": float(f"{times * worth:.4g}"), "shape": shape, "times": times}}


def steady(draw: Callable[[Array], Array], image: Array) -> bool:
    """Whether a picture comes out the same from a start that is off by rounding.

    A number next to a kink of ReLU, or two neighbours that are nearly equal, would make the
    outcome a matter of rounding. Such probes are not asked.
    """
    off = 1e-5 * np.random.default_rng(0).normal(size=image.shape)
    return bool(np.abs(draw(image) - draw(image + off)).max() < STEADY)


def variation(image: Any) -> Any:
    """Total variation of a picture (H, W, C), in Keras's ops: a tensor without axes."""
    from keras import ops

    down, right = image[1:] - image[:-1], image[:, 1:] - image[:, :-1]
    return ops.sum(ops.abs(down)) + ops.sum(ops.abs(right))


def keras_ascent(
    score: Callable[[Any], Any],
    image: Any,
    steps: int,
    rng: Rng,
    rate: float = 1.0,
    tv: float = 0.0,
    l6: float = 0.0,
    jitter: int = 0,
) -> Array:
    """Gradient ascent with Keras's gradients, in float32."""
    from keras import ops

    def liked(x: Any) -> Any:
        value = score(x[None])
        if tv:
            value -= tv * variation(x) / np.size(image)
        if l6:
            value -= l6 * ops.mean(x**6) ** (1 / 6)
        return value

    x = np.asarray(image, np.float32)
    for _ in range(steps):
        shift = rng.integers(-jitter, jitter + 1, 2)
        x = np.roll(x, shift, axis=(0, 1))
        (gradient,) = gradients(liked, [x])
        length = ops.sqrt(ops.mean(ops.square(gradient)))
        x = ops.convert_to_numpy(x + rate * gradient / (length + 1e-8))
        x = np.roll(x, -shift, axis=(0, 1))
    return x
