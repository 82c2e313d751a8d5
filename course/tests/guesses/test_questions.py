"""Every question: its answer is computed, what it says of wrong guesses is about wrong ones."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from cnnlab.course import guesses
from cnnlab.course.guesses import question
from cnnlab.course.guesses.question import Question
from cnnlab.course.tests.chapters.prose import NAMES, ROOT, cells

EVERY = [(name, each) for name in guesses.CHAPTERS for each in guesses.questions(name)]
every = pytest.mark.parametrize("chapter", guesses.CHAPTERS)
LITERAL = (ast.Constant, ast.UnaryOp, ast.USub, ast.Tuple, ast.Load)


def test_names_are_unique_in_the_whole_course() -> None:
    names = [asked.name for _, asked in EVERY]
    assert len(names) == len(set(names)) > 100


@pytest.mark.parametrize("chapter", NAMES)
def test_a_chapter_asks_its_questions_in_order(chapter: str) -> None:
    code = "\n".join(cell.source for cell in cells(chapter) if cell.cell_type == "code")
    used = re.findall(r'^guess\("(\w+)"\)$', code, re.MULTILINE)
    assert code.count("guess(") == len(used)
    known = guesses.questions(chapter) if chapter in guesses.CHAPTERS else ()
    assert used == [asked.name for asked in known]


@pytest.mark.parametrize("asked", [a for _, a in EVERY if a.proof], ids=lambda asked: asked.name)
def test_an_answer_is_computed_once_more(asked: Question) -> None:
    assert asked.proof is not None
    assert asked.judge(asked.written(asked.proof())).right
    if asked.kind != "number":
        assert asked.proof() == asked.answer


def _computed(chapter: str) -> Iterator[tuple[str, bool]]:
    """The questions for numbers, each with whether its answer is computed or proved."""
    tree = ast.parse((ROOT / f"course/guesses/{chapter}.py").read_text("utf-8"))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in (
            "number",
            "shape",
            "numbers",
        ):
            name, _, answer = call.args[:3]
            assert isinstance(name, ast.Constant)
            literal = all(isinstance(n, LITERAL) for n in ast.walk(answer))
            yield name.value, not literal or any(k.arg == "proof" for k in call.keywords)


@pytest.mark.parametrize("chapter", guesses.CHAPTERS)
def test_no_number_is_merely_claimed(chapter: str) -> None:
    found = dict(_computed(chapter))
    numbers = {a.name for a in guesses.questions(chapter) if a.kind != "choice"}
    assert found.keys() == numbers
    assert [name for name, computed in found.items() if not computed] == []


@every
def test_what_is_said_of_wrong_guesses_is_about_wrong_ones(chapter: str) -> None:
    for asked in guesses.questions(chapter):
        assert asked.judge(asked.written(asked.answer)).right, asked.name
        assert asked.wrong, asked.name
        for wrong, shows in asked.wrong.items():
            verdict = asked.judge(asked.written(wrong))
            assert verdict.right is False, (asked.name, wrong)
            assert verdict.text == shows


@every
def test_a_choice_lets_choose_and_explains_every_other_option(chapter: str) -> None:
    for asked in guesses.questions(chapter):
        if asked.kind == "choice":
            assert len(asked.options) > 1, asked.name
            assert {asked.answer, *asked.wrong} == set(asked.options), asked.name
            assert all(asked.wrong.values()), asked.name


# Reading and judging


NUMBER = question.number("n", "?", 1 / 3, "Because.", {3: "Upside down."}, within=0.1)


@pytest.mark.parametrize(
    ("typed", "right", "title"),
    [
        ("0.33", True, "Right."),
        ("1/3", True, "Right."),
        ("0,35", True, "Near enough."),
        ("3", False, "Not right."),
        ("", None, "Guess again."),
        ("1/0", None, "Guess again."),
        ("nan", None, "Guess again."),
        ("1e999", None, "Guess again."),
        ("three", None, "Guess again."),
    ],
)
def test_a_number_is_judged(typed: str, right: bool | None, title: str) -> None:
    verdict = NUMBER.judge(typed)
    assert (verdict.right, verdict.title) == (right, title)
    assert bool(verdict.reason) == (right is True)


def test_a_guess_learns_the_direction() -> None:
    assert NUMBER.judge("0.2").text == "The number is larger."
    assert NUMBER.judge("7").text == "The number is smaller."
    assert NUMBER.judge("3").text == "Upside down."


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("67,500", 67500),
        ("67 500", 67500),
        ("1.234.567,5", None),
        ("0,125", 0.125),
        ("15.5 billion", 15.5e9),
        ("75.8 %", 75.8),
        ("−4", -4),
        ("2e3", 2000),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, number: float | None) -> None:
    if number is None:
        with pytest.raises(ValueError, match="Write a number"):
            question.read_number(typed)
    else:
        assert question.read_number(typed) == number


def test_a_unit_may_be_written_or_not() -> None:
    asked = question.number("t", "?", 0.5, "", unit="ms")
    assert asked.judge("0.5 ms").right
    assert asked.judge("0.5").right


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("28 × 28 × 3", "Look again at number 3 of yours."),
        ("28, 28", "The answer has 3 numbers."),
        ("a picture", "Write whole numbers, such as 32, 32, 3 or 32 × 32 × 3."),
        ("28 x 28 x 1", ""),
        ("(28, 28, 1)", ""),
    ],
)
def test_a_shape_is_judged(typed: str, said: str) -> None:
    assert question.shape("s", "?", (28, 28, 1), "").judge(typed).text == said


def test_a_choice_is_one_of_its_options() -> None:
    asked = question.choice("c", "?", "no", "", {"yes": "Look again.", "no": ""})
    assert asked.judge("no").right
    assert asked.judge("yes").text == "Look again."
    assert asked.judge("perhaps").right is None


@pytest.mark.parametrize("module", ["", ".question", ".cell"])
def test_the_examples_are_right(module: str) -> None:
    failed, tried = doctest.testmod(import_module(guesses.__name__ + module))
    assert (failed, tried > 0) == (0, True)


def test_asking_imports_no_keras() -> None:
    program = (
        "import sys\nfrom cnnlab.course.guesses import guess\nguess('saved_by_separating')\n"
        "sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
