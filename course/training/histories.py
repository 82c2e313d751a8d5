"""Recorded training runs of the cats-and-dogs network, and what they say. Never imports Keras.

`cnnlab.course.training.experiments` makes the files; chapters 6 to 8 plot them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.course.markers import between
from cnnlab.datasets.load import FOLDER, embedded, registry

HISTORIES = FOLDER / "histories"
CONDITIONS = ("plain", "dropout", "augmentation", "both")
"""Neither dropout nor augmentation; one of them; both. Budget and data are the same."""
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
EMBEDDED = "embedded32"
"""The experiment that comes with the course and is meant where none is named."""


@dataclass(frozen=True)
class History:
    """One training run, epoch by epoch.

    Parameters
    ----------
    condition : str
        One of `CONDITIONS`.
    seed : int
    loss, accuracy : ndarray, shape (epochs,)
        Means over the steps of each epoch, as Keras reports them: with dropout and augmentation
        at work, so lower than what the network could do on the plain training pictures.
    val_loss, val_accuracy : ndarray, shape (epochs,)
        On the validation pictures after each epoch; accuracies go from 0 to 1.
    test_accuracy : float
        On the test pictures, after the last epoch.
    about : dict
        Settings, device, versions, seconds per epoch, peak memory.
    """

    condition: str
    seed: int
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    val_accuracy: NDArray[np.float64]
    test_accuracy: float
    about: dict[str, Any] = field(repr=False)


class Spread(NamedTuple):
    """Mean over the seeds, and sample standard deviation (ddof 1; 0 for one seed)."""

    mean: float
    std: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """
        Examples
        --------
        >>> Spread.of([1.0, 2.0, 3.0])
        Spread(mean=2.0, std=1.0)
        """
        numbers = np.array(list(values), float)
        return cls(float(numbers.mean()), float(numbers.std(ddof=1)) if len(numbers) > 1 else 0.0)


class Headline(NamedTuple):
    """What the runs of one condition reach: accuracies from 0 to 1, over the seeds."""

    runs: int
    final: Spread
    best: Spread
    test: Spread


class Gain(NamedTuple):
    """How many percentage points one condition is above another, seed by seed."""

    final: Spread
    best: Spread
    test: Spread


def load_histories(
    experiment: str = EMBEDDED, folder: Path = HISTORIES
) -> dict[str, list[History]]:
    """The recorded runs of an experiment.

    Parameters
    ----------
    experiment : str
        Data and picture size: ``"embedded32"`` comes with the course.
    folder : Path
        Where to look; files of the course's own folder have their checksums verified.

    Returns
    -------
    dict
        Condition → its runs in the order of their seeds, in the order of `CONDITIONS`; without
        the conditions that have none.

    Raises
    ------
    ValueError
        The folder holds no run of this experiment; the message lists those that there are.
    OSError
        A file is damaged.

    Examples
    --------
    >>> list(load_histories())
    ['plain', 'dropout', 'augmentation', 'both']
    """
    found: dict[str, list[History]] = {}
    for condition in CONDITIONS:
        paths = folder.glob(f"{experiment}_{condition}_*.json")
        if runs := sorted(map(read_history, paths), key=lambda run: run.seed):
            found[condition] = runs
    if not found:
        known = ", ".join(recorded_experiments(folder)) or "none"
        raise ValueError(f"experiment must be one of {known}. Received: {experiment!r}")
    return found


def recorded_experiments(folder: Path = HISTORIES) -> list[str]:
    """The experiments that a folder holds runs of, by name."""
    return sorted({path.name.split("_")[0] for path in folder.glob("*_*_*.json")})


def read_history(path: Path) -> History:
    """One run from its file; the checksum is verified where the registry has one."""
    name = path.relative_to(FOLDER).as_posix() if path.is_relative_to(FOLDER) else ""
    if name in registry():
        path = embedded(name)
    about = json.loads(path.read_text(encoding="utf-8"))
    curves = {name: np.array(about.pop(name), float) for name in CURVES}
    condition, seed, test = (about.pop(key) for key in ("condition", "seed", "test_accuracy"))
    return History(condition, seed, test_accuracy=test, about=about, **curves)


def headline(histories: dict[str, list[History]]) -> dict[str, Headline]:
    """For each condition: accuracy after the last epoch and at the best one, and on the test.

    The best epoch is chosen on the validation pictures themselves, so it flatters; the final
    one and the test do not.
    """
    return {
        condition: Headline(
            len(runs),
            Spread.of(run.val_accuracy[-1] for run in runs),
            Spread.of(run.val_accuracy.max() for run in runs),
            Spread.of(run.test_accuracy for run in runs),
        )
        for condition, runs in histories.items()
    }


def gain(histories: dict[str, list[History]], before: str = "dropout", after: str = "both") -> Gain:
    """Percentage points that ``after`` is above ``before``, over the seeds that both have.

    The default is the article's comparison: augmentation or none, dropout in both.
    """
    first = {run.seed: run for run in histories[before]}
    pairs = [(first[run.seed], run) for run in histories[after] if run.seed in first]
    return Gain(
        Spread.of(100 * (b.val_accuracy[-1] - a.val_accuracy[-1]) for a, b in pairs),
        Spread.of(100 * (b.val_accuracy.max() - a.val_accuracy.max()) for a, b in pairs),
        Spread.of(100 * (b.test_accuracy - a.test_accuracy) for a, b in pairs),
    )


def headline_table(histories: dict[str, list[History]]) -> str:
    """The comparison as a Markdown table, with a row for each condition and the gain."""
    said = {
        "plain": "plain",
        "dropout": "dropout",
        "augmentation": "augmentation",
        "both": "dropout and augmentation",
    }
    rows = [
        ["training", "seeds", "validation, last epoch", "validation, best epoch", "test"],
        ["---", "---:", "---:", "---:", "---:"],
    ]
    for condition, line in headline(histories).items():
        values = (line.final, line.best, line.test)
        rows.append([said[condition], str(line.runs), *(_percent(value) for value in values)])
    if {"dropout", "both"} <= histories.keys():
        points = (f"**{v.mean:+.1f} ± {v.std:.1f} points**" for v in gain(histories))
        rows.append(["gain of augmentation, with dropout", "", *points])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _percent(value: Spread) -> str:
    return f"{100 * value.mean:.1f} ± {100 * value.std:.1f} %"


def start_marker(experiment: str = EMBEDDED) -> str:
    """The line above an experiment's table in a text: how it is made.

    Examples
    --------
    >>> start_marker("photographs64")
    '<!-- headline: python -m cnnlab.course.training.experiments table photographs64 -->'
    """
    which = "" if experiment == EMBEDDED else f" {experiment}"
    return f"<!-- headline: python -m cnnlab.course.training.experiments table{which} -->"


def between_markers(text: str, table: str, experiment: str = EMBEDDED) -> str:
    """``text`` with ``table`` in the place of what stands between an experiment's markers.

    Raises
    ------
    ValueError
        The text does not have both markers, once each and in order.
    """
    return between(text, start_marker(experiment), table)


def curve(runs: Sequence[History], name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and sample standard deviation over the runs of one condition, epoch by epoch.

    Parameters
    ----------
    runs : sequence of History
        Equally long.
    name : {"loss", "accuracy", "val_loss", "val_accuracy"}

    Returns
    -------
    mean, std : ndarray, shape (epochs,)
        ``std`` is 0 for a single run.
    """
    values = np.stack([getattr(run, name) for run in runs])
    return values.mean(axis=0), values.std(axis=0, ddof=1) if len(runs) > 1 else 0 * values[0]
