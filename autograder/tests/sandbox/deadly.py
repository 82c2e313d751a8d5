"""A stand-in for grading that kills its process, or a cluster's worker, on request.

In a module of its own, under an installed name, so that spawned processes can import it.
"""

from __future__ import annotations

import os
import signal

from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.submission import Submission


class Deadly:
    """Full marks for any submission; one that is called "deadly" ends the process.

    One that is called "kills_worker" ends the process that started this one.
    """

    def __enter__(self) -> Deadly:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def grade(self, submission: Submission, *_: object) -> SubmissionResult:
        if "deadly" in submission.path:
            os._exit(1)
        if "kills_worker" in submission.path:
            os.kill(os.getppid(), signal.SIGKILL)
        return SubmissionResult(submission.path, None, None, "graded", score=1.0)


def deadly(*_: object) -> type[Deadly]:
    """What a cluster's worker starts."""
    return Deadly
