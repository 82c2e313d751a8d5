"""What an answer key makes of results that come from a learner's process."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.compare import (
    Undescribed,
    agrees,
    shape_difference,
    value_difference,
)
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter, same
from cnnlab.autograder.judging.record import recorded

PLAIN = {
    "compile_cnn",
    "confusion_matrix",
    "fit_standardizer",
    "vgg_preprocess",
    "top_k",
    "steps_to",
    "frozen_features",
    "worst_mistakes",
    "calibration",
    "saliency",
    "grad_cam",
    "occlusion_map",
}
"""Their description has the form of an answer: a right answer, handed back, is right.

Of ``compile_cnn`` it is what the model was compiled with, in Keras's own words.
"""
DESCRIBED = [
    (chapter, exercise.name)
    for chapter in chapter_names()
    for exercise in load_chapter(chapter).exercises
    if exercise.describe is not same and exercise.name not in PLAIN
]


@pytest.mark.parametrize(("chapter", "name"), DESCRIBED)
def test_the_judges_own_description_is_no_answer(chapter: str, name: str) -> None:
    """Neither as what the function returns nor as what the driver is made to send."""
    key = recorded(chapter)[name]
    equal = [
        probe.title
        for i, probe in enumerate(key.probes)
        if not probe.raises
        and agrees(key.expected[i], key.describe(i, key.expected[i]), probe.rounding)
    ]
    assert equal == []


def test_what_cannot_be_described_equals_only_a_mistake_as_strange() -> None:
    strange = Undescribed({"mean": 1.0})
    assert value_difference({"mean": 1.0}, strange) is not None
    assert shape_difference({"mean": 1.0}, strange) is not None
    assert agrees(Undescribed({"mean": 1.0}), strange)
    assert not agrees(Undescribed({"mean": 2.0}), strange)
    none = value_difference({"mean": 1.0}, Undescribed(None))
    assert none is not None
    assert "is the return missing?" in none.text


@pytest.mark.parametrize(
    ("chapter", "name"), [("ch07_dropout", "mc_predict"), ("ch11_filters_classes", "ascend")]
)
def test_what_was_given_is_taken_from_the_probe(chapter: str, name: str) -> None:
    """A worker that sends back another network, or other questions, is overruled."""
    key: AnswerKey = recorded(chapter)[name]
    i = next(i for i, probe in enumerate(key.probes) if not probe.raises)
    sent: dict[str, Any] = key.call_numpy_op(key.probes[i]).value
    forged = {n: None if n in key.probes[i].given else v for n, v in sent.items()}
    assert forged != sent
    assert agrees(key.expected[i], key.describe(i, forged), key.probes[i].rounding)


def test_a_drivers_answer_and_what_was_given_share_no_other_names() -> None:
    """Or what was given would stand in for what was found."""
    for chapter in chapter_names():
        for key in recorded(chapter).values():
            for i, probe in enumerate(key.probes):
                if probe.raises or not key.exercise.simulated or not isinstance(probe.given, dict):
                    continue
                sent = key.call_numpy_op(probe).value
                if isinstance(sent, dict) and key.exercise.describe is not same:
                    before = key.exercise.describe(probe.args, dict(sent))
                    assert agrees(before, key.describe(i, sent), probe.rounding), key.exercise.name
