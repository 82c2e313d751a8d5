"""Random wrong functions get no wrong name; and the control notices one that does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality import control
from cnnlab.autograder.quality.control import Control, Verdict, parted, tried
from cnnlab.autograder.quality.wrong_functions import WrongFunction, draw

CHAPTER = "ch01_convolution"
KEY = recorded(CHAPTER)["relu"]


@pytest.mark.slow
def test_no_wrong_name_among_random_functions_by_hand() -> None:
    found = control.control(CHAPTER, seed=2, numbers=range(200))

    assert [str(v) for v in found.verdicts if v.misnamed] == []
    assert found.counts["wrong"] > 150
    assert found.counts["named"] > 25


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chapter", "count"),
    [("ch05_backprop", 150), ("ch06_cats_dogs", 40), ("ch10_feature_maps", 30)],
)
def test_no_wrong_name_in_other_chapters(chapter: str, count: int) -> None:
    found = control.control(chapter, seed=2, numbers=range(count), processes=1)

    assert [str(v) for v in found.verdicts if v.misnamed] == []
    assert found.counts["named"] > 3


# One function


def test_a_function_is_drawn_again_by_its_number() -> None:
    sources = [draw(CHAPTER, 7, number).source for number in range(30)]
    again = [draw(CHAPTER, 7, number).source for number in reversed(range(30))]
    assert sources == again[::-1]
    assert len(set(sources)) > 25
    assert sources != [draw(CHAPTER, 8, number).source for number in range(30)]


def absolute(z: np.ndarray) -> np.ndarray:
    return np.abs(z)


def squeezed(z: np.ndarray) -> np.ndarray:
    return np.abs(z)[0] if len(z) == 5 else np.abs(z)  # one plain probe is so long


def capped(z: np.ndarray) -> np.ndarray:
    return np.minimum(np.abs(z), 3)


@pytest.mark.parametrize(
    ("function", "parts"), [(absolute, ""), (squeezed, "another form on 1"), (capped, "other num")]
)
def test_the_named_mistake_and_the_function_are_compared(
    function: Callable[..., Any], parts: str
) -> None:
    twist = next(t for t in KEY.exercise.twists if t.name == "absolute-value")
    seen = [KEY.call(function, probe) for probe in KEY.probes]
    said, _ = parted(KEY, (twist,), seen)
    assert said.startswith(parts)
    assert bool(said) == bool(parts)


def test_a_wrong_name_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = WrongFunction("relu", "capped", (), capped)
    twist = next(t for t in KEY.exercise.twists if t.name == "absolute-value")
    monkeypatch.setattr(control, "draw", lambda name, seed, number: wrong)
    monkeypatch.setattr("cnnlab.autograder.judging.judge.diagnose", lambda *_: (twist,))
    monkeypatch.setattr(control, "diagnose", lambda key, seen: (twist,))

    verdict = tried(CHAPTER, seed=0, number=3)

    assert verdict.misnamed
    assert verdict.named == ("absolute-value",)
    assert "other numbers" in str(verdict)


def test_a_change_that_no_recorded_probe_shows_is_a_second_flaw() -> None:
    twist = next(t for t in KEY.exercise.twists if t.name == "absolute-value")
    largest = max(np.max(np.abs(p.args[0])) for p in KEY.probes)

    def hidden(z: np.ndarray) -> np.ndarray:
        return np.where(np.abs(z) > largest, 0, np.abs(z))

    inside = WrongFunction("relu", "absolute", (), hidden, (twist,))
    assert control._made_of(inside, ("absolute-value",), KEY, (twist,))
    assert not control._made_of(
        WrongFunction("relu", "capped", (), capped), ("absolute-value",), KEY, (twist,)
    )


def test_an_endless_function_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(z: Any) -> Any:
        while True:
            pass

    monkeypatch.setattr(control, "SECONDS", 0.1)
    outcomes = control.called(WrongFunction("relu", "endless", (), endless), KEY)
    assert {outcome.status for outcome in outcomes} == {"timeout"}


# The command


def run(verdicts: list[Verdict], *arguments: str) -> Any:
    def controlled(name: str, seed: int, numbers: range, processes: int, advance: Any) -> Control:
        for verdict in verdicts:
            advance(verdict)
        return Control(name, verdicts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "control", controlled)
        return CliRunner().invoke(control.app, [*arguments, "--seed", "5", "--by-hand", "2"])


def test_the_command_counts_and_fails_where_a_name_is_wrong() -> None:
    right = Verdict(0, "relu", "the solution", right=True)
    wrong = Verdict(1, "relu", "a mutant", False, ("leaky",), "other numbers on probe 3")
    second = Verdict(2, "relu", "a twist", False, ("leaky",), "another form", second=True)

    ran = run([right, second], "ch01")
    assert ran.exit_code == 0
    assert "2 functions, 1 still right, 1 wrong, 1 named, 1 with a second flaw, 0" in ran.output

    ran = run([right, wrong], "ch01", "ch02")
    assert ran.exit_code == 1
    assert "relu 1 is named leaky: other numbers on probe 3\na mutant" in ran.output
    assert "seed 5" in ran.output

    assert run([], "ch99").exit_code == 2
