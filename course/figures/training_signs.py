"""Pictures of how a training goes: sizes layer by layer, losses, a sweep of rates.

As `cnnlab.course.figures`: every function gives a `Picture` that carries its own description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.figures import Picture
from cnnlab.course.figures.gradients import COLOURS, MARKERS
from cnnlab.course.palette import BLUE, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALLEST, LARGEST = 1e-12, 1e9
"""What is smaller or larger is drawn here."""
MANY = 60
"""More points than these have no markers."""
GUESSING = float(np.log(2))
"""The loss of a network that gives both of two classes the same share."""


def layers(sizes: Mapping[str, ArrayLike], what: str, along: str = "layer") -> Picture:
    """How large something is in each layer, on a logarithmic axis.

    Parameters
    ----------
    sizes : mapping of str to array_like, shape (layers,)
        Name of the network → a size for each layer, from the first to the last.
    what : str
        What is measured: the name of the axis.
    along : str
        What is counted on the other axis, from 1.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    ax, said = figure.add_subplot(), []
    for place, (name, values) in enumerate(sizes.items()):
        values = np.asarray(values, float)
        drawn = np.clip(np.nan_to_num(values, nan=LARGEST, posinf=LARGEST), SMALLEST, LARGEST)
        marker = MARKERS[place % 5] if len(drawn) <= MANY else ""
        style: dict[str, Any] = {"color": COLOURS[place % 5], "marker": marker, "markersize": 4}
        ax.plot(np.arange(1, len(drawn) + 1), drawn, label=name, **style)
        said.append(
            f"{name}: {_short(values[0])} in the first {along}, {_short(values[-1])} in the last"
        )
    ax.set(xlabel=along, ylabel=what, yscale="log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(ax)
    return Picture(figure, f"{what} by {along}, logarithmic. {'; '.join(said)}.")


def losses(runs: Mapping[str, ArrayLike], every: Mapping[str, int] | None = None) -> Picture:
    """Losses over the steps of several trainings, on a logarithmic axis.

    Parameters
    ----------
    runs : mapping of str to array_like, shape (n,)
        Name of the training → its losses.
    every : mapping of str to int, optional
        How many steps lie between two losses; 1 for a training that is not named.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    ax, said = figure.add_subplot(), []
    ax.axhline(GUESSING, color="0.6", linestyle=":", label="guessing")
    for place, (name, values) in enumerate(runs.items()):
        values = np.asarray(values, float)
        steps = (every or {}).get(name, 1) * np.arange(len(values))
        ax.plot(steps, np.clip(values, 1e-4, LARGEST), color=COLOURS[place % 5], label=name)
        finite = values[np.isfinite(values)]
        end = _short(finite[-1]) if len(finite) == len(values) else "overflow"
        said.append(f"{name}: from {_short(values[0])} to {end}")
    ax.set(xlabel="step", ylabel="loss", yscale="log")
    _finish(ax)
    return Picture(figure, f"Loss over the steps, logarithmic. {'; '.join(said)}.")


def sweep(
    rates: ArrayLike, raw: ArrayLike, smoothed: ArrayLike, marks: Mapping[str, float]
) -> Picture:
    """A sweep: the loss while the learning rate grows.

    Parameters
    ----------
    rates, raw, smoothed : array_like, shape (n,)
    marks : mapping of str to float
        Name → a rate that is marked.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    ax = figure.add_subplot()
    rates, smoothed = np.asarray(rates, float), np.asarray(smoothed, float)
    ax.plot(rates, raw, color="0.75", label="each batch")
    ax.plot(rates, smoothed, color=BLUE, linewidth=2, label="smoothed")
    for (name, rate), colour, line in zip(marks.items(), (ORANGE, INK), ("-", "--"), strict=False):
        ax.axvline(rate, color=colour, linestyle=line, label=f"{name}: {rate:.2g}")
    top = 1.5 * float(smoothed[0])
    ax.set(xlabel="learning rate", ylabel="loss", xscale="log", ylim=(0, max(top, 1.0)))
    _finish(ax)
    marked = ", ".join(f"{name} at {rate:.2g}" for name, rate in marks.items())
    return Picture(
        figure,
        f"The loss while the rate grows from {rates[0]:.0e} to {rates[-1]:.2g}: from "
        f"{smoothed[0]:.2f} down to {smoothed.min():.2f}, at the end {smoothed[-1]:.3g}. "
        f"Marked: {marked}.",
    )


def stops(val_loss: Sequence[float], ends: Mapping[str, tuple[int, int]]) -> Picture:
    """A validation loss, where a training would stop, and which epoch it would keep.

    Parameters
    ----------
    val_loss : sequence of float
    ends : mapping of str to (int, int)
        Name → the last epoch and the best one, counted from 0.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    ax, said = figure.add_subplot(), []
    values = np.asarray(val_loss, float)
    ax.plot(values, color="0.7", linewidth=1.5, label="validation loss")
    for place, (name, (stop, best)) in enumerate(ends.items(), 1):
        colour = COLOURS[place % 5]
        ax.plot([best], values[[best]], marker=MARKERS[place % 5], color=colour, linestyle="none")
        ax.axvline(stop, color=colour, linestyle="--", label=f"{name}: stops in {stop}")
        said.append(f"{name} stops in epoch {stop} and keeps epoch {best}")
    ax.set(xlabel="epoch", ylabel="loss")
    _finish(ax)
    return Picture(figure, f"A validation loss over {len(values)} epochs. {'; '.join(said)}.")


def _finish(ax: Axes) -> None:
    ax.grid(color="0.92")
    ax.legend(frameon=False, fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)


def _short(value: float) -> str:
    return f"{value:.2g}" if np.isfinite(value) else "too large"
