"""What ``cnnlab grade`` prints at its end: a line for each submission."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from cnnlab.course.cli.terminal import counted, visible

if TYPE_CHECKING:
    from cnnlab.autograder.judging.results import BatchResult, SubmissionResult

ROWS = 500
"""Submissions in one table: as many as are laid out, and held in memory, at a time."""


def told_apart(submissions: Sequence[SubmissionResult]) -> list[str]:
    """A short name for each: the student or the file, with as much of the path as it takes."""
    every = [(PurePosixPath(s.path), s.student, s.chapter) for s in submissions]
    brief = [student or path.name for path, student, _ in every]
    longer = [f"{student or path.parent.name}/{path.name}" for path, student, _ in every]
    chapters = [chapter for *_, chapter in every]
    for names in (brief, longer):
        if len(set(zip(names, chapters, strict=True))) == len(every):
            return names
    return [str(path) for path, *_ in every]


def class_tables(result: BatchResult) -> Iterator[Table]:
    """One line per submission, with the mistakes that were named; a large class in many tables."""
    every = result.submissions
    said = f"{counted(len(every), 'submission')}, {result.probes} probes"
    names = told_apart(every)
    for start in range(0, max(1, len(every)), ROWS):
        table = Table(title="" if start else said, title_justify="left")
        table.add_column("submission", overflow="fold")
        table.add_column("chapter")
        table.add_column("points", justify="right")
        table.add_column("what to know", overflow="fold")
        rows = slice(start, start + ROWS)
        for s, name in zip(every[rows], names[rows], strict=True):
            points = f"{s.score:g} / {s.max_score:g}"
            chapter = re.sub(r"^(ch\d\d)_.*", r"\1", s.chapter or "")
            cells = (name, chapter, points, what_to_know(s))
            table.add_row(*(Text(visible(cell)) for cell in cells))
        yield table


def what_to_know(submission: SubmissionResult) -> str:
    """What stands beside a submission's points: what is wrong, by name, or that nothing is."""
    notes = [
        f"{e.name}: {', '.join(e.diagnosis) or e.status.replace('_', ' ')}"
        for e in submission.exercises
        if e.status not in ("passed", "not_attempted")
    ]
    if untouched := [e.name for e in submission.exercises if e.status == "not_attempted"]:
        every = len(untouched) == len(submission.exercises) > 1
        notes.append(f"not attempted: {'everything' if every else ', '.join(untouched)}")
    known = [submission.message] if submission.message else notes or ["everything passes"]
    return "\n".join(known + submission.warnings)
