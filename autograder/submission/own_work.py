"""A learner's own notebook: a chapter's, or an assignment's, which may be of several chapters.

An instructor's ``cnnlab course`` marks the notebooks that it makes. What such a notebook asks for
is read in it as `cnnlab.autograder.submission.assignment` reads it in the course's source. Here
the learner's own file is believed: it is their own machine, and no grade comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cnnlab.autograder.judging.exercise import Exercise
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.submission import Submission, read
from cnnlab.autograder.submission.assignment import Assignment, read_copy


@dataclass(frozen=True)
class OwnWork:
    """A notebook, chapter by chapter.

    Parameters
    ----------
    parts : sequence of Submission
        One for each chapter that it holds exercises of.
    assignment : Assignment or None
        None for a chapter's notebook.
    """

    parts: Sequence[Submission]
    assignment: Assignment | None = None

    @property
    def problem(self) -> str:
        """Why it cannot be read, as a sentence; or ``""``."""
        return next((part.problem for part in self.parts if part.problem), "")

    @cached_property
    def places(self) -> dict[str, tuple[Submission, Exercise]]:
        """Each exercise with its part, in the notebook's order; none if it cannot be read."""
        if self.problem:
            return {}
        found = {e.name: (part, e) for part in self.parts for e in part.asks().exercises}
        order = [asked.name for asked in self.assignment.asked] if self.assignment else found
        return {name: found[name] for name in order}

    @property
    def name(self) -> str:
        """The chapter's, or the assignment's."""
        return self.assignment.name if self.assignment else str(self.parts[0].chapter)

    def whole(self, results: Sequence[SubmissionResult]) -> SubmissionResult:
        """The result of the notebook whose parts have these results."""
        return self.assignment.whole(results) if self.assignment else results[0]


def read_own(path: Path) -> OwnWork:
    """Read a learner's own notebook; nothing is executed."""
    assignment = read_copy(path)
    if assignment is None:
        return OwnWork([read(path)])
    return OwnWork([read(path, asked=part) for part in assignment.parts()], assignment)
