"""Chapter 14's ``best_rate``: where the loss of a sweep falls most steeply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import Array
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output, with_mistake
from cnnlab.course.ops import as_floats, evaluation, require
from cnnlab.course.ops.evaluation import WEIGHT

Rng = np.random.Generator
MARGIN = 1e-3
"""How far the lowest slope is below the next one, at least: no rounding decides."""


def rate_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", telling(rng, 30))
    hand = np.array([0.001, 0.01, 0.1, 1.0, 10.0])
    five = _scaled(rng, hand, np.array([4.0, 4.0, 2.0, 1.0, 6.0]))
    yield Probe("by-hand", five, title="five rates")
    at_once = _scaled(rng, hand, np.array([2.0, 1.0, 1.0, 1.0, 9.0]))
    yield Probe("by-hand", at_once, title="it falls at once")
    rates, falling = _scaled(rng, _rates(24), 4 / (1 + 0.5 * np.arange(24.0) ** 2 / 9))
    yield Probe("structure", (rates, falling), title="a loss that only falls")
    yield Probe("structure", (2 * rates, falling), title="all rates twice as large")
    yield Probe("structure", (rates, falling[::-1] + 0.0), title="a loss that only grows")
    for count in (30, 45, 60, 80):
        yield Probe("reference", telling(rng, count), title=f"{count} rates")
    rates, losses = telling(rng, 40)
    single = rates, losses.astype(np.float32)
    yield Probe("reference", single, title="losses in float32")
    two = _scaled(rng, np.array([0.5, 1.0]), np.array([1.0, 2.0]))
    yield Probe("edge-cases", two, title="two rates")
    high = telling(rng, 50)
    yield Probe("edge-cases", (high[0], high[1] + 1000.0), title="large losses")
    rates, losses = telling(rng, 30)
    yield Probe("robust", (rates.tolist(), losses.tolist()), title="lists")
    yield Probe("robust", (rates, losses[:-1]), title="a loss is missing", raises="losses|rates")
    yield Probe("robust", (rates[:1], losses[:1]), title="a single rate", raises="rates|losses")
    yield Probe("robust", (rates, losses), title="all in order")


def _scaled(rng: Rng, rates: Array, losses: Array) -> tuple[Array, Array]:
    """The same sweep in a fresh batch with other rates and losses: the answer scales with them."""
    by = varied(rng, (1.0, 1.0), lambda: (whole(rng, 3, 60) / 16, whole(rng, 9, 40) / 16))
    return by[0] * rates, by[1] * losses


def _rates(count: int) -> Array:
    """From 1e-5 up to 3, each by one factor more than the one before."""
    return 1e-5 * (3e5 ** (1 / (count - 1))) ** np.arange(count)


def sweep(rng: Rng, count: int) -> Array:
    """The losses of a sweep as they usually are: flat, then falling, then far up, never quiet."""
    t = np.arange(count) / (count - 1)
    start, end = rng.uniform(0.2, 0.35), rng.uniform(0.7, 0.8)
    down = np.clip((t - start) / (end - start), 0, 1)
    up = np.maximum(t - end, 0) / (1 - end)
    noise = rng.normal(0, 0.12, count)
    return 2.3 - 1.6 * down * down * (3 - 2 * down) + 6 * up * up * up + noise


def telling(rng: Rng, count: int) -> tuple[Array, Array]:
    """A sweep for which each mistake names another rate, and none by rounding."""
    rates = _rates(count)
    wrong: list[dict[str, Any]] = [
        {"slopes": linear},
        {"smooth": _raw},
        {"pick": steepest},
        {"pick": highest},
        {"lowest": True},
    ]
    while True:
        losses = sweep(rng, count)
        slopes = np.sort(logarithmic(rates, evaluation.smooth(losses)))
        right = swept(rates, losses)
        others = [swept(rates, losses, **each) for each in wrong]
        if slopes[1] - slopes[0] > MARGIN and right not in others and 0 < right < rates[-1]:
            return rates, losses


def keras_rate(rates: Any, losses: Any) -> float:
    """The same with `keras.ops`: shares of the losses so far, and differences of neighbors."""
    from keras import ops

    at = np.arange(len(rates))
    ages = at[:, None] - at
    shares = np.where(ages >= 0, WEIGHT ** np.maximum(ages, 0), 0.0)
    sums = ops.matmul(ops.convert_to_tensor(shares), np.asarray(losses, np.float64)[:, None])
    curve = sums[:, 0] / ops.sum(shares, axis=1)
    log = ops.log(ops.convert_to_tensor(np.asarray(rates, np.float64)))
    after, before = np.minimum(at + 1, at[-1]), np.maximum(at - 1, 0)
    rise = ops.take(curve, after) - ops.take(curve, before)
    slopes = rise / (ops.take(log, after) - ops.take(log, before))
    return float(np.asarray(rates)[int(ops.argmin(slopes))])


Slopes = Callable[[Array, Array], Array]


def logarithmic(rates: Array, losses: Array) -> Array:
    return np.gradient(losses, np.log(rates))


def linear(rates: Array, losses: Array) -> Array:
    return np.gradient(losses, rates)


def steepest(slopes: Array) -> int:
    return int(np.argmax(np.abs(slopes)))


def highest(slopes: Array) -> int:
    return int(np.argmax(slopes))


def _raw(losses: Array) -> Array:
    return losses


def swept(
    rates: Any,
    losses: Any,
    *,
    smooth: Callable[[Array], Array] = evaluation.smooth,
    slopes: Slopes = logarithmic,
    pick: Callable[[Array], Any] = np.argmin,
    lowest: bool = False,
    result: Callable[[Array, int], Any] = lambda rates, at: float(rates[at]),
) -> Any:
    """`cnnlab.course.ops.training.best_rate` with mistakes: without any, it is that function.

    Parameters
    ----------
    smooth : callable, losses → losses
    slopes : callable, (rates, losses) → slopes
    pick : callable, slopes → int
    lowest : bool
        Whether the loss itself is looked at.
    result : callable, (rates, int) → what is returned
    """
    rates, losses = as_floats(rates=rates, losses=losses)
    require(rates.ndim == 1 and len(rates) >= 2, "rates", "must be two or more", rates.shape)
    require(losses.shape == rates.shape, "losses", "must be as many as rates", losses.shape)
    curve = smooth(losses)
    looked_at = curve if lowest else slopes(rates, curve)
    return result(rates, int(pick(looked_at)))


_LOWEST = "You name the rate with the lowest loss. There the loss is about to turn: a little more, and it grows. Where is it still falling most steeply?"
_DIVERGED = "You name a rate at which the loss already flies up. The slope is largest there, but in which direction?"
_SIDE = "You compare each loss with one neighbor alone, so your place is shifted. NumPy's gradient looks at both. Which neighbors does it use?"

EXERCISE = Exercise(
    name="best_rate",
    points={
        "shape": 0.25,
        "by-hand": 0.5,
        "structure": 0.25,
        "reference": 1.25,
        "edge-cases": 0.25,
    },
    probes=rate_probes,
    keras_reference=keras_rate,
    numpy_op=swept,
    twists=(
        Twist("lowest-loss", with_mistake(lowest=True), _LOWEST),
        Twist("lowest-loss", with_mistake(lowest=True, smooth=_raw), _LOWEST),
        Twist(
            "linear-axis",
            with_mistake(slopes=linear),
            "Your slope is over the rate itself, where all small rates lie close together. On which axis are the rates evenly spaced?",
        ),
        Twist(
            "unsmoothed",
            with_mistake(smooth=_raw),
            "You look at the raw losses. One lucky batch makes a steep place of no meaning. What should you do to the curve first?",
        ),
        Twist("after-it-diverged", with_mistake(pick=steepest), _DIVERGED),
        Twist("after-it-diverged", with_mistake(pick=highest), _DIVERGED),
        Twist(
            "one-sided",
            with_mistake(slopes=lambda rates, losses: np.diff(losses) / np.diff(np.log(rates))),
            _SIDE,
        ),
        Twist(
            "one-sided",
            with_mistake(
                slopes=lambda rates, losses: (
                    np.diff(losses, prepend=losses[0]) / np.diff(np.log(rates)).mean()
                )
            ),
            _SIDE,
        ),
        Twist(
            "place-for-rate",
            with_mistake(result=lambda rates, at: at),
            "You return the place in the list. Which rate stands there?",
        ),
        Twist(
            "logarithm-for-rate",
            on_output(lambda rate: float(np.log(rate))),
            "You return the logarithm of the rate. Which rate is it?",
        ),
    ),
    hints=(
        "Three steps: make the curve smooth, measure its slope, find the steepest way down. On which axis do you measure?",
        "The rates grow by a factor, so their logarithms grow by equal steps. Which function of NumPy measures a slope over given places?",
        "The slope downhill is negative. Which place has the lowest slope, and which rate stands there?",
    ),
    rung_hints={
        "shape": "The result is a single number, one of the rates. What does your function return?",
        "by-hand": "Smooth the five losses with weight 0.8, then look at the difference of the two neighbors of each. Where is it lowest?",
        "structure": "Twice as large rates must give twice the answer: the slopes over the logarithm stay the same. What do yours do?",
        "edge-cases": "There may be only two rates, and the losses may be large. What does your function do then?",
        "robust": "There must be two rates or more, and as many losses. Name the argument that is wrong.",
    },
)
