"""What the tests of chapter 4's graders share: the chapter with every exercise solved."""

from __future__ import annotations

from functools import cache
from typing import Any

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.submission.solutions import solution_source

CHAPTER = "ch04_network"


@cache
def solved() -> dict[str, Any]:
    """The chapter's namespace with every exercise solved."""
    namespace: dict[str, Any] = {}
    exec(load_chapter(CHAPTER).prelude, namespace)
    for name in recorded(CHAPTER):
        exec(solution_source(CHAPTER, name), namespace)
    return namespace


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)
