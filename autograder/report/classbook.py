"""Results of one or several runs, put together learner by learner."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.results import (
    BatchResult,
    ExerciseResult,
    SubmissionResult,
    from_json,
)

UNKNOWN = ""
"""In a chapter's place where a file does not say which chapter it is."""

Place = tuple[str, str]
"""A learner's key, and a chapter."""


@dataclass(frozen=True)
class Run:
    """One file of results.

    Parameters
    ----------
    label : str
        The file's name without its end.
    results : dict of (str, str) to SubmissionResult
        By the learner's key and the chapter; of several notebooks of one learner the best.
    """

    label: str
    results: dict[Place, SubmissionResult]


@dataclass(frozen=True)
class Learner:
    """Somebody who handed something in.

    Parameters
    ----------
    key : str
        The name in nbgrader's tree, else the file's path.
    name : str
        What people read.
    slug : str
        The name of the learner's page: small letters, digits and hyphens; unique in a class.
    """

    key: str
    name: str
    slug: str


@dataclass(frozen=True)
class Latest:
    """A learner's last result in a chapter, and the number of the run that it is from."""

    learner: Learner
    run: int
    result: SubmissionResult


@dataclass
class ClassBook:
    """A class.

    Parameters
    ----------
    runs : list of Run
        In the order in which they were given: the last one is the newest.
    learners : list of Learner
        By name.
    latest : dict of (str, str) to Latest
    """

    runs: list[Run]
    learners: list[Learner] = field(default_factory=list)
    latest: dict[Place, Latest] = field(default_factory=dict)

    @property
    def chapters(self) -> list[str]:
        """The chapters that were handed in, in order; `UNKNOWN` is none."""
        return sorted({chapter for _, chapter in self.latest if chapter != UNKNOWN})

    def of_chapter(self, chapter: str) -> list[Latest]:
        """Everybody's last result in a chapter, by name."""
        found = (self.latest.get((learner.key, chapter)) for learner in self.learners)
        return [latest for latest in found if latest]

    def of_learner(self, learner: Learner) -> list[Latest]:
        """A learner's last results, chapter by chapter."""
        chapters = [*self.chapters, UNKNOWN]
        found = (self.latest.get((learner.key, chapter)) for chapter in chapters)
        return [latest for latest in found if latest]


def read_book(paths: Sequence[Path]) -> ClassBook:
    """The class that these files of results speak of, the oldest file first.

    Raises
    ------
    OSError
        A file cannot be read.
    ValueError
        A file holds no results; the message names it.
    """
    runs = []
    for path in paths:
        try:
            batch = from_json(path.read_text(encoding="utf-8"))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"{path} does not hold results of `cnnlab grade`: {error}") from None
        runs.append((path.stem, batch))
    return class_book(runs)


def class_book(runs: Iterable[tuple[str, BatchResult]]) -> ClassBook:
    """The class that these results speak of; each run comes with its label."""
    book = ClassBook([Run(label, _best(batch.submissions)) for label, batch in runs])
    newest: dict[Place, tuple[int, SubmissionResult]] = {}
    for number, run in enumerate(book.runs):
        newest.update((place, (number, result)) for place, result in run.results.items())
    people = {learner.key: learner for learner in _learners(key for key, _ in newest)}
    book.learners = sorted(people.values(), key=lambda learner: _order(learner.name))
    book.latest = {
        place: Latest(people[place[0]], number, result)
        for place, (number, result) in newest.items()
    }
    return book


def title(chapter: str) -> str:
    """A chapter's title; the name itself where this version does not know the chapter."""
    try:
        return load_chapter(chapter).title
    except ValueError:
        return chapter


def exercises(results: Iterable[SubmissionResult]) -> list[str]:
    """The exercises that occur, in the order of the notebook."""
    return list(dict.fromkeys(e.name for result in results for e in result.exercises))


def exercise_of(result: SubmissionResult, name: str) -> ExerciseResult | None:
    """One exercise's result; None in a file that could not be read."""
    return next((e for e in result.exercises if e.name == name), None)


# Who is who


def _best(submissions: Iterable[SubmissionResult]) -> dict[Place, SubmissionResult]:
    """By place; where somebody handed in a chapter twice, the better file, and a warning."""
    found: dict[Place, list[SubmissionResult]] = {}
    for result in submissions:
        place = result.student or result.path, result.chapter or UNKNOWN
        found.setdefault(place, []).append(result)
    return {place: better(results) for place, results in found.items()}


def better(results: Sequence[SubmissionResult]) -> SubmissionResult:
    """The one that counts of somebody's files; of several it has a warning, which names them."""
    best = max(results, key=lambda r: (r.status == "graded", r.score))
    if len(results) == 1:
        return best
    names = ", ".join(PurePosixPath(result.path).name for result in results)
    said = f"{len(results)} files were handed in ({names}). {PurePosixPath(best.path).name} counts."
    return replace(best, warnings=[*best.warnings, said])


def _learners(keys: Iterable[str]) -> Iterator[Learner]:
    taken: Counter[str] = Counter()
    for key in dict.fromkeys(keys):
        slug = _slug(_short(key))
        taken[slug] += 1
        while taken[slug] > 1:
            slug = f"{slug}-{taken[slug]}"
            taken[slug] += 1
        yield Learner(key, _short(key), slug)


def _short(key: str) -> str:
    """A path's file without its end; a name stays as it is.

    Examples
    --------
    >>> _short("week1/ada_ch01.py"), _short("ada.lovelace")
    ('ada_ch01', 'ada.lovelace')
    """
    return re.sub(r"\.(py|ipynb)$", "", key.rpartition("/")[2]) or key


def _slug(name: str) -> str:
    """A name for a file on any system and in any address.

    Examples
    --------
    >>> _slug("Übel-Ömer"), _slug("李雷"), _slug("../<b>bob")
    ('ubel-omer', 'learner', 'b-bob')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "learner"


def _order(name: str) -> tuple[str, str]:
    return unicodedata.normalize("NFKD", name).casefold(), name
