"""Attacks that have won: marks without the work, faults blamed on the judge.

What each source holds on to inside CNN Lab is checked, so that no renaming disarms it.
"""

from __future__ import annotations

import base64
import importlib.util
import pickle
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.sandbox.calls import FUNCTIONS, Named
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.tests.commands import Command
from cnnlab.autograder.tests.fixed_probes import learnable
from cnnlab.autograder.tests.sandbox import hostile
from cnnlab.autograder.tests.sandbox.hostile import (
    GIB,
    HONEST,
    bounded,
    exercise_of,
    held,
    promise,
    source,
    without_trick,
)

sandboxed = pytest.mark.skipif(available() is not None, reason=str(available()))

TRICKS = (
    "ch01_blanket",
    "ch06_split_forged",
    "ch07_all_forged",
    "ch07_forged_mc_predict",
    "ch08_zca_plain_return",
    "ch10_forged_passes",
    "ch11_forged_climbs",
    "ch15_peeks",
)
"""Sources that can be graded without their trick, too: it must earn them nothing."""


def tricks(keras: bool) -> list[str]:
    """The sources of chapters with or without Keras."""
    return [name for name in TRICKS if load_chapter(name[:4]).keras == keras]


def graded(names: Iterable[str], folder: Path) -> dict[str, SubmissionResult]:
    """Sources with and without their tricks, and an honest neighbour, graded as one batch."""
    texts = {name: source(name) for name in names}
    texts |= {f"{name}_honestly": without_trick(text) for name, text in texts.items()}
    paths = [folder / f"{name}.py" for name in [*texts, "ch01_neighbour"]]
    for path, text in zip(paths, [*texts.values(), HONEST], strict=True):
        path.write_text(text, encoding="utf-8")
    with Command([*paths, "--recorded", "--workers", "1"], folder) as command:
        results = bounded(command.ran(patience=300), processor=60 * len(paths), memory=GIB)
    beside = folder / "results.json", folder / "results.journal"
    assert sorted(folder.iterdir()) == sorted([*paths, *beside])
    return {p.stem: result for p, result in zip(paths, results.submissions, strict=True)}


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionResult]:
    return graded(tricks(keras=False), tmp_path_factory.mktemp("a"))


@pytest.fixture(scope="module")
def with_keras(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionResult]:
    return graded(tricks(keras=True), tmp_path_factory.mktemp("a"))


# What they hold on to


@pytest.mark.parametrize("path", sorted(hostile.SOURCES.glob("ch*.py")), ids=lambda p: p.stem)
def test_what_an_attack_holds_on_to_exists(path: Path) -> None:
    assert hostile.missing_grips(path.stem) == []
    reaches_in = "_getframe" in source(path.stem) or "import_module" in source(path.stem)
    assert ("# grips: " in source(path.stem)) == reaches_in


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":outcome_to_frame", ":outcome_to_other_frame"),
        ("calls:_changed", "worker:_changed"),
        ("Outcome.value", "Outcome.result"),
        ("splits.given", "splits.taken"),
        ("split.asks", "split.wants"),
        ("split.asks", "deal.asks"),
    ],
)
def test_a_name_that_is_gone_is_noticed(old: str, new: str, monkeypatch) -> None:
    text = source("ch06_split_forged")
    assert text.count(old) == 1
    monkeypatch.setattr(hostile, "source", lambda name: text.replace(old, new))
    (missing,) = hostile.missing_grips("ch06_split_forged")
    assert new in missing


@sandboxed
def test_an_attack_that_loses_its_grip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ch07_all_forged.py"
    path.write_text(re.sub('"given"', '"taken"', source("ch07_all_forged")), encoding="utf-8")
    (result,) = grade([path], Settings(fresh=False, workers=1)).submissions
    with pytest.raises(AssertionError, match="lost grip: taken"):
        held(result)


# Marks without the work


@sandboxed
@pytest.mark.parametrize("name", tricks(keras=False))
def test_a_trick_by_hand_earns_nothing(name: str, by_hand: dict[str, SubmissionResult]) -> None:
    assert_that_a_trick_earns_nothing(name, by_hand)


@sandboxed
@pytest.mark.slow
@pytest.mark.parametrize("name", tricks(keras=True))
def test_a_trick_with_keras_earns_nothing(
    name: str, with_keras: dict[str, SubmissionResult]
) -> None:
    assert_that_a_trick_earns_nothing(name, with_keras)


def assert_that_a_trick_earns_nothing(name: str, results: dict[str, SubmissionResult]) -> None:
    tricky, honest = results[name], results[f"{name}_honestly"]
    for result in (tricky, honest):
        assert result.status == "graded", result.message
        held(result)
    said = f"{name} earns {tricky.score:g}; without its trick {honest.score:g}"
    promise(tricky.score <= honest.score, said)


@sandboxed
def test_a_neighbour_of_forgers_keeps_its_score(by_hand: dict[str, SubmissionResult]) -> None:
    relu = exercise_of(by_hand["ch01_neighbour"], "relu")
    assert (relu.status, relu.score) == ("passed", relu.max_score)


def learnt_by_heart(chapter: str) -> str:
    """``ch01_memo`` with every recorded answer of a chapter in it."""
    spec = importlib.util.spec_from_file_location("memo", hostile.SOURCES / "ch01_memo.py")
    assert spec
    assert spec.loader
    memo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(memo)
    answers: dict[str, Any] = {}
    for name, key in plain_keys(chapter).items():
        for probe in key.probes:
            outcome = key.call_numpy_op(probe)
            said = outcome.error.message if outcome.error else outcome.value
            args = [FUNCTIONS[a.name] if isinstance(a, Named) else a for a in probe.args]
            answers[memo.key(name, tuple(args), probe.kwargs)] = said
    packed = base64.b85encode(zlib.compress(pickle.dumps(answers))).decode()
    loads = "pickle.loads(zlib.decompress(base64.b85decode(\n    " + repr(packed) + "\n)))"
    text, first, _ = source("ch01_memo").partition("\n\ndef conv_step(")
    assert first
    assert text.count("\nANSWERS = {}\n") == 1
    head = "import base64\nimport pickle\nimport zlib\n"
    text = text.replace("\nANSWERS = {}\n", f"\n{head}\nANSWERS = {loads}\n")
    return text + "".join(
        f"\n\ndef {name}(*args, **kwargs):\n    return answer({name!r}, args, kwargs)\n"
        for name in plain_keys(chapter)
    )


def plain_keys(chapter: str) -> dict[str, AnswerKey]:
    """The recorded keys of the exercises whose functions are called without a driver; no puzzles,
    which ask nothing."""
    keys = recorded(find_chapter(chapter))
    return {
        name: key
        for name, key in keys.items()
        if not key.exercise.driver and not key.exercise.puzzle
    }


BY_HEART = {
    "by hand": ["ch01", "ch02", "ch03", "ch04", "ch05", "ch13"],
    "with Keras": ["ch06", "ch08", "ch09", "ch10", "ch11"],
}


@pytest.mark.slow
@sandboxed
@pytest.mark.parametrize("kind", ["by hand", "with Keras"])
def test_answers_learnt_by_heart_earn_nothing_where_several_are_graded(
    kind: str, tmp_path: Path
) -> None:
    paths = {chapter: tmp_path / f"{chapter}_memo.py" for chapter in BY_HEART[kind]}
    for chapter, path in paths.items():
        path.write_text(learnt_by_heart(chapter), encoding="utf-8")
    known = points_of(paths, tmp_path, "--recorded")
    fresh = points_of(paths, tmp_path, "--seed", "7")
    for chapter in paths:
        for name, key in plain_keys(chapter).items():
            was, now = known[chapter, name], fresh[chapter, name]
            assert was == key.exercise.max_score, f"lost grip: {chapter} {name} earns {was:g}"
            allowed = round(learnable(key.exercise, key.probes), 2)
            promise(now <= allowed, f"learnt by heart: {now:g} of {name}; {allowed:g} can be")


def points_of(paths: dict[str, Path], folder: Path, *options: str) -> dict[tuple[str, str], float]:
    """What one batch gives for each chapter's exercises."""
    with Command([*paths.values(), *options, "--workers", "1"], folder) as command:
        results = bounded(command.ran(patience=300), processor=300, memory=2 * GIB)
    graded = zip(paths, results.submissions, strict=True)
    return {(chapter, e.name): e.score for chapter, result in graded for e in result.exercises}


@pytest.mark.slow
def test_fresh_answers_cannot_be_stolen_where_there_is_no_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "ch01_thief.py"
    path.write_text(source("ch01_thief"), encoding="utf-8")
    options = ["--fresh", "--seed", "5", "--no-sandbox", "--workers", "1"]
    with Command([path, *options], tmp_path) as command:
        results = bounded(command.ran(patience=240), processor=120, memory=2 * GIB)
    held(results.submissions[0])
    promise(results.submissions[0].score == 0, f"stolen: {results.submissions[0].score:g}")


# Faults blamed on the judge


@sandboxed
def test_a_huge_list_of_texts_is_wrong_and_no_fault_of_ours(tmp_path: Path) -> None:
    neighbour = tmp_path / "ch01_neighbour.py"
    neighbour.write_text(HONEST, encoding="utf-8")
    files = [*(hostile.SOURCES / f"ch01_{name}.py" for name in ("bomb", "blame")), neighbour]
    with Command([*files, "--recorded", "--workers", "1"], tmp_path, memory=2 * GIB) as command:
        results = bounded(command.ran(patience=180), processor=60)
    *attacks, honest = results.submissions
    assert exercise_of(honest, "relu").status == "passed"
    for attack in attacks:
        found = exercise_of(attack, "conv2d")
        assert found.score == 0
        promise(found.status != "internal_error", found.message)
