"""Results that nobody expects: each is judged and shown, and nothing of ours fails on the way."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from cnnlab.autograder.display.card import to_html
from cnnlab.autograder.display.show import Check
from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.results import EXERCISE_STATUSES
from cnnlab.autograder.judging.twists import combine
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.quality.wrong_functions import draw
from cnnlab.autograder.tests.junk import functions

SLOW = [
    pytest.param(name, marks=pytest.mark.long if load_chapter(name).keras else pytest.mark.slow)
    for name in chapter_names()
]
QUICK = [pytest.param(name) for name in chapter_names()]
DRAWN = 40
"""Random wrong functions that are checked in each chapter."""

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def checked(caplog: pytest.LogCaptureFixture) -> Callable[..., Check]:
    """Checks a function as a notebook does, shows the card, and demands that nothing failed."""
    caplog.set_level(logging.WARNING, logger="cnnlab")

    def checked(key: Any, function: Callable[..., Any], where: str) -> Check:
        found = judged(function, key)
        card, text = to_html(found.result), to_text(found.result)
        assert "Traceback" not in card + text, where
        assert not re.search("<script>|<b>", card), where
        assert found.result.status in set(EXERCISE_STATUSES) - {"internal_error"}, where
        assert caplog.records == [], where
        return found

    return checked


@pytest.mark.parametrize("chapter", QUICK[:1] + SLOW[1:])  # the others take a minute or more
def test_junk_is_judged_and_shown(chapter: str, checked: Callable[..., Check]) -> None:
    for key in recorded(chapter).values():
        for label, function in functions():
            where = f"{key.exercise.name}: {label}"
            result = checked(key, function, where).result
            assert not result.passed, where
            if not key.exercise.puzzle:  # any input may happen to expose a mistake
                assert result.score <= 0.6 * result.max_score, where


@pytest.mark.parametrize("chapter", QUICK[:1] + SLOW[1:])
def test_every_mistake_is_judged_and_shown(chapter: str, checked: Callable[..., Check]) -> None:
    for key in recorded(chapter).values():
        for twist in () if key.exercise.simulated else key.exercise.twists:
            where = f"{key.exercise.name}: {twist.name}"
            checked(key, twist.apply(key.exercise.numpy_op), where)


@pytest.mark.slow
@pytest.mark.parametrize("chapter", chapter_names())
def test_random_wrong_functions_are_judged_and_shown(
    chapter: str, checked: Callable[..., Check]
) -> None:
    for number in range(DRAWN):
        wrong = draw(chapter, 0, number)
        key = recorded(chapter)[wrong.exercise]
        function = wrong.function or combine(*wrong.inner)(key.exercise.numpy_op)
        if wrong.function or not key.exercise.simulated:
            where = f"{wrong.exercise} {number}: {wrong.source}"
            checked(key, combine(*wrong.changes)(function), where)
