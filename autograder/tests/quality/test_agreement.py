"""The records of all backends and devices say the same, by the judge's own tolerance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnlab.autograder.judging.compare import shape_difference, value_difference
from cnnlab.autograder.judging.exercise import chapter_names
from cnnlab.autograder.judging.record import DEFAULT, lacking, references
from cnnlab.autograder.judging.tolerance import Rounding, tolerance
from cnnlab.autograder.quality import agreement
from cnnlab.autograder.quality.agreement import (
    OWN,
    held,
    largest,
    missing,
    pairs,
    share,
    table,
    tables,
)
from cnnlab.course.markers import between

OTHERS = [name for name in references() if name != DEFAULT]


def test_jax_on_a_cpu_is_recorded_whole():
    assert held("jax-cpu") == held(DEFAULT) == chapter_names()
    assert [lacking(chapter, "jax-cpu") for chapter in chapter_names()] == [[]] * len(
        chapter_names()
    )


@pytest.mark.parametrize(
    ("reference", "chapter"), [(name, chapter) for name in OTHERS for chapter in held(name)]
)
def test_records_agree_within_the_tolerance_of_the_judge(reference, chapter):
    for exercise, probe, expected, received in pairs(chapter, reference):
        where = f"{exercise}, {probe.rung}, {probe.title}"
        assert value_difference(expected, received, probe.rounding) is None, where
        assert shape_difference(expected, received) is None, where
        assert share(expected, received, probe.rounding) <= 1, where


@pytest.mark.parametrize("terms", [1, 100])
@pytest.mark.parametrize("scale", [0.5, 40.0])
def test_one_is_the_tolerance(terms, scale):
    expected = np.array([0.0, scale])
    off = np.array([0.25 * tolerance(expected, Rounding(terms)), 0])
    assert share(expected, expected + off, Rounding(terms)) == pytest.approx(0.25, rel=1e-3)
    assert share([{"a": expected}], [{"a": expected - off}], Rounding(terms)) == pytest.approx(
        0.25, rel=1e-3
    )


@pytest.mark.parametrize(
    ("expected", "received"),
    [
        (np.ones(2), np.ones(3)),
        (np.ones(2), "text"),
        ([1, 2], [1]),
        ({"a": 1}, {"b": 1}),
        ("as it should", "less"),
        (True, False),
        (None, 0),
        (np.array([1, np.nan]), np.array([np.nan, 1])),
    ],
)
def test_what_is_no_rounding_is_infinitely_far(expected, received):
    assert not share(expected, received) <= 1


@pytest.mark.parametrize("value", [np.array([np.nan, np.inf, 1]), None, "text", True, (1, [2.5])])
def test_equal_results_are_no_way_apart(value):
    assert share(value, value) == 0


def test_the_table_has_a_row_for_each_chapter_and_the_largest_difference(monkeypatch):
    found = largest("jax-cpu")
    lines = table("jax-cpu").splitlines()
    assert lines[0].startswith("| jax-cpu | shape | by-hand |")
    assert lines[0].endswith(f"| {OWN} |")
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == chapter_names()
    (row,) = (line for line in lines if line.startswith("| ch01_convolution "))
    cells = row.strip("| ").split(" | ")
    at = lines[0].strip("| ").split(" | ").index("reference")
    share = found["ch01_convolution", "reference"]
    assert cells[at] == "< 0.001" or float(cells[at]) == pytest.approx(share, rel=0.1)
    assert (cells[at] == "< 0.001") == (share < 0.001)
    monkeypatch.setattr(agreement, "references", lambda chapter="": [DEFAULT, "jax-cpu", DEFAULT])
    assert tables() == table("jax-cpu")


def test_exercises_that_a_record_lacks_are_named_under_its_table(monkeypatch):
    lacks = {"ch01_convolution": ["relu", "conv2d"], "ch03_pooling": ["trace_shapes"]}
    monkeypatch.setattr(agreement, "lacking", lambda chapter, reference: lacks.get(chapter, []))
    said = "Not in jax-cpu, which is older: `relu`, `conv2d` (ch01); `trace_shapes` (ch03)."
    assert missing("jax-cpu") == said
    monkeypatch.setattr(agreement, "references", lambda chapter="": [DEFAULT, "jax-cpu"])
    assert tables() == f"{table('jax-cpu')}\n\n{said}"


def test_contributing_shows_the_records_as_they_are():
    text = (Path(agreement.__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert between(text, agreement.START, agreement.tables()) == text
