"""One row of the table of `bench_demos`."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """What was changed in a demo, and how long it took to answer.

    Parameters
    ----------
    kind, name : str
        What does the work, and what was changed.
    times : list of float
        Milliseconds of each update.
    judged : bool
        Whether the target must be met; else the row is for comparison.
    """

    kind: str
    name: str
    times: list[float]
    judged: bool = True
