"""What grading would read of the running notebook: the cells that were executed, as a file.

So that a check knows what grading leaves out, forbids or lacks. Nothing is executed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import Chapter
from cnnlab.autograder.submission.cells import Cell, Document
from cnnlab.autograder.submission.code import Code, parse
from cnnlab.autograder.submission.course import (
    course_cells,
    is_data,
    made_by_course,
    shows,
)
from cnnlab.autograder.submission.definitions import Answers, find_answers

MAX_CELLS = 400
"""Executed cells that are looked at, the last ones."""
_DATA = (np.ndarray, np.generic, int, float, str, list, tuple, dict)


def read(chapter: Chapter, name: str, sources: Sequence[str]) -> Answers:
    """An exercise, as grading reads it in the cells that were executed.

    Parameters
    ----------
    chapter : Chapter
    name : str
        The exercise.
    sources : sequence of str
        What was executed, in order; the place of a source is its number.
    """
    ours = {source.strip() for source in course_cells(chapter.name)}
    cells: list[Cell] = []
    names = {exercise.name for exercise in chapter.exercises}
    later: set[str] = set()
    for number in range(len(sources) - 1, max(-1, len(sources) - 1 - MAX_CELLS), -1):
        source = sources[number]
        if not source.strip() or source.strip() in ours:
            continue
        binds = _binds(source)
        if binds and binds <= later:
            continue  # the notebook holds a newer version of this cell
        mark = next(iter(sorted((binds & names) - later)), "")
        later |= binds
        cells.append(Cell(number, "code", source, mark))
    return find_answers(chapter, Document(cells[::-1]), only=name)


@lru_cache(maxsize=1024)
def _parsed(source: str) -> Code:
    return parse(0, source)


def _binds(source: str) -> frozenset[str]:
    return frozenset(name for s in _parsed(source).statements for name in s.binds)


def notes(chapter: Chapter, name: str, answers: Answers, function: Callable[..., Any]) -> list[str]:
    """What a learner should know of grading, one sentence each."""
    definition = answers.definitions[name]
    if definition.status != "written":
        return []
    said = [f"In grading, {each} is left out." for each in definition.left_out]
    said += [
        f"In grading there is no {module}: your code goes on without it, and may then fail."
        for module in definition.fallbacks
        if module in sys.modules
    ]
    seen = getattr(function, "__globals__", {})
    for used in sorted(answers.course_names):
        made = made_by_course(chapter.name, used)
        if not made or shows(made):
            continue
        sent = is_data(chapter.name, used, made) and isinstance(seen.get(used, 0), _DATA)
        said += [] if sent else [_absent(name, used)]
    return said


def _absent(name: str, used: str) -> str:
    return (
        f"{name} uses {used}, which the course's own cells made. Grading does not have it: write "
        "what you need of it into your own cell."
    )


def older_version(name: str, sources: Sequence[str], judged: str) -> str:
    """A sentence where the last cell that defines a function did not replace it; or ``""``.

    Parameters
    ----------
    name : str
    sources : sequence of str
        What was executed, in order.
    judged : str
        The source of the cell that the function comes from, where it is known.
    """
    defines = re.compile(rf"^[ \t]*(?:async )?(?:def|class) {name}\b|^{name} *=", re.MULTILINE)
    last = next((source for source in reversed(sources) if defines.search(source)), "")
    if not last:
        return ""
    if problem := _parsed(last).problem:
        return f"Your last cell that defines {name} was not taken over, so this is the version " \
               f"before it. {problem}"  # fmt: skip
    if judged and defines.search(judged) and not _same(judged, last):
        return (
            f"Your last cell that defines {name} stopped before it did so; this is the version "
            "before it. Run that cell again, and mend the error that it shows."
        )
    return ""


def _same(executed: str, typed: str) -> bool:
    """Whether these are one cell; notebook commands aside, which Jupyter rewrites."""
    code = _parsed(typed)
    return bool(code.dropped) or executed.strip() == typed.strip()
