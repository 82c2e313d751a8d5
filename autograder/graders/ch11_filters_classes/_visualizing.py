"""What ``visualize_filter`` and ``visualize_class`` share: where a picture starts, and its probes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch11_filters_classes import _networks
from cnnlab.autograder.graders.ch11_filters_classes._ascent import (
    TERMS,
    climb,
    climbing,
    keras_ascent,
    steady,
    with_mistake,
)
from cnnlab.autograder.graders.shared.draws import fitting
from cnnlab.autograder.judging.exercise import Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.autograder.sandbox.calls import Seed
from cnnlab.course.ops import ascent

Array = NDArray[Any]
Rng = np.random.Generator

SIZE = 96


def drawn(gradient: Any, steps: int, rng: Rng, mistakes: dict[str, Any]) -> Array:
    """From a start, or from noise: what both exercises do with their gradient."""
    size, start, begin = (
        mistakes.pop("size", SIZE),
        mistakes.pop("start", None),
        mistakes.pop("begin", None),
    )
    if start is None:
        start = (begin or ascent.noise)(size, rng)
    return climb(gradient, start, steps, rng, **mistakes)


def _blank(size: int, rng: Rng) -> Array:
    return np.zeros((size, size, 3))


def _even(size: int, rng: Rng) -> Array:
    return rng.random((size, size, 3))


def _without_start(op: Op) -> Op:
    """Noise whatever was given; its size is that of the start, or that of the argument."""

    def wrong(*args: Any, start: Any = None, **kwargs: Any) -> Any:
        return op(*args, **kwargs)

    return wrong


def probes(
    rng: Rng,
    given: Callable[[str], dict[str, Any]],
    draw: Callable[..., Any],
    chosen: Callable[[dict[str, Any]], tuple[Any, ...]],
) -> Iterator[Probe]:
    """The probes that both exercises have in common.

    Parameters
    ----------
    given : callable, rung → what the driver gets
    draw : callable
        The simulated exercise.
    chosen : callable
        The first arguments (layer and index, or index alone), from what the driver gets.
    """

    def probe(rung: str, steps: int, title: str, shape: Any = None, **kwargs: Any) -> Probe:
        while True:
            made = given(rung)
            seed = int(rng.integers(1 << 31))
            if shape is not None:
                kwargs["start"] = _networks.noise(rng, *shape)
            begin = kwargs.get("start")
            if begin is None:
                begin = ascent.noise(kwargs.get("size", SIZE), np.random.default_rng(seed))

            def again(image: Array, made: Any = made, seed: int = seed) -> Array:
                others = {**kwargs, "start": image}
                live = np.random.default_rng(seed)
                return draw(*chosen(made), steps, live, given=made, **others)["picture"]

            if not steps or steady(again, begin):
                args = (*chosen(made), steps, Seed(seed))
                return Probe(rung, args, kwargs, title, given=made, terms=TERMS)

    yield probe("shape", 1, "one step", size=14)
    yield probe("start", 0, "no step: noise of the usual size")
    yield probe("start", 0, "no step: noise", size=11)
    yield probe("start", 0, "no step, a start is given", (12, 13, 3))
    yield probe("reference", 1, "one step", size=13)
    yield probe("reference", 3, "three steps", size=14)
    yield probe("reference", 2, "two steps", size=16)
    yield probe("options", 3, "a rate", size=13, rate=2.5)
    yield probe("options", 2, "total variation", size=12, tv=0.05)
    yield probe("options", 2, "L6", size=12, l6=0.1)
    yield probe("options", 3, "jitter", size=13, jitter=2)
    yield probe("options", 2, "all of them", (13, 15, 3), rate=1.5, tv=0.03, l6=0.05, jitter=3)


def rising(
    rng: Rng,
    given: Callable[[str], dict[str, Any]],
    draw: Callable[..., Any],
    chosen: Callable[[dict[str, Any]], tuple[Any, ...]],
    worth: Callable[..., Callable[[Array], float]],
    size: int,
) -> Probe:
    """A probe of the rung "climbs": a score far above noise's, reached in a fresh batch.

    Parameters as in `probes`; ``worth(network, *chosen)`` gives a picture's score.
    """
    shape, options = (size, size, 3), {"size": size, "rate": 4.0}

    def drawn() -> Probe:
        made = given("climbs")
        score = worth(made["network"], *chosen(made))
        noise = [score(_networks.noise(rng, *shape)) for _ in range(4)]
        wanted = climbing(float(np.mean(np.abs(noise))), shape, 4)
        args = (*chosen(made), 15, Seed(int(rng.integers(1 << 31))))
        return Probe("climbs", args, options, "fifteen steps", given={**made, **wanted})

    def reached(probe: Probe) -> bool:
        *which, steps, seed = probe.args
        live = np.random.default_rng(seed.n)
        picture = draw(*which, steps, live, given=probe.given, **options)["picture"]
        score = worth(probe.given["network"], *which)(picture)
        return bool(score > 1.1 * probe.given["climbs"]["from"])

    return fitting(rng, drawn, reached)


RUNG_HINTS = {
    "shape": "The result is one picture without a batch axis: size rows and columns, or as large as start. What is the shape of yours?",
    "start": "Without a start, begin with noise of mean 0 and the spread that the text names. Is it the first thing that you draw from rng?",
    "options": "The options rate, tv, l6 and jitter go on as they are. Which of them does your call leave out?",
    "climbs": "After fifteen steps the score of your picture should be far above that of noise. Which sign does your step have?",
}
_BLANK = (
    "You begin with a blank picture. It has no parts, so all places of a map say the same. Begin "
    "with noise: rng.normal."
)
_START_IGNORED = "You begin with noise although a start was given. A second pass should begin with the picture of the first. Where do you look at start?"
_OTHER_NOISE = "Your noise has another size. It should be spread around 0. Which standard deviation does the description name?"
POINTS = {
    "shape": 0.5,
    "start": 0.5,
    "reference": 2.5,
    "options": 1.0,
    "climbs": 0.5,
}
START_TWISTS = (
    Twist("starts-blank", with_mistake(begin=_blank), _BLANK),
    Twist("start-ignored", _without_start, _START_IGNORED),
    Twist("other-noise", with_mistake(begin=_even), _OTHER_NOISE),
)


def ascended(
    score: Any, steps: int, rng: Seed, size: int = 96, start: Any = None, **kw: Any
) -> Any:
    live = np.random.default_rng(rng.n)
    begin = live.normal(0, 10, (size, size, 3)) if start is None else start
    return keras_ascent(score, begin, steps, live, **kw)
