"""Classes whose results come from the judge: the course's own ops, with mistakes made in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.judge import not_attempted
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import BatchResult, ExerciseResult, SubmissionResult
from cnnlab.autograder.kernel_judge import judged

CHAPTER = "ch01_convolution"
EXERCISES = [exercise.name for exercise in load_chapter(CHAPTER).exercises]
Answer = str | Callable[..., Any]
"""``"right"``, ``"stub"``, the name of a twist, or a function."""


def answer(exercise: str, given: Answer) -> ExerciseResult:
    """What the judge says of an answer, as it comes out of a file: without what is shown live."""
    known = load_chapter(CHAPTER)[exercise]
    if given == "stub":
        return not_attempted(known)
    if isinstance(given, str):
        twists = {twist.name: twist for twist in reversed(known.twists)}
        given = known.numpy_op if given == "right" else twists[given].apply(known.numpy_op)
    result = judged(given, recorded(CHAPTER)[exercise]).result
    result.detail = None
    return result


def hand_in(student: str | None, path: str = "", **answers: Answer) -> SubmissionResult:
    """A file with these answers; the others are right."""
    exercises = [answer(name, answers.get(name, "right")) for name in EXERCISES]
    return SubmissionResult(
        path or f"submitted/{student}/{CHAPTER}/{CHAPTER}.ipynb",
        student,
        CHAPTER,
        "graded",
        score=sum(e.score for e in exercises),
        max_score=sum(e.max_score for e in exercises),
        probes="recorded",
        exercises=exercises,
    )


def batch(*submissions: SubmissionResult) -> BatchResult:
    return BatchResult(0, "cnnlab", {}, list(submissions), "recorded")


def halves(z: np.ndarray) -> np.ndarray:
    """A wrong relu that no twist knows."""
    return np.where(np.asarray(z) > 0, np.asarray(z) / 2, 0 * np.asarray(z))
