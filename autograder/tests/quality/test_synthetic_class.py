"""The made-up class: its learners can be drawn again, and the judge finds what was put in."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from cnnlab.autograder.batch import grade
from cnnlab.autograder.quality.synthetic_class import FILES, RIGHT, WRONG, learner, write_class
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings

CHAPTER = "ch01_convolution"


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_a_larger_class_holds_the_smaller_one(tmp_path):
    small = [learner(CHAPTER, 3, number) for number in range(4)]
    paths = write_class(tmp_path, CHAPTER, 6, seed=3)
    assert len(paths) == 6
    assert [path.read_bytes() for path in paths[:4]] == [drawn.data for drawn in small]
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["learners"]
    assert [truth[drawn.student]["exercises"] for drawn in small] == [d.kinds for d in small]
    assert [learner(CHAPTER, 4, number).data for number in range(4)] != [d.data for d in small]


@pytest.mark.slow
def test_everything_occurs_and_most_is_ordinary():
    drawn = [learner(CHAPTER, 0, number) for number in range(400)]
    kinds = Counter(kind for who in drawn for kind in who.kinds.values())
    odd = Counter(who.file for who in drawn)
    assert set(kinds) == set(RIGHT) | set(WRONG)
    assert set(odd) == set(FILES)
    assert odd["as released"] > 300
    tame = [learner(CHAPTER, 0, number, hostile=False) for number in range(100)]
    assert "hostile" not in {kind for who in tame for kind in who.kinds.values()}
    right = sum(kinds[kind] for kind in RIGHT) / sum(kinds.values())
    assert 0.5 < right < 0.8
    equal = Counter(who.data for who in drawn)
    assert equal.most_common(1)[0][1] < 40  # they do not all hand in the same


STATUS = {
    **dict.fromkeys(RIGHT, "passed"),
    "stub": "not_attempted",
    "gone": "missing",
    "no Python": "error",
    "stops with an error": "error",
}


@pytest.mark.slow
def test_the_judge_finds_what_was_put_in(tmp_path):
    write_class(tmp_path, CHAPTER, 60, seed=5)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["learners"]
    paths = sorted((tmp_path / "submitted").rglob("*.ipynb"))
    results = grade(paths, Settings(fresh=False, sandbox=not available(), workers=2)).submissions
    assert sorted(result.student for result in results) == sorted(truth)
    seen = Counter()
    for result in results:
        about = truth[result.student]
        broken = about["file"] in ("cut off", "empty")
        assert (result.status == "unreadable") == broken, about
        for exercise in result.exercises:
            kind = about["exercises"][exercise.name]
            assert exercise.status != "internal_error"
            if kind in STATUS:
                assert exercise.status == STATUS[kind], (result.path, exercise)
            seen[kind] += 1
    assert set(STATUS) - {"gone"} <= set(seen)
