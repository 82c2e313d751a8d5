"""Hostile submissions that are files of their own, and what must hold of their results.

Each file in ``attack_sources`` holds on to something inside CNN Lab by name, and says to what:

* ``# grips: cnnlab.autograder.sandbox.calls:outcome_to_frame``: a name in a module; with
  ``function.name``, a local variable of a function or a field of a class;
* ``# asks: split.asks``: what a recorded probe of an exercise gives the exercise's driver.

So a new name cannot disarm an attack unnoticed. Besides, an attack that finds nothing to hold on
to fails with the words "lost grip". One with a line ``TRICK = True`` can be graded without its
trick: what it earns then is what it is worth.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path

from cnnlab.autograder.judging.exercise import find_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import BatchResult, ExerciseResult, SubmissionResult
from cnnlab.autograder.tests.commands import Ran

SOURCES = Path(__file__).parent / "attack_sources"
LOST = "lost grip"
HONEST = "def relu(z):\n    return np.maximum(1.0 * np.asarray(z), 0)\n"
"""A neighbour that earns all of ``relu``'s points."""


class PromiseBroken(AssertionError):
    """What a hostile submission may never do has happened."""


def promise(kept: bool, said: str) -> None:
    """Fail with what happened, where a promise does not hold."""
    if not kept:
        raise PromiseBroken(said)


GIB = 1 << 30


def bounded(ran: Ran, processor: float, memory: int = GIB // 2) -> BatchResult:
    """A run's results; fails where it cost more than this, or left something behind.

    Parameters
    ----------
    ran : Ran
        A run of the command with hostile submissions.
    processor : float
        Seconds of processor time, over all its processes. On the clock, other processes of the
        machine may have the cores.
    memory : int
        Bytes that its largest process may hold.
    """
    promise(ran.results is not None, f"no result after {ran.seconds:.0f} s")
    promise(ran.processor < processor, f"{ran.processor:.0f} s of processor time")
    promise(ran.peak < memory, f"a process held {ran.peak >> 20} MiB")
    promise(not ran.left, f"left behind: {', '.join(ran.left)}")
    assert ran.results is not None
    return ran.results


# Sources


def source(name: str) -> str:
    """An attack's source."""
    return (SOURCES / f"{name}.py").read_text(encoding="utf-8")


def without_trick(text: str) -> str:
    """The same functions, honestly."""
    assert text.count("\nTRICK = True\n") == 1
    return text.replace("\nTRICK = True\n", "\nTRICK = False\n")


def missing_grips(name: str) -> list[str]:
    """What an attack holds on to that does not exist (any more)."""
    text = source(name)
    grips = re.findall(r"^# grips: (\S+)$", text, re.M)
    asked = [word for line in re.findall(r"^# asks: (.+)$", text, re.M) for word in line.split()]
    return [grip for grip in grips if not _is_there(grip)] + [
        wanted for wanted in asked if not _is_asked(name[:4], wanted)
    ]


def _is_there(grip: str) -> bool:
    module, _, path = grip.partition(":")
    name, _, inner = path.partition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return False
    if not inner:
        return True
    if isinstance(found, type):
        return inner in {field.name for field in dataclasses.fields(found)}
    return inner in found.__code__.co_varnames


def _is_asked(chapter: str, wanted: str) -> bool:
    exercise, _, name = wanted.partition(".")
    key = recorded(find_chapter(chapter)).get(exercise)
    return key is not None and any(name in (probe.given or {}) for probe in key.probes)


# Results


def exercise_of(result: SubmissionResult, name: str) -> ExerciseResult:
    """One exercise of a submission, which was graded and whose attack found its grip."""
    assert result.status == "graded", result.message
    held(result)
    (found,) = (exercise for exercise in result.exercises if exercise.name == name)
    return found


def held(result: SubmissionResult) -> None:
    """Fails where an attack did not find what it holds on to."""
    for exercise in result.exercises:
        messages = [exercise.message, *(rung.message for rung in exercise.rungs)]
        lost = next((text for text in messages if LOST in text), "")
        assert not lost, f"{result.path} is no attack any more: {lost}"
