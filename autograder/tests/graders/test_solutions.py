"""The course's own solutions, judged as a learner's functions are."""

from __future__ import annotations

import pytest

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.tests.graders.learners import solved

WITHOUT_MODELS = ("", "ch06.splits", "ch08.batches", "ch09.layers", "ch15.splits")
"""The drivers of Keras chapters that build no model; `cnnlab build --check` judges the others."""
QUICK = [
    pytest.param(chapter, exercise.name, id=f"{chapter[:4]}-{exercise.name}")
    for chapter in chapter_names()
    for exercise in load_chapter(chapter).exercises
    if not load_chapter(chapter).keras or exercise.driver in WITHOUT_MODELS
]


@pytest.mark.parametrize(("chapter", "name"), QUICK)
def test_a_solution_earns_full_marks(chapter: str, name: str) -> None:
    result = judge_function(recorded(chapter)[name], solved(chapter)[name])
    assert (result.status, result.score) == ("passed", result.max_score), result.message
