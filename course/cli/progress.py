"""How far a run of ``cnnlab grade`` is: a bar in a terminal, else a plain line each minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cnnlab.course.cli.stopping import Stopping
from cnnlab.course.cli.terminal import errors, visible

if TYPE_CHECKING:
    from cnnlab.autograder.judging.results import SubmissionResult

EVERY = 60.0
"""Seconds between plain lines."""
USUAL = 0.1
"""Seconds of one process for one submission, as long as nothing is known of this run."""
WEIGHT = 3
"""So many results weigh as much as what is usual."""

Advance = Callable[["SubmissionResult"], None]


class Pace:
    """How much is done, and how long the rest will take.

    Parameters
    ----------
    total : int
    workers : int
        Processes that grade side by side.
    """

    def __init__(self, total: int, workers: int) -> None:
        self.total, self.done = total, 0
        self._usual = USUAL / workers
        self._start = time.monotonic()

    def left(self) -> float:
        """Seconds until the end, from what the results so far took."""
        passed = time.monotonic() - self._start
        each = (passed + WEIGHT * self._usual) / (self.done + WEIGHT)
        return (self.total - self.done) * each

    def __str__(self) -> str:
        return f"{self.done} of {self.total} graded, about {spoken(self.left())} left"


def spoken(seconds: float) -> str:
    """A span of time, as people say it.

    Examples
    --------
    >>> spoken(0.2), spoken(59), spoken(200), spoken(8000)
    ('1 s', '59 s', '3 min', '2 h 13 min')
    """
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def progress(total: int, workers: int, stopping: Stopping) -> Iterator[Advance]:
    """Show progress on stderr; yields what is to be called with each result."""
    pace = Pace(total, workers)
    shown = _bar(pace) if errors.is_terminal else _lines(pace)
    with shown as show:

        def advance(result: SubmissionResult) -> None:
            stopping.check()
            pace.done += 1
            show(result)

        yield advance


@contextmanager
def _bar(pace: Pace) -> Iterator[Advance]:
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[last]}", markup=False),
    )
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=pace.total, last="", left=f"about {spoken(pace.left())}")

        def show(result: SubmissionResult) -> None:
            left = f"about {spoken(pace.left())}"
            bar.update(task, completed=pace.done, left=left, last=visible(result.path[-40:]))

        yield show


@contextmanager
def _lines(pace: Pace) -> Iterator[Advance]:
    """One line at once, and then one a minute, also while nothing is finished."""
    over = threading.Event()

    def tell() -> None:
        while True:
            errors.print(str(pace))
            if over.wait(EVERY):
                return

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield lambda result: None
    finally:
        over.set()
        teller.join()
