"""A ValueError must name the argument that is to blame, and not all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.examine import asked_for
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.sandbox.calls import invoke

BY_HAND = [
    (name, exercise.name)
    for name in chapter_names()
    for exercise in load_chapter(name).exercises
    if not exercise.driver and len(asked_for(recorded(name)[exercise.name].probes)) > 1
]


def advice(key: AnswerKey, function: Callable[..., Any]) -> list[str]:
    """The findings on calls that must end in an error that names something."""
    outcomes = [invoke(function, probe.args, probe.kwargs) for probe in key.probes]
    rungs = {rung.id: rung for rung in judge(key, outcomes).rungs}
    return [rungs["robust"].message] if not rungs["robust"].passed else []


@pytest.mark.parametrize(("chapter", "name"), BY_HAND)
def test_a_message_that_names_every_argument_names_none(chapter: str, name: str) -> None:
    key = recorded(chapter)[name]
    blanket = " ".join(sorted(asked_for(key.probes)))

    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return key.exercise.numpy_op(*args, **kwargs)
        except Exception:
            raise ValueError(blanket) from None

    apart = {frozenset(p.raises.split("|")) for p in key.probes if p.raises}
    assert bool(advice(key, guarded)) == (apart != {frozenset(asked_for(key.probes))})
    assert advice(key, key.exercise.numpy_op) == []  # our own messages name what is to blame
