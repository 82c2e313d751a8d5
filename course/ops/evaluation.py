"""How well a network learns: honest parts of the data, smooth curves, gains, and mix-ups."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isclose

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.course.ops import Array, require

Places = NDArray[np.int64]
WEIGHT = 0.8


def split(
    labels: ArrayLike, fractions: Sequence[float], rng: np.random.Generator
) -> tuple[Places, ...]:
    """Deal every example into one of several parts, each class by its share.

    Parameters
    ----------
    labels : array_like, shape (N,)
        The class of each example.
    fractions : sequence of float
        One for each part; they add up to 1. Of a class with n examples a part gets
        floor(fraction * n), and the first part what is left over.
    rng : numpy.random.Generator
        Decides who goes where.

    Returns
    -------
    tuple of ndarray of int
        Places in ``labels`` for each part, in no particular order.

    Raises
    ------
    ValueError
        ``fractions`` hold a negative number or do not add up to 1.

    Examples
    --------
    >>> train, test = split([0, 0, 0, 1, 1], [0.5, 0.5], np.random.default_rng(0))
    >>> len(train), len(test)
    (3, 2)
    """
    check_fractions(fractions)
    parts: list[list[Places]] = [[] for _ in fractions]
    labels = np.asarray(labels)
    for label in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == label))
        cuts = np.cumsum(class_sizes(len(order), fractions))[:-1]
        for part, places in zip(parts, np.split(order, cuts), strict=True):
            part.append(places)
    return tuple(np.concatenate(part) if part else np.empty(0, np.int64) for part in parts)


def check_fractions(fractions: Sequence[float]) -> None:
    """Raise ValueError where fractions are no shares of a whole.

    Parameters
    ----------
    fractions : sequence of float
        None is negative, and they add up to 1.

    Raises
    ------
    ValueError
        One is negative, or they do not add up to 1.
    """
    shares = isclose(sum(fractions), 1, abs_tol=1e-9) and min(fractions) >= 0
    require(shares, "fractions", "must be 0 or more and add up to 1", fractions)


def class_sizes(n: int, fractions: Sequence[float]) -> list[int]:
    """How many of a class's n examples each part gets.

    Parameters
    ----------
    n : int
        How many examples the class has.
    fractions : sequence of float
        The share of each part.

    Returns
    -------
    list of int

    Examples
    --------
    >>> class_sizes(11, [0.5, 0.25, 0.25])
    [7, 2, 2]
    """
    others = [floor(fraction * n) for fraction in fractions[1:]]
    return [n - sum(others), *others]


def smooth(values: ArrayLike, weight: float = WEIGHT) -> Array:
    """An exponential moving average that does not lean towards its beginning.

    m = weight·m + (1 − weight)·v from m = 0, and after t values m / (1 − weightᵗ).

    Parameters
    ----------
    values : array_like, shape (n,)
    weight : float
        From 0 (nothing is smoothed) up to, but not including, 1.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        ``weight`` is outside this range.

    Examples
    --------
    >>> smooth([1, 3], weight=0.5).round(3)
    array([1.   , 2.333])
    """
    require(0 <= weight < 1, "weight", "must be from 0 up to, not including, 1", weight)
    values = np.asarray(values)
    values = values if values.dtype.kind == "f" else values.astype(np.float64)
    smoothed, mean = np.empty_like(values), 0.0
    for t, value in enumerate(values, 1):
        mean = weight * mean + (1 - weight) * value
        smoothed[t - 1] = mean / (1 - weight**t)
    return smoothed


def overfit_epoch(val_loss: ArrayLike) -> int:
    """The epoch after which a network only learns by heart: where the smooth loss is lowest.

    Parameters
    ----------
    val_loss : array_like, shape (epochs,)

    Returns
    -------
    int
        Counted from 0.

    Examples
    --------
    >>> overfit_epoch([0.9, 0.6, 0.4, 0.8, 1.2])
    2
    """
    return int(np.argmin(smooth(val_loss)))


def accuracy_gain(before: float, after: float) -> tuple[float, float]:
    """By how much an accuracy grew: in percentage points, and in percent of what it was.

    Parameters
    ----------
    before, after : float
        Shares of right answers, above 0 and up to 1.

    Raises
    ------
    ValueError
        ``before`` or ``after`` is no such share.

    Examples
    --------
    >>> points, percent = accuracy_gain(0.73, 0.81)
    >>> round(points), round(percent)
    (8, 11)
    """
    for name, share in {"before": before, "after": after}.items():
        require(0 < share <= 1, name, "must be a share, above 0 and up to 1", share)
    return 100 * (after - before), 100 * (after - before) / before


def confusion_matrix(
    labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5
) -> NDArray[np.int64]:
    """How often each class was taken for each: rows are the truth, columns the answers.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        0 or 1.
    probabilities : array_like, shape (N,) or (N, 1)
        Of class 1.
    threshold : float
        Above it the answer is class 1, as in Keras's accuracy.

    Returns
    -------
    ndarray of int, shape (2, 2)

    Raises
    ------
    ValueError
        ``labels`` and ``probabilities`` are not equally many.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1, 1], [[0.1], [0.7], [0.8], [0.9]])
    array([[1, 1],
           [0, 2]])
    """
    truth = np.asarray(labels).astype(np.int64)
    answers = (np.ravel(np.asarray(probabilities)) > threshold).astype(np.int64)
    many = f"must be as many as probabilities, {len(answers)}"
    require(len(truth) == len(answers), "labels", many, len(truth))
    return np.bincount(2 * truth + answers, minlength=4).reshape(2, 2)
