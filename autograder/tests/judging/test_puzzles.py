"""Puzzles: solvable everywhere; a wrong name and an input that shows nothing earn nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.puzzles import (
    LARGEST,
    LARGEST_COUNT,
    MOST,
    POINTS,
    Puzzle,
    examine,
    numbers_in,
)
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.quality.proof import judge_function, prove
from cnnlab.autograder.sandbox.calls import Outcome, invoke, request
from cnnlab.autograder.sandbox.wire import decode
from cnnlab.autograder.submission.solutions import solution_source

FULL = sum(POINTS.values())
PUZZLES = [
    pytest.param(chapter, exercise.puzzle, id=f"{chapter[:4]}-{exercise.name}")
    for chapter in chapter_names()
    for exercise in load_chapter(chapter).exercises
    if exercise.puzzle
]
WARM_UP = "ch00_numpy"
"""The one chapter without puzzles: ten minutes of NumPy."""
RELU = recorded("ch01_convolution")["expose_relu"]


def key_of(chapter: str, puzzle: Puzzle) -> AnswerKey:
    return recorded(chapter)[puzzle.name]


def answered(key: AnswerKey, answer: Any) -> ExerciseResult:
    """The result of a function that returns this answer."""
    return judge_function(key, lambda: answer)


def earned(result: ExerciseResult) -> dict[str, float]:
    return {rung.id: rung.earned or 0.0 for rung in result.rungs if rung.points}


def test_every_chapter_has_two_puzzles_at_its_end() -> None:
    for chapter in set(chapter_names()) - {WARM_UP}:
        exercises = load_chapter(chapter).exercises
        assert [bool(e.puzzle) for e in exercises[-2:]] == [True, True], chapter
        assert not any(e.puzzle for e in exercises[:-2])


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_the_witness_exposes_the_mistake_with_as_many_numbers_as_are_allowed(chapter, puzzle):
    assert 1 <= puzzle.few <= MOST
    assert numbers_in(puzzle.witness) == puzzle.few
    assert all(examine(puzzle, (puzzle.mistake, puzzle.witness)).values())
    result = answered(key_of(chapter, puzzle), (puzzle.mistake, puzzle.witness))
    assert (result.status, result.score) == ("passed", FULL)


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_the_solution_passes_without_the_box(chapter, puzzle):
    here: dict[str, Any] = {"np": np}
    exec(solution_source(chapter, puzzle.name), here)
    result = judge_function(key_of(chapter, puzzle), here[puzzle.name])
    assert (result.status, result.score) == ("passed", FULL)


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_the_description_says_how_many_numbers_earn_full_marks(chapter, puzzle):
    said = " ".join(solution_source(chapter, puzzle.name).split())
    assert f"at most {puzzle.few} number" in said
    assert f"more than {MOST} are not tried" in said
    assert f"tuple ({', '.join(puzzle.takes)}" in said


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_the_list_has_plausible_names_each_with_what_it_does(chapter, puzzle):
    assert len(puzzle.choices) >= 4
    catalog = {twist.name for twist in puzzle.exercise.twists}
    assert set(puzzle.choices) <= catalog
    assert list(puzzle.choices) == sorted(puzzle.choices)
    assert not any("?" in told or not told for told in puzzle.choices.values())


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_a_wrong_name_earns_nothing_for_naming(chapter, puzzle):
    key = key_of(chapter, puzzle)
    unknown = ("no-such-mistake", "", None, 3, [puzzle.mistake], np.zeros(3))
    for i, name in enumerate((*puzzle.among, *unknown)):
        result = answered(key, (name, puzzle.witness))
        assert earned(result) == {**POINTS, "name": 0.0}, name
        assert not result.passed
        assert result.diagnosis == ["wrong-name"] or i >= len(puzzle.among)


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_an_input_on_which_both_agree_earns_nothing_for_exposing(chapter, puzzle):
    """Of the inputs that exercises are probed with, and of changed witnesses."""
    hidden = [args for args in _inputs(chapter, puzzle) if _agree(puzzle, args)]
    assert hidden, "no input hides the mistake"
    for args in hidden[:5]:
        result = answered(key_of(chapter, puzzle), (puzzle.mistake, args))
        assert earned(result) == {"name": POINTS["name"], "exposes": 0.0, "small": 0.0}
        assert set(result.diagnosis) <= {"shows-nothing", "shows-another", "too-large"}
        assert result.diagnosis


def _inputs(chapter: str, puzzle: Puzzle) -> Iterator[tuple[Any, ...]]:
    """Arguments that a learner might try."""
    for change in (np.zeros_like, np.ones_like, np.abs, np.negative, lambda a: a / 2, np.flip):
        yield tuple(
            change(a) if isinstance(a, np.ndarray) and a.dtype != bool else a
            for a in puzzle.witness
        )
    yield tuple(~a if isinstance(a, np.ndarray) and a.dtype == bool else a for a in puzzle.witness)
    yield tuple(0.5 if isinstance(a, float) else a for a in puzzle.witness)
    for probe in recorded(chapter)[puzzle.exercise.name].probes:
        if not probe.raises and not probe.kwargs and not puzzle.exercise.driver:
            yield probe.args


def _agree(puzzle: Puzzle, args: tuple[Any, ...]) -> bool:
    facts = examine(puzzle, (puzzle.mistake, args))
    return facts["accepted"] and not facts["wrong"]


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_every_mistake_of_an_answer_loses_points_under_its_name(chapter, puzzle):
    key = key_of(chapter, puzzle)
    assert list(prove({puzzle.name: key})) == []


@pytest.mark.parametrize(("chapter", "puzzle"), PUZZLES)
def test_a_box_and_the_right_function_differ_only_where_the_mistake_shows(chapter, puzzle):
    right, boxed = invoke(puzzle.right, puzzle.witness), invoke(puzzle.box, puzzle.witness)
    assert right.status == "returned"
    assert _shown(right) != _shown(boxed)
    assert all(_shown(invoke(o, puzzle.witness)) == _shown(right) for o in puzzle.others)


def _shown(outcome: Outcome) -> str:
    """A result as text; -0 is 0, and what dtype it has is no matter here."""
    if isinstance(outcome.value, np.ndarray):
        return str(np.round(outcome.value.astype(float), 6) + 0.0)
    return re.sub(r"\s+", " ", f"{outcome.status} {outcome.value}")


# Answers as learners write them, and as nobody should


@pytest.mark.parametrize("arguments", [([2.0],), (np.array([2.0]),), np.array([2.0]), [2.0], [2]])
def test_lists_and_a_single_argument_are_taken(arguments):
    assert answered(RELU, ("capped-at-one", arguments)).passed
    assert answered(RELU, ["capped-at-one", arguments]).passed


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (np.array([0.5]), ["shows-nothing"]),
        (np.array([-1.0]), ["shows-another"]),
        (np.array([2.0, -1.0]), ["shows-another", "too-large"]),
        (np.array([2.0, 3.0]), ["too-large"]),
        (np.full(MOST, 2.0), ["too-large"]),
        (np.full(MOST + 1, 2.0), ["too-large"]),
    ],
)
def test_what_an_input_lacks_is_named(arguments, names):
    assert answered(RELU, ("capped-at-one", arguments)).diagnosis == names


ODD = {
    "nothing": None,
    "text": "2.0",
    "nan": np.array([np.nan]),
    "inf": np.array([np.inf]),
    "a huge number": np.array([LARGEST + 1.0]),
    "a number too large for a float": [10**400],
    "no number": np.zeros(0),
    "complex": np.array([2j]),
    "texts": np.array(["2"]),
    "objects": np.array([object()]),
    "a date": np.array(["2020-01-01"], "datetime64[D]"),
    "rows of different lengths": [[2.0], [2.0, 3.0]],
    "a dict": {"z": 2.0},
    "a set": {2.0},
    "a function": np.abs,
    "too many arguments": (np.array([2.0]), np.array([2.0])),
    "six axes": np.full((1,) * 6, 2.0),
    "the judge's facts": {"by": "", "wrong": True, "alone": True},
}


@pytest.mark.parametrize("arguments", ODD.values(), ids=ODD)
def test_what_the_function_does_not_take_exposes_nothing(arguments):
    result = answered(RELU, ("capped-at-one", arguments))
    assert (earned(result)["exposes"], earned(result)["small"]) == (0.0, 0.0)
    assert not examine(RELU.exercise.puzzle, ("capped-at-one", arguments))["formed"]


@pytest.mark.parametrize("answer", [None, 3, "x", (), ("a",), ("a", 1, 2), {}, [[]], np.ones(2)])
def test_what_is_no_pair_earns_nothing(answer):
    result = answered(RELU, answer)
    assert (result.score, result.passed) == (0.0, False)
    assert result.hint


def test_a_list_that_holds_itself_earns_nothing():
    ring: list[Any] = []
    ring.append(ring)
    assert answered(RELU, ("capped-at-one", ring)).score == 0.0


def test_facts_that_a_learner_claims_are_examined():
    key = recorded("ch01_convolution")["expose_relu"]
    claimed = dict(decode(request((key.exercise.numpy_op(),), {}, None))[0][0])
    assert answered(key, claimed).passed  # ours, with the mark of this process
    for mark in ("", "0" * 32, None):
        assert answered(key, {**claimed, "by": mark}).score == 0.0


def test_nothing_is_computed_with_too_many_numbers(monkeypatch):
    def called(*args: Any) -> Any:
        raise AssertionError("too large to be tried")

    puzzle = RELU.exercise.puzzle
    assert puzzle is not None
    monkeypatch.setattr(Puzzle, "read", called)
    facts = examine(puzzle, ("capped-at-one", np.broadcast_to(2.0, (1 << 20, 1 << 20))))
    assert not any(facts[name] for name in ("few", "formed", "accepted", "wrong", "alone"))


@pytest.mark.parametrize(
    "arguments",
    [
        (np.zeros((1, 1, 1, 1)), (LARGEST_COUNT + 1, 0), (0, 0)),
        (np.zeros((1, 1, 1, 1)), (1e9, 0), (0, 0)),
        (np.zeros((1, 1, 1, 1)), (1.5, 0), (0, 0)),
        (np.zeros((1, 1, 1, 1)), (1, 0), (0, 0), "zeros" * 9),
        (np.zeros((1, 1, 1, 1)), (1, 0), (0, 0), 7),
    ],
)
def test_sizes_beside_the_arrays_are_small_whole_numbers(arguments):
    key = recorded("ch02_stride_padding")["expose_pad2d"]
    result = answered(key, ("axes-swapped", arguments))
    assert earned(result)["exposes"] == 0.0
    assert examine(key.exercise.puzzle, ("axes-swapped", arguments))["formed"] is False


def test_an_input_that_makes_both_raise_exposes_nothing():
    key = recorded("ch01_convolution")["expose_correlate2d"]
    tall = (np.ones((1, 1)), np.ones((2, 1)))
    puzzle = key.exercise.puzzle
    assert {invoke(op, tall).status for op in (puzzle.right, puzzle.box)} == {"raised"}
    facts = examine(puzzle, (puzzle.mistake, tall))
    assert facts["formed"]
    assert not facts["accepted"]
    assert earned(answered(key, (puzzle.mistake, tall)))["exposes"] == 0.0


def test_what_is_missing_is_said_one_by_one():
    result = answered(RELU, ("leaky", np.array([2.0, -1.0])))
    assert "“it is the mistake in the box” should be true" in result.message
    assert "the name was the text 'leaky'" in result.message
    said = [rung.message for rung in result.rungs if rung.id in ("exposes", "small")]
    assert "“no other mistake on the list does” should be true" in said[0]
    assert "“the mistake shows” should be true" in said[1]


def test_a_name_that_is_not_listed_is_shown_with_the_list():
    said = to_text(answered(RELU, ("capped", np.array([2.0]))))
    assert "the name was the text 'capped'" in said
    assert RELU.exercise.puzzle is not None
    assert all(name in said for name in RELU.exercise.puzzle.choices)


@pytest.mark.parametrize("answer", [None, "leaky", ("leaky",), 7])
def test_an_answer_without_a_name_and_an_input_is_told_its_form(answer):
    result = answered(RELU, answer)
    said = " ".join(to_text(result).split())
    assert "Expected a name and an input, received" in said
    assert 'It ends as in `return "NAME", (z,)`.' in said
    assert not result.diagnosis
