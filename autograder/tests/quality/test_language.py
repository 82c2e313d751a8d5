"""What learners read is short, plain American English that asks one thing and tells no code.

The messages come from the exercises themselves: what twists and variants say, and hints. What is
put together while judging (rungs, remarks, whole cards) is taken from real results: every mistake,
and functions that do nothing, judged as learners' are.
"""

from __future__ import annotations

import ast
import dataclasses
import doctest
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cnnlab.autograder import judging, live
from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import (
    ROBUST,
    RUNG_HINTS,
    STOPPED_HINTS,
    Exercise,
    chapter_names,
    load_chapter,
)
from cnnlab.autograder.judging.judge import CHANGED_HINT, counts, judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.quality.proof import WORTHLESS, judge_function
from cnnlab.autograder.sandbox.calls import ErrorInfo
from cnnlab.autograder.submission.solutions import solution_source
from cnnlab.autograder.tests.quality import language
from cnnlab.autograder.tests.quality.language import GRADE, WORDS

EXERCISES = [
    pytest.param(chapter, exercise, id=f"{chapter[:4]}-{exercise.name}")
    for chapter in chapter_names()
    for exercise in load_chapter(chapter).exercises
]

QUICK = ("ch01_convolution", "ch04_network")


def _marks(chapter: str) -> list[pytest.MarkDecorator]:
    if chapter in QUICK:
        return []
    return [pytest.mark.long if load_chapter(chapter).keras else pytest.mark.slow]


JUDGED = [
    pytest.param(*param.values, id=param.id, marks=_marks(param.values[0])) for param in EXERCISES
]
"""With all their mistakes judged; a sample of the chapters in the default run."""

AUTOGRADER = Path(judging.__file__).parents[1]
SPOKEN = (
    *sorted((AUTOGRADER / "judging").glob("*.py")),
    *sorted((AUTOGRADER / "display").glob("*.py")),
    *(AUTOGRADER / f"{name}.py" for name in ("learner", "live", "history", "kernel", "plugin")),
)
"""The files with fixed sentences that learners read."""

HARDER: dict[str, str] = {}
"""Messages that may be harder to read, by their first words, and why. None is, so far."""

PROSE = 10
"""The formula is made for prose. "Expected shape (3, 4), received (4, 3)" is none."""


def texts(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Every message that an exercise holds, with what it is."""
    for twist in (*exercise.twists, *exercise.variants):
        yield f"what {twist.name} says", twist.says
    for i, text in enumerate(exercise.hints, 1):
        yield f"hint {i}", text
    for rung, text in exercise.rung_hints.items():
        yield f"the hint for {rung}", text


def hard(text: str, prose: int = 0) -> str:
    """Why a message is hard to read, or nothing. Below ``prose`` words, any grade will do."""
    if any(text.startswith(begin) for begin in HARDER):
        return ""
    if (count := len(language.words(text))) > WORDS:
        return f"{count} words"
    if count >= prose and (grade := language.grade(text)) > GRADE:
        return f"grade {grade:.1f}"
    if found := language.british(text):
        return f"spelled {', '.join(found)}"
    return ""


def open_ended(text: str) -> str:
    """Why a message does not end in one question or one next step, or nothing."""
    if not language.ends_in(text):
        return "ends in neither a question nor a step"
    return "more than one question" if text.count("?") > 1 else ""


def test_the_measures_are_right() -> None:
    assert doctest.testmod(language).failed == 0


def test_the_measures_find_what_is_hard() -> None:
    assert hard("word " * (WORDS + 1)).endswith("words")
    assert hard("Internationalization necessitates considerable terminological sophistication.")
    assert hard("The grey map.") == "spelled grey"
    assert open_ended("The bias is missing.")
    assert open_ended("What? Why?")


@pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)
def test_messages_are_short_and_plain_and_end_in_one_thing(chapter, exercise) -> None:
    found = [
        f"{what}: {why}: {text}"
        for what, text in texts(exercise)
        for why in (hard(text), open_ended(text))
        if why
    ]
    assert found == []


@pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)
def test_messages_hold_no_code_of_the_solution(chapter, exercise) -> None:
    secret = set(language.expressions(solution_source(chapter, exercise.name)))
    found = [
        f"{what}: {code}"
        for what, text in texts(exercise)
        for code in secret
        if code in language.squeezed(text)
    ]
    assert found == []


def test_the_hints_for_all_exercises_are_such_messages() -> None:
    for text in (*RUNG_HINTS.values(), *STOPPED_HINTS.values(), CHANGED_HINT):
        assert (hard(text), open_ended(text)) == ("", ""), text


# What is put together while judging


@cache
def results(chapter: str, name: str) -> list[ExerciseResult]:
    """What a chapter's mistakes, and functions that do nothing, are told."""
    key = recorded(chapter)[name]
    judged = [judge_function(key, function) for function in WORTHLESS.values()]
    by_name = {twist.name: twist for twist in (*key.exercise.twists, *key.exercise.variants)}
    for twist in by_name.values():
        judged.append(judge(key, [key.call_numpy_op(probe, (twist,)) for probe in key.probes]))
    return judged


def spoken(result: ExerciseResult, titles: set[str]) -> Iterator[str]:
    """What a result says, in the pieces that a card shows, without calls, values and errors.

    Titles of cases are left out, too: they are recorded with the answers.
    """
    for text in (result.message, *result.remarks, *(rung.message for rung in result.rungs)):
        for line in re.sub(r"\n +", " ", text).splitlines():  # an array in a call goes on there
            before, after = _around_call(result.name, line)
            for title in titles:
                after = after.removeprefix(f" ({title})")
            yield before.rstrip(": ")
            after = re.sub(r"(raised \w+|the message was).*", r"\1.", after)
            yield re.sub(r"'[^']{2,}'|\"[^\"]+\"|“[^”]+”", "", after)


def _around_call(name: str, line: str) -> tuple[str, str]:
    """What stands before a call and after it; its arguments may hold brackets of all kinds."""
    before, _, after = line.partition(f"{name}(")
    depth = 1
    for i, letter in enumerate(after):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return before, after[i + 1 :]
    return line, ""


@pytest.mark.parametrize(("chapter", "exercise"), JUDGED)
def test_what_a_card_says_is_short_and_plain(chapter, exercise) -> None:
    titles = {probe.title for probe in recorded(chapter)[exercise.name].probes}
    found = {
        f"{why}: {line}"
        for result in results(chapter, exercise.name)
        for line in spoken(result, titles)
        if (why := hard(line, PROSE))
    }
    assert sorted(found) == []


@pytest.mark.parametrize(("chapter", "exercise"), JUDGED)
def test_a_card_says_how_to_go_on(chapter, exercise) -> None:
    for result in results(chapter, exercise.name):
        if not result.passed:
            assert result.hint, result
            assert language.ends_in(result.hint)
            for live in (True, False):
                last = to_text(result, live=live).rsplit("\n\n", 1)[-1]
                assert f"hint({result.name})" in last if live else last.startswith("Hint: ")


# The hint after a failed rung


def failing_on(key: AnswerKey, rung: str) -> ExerciseResult:
    """The result of a function that is right, but not on one rung; on "runs" it always raises."""
    error = ErrorInfo("RuntimeError", "on purpose", key.exercise.name, 0, "")
    wrong = {"status": "raised", "value": None, "error": error}
    if rung != "runs":
        wrong = {"value": "on purpose"}
    outcomes = [key.call_numpy_op(probe) for probe in key.probes]
    for i, probe in enumerate(key.probes):
        if rung in ("runs", probe.rung):
            outcomes[i] = dataclasses.replace(outcomes[i], **wrong)
    return judge(key, outcomes)


@pytest.mark.parametrize(("chapter", "exercise"), JUDGED)
def test_the_hint_belongs_to_the_rung_that_failed(chapter, exercise, monkeypatch) -> None:
    key = recorded(chapter)[exercise.name]
    target = live.Target(chapter, key)
    rungs = [rung for rung in ("runs", *exercise.points) if counts(exercise, rung)]
    for rung in rungs:
        own = exercise.rung_hints.get(rung, RUNG_HINTS.get(rung))
        own = STOPPED_HINTS["raised"] if rung == "runs" else own
        result = failing_on(key, rung)
        assert own, f"no hint for {rung}"
        assert result.hint == own
        monkeypatch.setattr(live, "state", live.LiveState())
        told, _ = live.next_hint(target, result)
        assert told == own or result.diagnosis, rung


def test_beyond_the_exercise_there_is_still_a_hint() -> None:
    key = recorded("ch01_convolution")["conv2d"]
    result = failing_on(key, ROBUST)
    assert result.passed
    assert key.exercise.hint_for(ROBUST) != key.exercise.hints[0]


# The fixed sentences of judge and display


def fixed(path: Path) -> Iterator[str]:
    """Every sentence in a file's code. An f-string's values are numbers or code: not counted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    skipped = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    skipped |= {id(v) for n in nodes if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in nodes:
        if id(node) in skipped:
            continue
        text = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(v.value if isinstance(v, ast.Constant) else "0" for v in node.values)
        if len(language.words(text)) > 3 and not re.search(r"[<{;]\w*[-:]|</", text):
            yield text


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: path.stem)
def test_fixed_sentences_are_short_and_plain(path: Path) -> None:
    assert [f"{why}: {text}" for text in fixed(path) if (why := hard(text, PROSE))] == []


def test_fixed_sentences_are_found() -> None:
    found = [text for path in SPOKEN for text in fixed(path)]
    assert len(found) > 60
    assert any("took too long" in text for text in found)
    assert any("Run the cells that hold yours" in text for text in found)
