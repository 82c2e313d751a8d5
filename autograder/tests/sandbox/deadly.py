"""A stand-in for grading that kills its process on request.

In a module of its own, under an installed name, so that spawned processes can import it.
"""

from __future__ import annotations

import os

from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.submission import Submission


class Deadly:
    """Full marks for any submission; one called "deadly" ends the process."""

    def __enter__(self) -> Deadly:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def grade(self, submission: Submission, answers: bytes | None) -> SubmissionResult:
        if submission.path == "deadly":
            os._exit(1)
        return SubmissionResult(submission.path, None, None, "graded", score=1.0)
