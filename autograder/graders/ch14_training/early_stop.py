"""Chapter 14's ``early_stop``: when a training ends, and which epoch is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.graders.shared.draws import fitting, varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output, with_mistake
from cnnlab.course.ops import as_floats, require

Rng = np.random.Generator


def stop_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (telling(rng, 12, 3), 3))
    for losses, patience, title, fit in (
        ([5.0, 3.0, 4.0, 4.5, 2.0], 2, "five epochs", _any),
        ([4.0, 2.0, 3.0, 2.5, 2.2, 1.0], 3, "six epochs", _any),
        ([3.0, 2.0, 2.5, 1.0, 4.0, 3.5, 0.5], 2, "a short rise", _counts_differ),
    ):
        yield Probe("by-hand", (_few(rng, losses, fit), patience), title=title)
    for ends, (epochs, patience), what in (((2, 1), (8, 2), "falls"), ((1, 2), (9, 4), "grows")):
        usual: Any = (epochs, patience, 1.0)
        drawn = lambda: (whole(rng, 7, 14), whole(rng, 2, 5), whole(rng, 5, 60) / 40)  # noqa: E731
        epochs, patience, factor = varied(rng, usual, drawn)
        steady = factor * np.linspace(*ends, epochs)
        yield Probe("structure", (steady, patience), title=f"a loss that only {what}")
    before = _few(rng, [3.0, 1.0, 2.0, 1.5, 1.2], lambda losses: bool(losses.argmin() > 0))
    yield Probe("structure", (before, 4), title="it ends before")
    for epochs, patience in ((20, 2), (30, 3), (40, 5), (60, 4)):
        title = f"{epochs} epochs, patience {patience}"
        yield Probe("reference", (telling(rng, epochs, patience), patience), title=title)
    single = telling(rng, 25, 3).astype(np.float32)
    yield Probe("reference", (single, 3), title="float32")
    yield Probe("edge-cases", (telling(rng, 20, 1), 1), title="patience 1")
    equal, lead = varied(rng, (2.0, 0), lambda: (whole(rng, 5, 40) / 4, whole(rng, 0, 3)))
    first = equal + np.arange(lead + 1, 0, -1.0)
    ties = np.array([*first, equal, equal, equal + 0.5, equal - 1])
    yield Probe("edge-cases", (ties, 2), title="an equal loss")
    level, epochs, patience = varied(
        rng, (2.0, 5, 3), lambda: (whole(rng, 1, 40) / 4, whole(rng, 5, 9), whole(rng, 2, 4))
    )
    flat = np.full(epochs, level)
    yield Probe("edge-cases", (flat, patience), title="the same loss again and again")
    only = varied(rng, 1.5, lambda: whole(rng, 11, 199) / 100)
    yield Probe("edge-cases", (np.array([only]), 2), title="a single epoch")
    listed = [4, 2, 3, 3, 1]
    yield Probe("robust", (listed, 2), title="whole numbers in a list")
    told = telling(rng, 12, 2)
    for useless in (0, -2):
        title = f"patience {useless}"
        yield Probe("robust", (told, useless), title=title, raises="patience")
    yield Probe("robust", (told[:0], 2), title="no epoch", raises="val_loss")
    yield Probe("robust", (told, 2), title="all in order")


def _few(rng: Rng, usual: list[float], fit: Callable[[Array], bool]) -> Array:
    """These losses; or in a fresh batch as many others, drawn until they fit."""

    def drawn() -> Array:
        return 1 + rng.permutation(3 * len(usual))[: len(usual)] / 2

    return np.array(varied(rng, usual, lambda: fitting(rng, drawn, fit)))


def _any(losses: Array) -> bool:
    return True


def _counts_differ(losses: Array) -> bool:
    """Whether a count of rises and one of no new minimum, that never go back to 0, end apart at 2."""
    never = partial(stopped, losses, 2, resets=False)
    return bool(never() != never(against="last"))


def telling(rng: Rng, epochs: int, patience: int) -> Array:
    """A validation loss with rises that are too short, a stop, and a lucky epoch that comes too late.

    Parameters
    ----------
    epochs : int
        At least patience + 6.
    """
    best = int(rng.integers(3, epochs - patience - 2))
    losses, lowest, waited, risen = [3.0], 3.0, 0, False
    while len(losses) <= best:
        may_rise = waited < patience - 1 and len(losses) < best
        if may_rise and (not risen or rng.random() < 0.3):
            losses.append(lowest + rng.uniform(0.02, 0.2))
            waited, risen = waited + 1, True
        else:
            lowest -= rng.uniform(0.03, 0.2)
            losses.append(lowest)
            waited = 0
    losses += [lowest + more for more in rng.uniform(0.02, 0.4, epochs - best - 2)]
    return np.round([*losses, lowest - 0.25], 3)


def keras_stop(val_loss: Any, patience: int) -> tuple[int, int]:
    """Keras's own ``EarlyStopping``, told one loss after another."""
    import keras

    callback = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, mode="min")
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    epoch = 0
    for epoch, loss in enumerate(floats(val_loss)):
        callback.on_epoch_end(epoch, {"val_loss": float(loss)})
        if model.stop_training:
            break
    return epoch, int(callback.best_epoch)


def stopped(
    val_loss: Any,
    patience: int,
    *,
    better: Callable[[float, float], bool] = lambda loss, lowest: loss < lowest,
    against: str = "lowest",
    resets: bool = True,
    more: int = 0,
    kept: Callable[[Array, int, int], int] = lambda losses, stop, best: best,
    never: Callable[[int], Any] = lambda epochs: epochs - 1,
) -> tuple[Any, int]:
    """`cnnlab.course.ops.training.early_stop` with mistakes: without any, it is that function.

    Parameters
    ----------
    better : callable, (loss, lowest) → bool
        What counts as a new minimum.
    against : {"lowest", "last"}
        What a loss is compared with.
    resets : bool
        Whether a new minimum sets the count back to 0.
    more : int
        Epochs that are waited beyond patience.
    kept : callable, (losses, stop, best) → int
    never : callable, epochs → what stands for the end where nothing stops it
    """
    (losses,) = as_floats(val_loss=val_loss)
    require(losses.ndim == 1 and losses.size > 0, "val_loss", "must have an epoch", losses.shape)
    require(patience >= 1, "patience", "must be 1 or more", patience)
    best, waited, stop = 0, 0, None
    for epoch in range(1, len(losses)):
        rival = losses[best] if against == "lowest" else losses[epoch - 1]
        improved = better(losses[epoch], rival)
        if better(losses[epoch], losses[best]):
            best = epoch
        waited = (0 if resets else waited) if improved else waited + 1
        if waited >= patience + more:
            stop = epoch
            break
    last = len(losses) - 1 if stop is None else stop
    return (never(len(losses)) if stop is None else stop), kept(losses, last, best)


_OFF = "You stop one epoch too early or too late. Count the epochs since the lowest loss: how many are there when you stop?"
_RISE = "You compare each loss with the one before. After a rise, a loss may fall and still be no new minimum. What should it be compared with?"
_RESTORES = "You keep the last epoch. The training went on for a while after its best one. Which weights are worth keeping?"
_COUNT = (
    "You number an epoch from 1. Here the first epoch is number 0. Where does your count begin?"
)


def _later(result: tuple[int, int], by: tuple[int, int]) -> tuple[int, int]:
    """Both epochs, each by a number of its own later."""
    return result[0] + by[0], result[1] + by[1]


EXERCISE = Exercise(
    name="early_stop",
    points={"shape": 0.25, "by-hand": 0.75, "structure": 0.5, "reference": 1, "edge-cases": 0.5},
    probes=stop_probes,
    keras_reference=keras_stop,
    numpy_op=stopped,
    twists=(
        *(Twist("off-by-one", with_mistake(more=more), _OFF) for more in (1, -1)),
        *(
            Twist("counts-from-one", on_output(partial(_later, by=by)), _COUNT)
            for by in ((1, 1), (1, 0), (0, 1))
        ),
        Twist("restores-last", with_mistake(kept=lambda losses, stop, best: stop), _RESTORES),
        Twist(
            "restores-last",
            with_mistake(kept=lambda losses, stop, best: len(losses) - 1),
            _RESTORES,
        ),
        Twist("any-rise-stops", with_mistake(against="last"), _RISE),
        Twist("any-rise-stops", with_mistake(against="last", resets=False), _RISE),
        Twist(
            "count-never-reset",
            with_mistake(resets=False),
            "You add up all epochs that brought nothing. Only those in a row count. What should a new minimum do to your count?",
        ),
        Twist(
            "equal-is-better",
            with_mistake(better=lambda loss, lowest: loss <= lowest),
            "You take an equal loss for a new minimum. Nothing has become better. Which comparison leaves it out?",
        ),
        Twist(
            "looks-ahead",
            with_mistake(kept=lambda losses, stop, best: int(np.argmin(losses))),
            "Your best epoch comes after the stop. That epoch was never trained. Up to where may you look?",
        ),
        Twist(
            "end-not-counted",
            with_mistake(never=lambda epochs: epochs),
            "Where nothing stops the training, you name an epoch that does not exist. Which number does the last one have?",
        ),
        Twist(
            "order-swapped",
            on_output(lambda result: (result[1], result[0])),
            "Your two numbers come in the wrong order. Which one does the description name first?",
        ),
        Twist(
            "highest-instead",
            with_mistake(better=lambda loss, highest: loss > highest),
            "You look for the highest loss. Is a loss good where it is high, or where it is low?",
        ),
    ),
    hints=(
        "Go through the epochs as they come. Remember where the lowest loss was. How long ago is that?",
        "A loss below the lowest one is a new best. Else, compare the epochs since the best one with patience. When do you stop?",
        "A loop with one number to remember, the best epoch. What do you return if the loop comes to its end?",
    ),
    rung_hints={
        "shape": "Two whole numbers come back: the last epoch, then the best one. What does your function return?",
        "by-hand": "Write the losses down and mark each new minimum. After which epoch have there been enough without a mark?",
        "structure": "If the loss only falls, nothing stops the training. Which epoch is the last one then?",
        "edge-cases": "An equal loss is no new minimum, and patience may be 1. What does your function do there?",
        "robust": "There must be an epoch, and patience must be 1 or more. Name the argument that is wrong.",
    },
)
