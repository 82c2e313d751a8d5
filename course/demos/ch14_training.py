"""Chapter 14's demo: a network that trains at every change, and five trainings to tell apart.

``demo(he_normal, batch_norm, adam_step)`` trains with the learner's own functions. Where one of
them is a stub, raises, or gives something else, the demo says so and takes the course's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import traitlets

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course import palette
from cnnlab.course.demos import page
from cnnlab.course.demos.still import Demo, Panel, lines
from cnnlab.course.training.dense_stack import EVERY, Run, Setting, Tools, train

Function = Callable[..., Any]

STEPS = 30
"""Of the network that trains at every change."""
LONG = 300
"""Of the five trainings."""

MENUS: dict[str, dict[str, dict[str, Any]]] = {
    "rate": {
        text: {"rate": float(text)} for text in ("0.0001", "0.001", "0.01", "0.1", "0.3", "1", "3")
    },
    "first weights": {
        "zeros": {"init": 0.0},
        "a tenth of He": {"init": 0.1},
        "a third of He": {"init": 0.3},
        "He": {"init": 1.0},
        "twice He": {"init": 2.0},
    },
    "hidden layers": {text: {"depth": int(text)} for text in ("1", "2", "4", "8")},
    "step": {"plain": {"adam": False}, "Adam": {"adam": True}},
}
"""Menu → choice → what it changes of a `Setting`."""
TICKS = {"batch norm": "batch_norm", "shortcuts": "shortcut", "one batch": "one_batch"}
START: dict[str, Any] = {
    "rate": "0.1",
    "first weights": "He",
    "hidden layers": "4",
    "step": "plain",
    **dict.fromkeys(TICKS, False),
}

PATIENTS = {
    "all is well": Setting(rate=0.1, steps=LONG),
    "dead ReLUs": Setting(rate=0.1, bias=-5.0, steps=LONG),
    "exploded": Setting(rate=2.0, steps=LONG),
    "labels shuffled": Setting(rate=0.2, shuffled=True, steps=LONG),
    "pixels not rescaled": Setting(rate=0.001, rescaled=False, steps=LONG),
}
ORDER = (3, 1, 4, 0, 2)
"""In which order the five are shown, as A to E."""
SIGNS = {
    "all is well": "both losses begin near log 2 and fall together, to almost nothing.",
    "dead ReLUs": "both losses stay at log 2 from first to last: no picture gets through.",
    "exploded": "the loss begins near log 2, then flies up until the numbers overflow.",
    "labels shuffled": "the training loss falls slowly, and new pictures get worse than guessing.",
    "pixels not rescaled": "the first loss is far above log 2: it is sure before it has learned.",
}


def setting_of(chosen: Mapping[str, Any]) -> Setting:
    """The training that belongs to what is chosen on the page.

    Parameters
    ----------
    chosen : mapping
        As `START`; what is left out is as there.

    Raises
    ------
    ValueError
        A name or a choice is unknown.

    Examples
    --------
    >>> setting_of({"hidden layers": "8", "batch norm": True}).depth
    8
    """
    values: dict[str, Any] = {"steps": STEPS}
    for name, choice in {**START, **chosen}.items():
        if name in TICKS and isinstance(choice, bool):
            values[TICKS[name]] = choice
        elif choice in MENUS.get(name, {}):
            values |= MENUS[name][choice]
        else:
            raise ValueError(f"{name} must be one of the page's choices. Received: {choice!r}")
    return Setting(**values)


def usable(*functions: Function) -> tuple[Tools, list[str]]:
    """The tools to train with, and why one of the learner's is not among them.

    Parameters
    ----------
    *functions : callable
        The learner's ``he_normal``, ``batch_norm`` and ``adam_step``.
    """
    found, said = list(Tools()), []
    for place, (name, function) in enumerate(zip(Tools._fields, functions, strict=True)):
        if trouble := _trouble(name, function):
            said.append(f"Your {name} {trouble}. You see the course's.")
        else:
            found[place] = function
    return Tools(*found), said


def _trouble(name: str, function: Function) -> str:
    if is_stub(function):
        return "is not written yet"
    zeros, x = np.zeros(3), np.arange(12.0).reshape(4, 1, 1, 3)
    calls: dict[str, tuple[tuple[Any, ...], list[tuple[int, ...]]]] = {
        "he_normal": (((3, 2), np.random.default_rng(0)), [(3, 2)]),
        "batch_norm": ((x, zeros + 1, zeros), [x.shape, (3,), (3,)]),
        "adam_step": ((zeros, zeros + 1, zeros, zeros, 1, 0.1), [(3,)] * 3),
    }
    args, shapes = calls[name]
    try:
        with np.errstate(all="ignore"):
            result = function(*args)
    except Exception as error:  # whatever a learner's code may raise
        return f"raised {type(error).__name__}: {error}".rstrip(": .")
    parts = [result] if len(shapes) == 1 else result
    if not isinstance(parts, list | tuple) or [np.shape(part) for part in parts] != shapes:
        return "gives something else than was asked for"
    return ""


def answer(chosen: Mapping[str, Any], tools: Tools) -> tuple[Run, str]:
    """The training that was chosen; what the learner should know, or ``""``.

    Parameters
    ----------
    chosen : mapping
        As `setting_of` takes it.
    tools : Tools
    """
    setting = setting_of(chosen)
    try:
        return train(setting, tools), ""
    except Exception as error:  # a function that passes one call may fail in another
        said = f"One of your functions raised {type(error).__name__}: {error}".rstrip(": .")
        return train(setting), f"{said}. You see the course's."


@cache
def patients() -> tuple[tuple[str, str, Run], ...]:
    """The five trainings: letter, what is wrong with it, and its curves. Always the same."""
    names = [list(PATIENTS)[place] for place in ORDER]
    return tuple(
        (letter, name, train(PATIENTS[name])) for letter, name in zip("ABCDE", names, strict=True)
    )


def verdicts(named: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Whether each training was named rightly, and what its curves would show.

    Parameters
    ----------
    named : mapping of str to str
        Letter → a name of `PATIENTS`.

    Examples
    --------
    >>> verdicts({"D": "all is well"})["D"]["right"]
    True
    """
    truth = {letter: name for letter, name, _ in patients()}
    return {
        letter: {
            "right": truth[letter] == name,
            "text": f"Yes: {SIGNS[name]}"
            if truth[letter] == name
            else f"No. With “{name}”, {SIGNS[name]}",
        }
        for letter, name in named.items()
    }


def _plain(values: list[float]) -> list[float | None]:
    """Numbers as JSON has them: what is not finite is None."""
    return [float(value) if np.isfinite(value) else None for value in values]


class TrainingDemo(Demo):
    """The widget: it keeps the choices, the page draws the curves.

    The page sets ``chosen`` and ``named``; the rest follows.
    """

    _esm = page("ch14_training.js")
    _css = page("ch14_training.css")

    menus = traitlets.Dict({name: list(menu) for name, menu in MENUS.items()}).tag(sync=True)
    ticks = traitlets.List(list(TICKS)).tag(sync=True)
    every = traitlets.Int(EVERY).tag(sync=True)
    names = traitlets.List(list(PATIENTS)).tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)
    run = traitlets.Dict().tag(sync=True)
    patients: traitlets.List[Any] = traitlets.List().tag(sync=True)
    named = traitlets.Dict().tag(sync=True)
    verdicts = traitlets.Dict().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, *functions: Function, **traits: Any) -> None:
        self._tools, self._said = usable(*functions)
        curves = [
            {"letter": letter, "losses": _plain(run.losses), "new": _plain(run.new_losses)}
            for letter, _, run in patients()
        ]
        super().__init__(chosen={**START, **traits}, patients=curves)
        self._update()
        self.observe(self._update, names=["chosen"])
        self.observe(self._judge, names=["named"])

    @traitlets.validate("chosen")
    def _known(self, proposal: Any) -> dict[str, Any]:
        try:
            setting_of(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return {**START, **proposal["value"]}

    @traitlets.validate("named")
    def _among(self, proposal: Any) -> dict[str, str]:
        named: dict[str, str] = proposal["value"]
        letters = {letter for letter, _, _ in patients()}
        if not letters >= set(named) or not set(PATIENTS) >= set(named.values()):
            raise traitlets.TraitError(f"named must give letters names. Received: {named!r}")
        return named

    def _update(self, change: Any = None) -> None:
        run, trouble = answer(self.chosen, self._tools)
        with self.hold_sync():  # one message, so that the page never mixes old and new
            self.run = {
                "losses": _plain(run.losses),
                "new": _plain(run.new_losses),
                "gradients": _plain(run.gradients),
                "silent": run.silent,
                "right": run.right,
            }
            self.message = " ".join([*self._said, trouble]).strip()

    def _judge(self, change: Any = None) -> None:
        self.verdicts = verdicts(self.named)

    def still(self) -> tuple[str, list[Panel]]:
        panels = []
        for curves in self.patients:
            both = [
                ([np.nan if v is None else np.log10(max(v, 1e-3)) for v in curves[name]], colour)
                for name, colour in (("losses", palette.TRAINING), ("new", palette.VALIDATION))
            ]
            panels.append(lines(f"training {curves['letter']}", both, (-3, 2), (230, 120)))
        return (
            "The losses of five trainings: on the batch (blue), on new pictures (orange).",
            panels,
        )


def demo(he_normal: Function, batch_norm: Function, adam_step: Function) -> TrainingDemo:
    """The demo of chapter 14, with the learner's own functions.

    Parameters
    ----------
    he_normal, batch_norm, adam_step : callable
        As in `cnnlab.course.ops.training`.
    """
    return TrainingDemo(he_normal, batch_norm, adam_step)
