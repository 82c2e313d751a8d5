"""How a batch is graded, and which versions its results depend on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cnnlab.autograder.cluster import demand_dask
from cnnlab.autograder.judging.backends import Engine
from cnnlab.autograder.judging.record import DEFAULT, demand_record


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """How a batch is graded.

    Parameters
    ----------
    fresh : bool
        New probes from a secret seed, answered live by Keras; else the recorded ones.
    sandbox : bool
        Run learner code inside the sandbox.
    chapter : str or None
        Grade everything as this chapter, whatever the files say.
    seed : int or None
        The seed of fresh probes, to repeat a run; drawn in secret if None.
    workers : int
        Processes in which submissions are judged.
    reference : str
        A backend and a kind of device, such as ``"jax-cpu"``: whose record is used, or where
        Keras answers fresh probes.
    seconds : float or None
        Of processor time that one submission may cost; see `Budget` for None.
    course : Path or None
        The root of a course, whose ``source/`` says what each assignment asks for and what that
        is worth; without it, all exercises of a chapter count as its grader has them.
    cards : bool
        Whether each result gets a ``card``, for feedback pages; a journal keeps none.
    dask : str or None
        The address of a scheduler, whose workers grade in place of processes of this machine.

    Raises
    ------
    ValueError
        There is no such record, backend or device; the message lists those that there are. Or
        `dask.distributed` is not installed.
    """

    fresh: bool = True
    sandbox: bool = True
    chapter: str | None = None
    seed: int | None = None
    workers: int = field(default_factory=usable_cores)
    reference: str = DEFAULT
    seconds: float | None = None
    course: Path | None = None
    cards: bool = False
    dask: str | None = None

    def __post_init__(self) -> None:
        if self.dask:
            demand_dask(self.dask)
        if self.fresh:
            Engine.named(self.reference)
        else:
            demand_record(self.reference)

    @property
    def probes(self) -> str:
        return "fresh" if self.fresh else "recorded"

    def conditions(self, seed: int) -> dict[str, Any]:
        """What every result of a batch depends on, besides its submission and the judge."""
        return {
            "seed": seed,
            "probes": self.probes,
            "sandbox": self.sandbox,
            "reference": self.reference,
            "seconds": self.seconds,
            "versions": versions() | {"python": platform.python_version()},
        }


def versions() -> dict[str, str]:
    """The versions that a result depends on, read without importing any of them."""
    found = {}
    for name in ("cnnlab", "numpy", "keras", "tensorflow"):
        with suppress(PackageNotFoundError):  # a light installation has no Keras
            found[name] = version(name)
    return found
