"""How far a learner is, as their folder says it; no code of theirs runs.

Full marks are kept in ``_saved`` as soon as they are earned. Other points are those that a check
has shown in the saved notebook. `cnnlab check` judges the code itself, and takes longer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnlab.autograder import kept
from cnnlab.autograder.judging.exercise import Chapter, Exercise, chapter_names, load_chapter


@dataclass(frozen=True)
class Score:
    """An exercise's points: ``earned`` is None where no check has said anything yet."""

    name: str
    most: float
    earned: float | None = None

    @property
    def passed(self) -> bool:
        return self.earned is not None and self.earned >= self.most


@dataclass(frozen=True)
class Reached:
    """A chapter's points, exercise by exercise.

    Parameters
    ----------
    chapter : str
    keras : bool
        Whether it needs Keras.
    scores : tuple of Score
    saved : float
        When its notebook was saved last, in seconds; 0 where there is none.
    """

    chapter: str
    keras: bool
    scores: tuple[Score, ...]
    saved: float = 0.0

    @property
    def earned(self) -> float:
        return sum(score.earned or 0.0 for score in self.scores)

    @property
    def most(self) -> float:
        return sum(score.most for score in self.scores)

    @property
    def to_do(self) -> str:
        """The first exercise without full marks; ``""`` where all have them."""
        return next((score.name for score in self.scores if not score.passed), "")


def reached(folder: Path) -> dict[str, Reached]:
    """Chapter → what was reached in a course folder, for all chapters in order."""
    return {name: _chapter(folder, load_chapter(name)) for name in chapter_names()}


def what_next(chapters: dict[str, Reached]) -> tuple[str, str] | None:
    """The chapter and the exercise to go on with; None where everything is done.

    Where several chapters are begun, that which was saved last.
    """
    begun = [each for each in chapters.values() if each.earned]
    order = list(chapters)
    for each in sorted(begun, key=lambda each: -each.saved):
        if each.to_do:
            return each.chapter, each.to_do
    first = max((order.index(each.chapter) + 1 for each in begun), default=0)
    for name in [*order[first:], *order[:first]]:
        if chapters[name].to_do:
            return name, chapters[name].to_do
    return None


def _chapter(folder: Path, chapter: Chapter) -> Reached:
    place = folder / chapter.name
    notebook = place / f"{chapter.name}.ipynb"
    shown, saved = {}, 0.0
    try:
        saved = notebook.stat().st_mtime
        shown = said_by_checks(json.loads(notebook.read_bytes()))
    except (OSError, ValueError, RecursionError):
        pass  # not there, or damaged: opening the chapter itself says so
    scores = tuple(_score(place, chapter.name, each, shown) for each in chapter.exercises)
    return Reached(chapter.name, chapter.keras, scores, saved)


def _score(place: Path, chapter: str, exercise: Exercise, shown: dict[str, float]) -> Score:
    most = exercise.max_score
    try:
        full = kept.find(place, chapter, exercise.name) is not None
    except kept.Damaged:
        full = False
    earned = shown.get(exercise.name)
    return Score(exercise.name, most, most if full else earned and min(max(earned, 0.0), most))


def said_by_checks(notebook: Any) -> dict[str, float]:
    """Exercise → the points that its check cell shows in a notebook."""
    found: dict[str, float] = {}
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    for cell in cells if isinstance(cells, list) else []:
        try:
            own = cell["metadata"]["cnnlab"]
            if own["role"] == "check" and cell["outputs"]:
                text = cell["outputs"][-1]["data"]["text/plain"]
                score = float(text if isinstance(text, str) else "".join(text))
                if score == score:  # a number
                    found[str(own["exercise"])] = score
        except (KeyError, TypeError, ValueError):
            continue  # another cell, one that did not run, or one that ended in an error
    return found
