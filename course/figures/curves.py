"""Training curves of recorded runs, one colour for each condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.course.figures import Picture
from cnnlab.course.palette import BLUE, GREEN, INK, ORANGE, PINK
from cnnlab.course.training.histories import History, curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"plain": BLUE, "dropout": ORANGE, "augmentation": GREEN, "both": PINK}
"""Of each condition (Okabe and Ito's palette)."""
WORDS = {"plain": "plain", "both": "dropout and augmentation"}
PANELS = {"loss": "loss", "accuracy": "accuracy"}


def training(
    histories: Mapping[str, Sequence[History]], conditions: Sequence[str] | None = None
) -> Picture:
    """Loss and accuracy over the epochs: mean over the seeds, and a band of one standard deviation.

    Dashed lines are measured in training, solid ones on the validation pictures.

    Parameters
    ----------
    histories : mapping of str to sequence of History
        As `cnnlab.course.training.histories.load_histories` gives them.
    conditions : sequence of str, optional
        Which of them; all without it.
    """
    from matplotlib.figure import Figure

    chosen = list(conditions or histories)
    figure = Figure(figsize=(9.5, 3.7), layout="constrained")
    panels = figure.subplots(1, len(PANELS))
    for ax, (name, title) in zip(panels, PANELS.items(), strict=True):
        for condition in chosen:
            _lines(ax, histories[condition], name, condition)
        ax.set(xlabel="epoch", title=title)
        ax.title.set(color=INK, fontsize=11)
        ax.grid(color="0.92")
        ax.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylim(0, _ceiling(histories, chosen))
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return Picture(figure, " ".join(_told(c, histories[c]) for c in chosen))


def _lines(ax: Axes, runs: Sequence[History], name: str, condition: str) -> None:
    colour, words = COLOURS[condition], WORDS.get(condition, condition)
    for prefix, style, where in (("", "--", "training"), ("val_", "-", "validation")):
        mean, std = curve(runs, prefix + name)
        epochs = np.arange(1, len(mean) + 1)
        ax.plot(epochs, mean, style, color=colour, linewidth=1.8, label=f"{words}, {where}")
        ax.fill_between(epochs, mean - std, mean + std, color=colour, alpha=0.18, linewidth=0)


def _ceiling(histories: Mapping[str, Sequence[History]], chosen: Sequence[str]) -> float:
    """Where the panel of losses ends: a loss that explodes must not flatten all others."""
    top = max(float(curve(histories[c], "val_loss")[0].max()) for c in chosen)
    return min(1.08 * top, 4.0)


def _told(condition: str, runs: Sequence[History]) -> str:
    """A condition's curves in words."""
    loss, accuracy = curve(runs, "val_loss")[0], curve(runs, "val_accuracy")[0]
    trained = curve(runs, "accuracy")[0]
    return (
        f"{WORDS.get(condition, condition).capitalize()}: validation loss is lowest in epoch "
        f"{int(loss.argmin()) + 1} with {loss.min():.2f} and ends at {loss[-1]:.2f}; "
        f"validation accuracy ends at {accuracy[-1]:.0%}, training accuracy at {trained[-1]:.0%}."
    )
