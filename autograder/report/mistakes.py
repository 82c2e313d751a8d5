"""Which mistakes a class makes: those that have a name, and equal wrong answers that have none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.judging.twists import CHANGES_INPUT, Twist
from cnnlab.autograder.report.classbook import ClassBook, Latest, Learner, Run

_IN_LEARNERS_CODE = re.compile(r" in \w+, line \d+(?:: `[^`\n]*`)?")
"""Where in a learner's code an error came up, as the judge says it."""
WRONG = ("failed", "error", "timeout", "memory", "crashed", "forbidden")


@dataclass(frozen=True)
class Mistake:
    """A mistake with a name, and who makes it.

    Parameters
    ----------
    chapter, exercise, name : str
        The chapter, or the assignment with a name of its own.
    twists : tuple of Twist
        What the grader knows under this name and said to somebody, or all of this name.
    made_by : list of (Learner, ExerciseResult)
    """

    chapter: str
    exercise: str
    name: str
    twists: tuple[Twist, ...]
    made_by: list[tuple[Learner, ExerciseResult]]

    @property
    def learners(self) -> list[Learner]:
        return [learner for learner, _ in self.made_by]

    @property
    def grader(self) -> str:
        """The chapter whose grader knows the exercise."""
        return self.made_by[0][1].chapter or self.chapter

    @property
    def says(self) -> str:
        """What learners hear of it."""
        return self.twists[0].says if self.twists else ""


@dataclass
class Group:
    """Answers to one exercise that are wrong in the same way, without a name.

    Parameters
    ----------
    chapter, exercise, status : str
    message : str
        What the first of them was told.
    path : str
        The first of their files.
    learners : list of Learner
    """

    chapter: str
    exercise: str
    status: str
    message: str
    path: str
    learners: list[Learner] = field(default_factory=list)


def twists_of(chapter: str, exercise: str) -> tuple[Twist, ...]:
    """What the grader of an exercise knows; nothing where this version does not know it."""
    try:
        return load_chapter(chapter)[exercise].twists
    except (KeyError, ValueError):
        return ()


def said_twists(chapter: str, result: ExerciseResult) -> tuple[Twist, ...]:
    """The twists behind a diagnosis, one for each name, of several those whose words were said."""
    found = []
    for name in result.diagnosis:
        known = twists_of(result.chapter or chapter, result.name)
        called = [t for t in known if t.name == name]
        lines = result.message.splitlines()
        found += sorted(called, key=lambda twist: twist.says not in lines)[:1]
    return tuple(found)


def named(results: Iterable[Latest]) -> list[Mistake]:
    """The mistakes that were named, the most frequent first."""
    found: dict[tuple[str, str, str], Mistake] = {}
    for latest in results:
        chapter = latest.result.chapter or ""
        for result in latest.result.exercises:
            said = {twist.name: twist for twist in said_twists(chapter, result)}
            for name in result.diagnosis:
                mistake = found.setdefault(
                    (chapter, result.name, name),
                    Mistake(chapter, result.name, name, _of(said.get(name)), []),
                )
                mistake.made_by.append((latest.learner, result))
    return sorted(found.values(), key=lambda mistake: -len(mistake.made_by))


def _of(twist: Twist | None) -> tuple[Twist, ...]:
    return (twist,) if twist else ()


def unnamed(results: Iterable[Latest]) -> list[Group]:
    """Groups of equal wrong answers that no name covers, the largest first.

    Equal are answers of one run in which the same rungs failed on the same cases with the same
    first wrong number, or with the same error, wherever in the code it came up.
    """
    found: dict[tuple[object, ...], Group] = {}
    for latest in results:
        chapter = latest.result.chapter or ""
        for result in latest.result.exercises:
            if _is_unexplained(result):
                key = (latest.run, chapter, result.name, *fingerprint(result))
                group = found.setdefault(
                    key,
                    Group(chapter, result.name, result.status, result.message, latest.result.path),
                )
                group.learners.append(latest.learner)
    groups = [g for g in found.values() if g.message]
    return sorted(groups, key=lambda group: -len(group.learners))


def _is_unexplained(result: ExerciseResult) -> bool:
    """Whether it is wrong beyond what its diagnosis says; a changed input explains no number."""
    if result.status not in WRONG or set(result.diagnosis) - {CHANGES_INPUT}:
        return False
    return not result.diagnosis or any(not r.passed and r.points for r in result.rungs)


def fingerprint(result: ExerciseResult) -> tuple[str, ...]:
    """What makes two wrong answers to the same questions equal.

    Examples
    --------
    >>> one = ExerciseResult("relu", "error", message="NameError: y in relu, line 3: `y`.")
    >>> other = ExerciseResult("relu", "error", message="NameError: y in relu, line 9: `max(y)`.")
    >>> fingerprint(one) == fingerprint(other)
    True
    """
    failed = [rung for rung in result.rungs if not rung.passed and (rung.points or rung.message)]
    said = [f"{rung.id}: {rung.message}" for rung in failed if rung.points and rung.message]
    said = said or [result.message]
    return (result.status, *(_IN_LEARNERS_CODE.sub("", text) for text in said))


# Over time


@dataclass(frozen=True)
class Trend:
    """How often something occurred, run by run: counts, and of how many; None where not graded."""

    chapter: str
    exercise: str
    name: str
    counts: list[tuple[int, int] | None]


def over_time(book: ClassBook) -> list[Trend]:
    """Mistakes, and who passed, in every chapter that was graded in more than one run."""
    again = [c for c in book.chapters if sum(_has(run, c) for run in book.runs) > 1]
    rows = []
    for chapter in again:
        seen = [_occurrences(run, chapter) if _has(run, chapter) else None for run in book.runs]
        names = dict.fromkeys(key for found in seen if found for key in found[1])
        for exercise, name in sorted(names, key=lambda key: _peak(key, seen), reverse=True):
            counts = [
                (found[1].get((exercise, name), 0), found[0].get(exercise, 0)) if found else None
                for found in seen
            ]
            rows.append(Trend(chapter, exercise, name, counts))
    return rows


Occurrences = tuple[dict[str, int], dict[tuple[str, str], int]]


def _has(run: Run, chapter: str) -> bool:
    return any(of == chapter for _, of in run.results)


def _occurrences(run: Run, chapter: str) -> Occurrences:
    """How many answered each exercise, and how many made each mistake in it."""
    answered: dict[str, int] = {}
    made: dict[tuple[str, str], int] = {}
    for (_, of), submission in run.results.items():
        for result in submission.exercises if of == chapter else ():
            answered[result.name] = answered.get(result.name, 0) + 1
            for name in result.diagnosis:
                made[result.name, name] = made.get((result.name, name), 0) + 1
    return answered, made


def _peak(key: tuple[str, str], seen: Sequence[Occurrences | None]) -> int:
    return max(found[1].get(key, 0) for found in seen if found)
