"""What is left to chance, judged: binomial tests, exact, with almost no false alarms.

A right function draws every cell of a mask by itself: kept with probability p, whatever the
others do. Then three kinds of counts are binomial, whichever way the draws are made:

* how many cells of n are kept: Binomial(n, p);
* in how many of n places two different parts agree (two pictures, two rows, two calls; every
  part belongs to one couple only): Binomial(n, p² + (1 - p)²);
* in how many of n couples of calls, or of pictures, both keep equally many of their m cells:
  Binomial(n, Σₖ b(k)²), where b is the distribution of Binomial(m, p).

A test fails where its count leaves the interval outside of which it would lie with a probability of
`ALPHA` at most (a normal distribution's 6.1 standard deviations). Besides, two parts must not
be the same in every cell, which happens by chance with probability (p² + (1 - p)²)ⁿ. So a right
function's risk of losing a point is below `ALPHA` times the number of tests, plus those powers:
`false_alarm` adds them up for a probe. No test for approximate distributions, none for tails
that only hold for many cells.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

ALPHA = 1e-9
ANEW, SAME, ALIKE = "drawn anew", "the same", "not independent"


@cache
def binomial(n: int, p: float) -> NDArray[np.float64]:
    """The probabilities of 0 … n successes, shape (n + 1,).

    Examples
    --------
    >>> binomial(2, 0.5)
    array([0.25, 0.5 , 0.25])
    """
    if p in (0, 1):
        certain = np.zeros(n + 1)
        certain[n if p else 0] = 1.0
        return certain
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    k = np.arange(n + 1)
    return np.exp(logs[n] - logs - logs[::-1] + k * np.log(p) + (n - k) * np.log1p(-p))


@cache
def limits(n: int, p: float) -> tuple[int, int]:
    """The counts from … to that a right function keeps to, but for a probability of `ALPHA`.

    Examples
    --------
    >>> limits(1000, 0.5)
    (404, 596)
    """
    probabilities = binomial(n, p)
    below, above = np.cumsum(probabilities), np.cumsum(probabilities[::-1])
    low = int(np.searchsorted(below, ALPHA / 2))
    high = n - int(np.searchsorted(above, ALPHA / 2))
    return low, high


def is_likely(count: int, n: int, p: float) -> bool:
    """Whether so many successes of n are no surprise."""
    low, high = limits(n, p)
    return low <= count <= high


def agreement(p: float) -> float:
    """How likely two independent cells are both kept or both dropped."""
    return p * p + (1 - p) * (1 - p)


def study(masks: Mask, p: float) -> dict[str, Any]:
    """What is striking about many masks of one function.

    Axes along which a mask only repeats itself are reported and then left out, so that every
    other finding is about independent draws.

    Parameters
    ----------
    masks : ndarray of bool, shape (calls, pictures, ...)
        True where a number was kept.
    p : float
        With which probability it should be.

    Returns
    -------
    dict
        ``share`` kept: p itself where that is likely, 1 - p or a half where that is, else what
        was counted;
        ``axes``: for each axis `ANEW`, `SAME` or `ALIKE`; ``varies``: whether calls, and
        pictures, differ in how many cells they keep.
    """
    axes = []
    for axis in range(masks.ndim):
        repeats = masks.shape[axis] > 1 and bool(np.all(masks == masks.take([0], axis)))
        axes.append(SAME if repeats else ANEW)
        masks = masks.take([0], axis) if repeats else masks
    kept, n = int(masks.sum()), masks.size
    fitting = [q for q in (p, 1 - p, 0.5) if is_likely(kept, n, q)]
    share = fitting[0] if fitting else round(kept / n, 2)
    for axis in range(masks.ndim):
        one, other = _couples(masks, axis)
        same = int(np.sum(one == other))
        if one.size and not is_likely(same, one.size, agreement(share)):
            axes[axis] = ALIKE
    return {"share": share, "axes": axes, "varies": _counts_vary(masks, share)}


def _couples(masks: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Neighbours along an axis, each in one couple only."""
    even = masks.shape[axis] // 2 * 2
    return masks.take(range(0, even, 2), axis), masks.take(range(1, even, 2), axis)


def _counts_vary(masks: Mask, p: float) -> bool:
    """Whether calls, and pictures, keep now more and now fewer cells."""
    for axis in (0, 1):
        counts = masks.sum(axis=tuple(range(axis + 1, masks.ndim)))
        one, other = _couples(counts, axis)
        cells = masks.size // counts.size
        chance = float(np.sum(binomial(cells, p) ** 2))
        if np.sum(one == other) > limits(one.size, chance)[1]:
            return False
    return True


def false_alarm(shape: tuple[int, ...], p: float) -> float:
    """At most how likely `study` finds fault with independent masks of this shape."""
    tests = 1 + len(shape) + 2
    repeats = sum(
        agreement(p) ** (size_without * (length - 1))
        for length, size_without in ((n, np.prod(shape) // n) for n in shape)
        if length > 1
    )
    return float(tests * ALPHA + repeats)
