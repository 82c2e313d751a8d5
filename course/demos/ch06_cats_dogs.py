"""Chapter 6's demo: a recorded training run, epoch by epoch, raw and smoothed.

``demo(smooth, overfit_epoch, histories)`` shows no more of a run than has happened up to the
chosen epoch. The curves are smoothed and the turn is found by the learner's own functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course import palette
from cnnlab.course.demos import page
from cnnlab.course.demos.answers import Answer, ask
from cnnlab.course.demos.still import Demo, Panel, lines
from cnnlab.course.figures.curves import WORDS
from cnnlab.course.ops import evaluation
from cnnlab.course.training.histories import History

Floats = NDArray[np.float64]
Runs = Mapping[str, Sequence[History]]
MEASURES = ("loss", "accuracy")
HEAVIEST = 0.98
TALLEST = 3.0
"""A loss that explodes is cut off here, or it would flatten all that is worth seeing."""


@dataclass(frozen=True)
class Setting:
    """What the learner chose.

    Parameters
    ----------
    condition : str
        How the network was trained: a key of the histories.
    seed : int
        Which of that condition's runs.
    measure : {"loss", "accuracy"}
    weight : float
        Of the smoothing, up to 0.98.
    epoch : int
        The last one that is shown, counted from 0.
    """

    condition: str
    seed: int
    measure: str = "loss"
    weight: float = evaluation.WEIGHT
    epoch: int = 0


@dataclass(frozen=True)
class Scene:
    """What there is to see.

    Parameters
    ----------
    raw, smooth : dict of str to list of float
        ``"training"`` and ``"validation"``, up to the chosen epoch.
    turn : int
        Where the smooth validation loss is lowest so far, counted from 0.
    learners : dict of str to bool
        Whether the learner's ``"smooth"`` and ``"overfit_epoch"`` were at work.
    message : str
        What the learner should know; ``""`` where all is well.
    """

    raw: dict[str, list[float]]
    smooth: dict[str, list[float]]
    turn: int
    learners: dict[str, bool]
    message: str


def find(runs: Runs, setting: Setting) -> History:
    """The run that a setting means."""
    return next(run for run in runs[setting.condition] if run.seed == setting.seed)


def checked(runs: Runs, values: Mapping[str, Any]) -> Setting:
    """A setting as it was put together in the page; a run that is shorter ends where it ends.

    Raises
    ------
    ValueError
        There is no such run, measure, weight or epoch.
    """
    setting = Setting(**values)
    seeds = [run.seed for run in runs.get(setting.condition, ())]
    if setting.seed not in seeds:
        known = {condition: [run.seed for run in each] for condition, each in runs.items()}
        raise ValueError(f"condition and seed must be one of {known}. Received: {setting}")
    if setting.measure not in MEASURES:
        raise ValueError(f"measure must be one of {MEASURES}. Received: {setting.measure!r}")
    if not 0 <= setting.weight <= HEAVIEST:
        raise ValueError(f"weight must be from 0 to {HEAVIEST}. Received: {setting.weight!r}")
    last = len(find(runs, setting).loss) - 1
    epoch = operator.index(setting.epoch)
    if epoch < 0:
        raise ValueError(f"epoch must be 0 or more. Received: {epoch}")
    return Setting(**{**asdict(setting), "epoch": min(epoch, last)})


def scene(
    smooth: Callable[..., Any],
    overfit_epoch: Callable[..., Any],
    run: History,
    setting: Setting,
) -> Scene:
    """Smooth a run's beginning with the learner's function, and find its turn with the other.

    Parameters
    ----------
    smooth : callable, (values, weight) → array
    overfit_epoch : callable, val_loss → int
        Both may be stubs, raise, or give anything at all.
    """
    shown = setting.epoch + 1
    names = {"training": setting.measure, "validation": f"val_{setting.measure}"}
    raw = {where: getattr(run, name)[:shown] for where, name in names.items()}
    lines = {where: _smoothed(smooth, values, setting.weight) for where, values in raw.items()}
    ours = {where: evaluation.smooth(values, setting.weight) for where, values in raw.items()}
    mine = all(answer.learners for answer in lines.values())
    kept = {where: a.map[:, 0] if mine else ours[where] for where, a in lines.items()}
    turn, found, doubt = _turn(overfit_epoch, run.val_loss[:shown])
    said = list(dict.fromkeys([*(answer.message for answer in lines.values()), doubt]))
    return Scene(
        {where: values.tolist() for where, values in raw.items()},
        {where: values.tolist() for where, values in kept.items()},
        turn,
        {"smooth": mine, "overfit_epoch": found},
        " ".join(filter(None, said)),
    )


def _smoothed(function: Callable[..., Any], values: Floats, weight: float) -> Answer:
    right = evaluation.smooth(values, weight)
    return ask(function, (values, weight), right, lambda y: y[:, None], "the smooth value")


def _turn(function: Callable[..., Any], val_loss: Floats) -> tuple[int, bool, str]:
    """The epoch of the turn, whether it is the learner's, and what to say about it."""
    right = evaluation.overfit_epoch(val_loss)
    name = getattr(function, "__name__", "")
    name = name if name.isidentifier() else "function"  # a lambda's name is <lambda>
    instead = "You see the course's marker."
    if is_stub(function):
        return right, False, f"Your {name} is not written yet. {instead}"
    try:
        turn = operator.index(function(val_loss.copy()))
    except TypeError:
        return right, False, f"Your {name} did not give a whole number. {instead}"
    except Exception as error:  # whatever a learner's code may raise
        what = f"{type(error).__name__}: {error}".rstrip(": .")
        return right, False, f"Your {name} raised {what}. {instead}"
    if not 0 <= turn < len(val_loss):
        return right, False, f"Your {name} gave epoch {turn} of {len(val_loss)}. {instead}"
    doubt = f"Your {name} says {turn}, the course says {right}." if turn != right else ""
    return turn, True, doubt


def sentence(run: History, setting: Setting, turn: int) -> str:
    """Where the run stands, in words.

    Parameters
    ----------
    run : History
    setting : Setting
    turn : int
    """
    epoch, ago = setting.epoch, setting.epoch - turn
    values = f"training loss {run.loss[epoch]:.2f}, validation loss {run.val_loss[epoch]:.2f}"
    right = f"{run.val_accuracy[epoch]:.1%} of the validation pictures are right"
    when = "now" if ago == 0 else f"in epoch {turn}, {ago} epoch{'s' * (ago > 1)} ago"
    text = f"Epoch {epoch}: {values}; {right}. The smooth validation loss is lowest {when}."
    if epoch == len(run.loss) - 1:
        text += " Here the run ends."
    return text


def limits(runs: Runs, measure: str) -> list[float]:
    """The lowest and the highest value to draw, the same for all runs, so that they compare."""
    every = [run for each in runs.values() for run in each]
    if measure == "accuracy":
        lowest = min(min(run.accuracy.min(), run.val_accuracy.min()) for run in every)
        return [float(np.floor(10 * min(lowest, 0.5)) / 10), 1.0]
    highest = max(max(run.loss.max(), run.val_loss.max()) for run in every)
    return [0.0, float(min(np.ceil(10 * highest) / 10, TALLEST))]


class CurvesDemo(Demo):
    """The widget: it keeps the state, the page draws it.

    The page sets ``setting``; the rest follows.
    """

    _esm = page("ch06_cats_dogs.js")
    _css = page("ch06_cats_dogs.css")

    runs = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    measures = traitlets.List(list(MEASURES)).tag(sync=True)
    heaviest = traitlets.Float(HEAVIEST).tag(sync=True)
    setting = traitlets.Dict().tag(sync=True)
    epochs = traitlets.Int().tag(sync=True)
    limits: traitlets.List[Any] = traitlets.List().tag(sync=True)
    raw = traitlets.Dict().tag(sync=True)
    smooth = traitlets.Dict().tag(sync=True)
    turn = traitlets.Int().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    learners = traitlets.Dict().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        smooth: Callable[..., Any],
        overfit_epoch: Callable[..., Any],
        histories: Runs,
        **values: Any,
    ) -> None:
        self._functions, self._histories = (smooth, overfit_epoch), histories
        condition = values.setdefault("condition", next(iter(histories)))
        values.setdefault("seed", histories[condition][0].seed)
        known = {name: [run.seed for run in each] for name, each in histories.items()}
        words = {name: WORDS.get(name, name) for name in histories}
        setting = asdict(checked(histories, values))
        super().__init__(runs=known, words=words, setting=setting)
        self._update()
        self.observe(self._update, names=["setting"])

    @traitlets.validate("setting")
    def _sound(self, proposal: Any) -> dict[str, Any]:
        try:
            return asdict(checked(self._histories, proposal["value"]))
        except (ValueError, TypeError) as error:
            raise traitlets.TraitError(str(error)) from None

    def _update(self, change: Any = None) -> None:
        setting = Setting(**self.setting)
        run = find(self._histories, setting)
        shown = scene(*self._functions, run, setting)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.epochs = len(run.loss)
            self.limits = limits(self._histories, setting.measure)
            self.raw, self.smooth, self.turn = shown.raw, shown.smooth, shown.turn
            self.sentence = sentence(run, setting, shown.turn)
            self.learners, self.message = shown.learners, shown.message

    def still(self) -> tuple[str, list[Panel]]:
        run = find(self._histories, Setting(**self.setting))
        low, high = limits(self._histories, "loss")
        curves = [(run.loss, palette.TRAINING), (run.val_loss, palette.VALIDATION)]
        caption = "loss in each epoch: training (blue), validation (orange)"
        return "The loss of a training run, epoch by epoch.", [
            lines(caption, curves, (low, high), (700, 260))
        ]


def demo(
    smooth: Callable[..., Any], overfit_epoch: Callable[..., Any], histories: Runs
) -> CurvesDemo:
    """The demo of chapter 6, with the learner's two functions.

    Parameters
    ----------
    smooth : callable, (values, weight) → array
    overfit_epoch : callable, val_loss → int
    histories : mapping of str to sequence of History
        As `cnnlab.course.training.histories.load_histories` gives them.
    """
    return CurvesDemo(smooth, overfit_epoch, histories)
