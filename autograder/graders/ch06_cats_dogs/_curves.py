"""Curves of losses that are smoothed: how they are drawn, and the usual mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.course.ops import Array, evaluation
from cnnlab.course.ops.evaluation import WEIGHT

Rng = np.random.Generator

# Probes


def history(rng: Rng, epochs: int, dtype: Any = np.float64) -> Array:
    """A validation loss as it usually is: it falls, then grows, and is never quiet.

    Made of roots and quotients, which every processor rounds alike; powers are not.
    """
    t = np.arange(epochs) / epochs
    turn, rise = rng.uniform(0.3, 0.6), rng.uniform(0.6, 1.5)
    after = np.maximum(t - turn, 0)
    fall = 1 + 4 * t
    curve = 0.5 + 0.3 / (fall * fall * fall) + rise * after * np.sqrt(after)
    return (curve + rng.normal(0, 0.06, epochs)).astype(dtype)


# References: the same numbers in another way


def weighted_means(values: Any, weight: float = WEIGHT) -> Array:
    """Smooth values as what they are: means of all values so far, with falling weights."""
    from keras import ops

    given = np.asarray(values)
    dtype = given.dtype if given.dtype.kind == "f" else np.dtype(np.float64)
    if given.size == 0:
        return np.empty(0, dtype)
    t = np.arange(len(given))
    ages = np.maximum(t[:, None] - t, 0)
    shares = np.where(t[:, None] >= t, float(weight) ** ages, 0)
    sums = ops.matmul(ops.convert_to_tensor(shares), given.astype(np.float64)[:, None])
    return ops.convert_to_numpy(sums[:, 0] / ops.sum(shares, axis=1)).astype(dtype)


# smooth, with a keyword for every step that can go wrong


def steps(
    values: Any,
    weight: float = WEIGHT,
    *,
    begin: Callable[[Array], float] = lambda values: 0.0,
    mix: Callable[[float], tuple[float, float]] = lambda weight: (weight, 1 - weight),
    correct: Callable[[float, int], float] = lambda weight, t: 1 - weight**t,
    keep: bool = False,
) -> Array:
    """`cnnlab.course.ops.evaluation.smooth` with mistakes: without any, it is that function."""
    evaluation.smooth([], weight)  # refuses a weight that is none
    values = np.asarray(values)
    values = values if values.dtype.kind == "f" else values.astype(np.float64)
    if not values.size:
        return values
    old, new = mix(weight)
    mean, smoothed = begin(values), np.empty_like(values)
    with np.errstate(all="ignore"):
        for t, value in enumerate(values, 1):
            mean = old * mean + new * value
            smoothed[t - 1] = np.divide(mean, correct(weight, t))
            mean = smoothed[t - 1] if keep else mean
    return smoothed
