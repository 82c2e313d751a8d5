"""Chapter 6's ``overfit_epoch``: where the smoothed validation loss is lowest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch06_cats_dogs._curves import history, steps, weighted_means
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output, with_mistake
from cnnlab.course.ops import Array, evaluation

Rng = np.random.Generator


def epoch_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (history(rng, 30),))
    yield Probe("robust", (_telling(rng, 30).tolist(),), title="a list")
    six = np.array([4.0, 2.0, 1.0, 8.0, 8.0, 8.0])
    yield Probe("by-hand", (varied(rng, six, lambda: _few(rng, 6, False)),), title="six epochs")
    seven = np.array([4.0, 3.0, 0.5, 3.0, 1.5, 1.5, 1.5])
    lucky = varied(rng, seven, lambda: _few(rng, 7, True))
    yield Probe("by-hand", (lucky,), title="one lucky epoch")
    for ends, what in (((2, 1), "falls"), ((1, 2), "grows")):
        epochs, factor = varied(rng, (9, 1.0), lambda: (whole(rng, 7, 20), whole(rng, 5, 60) / 40))
        steady = factor * np.linspace(*ends, epochs)
        yield Probe("structure", (steady,), title=f"a loss that only {what}")
    single = varied(rng, 0.7, lambda: whole(rng, 11, 199) / 100)
    yield Probe("structure", (np.array([single]),), title="a single epoch")
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


def _few(rng: Rng, epochs: int, lucky: bool) -> Array:
    """A few epochs, in halves. Either a lucky one is lowest before smoothing, or the same is."""
    while True:
        values = rng.integers(1, 17, epochs) / 2
        smooth = evaluation.smooth(values)
        low, next_to_it = np.sort(smooth)[:2]
        at, before = int(np.argmin(smooth)), int(np.argmin(values))
        if lucky == (at != before) and next_to_it - low > 0.05 and at not in (0, epochs - 1):
            return values


def lowest(val_loss: Any) -> int:
    from keras import ops

    return int(ops.argmin(weighted_means(val_loss)))


def _uncorrected(values: Any) -> Array:
    return steps(values, correct=lambda weight, t: 1.0)


def epoch_of(
    val_loss: Any,
    *,
    curve: Callable[[Any], Array] = evaluation.smooth,
    pick: Callable[[Array], Any] = lambda values: int(np.argmin(values)),
) -> Any:
    """`cnnlab.course.ops.evaluation.overfit_epoch` with mistakes."""
    return pick(curve(val_loss))


EXERCISE = Exercise(
    name="overfit_epoch",
    points={"shape": 0.25, "by-hand": 1, "structure": 0.5, "reference": 1.25},
    probes=epoch_probes,
    keras_reference=lowest,
    numpy_op=epoch_of,
    needs=("smooth",),
    twists=(
        Twist(
            "last-epoch",
            with_mistake(pick=lambda values: len(values) - 1),
            "You name the last epoch, whatever happened before. Where is the smooth loss lowest?",
        ),
        Twist(
            "unsmoothed",
            with_mistake(curve=lambda values: np.asarray(values, float)),
            "You look for the lowest value in the raw curve. One lucky epoch is not the turn. What should you do to the curve first?",
        ),
        Twist(
            "smooth-starts-at-zero",
            with_mistake(curve=_uncorrected),
            "Your smooth curve starts at 0, so its first values look like the best. Use your smooth, "
            "with its correction.",
        ),
        *(
            Twist(
                "off-by-one",
                on_output(lambda epoch, by=by: epoch + by),  # type: ignore[misc]
                "You are one epoch off. The first epoch is number 0. Where does your count begin?",
            )
            for by in (1, -1)
        ),
        Twist(
            "highest-instead",
            with_mistake(pick=lambda values: int(np.argmax(values))),
            "You name the epoch with the highest loss. Is a loss good where it is high, or where it is low?",
        ),
        Twist(
            "value-for-epoch",
            with_mistake(pick=lambda values: float(np.min(values))),
            "You return the lowest loss itself. At which epoch is it?",
        ),
    ),
    hints=(
        "Smooth first, so that one lucky epoch decides nothing. Then look for the lowest point.",
        "NumPy has a function that gives the place of the lowest value, not the value itself. Which curve should it look at?",
        "Two steps: your smooth with its usual weight, and np.argmin. Make the result an int.",
    ),
    rung_hints={
        "shape": "The result is a single whole number (int). What does your function return?",
        "by-hand": "Work it out on paper: smooth the values with weight 0.8, then take the place of the lowest.",
        "structure": "Where the loss only falls, the last epoch is the best. Which epoch is the best where it only grows?",
    },
)
