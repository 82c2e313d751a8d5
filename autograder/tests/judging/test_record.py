"""Recorded references: what is asked is what graders ask, and Keras still answers so."""

from __future__ import annotations

import gzip
import json
import shutil
import sys

import numpy as np
import pytest

from cnnlab.autograder.judging import record
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.backends import Engine
from cnnlab.autograder.judging.compare import value_difference
from cnnlab.autograder.judging.exercise import Exercise, chapter_names, load_chapter
from cnnlab.autograder.judging.keras_process import KerasProcess, answers
from cnnlab.autograder.judging.questions import as_tree, changed, questions
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.sandbox.wire import decode, encode

CH01 = "ch01_convolution"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A folder of references that a test may damage."""
    folder = tmp_path / "autograder" / "references"
    shutil.copytree(record.REFERENCES, folder)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(record, "REFERENCES", folder)
    record.recorded.cache_clear()
    yield folder
    record.recorded.cache_clear()


@pytest.mark.parametrize("chapter", chapter_names())
def test_graders_still_ask_what_is_recorded(chapter):
    assert record.stale(chapter) == "", f"Run `cnnlab record {chapter}` and commit the references."


def first_of_each_rung(key: AnswerKey) -> list[int]:
    return list({probe.rung: i for i, probe in reversed([*enumerate(key.probes)])}.values())


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("chapter", chapter_names())
def test_keras_still_gives_the_recorded_answers(chapter, whole):
    for name, key in record.recorded(chapter).items():
        numbers = range(len(key.probes)) if whole else first_of_each_rung(key)
        today = answers(key.exercise, [as_tree(key.probes[i]) for i in numbers])
        for i, answer in zip(numbers, today, strict=True):
            rounding = key.probes[i].rounding
            assert value_difference(answer, key.expected[i], rounding) is None, (name, i)


@pytest.mark.parametrize(
    ("chapter", "reference"),
    [(chapter, name) for chapter in chapter_names() for name in record.references(chapter)],
)
def test_provenance_is_kept(chapter, reference):
    about = json.loads(record.provenance_path(chapter, reference).read_text())
    backend = Engine.named(reference).backend
    assert about["seed"] == record.RECORDED_SEED
    assert about["backend"] == backend
    assert set(about["versions"]) >= {"python", "numpy", "keras", backend}
    assert about["tf32"] is False
    assert about["device"]
    assert about["machine"]
    assert about["date"]


def test_the_default_record_comes_first():
    assert record.references()[0] == record.DEFAULT
    assert "probes" not in record.references()


def test_a_record_that_lacks_a_chapter_is_not_listed_for_it(copied):
    chapter = chapter_names()[0]
    record.provenance_path(chapter, "jax-cpu").unlink()
    record.provenance_path(chapter, record.DEFAULT).unlink()
    assert "jax-cpu" in record.references()
    assert "jax-cpu" not in record.references(chapter)
    assert record.references(chapter)[0] == record.DEFAULT


def test_a_record_that_is_not_there_is_refused_with_those_that_are():
    for name in ("numpy-cpu", "probes", "../references/jax-cpu", ""):
        with pytest.raises(ValueError, match="must be one of tensorflow-cpu, jax-cpu"):
            record.demand_record(name)


def test_reading_references_draws_nothing(monkeypatch):
    def draw(self, seed):
        raise AssertionError("a learner's machine must not draw probes")

    monkeypatch.setattr(Exercise, "draw", draw)
    record.recorded.cache_clear()
    for chapter in chapter_names():
        keys = record.recorded(chapter)
        assert list(keys) == [e.name for e in load_chapter(chapter).exercises]
        assert all(len(key.probes) == len(key.expected) for key in keys.values())


def test_answers_to_other_questions_are_refused(copied):
    body = gzip.decompress(record.probes_path(CH01).read_bytes())
    asked = decode(body)
    asked["relu"][0]["args"][0][...] += 1
    record.probes_path(CH01).write_bytes(gzip.compress(encode(asked)))
    with pytest.raises(record.StaleReferences, match=r"other questions.*Run `cnnlab record`"):
        record.recorded(CH01)


@pytest.mark.parametrize("path", [record.probes_path, record.answers_path, record.provenance_path])
@pytest.mark.parametrize("harm", ["missing", "cut", "noise"])
def test_damaged_references_say_what_to_do(copied, path, harm):
    file = path(CH01)
    content = file.read_bytes()
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if harm == "cut" else b"{noise" * 9)
    with pytest.raises(record.StaleReferences, match=r"Run `cnnlab record`"):
        record.recorded(CH01)


def test_an_exercise_without_recorded_questions_is_told(copied):
    asked = decode(gzip.decompress(record.probes_path(CH01).read_bytes()))
    del asked["relu"]
    body = encode(asked)
    record.probes_path(CH01).write_bytes(gzip.compress(body))
    about = json.loads(record.provenance_path(CH01).read_text())
    about["probes"] = record.fingerprint(body)
    record.provenance_path(CH01).write_text(json.dumps(about))
    with pytest.raises(record.StaleReferences, match=r"incomplete.*relu"):
        record.recorded(CH01)


def test_an_older_record_stays_valid_where_exercises_were_added_or_moved(copied):
    asked = decode(gzip.decompress(record.probes_path(CH01).read_bytes()))
    said = decode(gzip.decompress(record.answers_path(CH01, "jax-cpu").read_bytes()))
    about = json.loads(record.provenance_path(CH01, "jax-cpu").read_text())
    older = [name for name in reversed(asked) if name != "relu"]
    about["probes"] = record.fingerprint(encode({name: asked[name] for name in older}))
    record.provenance_path(CH01, "jax-cpu").write_text(json.dumps(about))
    answers = encode({name: said[name] for name in older})
    record.answers_path(CH01, "jax-cpu").write_bytes(gzip.compress(answers))
    assert record.lacking(CH01, "jax-cpu") == ["relu"]
    assert "jax-cpu" not in record.left_behind(CH01)
    assert "relu" not in record.recorded(CH01, "jax-cpu", whole=False)
    with pytest.raises(record.StaleReferences, match=r"lacks relu\. Run `cnnlab record --backend"):
        record.recorded(CH01, "jax-cpu")


def test_another_record_that_is_damaged_says_what_to_do(copied):
    record.answers_path(CH01, "jax-cpu").unlink()
    with pytest.raises(record.StaleReferences, match="record --backend jax --device cpu`"):
        record.recorded(CH01, "jax-cpu")


@pytest.mark.slow
def test_recording_again_keeps_questions_that_only_rounding_changed(copied):
    path = record.probes_path(CH01)
    asked = decode(gzip.decompress(path.read_bytes()))
    last = asked["relu"][-1]["args"][0]
    assert last.dtype == np.float64
    last[...] = np.nextafter(last, 9)  # what another processor might have drawn
    nudged = encode(asked)
    path.write_bytes(gzip.compress(nudged))
    with KerasProcess(Engine()) as keras:
        about = record.record(CH01, keras)
        assert about["versions"]["tensorflow"]
        assert gzip.decompress(path.read_bytes()) == nudged
        assert np.array_equal(record.recorded(CH01)["relu"].probes[-1].args[0], last)
        assert record.left_behind(CH01) == [
            "jax-cpu",
            "jax-gpu",
        ]  # it answers what was asked before
        last[...] += 0.5
        path.write_bytes(gzip.compress(encode(asked)))
        record.record(CH01, keras)
    assert gzip.decompress(path.read_bytes()) != encode(asked)


@pytest.mark.slow
def test_what_keras_does_not_answer_is_not_written(copied, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    before = {path: path.read_bytes() for path in copied.rglob("*.*")}
    with (
        KerasProcess(Engine("tensorflow", "gpu")) as keras,
        pytest.raises(RuntimeError, match="no GPU"),
    ):
        record.record(CH01, keras)
    assert {path: path.read_bytes() for path in copied.rglob("*.*")} == before


def test_an_installed_package_is_not_recorded_into(copied):
    (copied.parent.parent / "pyproject.toml").unlink()
    before = record.answers_path(CH01).stat().st_mtime_ns
    with (
        KerasProcess(Engine()) as keras,
        pytest.raises(PermissionError, match="needs a clone of the repository"),
    ):
        record.record(CH01, keras)
    assert record.answers_path(CH01).stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("stored", "drawn", "said"),
    [
        ([1, 2], [1, 3], "/1: 2 is now 3"),
        ([1], [1, 2], "1 entries are now 2"),
        ({"a": 1}, {"b": 1}, "is now"),
        ([1], (1,), "list is now tuple"),
        ([np.ones(2, np.float32)], [np.ones(2)], "/0: numbers"),
        ([np.ones(2, np.uint8)], [np.full(2, 2, np.uint8)], "/0: numbers"),
        ([np.ones(2)], [np.ones(2) + 1e-12], "/0: numbers"),
        ([np.ones(2)], [np.ones(2) + 1e-15], ""),
        ([np.float32([1e4, 1e-6])], [np.float32([1e4, 0])], ""),
        ([np.float64([np.nan, 1])], [np.float64([np.nan, 1])], ""),
    ],
)
def test_what_counts_as_another_question(stored, drawn, said):
    found = changed(stored, drawn)
    assert said in found
    assert bool(found) == bool(said)


def test_one_seed_draws_one_set_of_probes_and_another_seed_another():
    chapter = load_chapter(CH01)
    first, again, other = (encode(questions(chapter, seed)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_fresh_references_come_from_another_process_which_says_why_it_fails(monkeypatch):
    had_keras = "keras" in sys.modules
    with record.FreshReferences(12345) as fresh:
        keys = fresh.keys(CH01)
        incomplete = {"relu": [{"rung": "shape"}]}
        monkeypatch.setattr(record, "questions", lambda chapter, seed, fresh=False: incomplete)
        with pytest.raises(RuntimeError, match=r"TypeError.*args.*`--recorded` grades without it"):
            fresh.answers(CH01)
    assert ("keras" in sys.modules) == had_keras
    for name, key in keys.items():
        for i, (probe, expected) in enumerate(zip(key.probes, key.expected, strict=True)):
            if not probe.raises:
                correct = key.exercise.numpy_op(*probe.args, **probe.kwargs)
                seen = key.describe(i, correct)
                assert value_difference(expected, seen, probe.rounding) is None, (name, probe)
    public = record.recorded(CH01)["relu"]
    known = zip(public.probes, public.expected, strict=True)
    by_heart = {np.asarray(probe.args[0]).tobytes(): answer for probe, answer in known}
    assert judge_function(public, lambda z: by_heart[np.asarray(z).tobytes()]).passed
    fresh_result = judge_function(keys["relu"], lambda z: by_heart.get(np.asarray(z).tobytes()))
    assert fresh_result.score <= 0.5


def test_puzzles_are_stated_not_recorded_and_the_same_in_every_record():
    chapter = load_chapter(CH01)
    puzzles = {exercise.name for exercise in chapter.exercises if exercise.puzzle}
    assert puzzles
    assert not puzzles & set(questions(chapter, 5))
    assert not puzzles & set(decode(gzip.decompress(record.probes_path(CH01).read_bytes())))
    for reference in record.references():
        for name in puzzles:
            key = record.recorded(CH01, reference)[name]
            assert [probe.rung for probe in key.probes] == list(key.exercise.points)
            assert all(all(facts.values()) for facts in key.expected)
