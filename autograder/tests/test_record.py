"""Recorded references: present, complete, and what Keras says today."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from cnnlab.autograder import record
from cnnlab.autograder.compare import value_difference
from cnnlab.autograder.exercise import chapter_names, load_chapter


@pytest.mark.parametrize("chapter", chapter_names())
def test_keras_still_gives_the_recorded_answers(chapter):
    for name, key in record.recorded(chapter).items():
        seed = record.RECORDED_SEED
        for probe, recorded, today in zip(
            key.probes, key.expected, record.answers(key.exercise, seed), strict=True
        ):
            assert value_difference(today, recorded, probe.terms) is None, (name, probe)


@pytest.mark.parametrize("chapter", chapter_names())
def test_provenance_is_kept(chapter):
    about = json.loads(record.paths(chapter)[1].read_text())
    assert about["seed"] == record.RECORDED_SEED
    assert set(about["versions"]) >= {"python", "numpy", "keras", "tensorflow"}
    assert about["device"]
    assert about["date"]


def test_probes_that_changed_make_the_references_stale(monkeypatch):
    monkeypatch.setattr(record, "digest", lambda exercise, seed: "another")
    record.recorded.cache_clear()
    with pytest.raises(record.StaleReferences, match=r"Run `cnnlab record ch01_convolution`"):
        record.recorded("ch01_convolution")
    record.recorded.cache_clear()


def test_one_seed_draws_one_set_of_probes_and_another_seed_another():
    exercise = load_chapter("ch01_convolution")["conv2d"]
    assert record.digest(exercise, 5) == record.digest(exercise, 5)
    assert record.digest(exercise, 5) != record.digest(exercise, 6)


def test_fresh_references_come_from_another_process():
    had_keras = "keras" in sys.modules
    with record.FreshReferences(12345) as fresh:
        keys = fresh.keys("ch01_convolution")
    assert ("keras" in sys.modules) == had_keras
    for name, key in keys.items():
        for probe, expected in zip(key.probes, key.expected, strict=True):
            if not probe.raises:
                correct = key.exercise.correct(*probe.args, **probe.kwargs)
                seen = key.exercise.view(probe.args, correct)
                assert value_difference(expected, seen, probe.terms) is None, (name, probe)
    drawn = keys["conv2d"].probes[0].args[0]
    public = record.recorded("ch01_convolution")["conv2d"].probes[0].args[0]
    assert not np.array_equal(drawn, public)


def test_a_keras_process_that_fails_says_why():
    with (
        record.FreshReferences(1) as fresh,
        pytest.raises(RuntimeError, match="ch99_nothing"),
    ):
        fresh.answers("ch99_nothing")
