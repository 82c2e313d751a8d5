"""Chapter 6's curves: smoothing, and the epoch where overfitting begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.twists import Twist, on_args, on_output, slip
from cnnlab.course import evaluation
from cnnlab.course.evaluation import WEIGHT
from cnnlab.course.ops import Array

Rng = np.random.Generator


# Probes


def history(rng: Rng, epochs: int, dtype: Any = np.float64) -> Array:
    """A validation loss as it usually is: it falls, then grows, and is never quiet.

    Made of roots and quotients, which every processor rounds alike; powers are not.
    """
    t = np.arange(epochs) / epochs
    turn, rise = rng.uniform(0.3, 0.6), rng.uniform(0.6, 1.5)
    after = np.maximum(t - turn, 0)
    fall = 1 + 4 * t
    curve = 0.5 + 0.3 / (fall * fall * fall) + rise * after * np.sqrt(after)
    return (curve + rng.normal(0, 0.06, epochs)).astype(dtype)


def smooth_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, values: Any, weight: float | None = None, title: str = "", terms: int = 0
    ) -> Probe:
        args = (values,) if weight is None else (values, weight)
        return Probe(rung, args, title=title, terms=terms or 3 * len(values))

    yield probe("shape", history(rng, 9, np.float32), title="float32")
    yield probe("shape", history(rng, 7), 0.6, "float64")
    yield probe("shape", [1, 2, 4], title="whole numbers in a list")
    first, second = (int(n) for n in rng.choice(range(1, 9), 2, replace=False))
    yield probe("by-hand", [first, second, second], 0.5, "three values, weight ½")
    yield probe("by-hand", [first, second], 0.75, "two values, weight ¾")
    yield probe("by-hand", np.array([float(first)]), title="a single value")
    yield probe("structure", np.full(8, 2.5), title="the same value again and again")
    impulse = np.zeros(7)
    impulse[2] = 1
    yield probe("structure", impulse, title="a single 1 among zeros")
    yield probe("structure", history(rng, 12), 0.3, "weight 0.3")
    yield probe("structure", history(rng, 12), 0.9, "weight 0.9")
    yield probe("reference", history(rng, 60), title="60 epochs, float64")
    yield probe("reference", history(rng, 40, np.float32), title="40 epochs, float32")
    yield probe("reference", history(rng, 50).tolist(), 0.95, "50 epochs in a list, weight 0.95")
    yield probe("edge-cases", history(rng, 6), 0.0, "weight 0: nothing is smoothed")
    yield probe("edge-cases", -history(rng, 6), 0.7, "values below 0")
    yield probe("edge-cases", [], title="no values at all")
    values = history(rng, 5)
    for weight in (1.0, 1.5, -0.25):
        said = f"weight {weight:g}"
        yield Probe("bad-input", (values, weight), title=said, raises="weight")
    yield probe("bad-input", values, 0.5, "all in order")


def epoch_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (history(rng, 30),))
    yield Probe("shape", (_telling(rng, 30).tolist(),), title="a list")
    yield Probe("by-hand", ([4.0, 2.0, 1.0, 8.0, 8.0, 8.0],), title="six epochs")
    yield Probe("by-hand", ([4.0, 3.0, 0.5, 3.0, 1.5, 1.5, 1.5],), title="one lucky epoch")
    yield Probe("structure", (np.linspace(2, 1, 9),), title="a loss that only falls")
    yield Probe("structure", (np.linspace(1, 2, 9),), title="a loss that only grows")
    yield Probe("structure", (np.array([0.7]),), title="a single epoch")
    for epochs in (40, 60, 60, 100):
        yield Probe("reference", (_telling(rng, epochs),), title=f"{epochs} epochs")
    yield Probe("reference", (_telling(rng, 50).astype(np.float32),), title="50 epochs, float32")


def _telling(rng: Rng, epochs: int) -> Array:
    """A history whose lowest value, raw or smoothed in other ways, is at another epoch each.

    The lowest smooth value is lowest by far, so that no rounding decides.
    """
    while True:
        values = history(rng, epochs)
        smooth = np.sort(evaluation.smooth(values))
        at = {
            int(np.argmin(values)),
            int(np.argmin(evaluation.smooth(values))),
            int(np.argmin(_uncorrected(values))),
        }
        if len(at) == 3 and smooth[1] - smooth[0] > 1e-4 and not {0, epochs - 1} & at - {0}:
            return values


# References: the same numbers in another way


def weighted_means(values: Any, weight: float = WEIGHT) -> Array:
    """Smooth values as what they are: means of all values so far, with falling weights."""
    from keras import ops

    given = np.asarray(values)
    dtype = given.dtype if given.dtype.kind == "f" else np.dtype(np.float64)
    if given.size == 0:
        return np.empty(0, dtype)
    t = np.arange(len(given))
    ages = np.maximum(t[:, None] - t, 0)
    shares = np.where(t[:, None] >= t, float(weight) ** ages, 0)
    sums = ops.matmul(ops.convert_to_tensor(shares), given.astype(np.float64)[:, None])
    return ops.convert_to_numpy(sums[:, 0] / ops.sum(shares, axis=1)).astype(dtype)


def lowest(val_loss: Any) -> int:
    from keras import ops

    return int(ops.argmin(weighted_means(val_loss)))


# smooth, with a hole for every step that can go wrong


def steps(
    values: Any,
    weight: float = WEIGHT,
    *,
    begin: Callable[[Array], float] = lambda values: 0.0,
    mix: Callable[[float], tuple[float, float]] = lambda weight: (weight, 1 - weight),
    correct: Callable[[float, int], float] = lambda weight, t: 1 - weight**t,
    keep: bool = False,
) -> Array:
    """`cnnlab.course.evaluation.smooth` with slips: without any, it is that function."""
    evaluation.smooth([], weight)  # refuses a weight that is none
    values = np.asarray(values)
    values = values if values.dtype.kind == "f" else values.astype(np.float64)
    if not values.size:
        return values
    old, new = mix(weight)
    mean, smoothed = begin(values), np.empty_like(values)
    with np.errstate(all="ignore"):
        for t, value in enumerate(values, 1):
            mean = old * mean + new * value
            smoothed[t - 1] = np.divide(mean, correct(weight, t))
            mean = smoothed[t - 1] if keep else mean
    return smoothed


def _uncorrected(values: Any) -> Array:
    return steps(values, correct=lambda weight, t: 1.0)


_NO_CORRECTION = {"correct": lambda weight, t: 1.0}
_ZERO = (
    "Your curve begins far too low: after one value of 1 it says 0.2. The average starts at 0, and 0 "
    "is no value of yours. Divide by the share of the weights that real values have so far."
)
_REVERSED = (
    "You have swapped the two weights. The old average counts with weight, the new value with 1 - "
    "weight: a larger weight must make a smoother curve."
)
_EXPONENT = (
    "The exponent of your correction is off by one. After the first value, t is 1, and the corrected "
    "average is that value itself."
)

smooth = Exercise(
    name="smooth",
    points={
        "shape": 0.5,
        "by-hand": 1,
        "structure": 1,
        "reference": 1,
        "edge-cases": 0.5,
        "bad-input": 0.5,
    },
    probes=smooth_probes,
    reference=weighted_means,
    correct=steps,
    twists=(
        Twist("starts-at-zero", slip(**_NO_CORRECTION), _ZERO),
        Twist(
            "starts-at-first-value",
            slip(begin=lambda values: float(values[0]), **_NO_CORRECTION),
            "Your average starts at the first value, so that one counts far more than all others. Start "
            "at 0 and divide by 1 - weight to the power of t.",
        ),
        Twist(
            "weight-reversed",
            on_args(lambda values, weight=WEIGHT: (values, 1 - weight)),
            _REVERSED,
        ),
        Twist("weight-reversed", slip(mix=lambda weight: (1 - weight, weight)), _REVERSED),
        Twist(
            "exponent-off-by-one", slip(correct=lambda weight, t: 1 - weight ** (t - 1)), _EXPONENT
        ),
        Twist(
            "exponent-off-by-one", slip(correct=lambda weight, t: 1 - weight ** (t + 1)), _EXPONENT
        ),
        Twist(
            "exponent-missing",
            slip(correct=lambda weight, t: 1 - weight),
            "You divide by 1 - weight each time. The share of the real values grows with every epoch: it "
            "is 1 minus weight to the power of t.",
        ),
        Twist(
            "correction-kept",
            slip(keep=True),
            "You go on with the corrected average, so it is corrected again and again. Keep m as it is, "
            "and divide only in what you return.",
        ),
        Twist(
            "weight-ignored",
            on_args(lambda values, weight=WEIGHT: (values, WEIGHT)),
            "Your curve is the same for every weight.",
        ),
    ),
    hints=(
        "An average that forgets: at each epoch the old average counts with weight, the new value with 1 - weight. Write down m for two equal values, and look at what is missing.",
        "Keep one number m, from 0 on. Let t count the values from 1. What you return is never m, but m divided by something.",
        "In a loop over the values: update m, then divide it by 1 - weight ** t and put that into the result. Make the result with np.empty_like or from a list.",
    ),
    rung_hints={
        "shape": "As many values as came in. float32 stays float32; lists and whole numbers become float64.",
        "by-hand": "After the first value the result is that value. For 1 and then 3 with weight ½: m is 0.5, then 1.75; the results are 0.5 / 0.5 and 1.75 / 0.75.",
        "structure": "A curve that is flat must stay flat, at its own height.",
        "edge-cases": "Does it work without any value? With weight 0, where nothing is smoothed?",
        "bad-input": "Raise a ValueError whose message contains the word weight, if it is below 0, 1 or more.",
    },
)


# overfit_epoch


def epoch_of(
    val_loss: Any,
    *,
    curve: Callable[[Any], Array] = evaluation.smooth,
    pick: Callable[[Array], Any] = lambda values: int(np.argmin(values)),
) -> Any:
    """`cnnlab.course.evaluation.overfit_epoch` with slips."""
    return pick(curve(val_loss))


overfit_epoch = Exercise(
    name="overfit_epoch",
    points={"shape": 0.5, "by-hand": 1, "structure": 0.5, "reference": 1},
    probes=epoch_probes,
    reference=lowest,
    correct=epoch_of,
    needs=("smooth",),
    twists=(
        Twist(
            "last-epoch",
            slip(pick=lambda values: len(values) - 1),
            "You name the last epoch, whatever happened before. Where is the smooth loss lowest?",
        ),
        Twist(
            "unsmoothed",
            slip(curve=lambda values: np.asarray(values, float)),
            "You look for the lowest value in the raw curve. One lucky epoch is not the turn: smooth the "
            "curve first.",
        ),
        Twist(
            "smooth-starts-at-zero",
            slip(curve=_uncorrected),
            "Your smooth curve starts at 0, so its first values look like the best. Use your smooth, "
            "with its correction.",
        ),
        *(
            Twist(
                "off-by-one",
                on_output(lambda epoch, by=by: epoch + by),  # type: ignore[misc]
                "You are one epoch off. The first epoch is number 0.",
            )
            for by in (1, -1)
        ),
        Twist(
            "highest-instead",
            slip(pick=lambda values: int(np.argmax(values))),
            "You name the epoch with the highest loss. A loss is good where it is low.",
        ),
        Twist(
            "value-for-epoch",
            slip(pick=lambda values: float(np.min(values))),
            "You return the lowest loss itself. At which epoch does it stand?",
        ),
    ),
    hints=(
        "Smooth first, so that one lucky epoch decides nothing. Then look for the lowest point.",
        "np.argmin gives the place of the lowest value, counted from 0.",
        "Two steps: your smooth with its usual weight, and np.argmin. Make the result an int.",
    ),
    rung_hints={
        "shape": "A single whole number (int).",
        "by-hand": "Work it out on paper: smooth the values with weight 0.8, then take the place of the lowest.",
        "structure": "Where the loss only falls, the last epoch is the best; where it only grows, the first.",
    },
)
