"""The examples in the stubs' docstrings are what the solutions print."""

from __future__ import annotations

import doctest
from functools import cache
from typing import Any

import pytest

from cnnlab.course.tests.chapters.prose import NAMES, cells

PLAIN = ("ch01", "ch02", "ch03", "ch04", "ch05", "ch07", "ch13", "ch14")
"""Chapters whose cells of definitions import no Keras; the others are looked at in the slow run."""


def _exercises(name: str) -> list[str]:
    found = [cell.metadata.get("exercise") for cell in cells(name)]
    return [exercise for exercise in found if exercise]


@cache
def _defined(name: str) -> dict[str, Any]:
    """What a chapter's set-up cells and solutions define."""
    here: dict[str, Any] = {}
    for cell in cells(name):
        if cell.metadata.get("setup") or cell.metadata.get("exercise"):
            exec(cell.source, here)
    return here


@pytest.mark.parametrize(
    ("name", "exercise"),
    [
        pytest.param(n, e, marks=() if n.startswith(PLAIN) else pytest.mark.slow)
        for n in NAMES
        for e in _exercises(n)
    ],
    ids=str,
)
def test_the_examples_of_a_stub_are_right(name: str, exercise: str) -> None:
    here = _defined(name)
    parts = doctest.DocTestFinder(recurse=False).find(here[exercise], exercise, globs=here)
    assert [doctest.DocTestRunner().run(part).failed for part in parts] == [0] * len(parts)


def test_a_wrong_example_is_found() -> None:
    def half(x: float) -> float:
        """>>> half(3)
        2.0
        """
        return x / 2

    (part,) = doctest.DocTestFinder(recurse=False).find(half, "half", globs={"half": half})
    assert doctest.DocTestRunner(verbose=False).run(part, out=lambda _: None).failed == 1
