"""A stand-in for grading that kills its process on request.

In a module of its own, under an installed name, so that spawned processes can import it.
"""

import os

from cnnlab.autograder.batch import Task
from cnnlab.autograder.judging.results import SubmissionResult


def kill_on_request(task: Task) -> SubmissionResult:
    """Full marks for any submission; the one called "deadly" ends the process."""
    if task[0].path == "deadly":
        os._exit(1)
    return SubmissionResult(task[0].path, None, None, "graded", score=1.0)
