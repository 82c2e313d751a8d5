"""Stand-ins for grading in processes: in this one, something can be broken on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from cnnlab.autograder.grading_process import Grader
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.pool import Start, Task
from cnnlab.autograder.settings import Settings


def grader_here(settings: Settings, drawn: bool = False) -> Grader:
    """A grader that limits nothing in its process."""
    return Grader(settings.sandbox, settings.reference)


class InThisProcess:
    """What `Pool` does, without processes."""

    def __init__(self, workers: int, start: Start) -> None:
        self._stack = ExitStack()
        self._grader = self._stack.enter_context(start())

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def grade(self, tasks: Iterable[tuple[int, Task]]) -> Iterator[tuple[int, SubmissionResult]]:
        return ((number, self._grader.grade(*task)) for number, task in tasks)
