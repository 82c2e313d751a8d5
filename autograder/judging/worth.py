"""What an assignment asks for: some exercises of some chapters, with the instructor's points.

A grader says how an exercise's points are spread over its rungs. An assignment says how many
there are, and what share of them the rung "robust" has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from cnnlab.autograder.judging.exercise import ROBUST, Chapter, Exercise, load_chapter


@dataclass(frozen=True)
class Asked:
    """An exercise that an assignment asks for.

    Parameters
    ----------
    chapter : str
        Its chapter's full name.
    name : str
    points : float
        What it is worth there; two decimals count.
    robust : float or None
        The share of them, between 0 and 1, for the rung "robust"; None leaves it as the grader
        has it.
    """

    chapter: str
    name: str
    points: float
    robust: float | None = None


@lru_cache(maxsize=256)
def chapter_as_asked(chapter: str, asked: tuple[Asked, ...]) -> Chapter:
    """A chapter with the exercises that are asked for alone, each with its points.

    Without any it is the chapter as its grader has it. Exercises keep the chapter's order, because
    some may call those before them.
    """
    whole = load_chapter(chapter)
    if not asked:
        return whole
    wanted = {each.name: each for each in asked}
    exercises = [(e, wanted[e.name]) for e in whole.exercises if e.name in wanted]
    return replace(
        whole, exercises=tuple(scaled(e, each.points, each.robust) for e, each in exercises)
    )


def scaled(exercise: Exercise, points: float, robust: float | None = None) -> Exercise:
    """The exercise with its ladder scaled to these points; the same one where nothing changes.

    Rungs have whole hundredths of a point, and their sum is exact. Which rungs decide on the
    status depends on their share, not on the points: an exercise may be worth nothing.
    """
    weights = dict(exercise.points)
    if robust is not None:
        weights = _with_robust(weights, robust)
    if weights == dict(exercise.points) and points == exercise.max_score:
        return exercise
    decisive = frozenset(rung for rung, weight in weights.items() if weight > 0)
    return replace(exercise, points=shared_out(points, weights), decisive=decisive)


def _with_robust(weights: Mapping[str, float], share: float) -> dict[str, float]:
    others = {rung: weight for rung, weight in weights.items() if rung != ROBUST}
    total = sum(others.values())
    spread = {rung: weight * (1 - share) for rung, weight in others.items()}
    return spread | ({ROBUST: total * share} if share else {})


def shared_out(points: float, weights: Mapping[str, float]) -> dict[str, float]:
    """Points in proportion to weights, in hundredths: what rounding leaves goes where it is least.

    Examples
    --------
    >>> shared_out(10, {"shape": 1, "by-hand": 1, "reference": 1})
    {'shape': 3.34, 'by-hand': 3.33, 'reference': 3.33}
    """
    cents, total = round(points * 100), sum(weights.values())
    exact = {rung: cents * weight / total for rung, weight in weights.items()}
    whole = {rung: int(share + 1e-9) for rung, share in exact.items()}
    missing = cents - sum(whole.values())
    for rung in sorted(exact, key=lambda rung: whole[rung] - exact[rung])[:missing]:
        whole[rung] += 1
    return {rung: count / 100 for rung, count in whole.items()}
