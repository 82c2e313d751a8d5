"""Chapter 14's ``he_normal``: first weights that keep a signal as large as it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from cnnlab.autograder.graders.ch14_training._weights import (
    RIGHT,
    given,
    keras_weights,
    known_spreads,
    weights_view,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.autograder.sandbox.calls import Seed
from cnnlab.course.ops import Array, require

Rng = np.random.Generator


def weights_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, shape: tuple[int, ...], *asks: str, calls: int = 2, title: str = ""
    ) -> Probe:
        state = Seed(int(rng.integers(1 << 31)))
        return Probe(rung, (shape, state), title=title, given=given(rng, *asks, calls=calls))

    yield probe("shape", (3, 2, 4, 5), "form", title="a convolution")
    yield probe("shape", (6, 4), "form", title="a dense layer")
    title = "a dense layer with 8 inputs"
    yield probe("by-hand", (8, 500), "spread", calls=4, title=title)
    title = "2 × 2 windows, 2 channels"
    yield probe("by-hand", (2, 2, 2, 700), "spread", calls=4, title=title)
    for shape in ((3, 3, 4, 5), (7, 6), (2, 3, 5, 5)):
        yield probe("structure", shape, "independence", title=f"several calls for {shape}")
    for shape, calls in (
        ((3, 3, 16, 40), 8),
        ((5, 3, 6, 25), 10),
        ((3, 3, 24, 24), 6),
        ((1, 1, 30, 90), 8),
        ((120, 50), 4),
        ((30, 300), 3),
    ):
        yield probe("reference", shape, "spread", calls=calls, title=f"{calls} calls for {shape}")
    asked = given(rng, "form")
    for odd in ((5,), (3, 0, 2, 4), ()):
        state = Seed(int(rng.integers(1 << 31)))
        yield Probe("robust", (odd, state), title="no shape", given=asked, raises="shape")
    yield probe("robust", (4, 3), "independence", title="all in order")


def normal(rng: Rng, std: float, shape: tuple[int, ...]) -> Array:
    return rng.normal(0, std, shape)


def flat(wide: float) -> Callable[[Rng, float, tuple[int, ...]], Array]:
    """Uniform from −wide·std to wide·std."""
    return lambda rng, std, shape: rng.uniform(-wide * std, wide * std, shape)


def one_for_all(rng: Rng, std: float, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(rng.normal(0, std, (*shape[:-1], 1)), shape).copy()


def weights(
    shape: Sequence[int],
    rng: Rng,
    *,
    spread: str = RIGHT,
    draw: Callable[[Rng, float, tuple[int, ...]], Array] = normal,
    source: Callable[[Rng], Rng] = lambda rng: rng,
) -> Array:
    """`cnnlab.course.ops.training.he_normal` with mistakes: without any, it is that function."""
    require(len(shape) >= 2 and min(shape) >= 1, "shape", "must have two sizes or more", shape)
    return draw(source(rng), known_spreads(shape)[spread], tuple(shape))


_SPREADS = {
    "fan-out-for-fan-in": (
        "√(2 / fan_out)",
        "Your spread belongs to the numbers that go out. Count what one output adds up: which axes of the shape does one filter cover?",
    ),
    "variance-for-std": (
        "2 / fan_in",
        "2 / fan_in is the variance, and you use it as the standard deviation. How do you get from one to the other?",
    ),
    "window-forgotten": (
        "√(2 / C)",
        "You count the channels alone. One output of a convolution adds up a whole window: how many numbers is that?",
    ),
    "channels-forgotten": (
        "√(2 / (kh · kw))",
        "You count the cells of the window alone. Each of them holds a number for every channel: how many numbers does one filter see?",
    ),
    "first-size-only": (
        "√(2 / kh)",
        "You count the first size of the shape alone. That is right for a dense layer. How many numbers does one filter of a convolution see?",
    ),
    "filters-counted": (
        "√(2 / (kh · kw · C · F))",
        "You count all weights of the layer. The filters do not add up with each other: how many products does one output add up?",
    ),
    "two-forgotten": (
        "√(1 / fan_in)",
        "Your weights are too small by a factor of √2. ReLU throws away about half of the signal: what must the weights make up for?",
    ),
    "glorot-for-he": (
        "√(2 / (fan_in + fan_out))",
        "You add up the inputs and the outputs. That is another rule, made for layers without ReLU. Which of the two counts here?",
    ),
}
_FLAT = "Your weights are drawn evenly from a range. They should be normal: small ones often, large ones seldom. Which method of rng draws such numbers?"
_SHIFTED = "Your weights do not lie around 0. If all of them push the same way, the sums grow from layer to layer. Where should the middle be?"

EXERCISE = Exercise(
    name="he_normal",
    points={"shape": 0.25, "by-hand": 0.75, "structure": 0.5, "reference": 1},
    probes=weights_probes,
    keras_reference=keras_weights,
    numpy_op=weights,
    driver="ch14.drawn",
    describe=weights_view,
    twists=(
        *(Twist(name, with_mistake(spread=std), says) for name, (std, says) in _SPREADS.items()),
        Twist("uniform-for-normal", with_mistake(draw=flat(1)), _FLAT),
        Twist("uniform-for-normal", with_mistake(draw=flat(math.sqrt(3))), _FLAT),
        Twist("not-centered", with_mistake(draw=lambda rng, std, s: rng.random(s) * std), _SHIFTED),
        Twist(
            "not-centered",
            with_mistake(draw=lambda rng, std, s: np.abs(rng.normal(0, std, s))),
            _SHIFTED,
        ),
        Twist(
            "filters-alike",
            with_mistake(draw=one_for_all),
            "All your filters are the same. They would get the same gradient and stay the same for ever. For how many weights do you draw?",
        ),
        Twist(
            "reseeds",
            with_mistake(source=lambda rng: np.random.default_rng(0)),
            "Every call draws the same weights, because a generator with a fixed seed begins again each time. Whose generator should you use?",
        ),
        Twist(
            "ignores-rng",
            with_mistake(source=lambda rng: np.random.default_rng()),
            "You draw, but not from rng, so nobody can repeat the training. Where does your chance come from?",
        ),
    ),
    hints=(
        "One output is a sum over the whole window and all channels. The more numbers it adds up, the smaller the weights must be. How many are there?",
        "fan_in is the product of all sizes but one. Which axis of a kernel counts the outputs?",
        "Call the normal method of rng with three things: the mean 0, the standard deviation, the shape. What is the root of 2 / fan_in?",
    ),
    rung_hints={
        "shape": "One array comes back, in the shape that was asked for. What does your function return?",
        "by-hand": "With a fan_in of 8 the standard deviation is √(2/8) = 0.5. What is it in yours?",
        "structure": "Two calls with one rng must give different weights, and the same seed must give the same. Where does your chance come from?",
        "reference": "Measure the standard deviation of your weights for a large shape. Which number of inputs would fit it?",
        "robust": "A shape needs two sizes or more, and none below 1. Name shape in the message.",
    },
)
