"""What the tests of several chapters' graders share: a chapter with every exercise solved."""

from __future__ import annotations

from functools import cache
from typing import Any

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.submission.solutions import solution_source


@cache
def solved(chapter: str) -> dict[str, Any]:
    """A chapter's namespace with the course's own solutions in it, those of puzzles too."""
    namespace: dict[str, Any] = {}
    exec(load_chapter(chapter).prelude, namespace)
    for exercise in load_chapter(chapter).exercises:
        exec(solution_source(chapter, exercise.name), namespace)
    return namespace
