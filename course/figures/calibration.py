"""Can a network's certainty be believed? How sure it was beside how often it was right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.figures import Picture
from cnnlab.course.palette import BLUE, INK, ORANGE


def reliability(confidence: ArrayLike, accuracy: ArrayLike, count: ArrayLike) -> Picture:
    """A reliability diagram: a bar for each bin, and the line on which an honest network lies.

    Parameters
    ----------
    confidence, accuracy : array_like, shape (bins,)
        NaN where a bin is empty.
    count : array_like of int, shape (bins,)
    """
    from matplotlib.figure import Figure

    sure, right, n = (np.asarray(each) for each in (confidence, accuracy, count))
    bins = len(n)
    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    ax, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    left = np.arange(bins) / bins
    filled = n > 0
    ax.bar(left[filled], right[filled], 1 / bins, align="edge", color=BLUE, alpha=0.75, ec="white")
    ax.plot([0, 1], [0, 1], color="0.5", lw=1, ls="--")
    ax.scatter(sure[filled], right[filled], color=ORANGE, zorder=3, s=28)
    ax.set(ylabel="share that is right", ylim=(0, 1.02), xlim=(0, 1))
    below.bar(left, n, 1 / bins, align="edge", color="0.6", ec="white")
    below.set(xlabel="how sure the network was", ylabel="pictures")
    for each in (ax, below):
        each.spines[["top", "right"]].set_visible(False)
        each.yaxis.label.set_color(INK)
    said = "; ".join(
        f"sure by {s:.0%}, right in {r:.0%} of {k}"
        for s, r, k in zip(sure[filled], right[filled], n[filled], strict=True)
    )
    return Picture(figure, f"A reliability diagram. {said}.")
