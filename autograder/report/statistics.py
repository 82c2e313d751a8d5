"""Numbers about a class: how points are spread, and how well an exercise separates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab.autograder.report.classbook import Latest, exercise_of, exercises

BINS = 10
ENOUGH = 10
"""Learners below which a correlation says nothing."""
LOW = 0.2
"""An exercise whose correlation is lower separates badly."""


@dataclass(frozen=True)
class Distribution:
    """How the points of a chapter are spread.

    Parameters
    ----------
    counts : list of int
        Learners in each tenth of the points, from none to all; who has exactly 20 % is in the
        third tenth, who has all points in the last.
    median, lower, upper : float
        Points: the middle, and the quartiles.
    most : float
        Points that can be had.
    """

    counts: list[int]
    median: float
    lower: float
    upper: float
    most: float


@dataclass(frozen=True)
class Item:
    """How one exercise fared.

    Parameters
    ----------
    name : str
    learners, attempted, passed : int
    share : float
        The mean share of its points, between 0 and 1.
    separation : float or None
        The point-biserial correlation, see `point_biserial`; None where it says nothing.
    """

    name: str
    learners: int
    attempted: int
    passed: int
    share: float
    separation: float | None

    @property
    def separates_badly(self) -> bool:
        return self.separation is not None and self.separation < LOW


def distribution(results: Sequence[Latest]) -> Distribution | None:
    """How the points are spread; None where nobody can have any."""
    most = max((latest.result.max_score for latest in results), default=0.0)
    if not most:
        return None
    points = np.array([latest.result.score for latest in results])
    tenths = np.minimum(np.floor(points / most * BINS + 1e-9).astype(int), BINS - 1)
    counts = np.bincount(np.maximum(tenths, 0), minlength=BINS)
    lower, median, upper = np.quantile(points, [0.25, 0.5, 0.75])
    return Distribution(counts.tolist(), float(median), float(lower), float(upper), most)


def items(results: Sequence[Latest]) -> list[Item]:
    """Every exercise of a chapter, over the files that could be read."""
    read = [latest.result for latest in results if latest.result.exercises]
    totals = np.array([result.score for result in read])
    found = []
    for name in exercises(read):
        got = [e for result in read if (e := exercise_of(result, name))]
        if len(got) < len(read):  # somebody's results are of another version of the chapter
            continue
        passed = np.array([e.passed for e in got])
        others = totals - np.array([e.score for e in got])
        attempted = sum(e.status not in ("not_attempted", "missing") for e in got)
        share = float(np.mean([e.score / e.max_score if e.max_score else 0.0 for e in got]))
        separation = point_biserial(passed, others)
        found.append(Item(name, len(got), attempted, int(passed.sum()), share, separation))
    return found


def point_biserial(passed: np.ndarray, others: np.ndarray) -> float | None:
    """How passing one exercise goes with the points in all others.

    It is Pearson's correlation where one of the two is yes or no. The exercise's own points are
    left out of the total, else each exercise would agree with itself.

    Parameters
    ----------
    passed : ndarray of bool, shape (learners,)
    others : ndarray of float, shape (learners,)
        Each learner's points in the other exercises.

    Returns
    -------
    float or None
        Between -1 and 1. None for fewer than `ENOUGH` learners, where all or none pass, and
        where all have the same points.

    Examples
    --------
    >>> passed = np.arange(12) >= 6
    >>> round(point_biserial(passed, np.arange(12.0)), 2), point_biserial(passed[:4], np.ones(4))
    (0.87, None)
    """
    if len(passed) < ENOUGH or passed.all() or not passed.any() or np.ptp(others) < 1e-9:
        return None
    return float(np.corrcoef(passed, others)[0, 1])
