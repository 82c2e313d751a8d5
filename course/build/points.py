"""A points file: what exercises are worth in a course, as TOML.

::

    robust = 0.1                              # of every exercise's points, for the rung "robust"

    [ch01]
    conv2d = 10
    relu = { points = 3, robust = 0 }         # this one goes without

    [ch02]
    pad2d = 5

What the file does not name keeps its grader's points.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.judging.worth import Asked

SMALLEST = 0.5
"""With fewer points, rungs would have less than a hundredth."""


@dataclass(frozen=True)
class Points:
    """What a points file says: by chapter and exercise, points, and the share of "robust"."""

    points: Mapping[tuple[str, str], float] = field(default_factory=dict)
    robust: Mapping[tuple[str, str], float] = field(default_factory=dict)
    usual_robust: float | None = None

    def of(self, chapter: str, exercise: str) -> Asked:
        """What an exercise is worth; its grader's points where the file does not name it."""
        place = chapter, exercise
        usual = load_chapter(chapter)[exercise].max_score
        robust = self.robust.get(place, self.usual_robust)
        return Asked(chapter, exercise, self.points.get(place, usual), robust)


def read_points(path: Path) -> Points:
    """The points that a file gives.

    Raises
    ------
    ValueError
        It is no such file; the message says where and why.
    OSError
        It cannot be read.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return _points(raw)
    except (ValueError, TypeError) as error:  # of TOML and of UTF-8, too
        raise ValueError(f"{path}: {error}") from None


def _points(raw: dict[str, Any]) -> Points:
    points: dict[tuple[str, str], float] = {}
    robust: dict[tuple[str, str], float] = {}
    usual = _share(raw.pop("robust"), "robust") if "robust" in raw else None
    for short, table in raw.items():
        chapter = find_chapter(short)
        if not isinstance(table, dict):
            raise ValueError(f"{short} must be a table, [{short}]. Received: {table!r}")
        names = [exercise.name for exercise in load_chapter(chapter).exercises]
        for name, said in table.items():
            if name not in names:
                raise ValueError(
                    f"{chapter} has the exercises {', '.join(names)}. Received: {name!r}"
                )
            where, entry = f"{short}.{name}", said if isinstance(said, dict) else {"points": said}
            if unknown := set(entry) - {"points", "robust"}:
                raise ValueError(f"{where} may say points and robust. Received: {min(unknown)!r}")
            if "points" in entry:
                points[chapter, name] = _number(entry["points"], where)
            if "robust" in entry:
                robust[chapter, name] = _share(entry["robust"], f"{where}.robust")
    return Points(points, robust, usual)


def _number(said: Any, where: str) -> float:
    number = float(said) if isinstance(said, int | float) and not isinstance(said, bool) else -1.0
    if (number != 0 and not (SMALLEST <= number < 1e6)) or round(number, 2) != number:
        raise ValueError(
            f"{where} must be 0, or from {SMALLEST} with two decimals at most. Received: {said!r}"
        )
    return number


def _share(said: Any, where: str) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said < 1:
        raise ValueError(f"{where} must be a share, from 0 to below 1. Received: {said!r}")
    return float(said)
