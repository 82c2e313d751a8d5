"""Whatever a driver sends back, the judge answers with a result: right answers, damaged at random.

A damaged answer is well formed: it is what learner code can claim that its function has returned.
"""

from __future__ import annotations

import json
import logging
import math
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnlab.autograder.display.card import to_html
from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import (
    EXERCISE_STATUSES,
    BatchResult,
    SubmissionResult,
    json_pieces,
)
from cnnlab.autograder.sandbox.calls import Outcome, Unsupported, outcome_from_frame
from cnnlab.autograder.sandbox.calls import outcome_to_frame as framed

pytestmark = [pytest.mark.fuzz, pytest.mark.filterwarnings("ignore")]

# fmt: off
WORDS = st.sampled_from([
    "layers", "weights", "y", "class", "config", "inputs", "outputs", "trainable", "training",
    "Dense", "Conv2D", "Dropout", "relu", "name", "units", "rate", "x", "", "é", "\x00", "a" * 999,
])
# fmt: on
NUMBERS = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes() | hnp.scalar_dtypes()
ARRAYS = hnp.arrays(
    NUMBERS.filter(lambda dtype: dtype.kind in "biufc"),
    hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(-3, 9)
    | st.floats()
    | st.complex_numbers()
    | WORDS
    | ARRAYS
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(WORDS, inner, max_size=4)
    ),
    max_leaves=8,
)


@cache
def keys(chapter: str) -> dict[str, tuple[AnswerKey, list[Outcome]]]:
    """Every exercise's answer key, with the right answers as they come from the sandbox."""
    return {
        name: (key, [key.call_numpy_op(probe) for probe in key.probes])
        for name, key in recorded(chapter).items()
    }


def places(tree: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of an answer, the whole included."""
    found = [way]
    if isinstance(tree, dict):
        parts: Any = tree.items()
    elif isinstance(tree, list | tuple):
        parts = enumerate(tree)
    else:
        parts = ()
    for key, part in parts:
        found += places(part, (*way, key))
    return found


def put(tree: Any, way: tuple[Any, ...], part: Any) -> Any:
    """The answer with another part at this place."""
    if not way:
        return part
    if isinstance(tree, dict):
        return {k: put(v, way[1:], part) if k == way[0] else v for k, v in tree.items()}
    entries = [put(v, way[1:], part) if i == way[0] else v for i, v in enumerate(tree)]
    return type(tree)(entries)


def damaged(data: st.DataObject, tree: Any) -> Any:
    """The answer with one part dropped, replaced by junk, or bent."""
    ways = places(tree)
    way = data.draw(st.sampled_from(ways))
    part = tree
    for key in way:
        part = part[key]
    how = data.draw(st.sampled_from(["junk", "elsewhere", "bent", "twice"]))
    if how == "bent" and isinstance(part, np.ndarray) and part.size:
        bent = deepcopy(part)
        odd = [0, 1, 255] if part.dtype.kind in "bu" else [0, -1, math.inf, math.nan, 1e300]
        with np.errstate(all="ignore"):
            value = data.draw(st.sampled_from(odd if part.dtype.kind in "buf" else [0, -1]))
            bent[(data.draw(st.integers(0, part.shape[0] - 1)) if part.ndim else ())] = value
        return put(tree, way, bent)
    if how == "elsewhere":
        other: Any = tree
        for key in data.draw(st.sampled_from(ways)):
            other = other[key]
        return put(tree, way, other)
    if how == "twice" and isinstance(part, list | tuple):
        return put(tree, way, part * 2)
    return put(tree, way, data.draw(JUNK))


def crossed(outcome: Outcome) -> Outcome:
    """The answer as it arrives on the judge's side, which refuses what does not cross."""
    try:
        return outcome_from_frame(framed(outcome, 0), 0, outcome.seconds)
    except Unsupported as problem:
        pytest.fail(f"the strategies make what cannot cross: {problem}")


def assert_judged(key: AnswerKey, outcomes: list[Outcome]) -> None:
    result = judge(key, outcomes)
    assert result.status in set(EXERCISE_STATUSES) - {"internal_error"}
    assert 0 <= result.score <= result.max_score
    card, text = to_html(result), to_text(result)
    assert "Traceback" not in card + text
    whole = SubmissionResult("a.py", None, None, "graded", exercises=[result])
    batch = BatchResult(0, "cnnlab", {}, [whole], probes="recorded")
    json.loads("".join(json_pieces(batch)))


CHAPTERS = [
    pytest.param(name, marks=[] if name in ("ch06_cats_dogs", "ch09_vgg") else pytest.mark.slow)
    for name in chapter_names()
    if load_chapter(name).keras or name == "ch07_dropout"
]


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize(
    "examples", [25, pytest.param(400, marks=pytest.mark.slow)], ids=["few", "hundreds"]
)
def test_a_damaged_answer_is_judged(
    chapter: str, examples: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="cnnlab")

    @settings(
        max_examples=examples,
        deadline=timedelta(seconds=60),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        database=None,
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        caplog.clear()
        key, right = keys(chapter)[data.draw(st.sampled_from(sorted(keys(chapter))))]
        outcomes = list(right)
        number = data.draw(st.integers(1, 4) | st.just(len(right)))
        for i in data.draw(st.permutations(range(len(right))))[:number]:
            if outcomes[i].status == "returned":
                value = damaged(data, outcomes[i].value)
                outcomes[i] = crossed(replace(outcomes[i], value=value))
        assert_judged(key, outcomes)
        assert caplog.records == [], [record.getMessage() for record in caplog.records]

    check()
