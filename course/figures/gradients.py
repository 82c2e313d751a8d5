"""Pictures of gradients: step sizes, gradient checks, descents, and training curves.

As `cnnlab.course.figures`: every function gives a `Picture` that carries its own description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.figures import Picture
from cnnlab.course.palette import BLUE, GREEN, INK, ORANGE, PALE, PASSED, PINK

COLOURS = (BLUE, ORANGE, GREEN, PINK, INK)
"""Okabe and Ito's palette, told apart by colour-blind people; markers differ as well."""
MARKERS = "osD^v"
FLOOR = 1e-17
"""Where a difference of 0 is drawn on a logarithmic axis."""


def step_sizes(steps: ArrayLike, errors: Mapping[str, ArrayLike]) -> Picture:
    """How wrong slopes by trying out are, for wide steps and small ones.

    Parameters
    ----------
    steps : array_like, shape (n,)
    errors : mapping of str to array_like, shape (n,)
        For each way to compute the slope: how far off it is.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.6, 3.6))
    ax = figure.add_subplot()
    steps, best = np.asarray(steps), []
    for (name, error), colour, marker in zip(errors.items(), COLOURS, MARKERS, strict=False):
        error = np.maximum(np.asarray(error, dtype=float), FLOOR)
        ax.loglog(steps, error, color=colour, marker=marker, markersize=4, label=name)
        at = int(np.argmin(error))
        best.append(f"{name}, best about {error[at]:.0e} at a step of {steps[at]:.0e}")
    ax.set(xlabel="step eps", ylabel="error of the slope")
    ax.grid(color="0.92")
    ax.legend(frameon=False, fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    return Picture(
        figure,
        "The error of the slope over the step, both logarithmic. Each curve is a V: wide steps "
        f"miss the bend, tiny steps lose digits. {'; '.join(best)}.",
    )


def gradient_check(checks: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Picture:
    """Gradients by formula against gradients by trying out.

    Left: one point for each number; right functions put them all on the diagonal. Right: how
    far the two are apart, measured by the largest gradient of its array.

    Parameters
    ----------
    checks : mapping of str to (ndarray, ndarray)
        Name of the array → what the backward function gave, what trying out gave.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.25])
    pairs = {n: (np.ravel(a), np.ravel(b)) for n, (a, b) in checks.items()}
    said = []
    top = max(float(np.abs(b).max()) for _, b in pairs.values()) or 1.0
    left.plot([-top, top], [-top, top], color="0.8", zorder=0)
    for place, (name, (ours, tried)) in enumerate(pairs.items()):
        colour, marker = COLOURS[place % 5], MARKERS[place % 5]
        style = {"color": colour, "marker": marker, "linestyle": "none", "markersize": 4}
        left.plot(tried, ours, label=name, alpha=0.7, **style)
        apart = np.maximum(np.abs(ours - tried) / (np.abs(tried).max() or 1.0), FLOOR)
        spread = np.linspace(-0.3, 0.3, len(apart)) if len(apart) > 1 else [0.0]
        right.plot(apart, place + np.asarray(spread), alpha=0.7, **style)
        said.append(f"{name}: {len(apart)} numbers, at most {apart.max():.0e} apart")
    left.set(xlabel="by trying out", ylabel="by your function")
    left.legend(frameon=False, fontsize=9)
    right.axvspan(FLOOR, 1e-6, color=GREEN, alpha=0.1, lw=0)
    right.text(1.5e-17, len(pairs) - 0.55, "agrees", color=PASSED, size=9, va="top")
    right.set(xscale="log", xlim=(FLOOR, 10), ylim=(-0.6, len(pairs) - 0.4))
    right.set_xlabel("difference, relative to the largest")
    right.set_yticks(range(len(pairs)), list(pairs))
    for ax in (left, right):
        ax.grid(color="0.92")
        ax.spines[["top", "right"]].set_visible(False)
    return Picture(figure, f"A gradient check. {'; '.join(said)}.")


def descent(
    f: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    paths: Mapping[str, Sequence[float]],
    span: tuple[float, float],
    along: str = "w",
) -> Picture:
    """Walks on the curve of a loss, one panel for each.

    Parameters
    ----------
    f : callable, array → array
        The loss as a function of one parameter.
    paths : mapping of str to sequence of float
        Title → where each step stands.
    span : (low, high)
        The part of the curve that is drawn.
    along : str
        The parameter's name.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.1 * len(paths), 2.7), layout="constrained")
    panels = figure.subplots(1, len(paths), sharey=True, squeeze=False)[0]
    w, said = np.linspace(*span, 200), []
    for ax, (title, path) in zip(panels, paths.items(), strict=True):
        at = np.asarray(path, dtype=float)
        ax.plot(w, f(w), color="0.75", linewidth=2)
        ax.plot(at, f(at), color=ORANGE, marker="o", markersize=5, linewidth=1)
        ax.plot(at[:1], f(at[:1]), color=BLUE, marker="o", markersize=8)
        ax.set_title(title, fontsize=10.5, color=INK)
        ax.set(xlabel=along, xlim=span, ylim=(-0.05 * f(w).max(), 1.1 * f(w).max()))
        ax.spines[["top", "right"]].set_visible(False)
        said.append(f"{title}: {len(at) - 1} steps from {at[0]:.3g} to {at[-1]:.3g}")
    panels[0].set_ylabel("loss")
    return Picture(figure, f"Walks on the curve of a loss. {'; '.join(said)}.")


def training(
    losses: Mapping[str, Sequence[float]], accuracy: Mapping[str, Sequence[float]], every: int
) -> Picture:
    """Loss curves on one another, and the accuracy on new pictures.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        Name of the run → loss of each step. The first is drawn as a broad band, so that one
        that runs on top of it is seen.
    accuracy : mapping of str to sequence of float
        Name of the run → share of right answers after each epoch.
    every : int
        Steps in an epoch.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.7, 1], gridspec_kw={"wspace": 0.1})
    widths, said = [6.0, 1.4, 1.0], []
    colours = [PALE, ORANGE, INK]
    for (name, values), width, colour in zip(losses.items(), widths, colours, strict=False):
        left.plot(np.arange(1, len(values) + 1), values, color=colour, lw=width, label=name)
        said.append(f"{name}: from {values[0]:.3f} to {np.mean(values[-every:]):.3f}")
    left.axhline(np.log(2), color="0.6", linestyle=":", label="guessing")
    left.set(xlabel="step", ylabel="loss of the batch")
    left.legend(frameon=False, fontsize=9)
    for (name, shares), width, colour in zip(accuracy.items(), widths, colours, strict=False):
        epochs = np.arange(1, len(shares) + 1)
        right.plot(epochs, 100 * np.asarray(shares), color=colour, lw=width, marker="o")
        if len(shares):
            said.append(f"{name}: {shares[-1]:.1%} right at the end")
    right.axhline(50, color="0.6", linestyle=":")
    right.set(xlabel="epoch", ylabel="right on new pictures, %", ylim=(45, 75))
    right.xaxis.get_major_locator().set_params(integer=True)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    return Picture(figure, f"Training curves. {'; '.join(said)}.")
