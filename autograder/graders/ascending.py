"""The exercise ``ascend`` of chapter 11, and what all gradient ascent there is judged by.

Correct pictures come from Keras's gradients. What a mistaken function would draw is computed by
`climb`, with the networks of `small_nets`. A picture is compared as it is, number by number,
for its noise and shifts come from the generator in a stated order; only on the rung "climbs" any
picture is right that the network likes well enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders import small_nets
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.graders.gradients import gradients
from cnnlab.autograder.twists import Op, Twist
from cnnlab.autograder.worker import Seed
from cnnlab.course import ascent
from cnnlab.course.ops import require

Array = NDArray[Any]
Rng = np.random.Generator
Gradient = Callable[[Array], Array]

TERMS = 3000
"""Sets the tolerance: every step carries on what the one before has rounded."""
STEADY = 2e-3


# What is drawn, rightly and with slips


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
    """Gradient ascent, or what becomes of it with a slip.

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


def _plain(image: Array, gradient: Array, rate: float) -> Array:
    return image + rate * gradient


def slip(**slips: Any) -> Callable[[Op], Op]:
    """The op with a slip of its own; slips add up."""
    return lambda op: lambda *args, **kwargs: op(*args, **{**slips, **kwargs})


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
    "Your picture goes downhill: the network likes it less after every step. Which way does the "
    "gradient point?"
)
NOT_UNDONE = (
    "You shift the picture for each step and never shift it back, so it wanders about. Shift it "
    "back by just as much before the next step."
)
ONE_SHIFT = (
    "You draw one shift and use it for all steps. Then the network always sees the picture at the "
    "same place. Draw anew for each step."
)
_PLAIN = (
    "The length of your step depends on the size of the gradient, which can be tiny or huge. Let "
    "ascent_step take the step: it divides by it."
)
_ADDED = (
    "You add the penalties: your picture gets rewarded for being rough and bright. What is not "
    "liked is taken away from the score."
)
_TV_SUM = (
    "Your total variation is the whole sum, so it weighs more in a larger picture. Divide it by how "
    "many numbers the picture has."
)
_L6_SUM = "Your L6 norm sums the sixth powers. Take their mean, so that the size of the picture does not matter."
_ONE_GRADIENT = (
    "Every step of yours goes the same way: the gradient of the first picture. After a step the "
    "picture is another one, and so is its gradient."
)

CLIMB_TWISTS = (
    Twist("descends", slip(step=_down), DESCENDS),
    Twist("jitter-not-undone", slip(undone=False), NOT_UNDONE),
    Twist("one-jitter-for-all", slip(redrawn=False), ONE_SHIFT),
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


# ascend


def _goal(given: Any) -> Gradient:
    if "weights" in given:
        return lambda image: np.asarray(given["weights"], np.float64)
    slope = small_nets.mean_of(given["index"])
    return small_nets.gradient_of(given["network"], given["layer"], slope)


def _worth(raw: Any) -> Callable[[Array], float]:
    def worth(picture: Array) -> float:
        layers = small_nets.layers_of(raw["network"])
        out, _ = small_nets.forward(picture, layers, raw["layer"])
        return float(out[..., raw["index"]].mean())

    return worth


def seen_ascent(args: tuple[Any, ...], value: Any) -> Any:
    return seen(value, _worth(value))


def simulated_ascend(
    image: Any, steps: int, rng: Rng, *args: Any, given: Any, **kwargs: Any
) -> dict[str, Any]:
    """What the driver says of a right solution, by NumPy."""
    shape = np.shape(image)
    require(len(shape) == 3, "image", "must have shape (H, W, C)", shape)
    return {"picture": climb(_goal(given), image, steps, rng, *args, **kwargs), **given}


def keras_ascend(image: Any, steps: int, rng: Seed, given: Any, **kwargs: Any) -> Any:
    from cnnlab.autograder.drivers.ascent import _score

    live = np.random.default_rng(rng.n)
    picture = keras_ascent(_score(given), image, steps, live, **kwargs)
    return seen_ascent((), {"picture": picture, **given})


def ascend_probes(rng: Rng) -> Iterator[Probe]:
    def network(layer: str) -> dict[str, Any]:
        made = {**small_nets.FILTERS, "seed": int(rng.integers(1 << 31))}
        return {"network": made, "layer": layer, "index": small_nets.lively(made, layer, rng)}

    def probe(
        rung: str, shape: tuple[int, ...], steps: int, given: Any = None, **kwargs: Any
    ) -> Probe:
        title = kwargs.pop("title", "")
        while True:
            made = given or network("block2_conv1")
            image = wholes(rng, *shape) if rung == "by-hand" else small_nets.noise(rng, *shape)
            seed = int(rng.integers(1 << 31))
            if steady(
                lambda x: climb(_goal(made), x, steps, np.random.default_rng(seed), **kwargs),  # noqa: B023
                image,
            ):
                return Probe(
                    rung, (image, steps, Seed(seed)), kwargs, title, given=made, terms=TERMS
                )

    def linear(*shape: int) -> dict[str, Any]:
        return {"weights": reals(rng, *shape)}

    yield probe("shape", (9, 8, 3), 1, title="one step")
    yield probe("by-hand", (2, 2, 1), 0, linear(2, 2, 1), title="no step")
    one = {"weights": np.array([[[1.0], [0.0]], [[0.0], [0.0]]], np.float32)}
    yield probe("by-hand", (2, 2, 1), 1, one, title="the score is the first number")
    yield probe("by-hand", (3, 2, 2), 2, linear(3, 2, 2), rate=0.5, title="a sum of products")
    yield probe("reference", (9, 8, 3), 1, title="a network, one step")
    yield probe("reference", (9, 8, 3), 4, title="a network, four steps")
    yield probe("reference", (8, 11, 3), 3, network("block1_conv1"), rate=2.5, title="three steps")
    yield probe("penalties", (8, 7, 3), 3, tv=0.05, title="total variation")
    yield probe("penalties", (8, 7, 3), 3, l6=0.1, title="L6")
    yield probe("penalties", (7, 9, 3), 3, rate=2.0, tv=0.03, l6=0.06, title="both")
    yield probe("jitter", (4, 5, 2), 1, linear(4, 5, 2), jitter=2, title="one step, by hand")
    yield probe("jitter", (9, 8, 3), 3, jitter=2, title="up to two pixels")
    yield probe("jitter", (8, 10, 3), 4, jitter=3, tv=0.03, title="up to three pixels")
    for size in (12, 14):
        made = network("block1_conv1")
        image = small_nets.noise(rng, size, size, 3)
        wanted = climbing(_worth(made)(image), image.shape, 4)
        args = (image, 12, Seed(int(rng.integers(1 << 31))))
        yield Probe("climbs", args, {"rate": 4.0}, "twelve steps", given={**made, **wanted})
    blank = np.zeros((3, 4, 2), np.float32)
    yield Probe(
        "edge-cases", (blank, 2, Seed(1)), {}, "a blank picture", given=linear(3, 4, 2), terms=TERMS
    )
    for shape, title in (((4, 5), "no channels"), ((1, 3, 4, 2), "a batch")):
        given = {"weights": reals(rng, *shape)}
        args = (reals(rng, *shape), 1, Seed(1))
        yield Probe("bad-input", args, {}, title, raises="image", given=given)
    yield probe("bad-input", (3, 3, 2), 1, linear(3, 3, 2), title="with channels")


ascend = Exercise(
    name="ascend",
    points={
        "shape": 0.5,
        "by-hand": 1.0,
        "reference": 1.5,
        "penalties": 1.0,
        "jitter": 1.0,
        "climbs": 0.5,
        "edge-cases": 0.25,
        "bad-input": 0.25,
    },
    probes=ascend_probes,
    reference=keras_ascend,
    correct=simulated_ascend,
    simulated=True,
    driver="ascent.ascended",
    view=seen_ascent,
    needs=("ascent_step",),
    twists=(
        *CLIMB_TWISTS,
        Twist("not-normalised", slip(step=_plain), _PLAIN),
        *PENALTY_TWISTS,
        Twist("gradient-of-the-start", slip(follows=False), _ONE_GRADIENT),
    ),
    hints=(
        "One step has four parts: shift the picture, take the gradient of the score there, take a step, shift it back.",
        "A GradientTape watches a tensor of the shifted picture with a batch axis; np.roll shifts, rng.integers draws both shifts at once.",
        "Inside the tape: score(x), minus tv times the total variation over the number of numbers, minus l6 times the sixth root of the mean sixth power. Outside: ascent_step, and np.roll by the opposite.",
    ),
    rung_hints={
        "by-hand": "Here the gradient is the same everywhere: the weights of the sum. What does ascent_step make of it?",
        "penalties": "Both penalties belong inside the tape. Total variation is divided by the number of numbers in the picture; L6 takes the mean of the sixth powers, then the sixth root.",
        "jitter": "Per step one rng.integers(-jitter, jitter + 1, 2): first down, then right. Everything in this step is computed on the shifted picture, and then it is shifted back.",
        "climbs": "The score after the last step should be far above the first.",
        "edge-cases": "The sixth root has no slope at 0. Where l6 is 0, leave the term out.",
        "bad-input": "A picture has three axes. Say in the message that image is to blame.",
    },
)
