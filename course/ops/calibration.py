"""Whether a network's certainty can be believed: its worst mistakes, and its calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.course.ops import Array, require
from cnnlab.course.ops.evaluation import Places


def answers(labels: ArrayLike, probabilities: ArrayLike) -> tuple[Array, Array, Array]:
    """The truth, the answer and its probability for each picture, shape (N,) each.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
    probabilities : array_like, shape (N, classes)

    Raises
    ------
    ValueError
        ``probabilities`` do not have two axes, or not as many rows as there are labels.
    """
    truth, p = np.asarray(labels), np.asarray(probabilities)
    require(p.ndim == 2, "probabilities", "must have shape (N, classes)", p.shape)
    require(len(truth) == len(p), "labels", f"must be {len(p)}", len(truth))
    return truth, p.argmax(axis=1), p.max(axis=1)


def worst_mistakes(labels: ArrayLike, probabilities: ArrayLike, k: int) -> Places:
    """The wrong answers of which a network was most sure, the surest first.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
    probabilities : array_like, shape (N, classes)
        The answer is the class with the largest one.
    k : int
        At most so many.

    Returns
    -------
    ndarray of int
        Places in ``labels``; of two equally sure ones the lower comes first.

    Raises
    ------
    ValueError
        ``k`` is below 0, or the arrays do not fit together; the message names the argument.

    Examples
    --------
    >>> worst_mistakes([0, 1, 0], [[0.4, 0.6], [0.1, 0.9], [0.2, 0.8]], 5)
    array([2, 0])
    """
    truth, said, sure = answers(labels, probabilities)
    require(k >= 0, "k", "must be 0 or more", k)
    wrong = np.flatnonzero(said != truth)
    return wrong[np.argsort(-sure[wrong], kind="stable")][:k]


def calibration(
    labels: ArrayLike, probabilities: ArrayLike, bins: int = 10
) -> tuple[Array, Array, Array]:
    """How sure a network was and how often it was right, bin by bin of its certainty.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
    probabilities : array_like, shape (N, classes)
    bins : int
        A top probability p falls into bin min(floor(p * bins), bins - 1).

    Returns
    -------
    confidence, accuracy : ndarray, shape (bins,)
        The mean top probability and the share of right answers; NaN in empty bins.
    count : ndarray of int, shape (bins,)

    Raises
    ------
    ValueError
        ``bins`` is below 1, or the arrays do not fit together; the message names the argument.

    Examples
    --------
    >>> confidence, accuracy, count = calibration([0, 1], [[0.9, 0.1], [0.6, 0.4]], bins=2)
    >>> confidence, accuracy, count
    (array([ nan, 0.75]), array([nan, 0.5]), array([0, 2]))
    """
    require(bins >= 1, "bins", "must be 1 or more", bins)
    truth, said, sure = answers(labels, probabilities)
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(place, sure, bins) / count
        accuracy = np.bincount(place, said == truth, bins) / count
    return confidence, accuracy, count


def expected_calibration_error(confidence: Array, accuracy: Array, count: Array) -> float:
    """How far confidence and accuracy are apart on average, each bin by its share of pictures.

    As in Guo and others, 2017.

    Parameters
    ----------
    confidence, accuracy : ndarray, shape (bins,)
        As `calibration` gives them; nan where a bin is empty.
    count : ndarray of int, shape (bins,)

    Examples
    --------
    >>> expected_calibration_error(np.array([np.nan, 0.75]), np.array([np.nan, 0.5]),
    ...                            np.array([0, 2]))
    0.25
    """
    filled = count > 0
    gaps = np.abs(confidence[filled] - accuracy[filled])
    return float(np.sum(gaps * count[filled]) / max(1, count.sum()))
