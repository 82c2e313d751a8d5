"""What a chapter asks: its exercises' probes as trees, and the answer keys that come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.judging.keras_process import Asked


def as_tree(probe: Probe) -> dict[str, Any]:
    """A probe as a dictionary that `encode` takes; ``Probe(**as_tree(probe))`` equals it."""
    tree = {field.name: getattr(probe, field.name) for field in fields(Probe)}
    return tree | {"kwargs": dict(probe.kwargs)}


def questions(chapter: Chapter, seed: int, fresh: bool = False) -> Asked:
    """What a seed asks in each exercise, drawn on this machine; ``fresh`` for a batch.

    Puzzles ask nothing of Keras.
    """
    drawn = (e for e in chapter.exercises if not e.puzzle)
    return {e.name: [as_tree(probe) for probe in e.draw(seed, fresh)] for e in drawn}


def answer_keys(
    exercises: Iterable[Exercise], asked: Asked, expected: Mapping[str, list[Any]]
) -> dict[str, AnswerKey]:
    """The answer keys of a chapter's exercises, by name; those of puzzles are stated."""
    return {
        e.name: _stated(e) if e.puzzle else _key(e, asked[e.name], expected[e.name])
        for e in exercises
    }


def _key(exercise: Exercise, asked: list[dict[str, Any]], expected: list[Any]) -> AnswerKey:
    return AnswerKey(exercise, [Probe(**tree) for tree in asked], expected)


def _stated(exercise: Exercise) -> AnswerKey:
    """The key of a puzzle, which is the same on every machine."""
    probes = list(exercise.probes(np.random.default_rng(0)))
    return AnswerKey(exercise, probes, [exercise.expect(probe) for probe in probes])


# Whether a grader still asks the same


def changed(stored: Any, drawn: Any, where: str = "") -> str:
    """The first place where two trees ask different things, or ``""``.

    Structure, text, whole numbers and types must be equal. Floats may differ by what another
    processor makes of the same drawing: 64 roundings, in units of the largest number.
    """
    if type(stored) is not type(drawn):
        return f"{where}: {type(stored).__name__} is now {type(drawn).__name__}"
    if isinstance(stored, dict):
        if stored.keys() != drawn.keys():
            return f"{where}: {list(stored)} is now {list(drawn)}"
        pairs = ((f"{where}/{k}", stored[k], drawn[k]) for k in stored)
        return next(filter(None, (changed(a, b, at) for at, a, b in pairs)), "")
    if isinstance(stored, list | tuple):
        if len(stored) != len(drawn):
            return f"{where}: {len(stored)} entries are now {len(drawn)}"
        entries = enumerate(zip(stored, drawn, strict=True))
        return next(filter(None, (changed(a, b, f"{where}/{i}") for i, (a, b) in entries)), "")
    if isinstance(stored, np.ndarray | np.generic | float):
        return "" if _same_numbers(np.asarray(stored), np.asarray(drawn)) else f"{where}: numbers"
    return "" if stored == drawn else f"{where}: {stored!r} is now {drawn!r}"


def _same_numbers(stored: np.ndarray, drawn: np.ndarray) -> bool:
    if stored.shape != drawn.shape or stored.dtype != drawn.dtype:
        return False
    if stored.dtype.kind not in "fc":
        return np.array_equal(stored, drawn)
    slack = 64 * np.finfo(stored.dtype).eps
    scale = np.max(np.abs(stored[np.isfinite(stored)]), initial=0.0)
    return np.allclose(stored, drawn, rtol=0.0, atol=slack * float(scale), equal_nan=True)
