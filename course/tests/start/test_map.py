"""The map of the course: it says what the chapters say, and its routes can be walked."""

from __future__ import annotations

import re

import pytest

from cnnlab.autograder.judging.exercise import chapter_names
from cnnlab.course.start.course_map import COURSE, course_map, prose

MAP = course_map()
NUMBERS = {1: "an hour", 1.5: "an hour and a half", 2: "two hours"}
NUMBERS |= {2.5: "two and a half hours", 3: "three hours"}
TOO_LITTLE = 0.5
"""How far a chapter's minutes may be from those that its text and its exercises suggest."""


def source(name: str) -> str:
    return (COURSE / "chapters" / f"{name}.py").read_text("utf-8")


def test_every_chapter_is_on_the_map_and_has_its_title():
    assert [entry.name for entry in MAP.chapters.values()] == chapter_names()
    assert list(MAP.chapters) == list(range(len(MAP.chapters)))
    for entry in MAP.chapters.values():
        assert f"\n# Chapter {entry.number}: {entry.title}\n" in source(entry.name)


@pytest.mark.parametrize("entry", list(MAP.chapters.values())[1:], ids=lambda entry: entry.name)
def test_a_chapter_says_the_minutes_and_the_needs_of_the_map(entry):
    text = " ".join(prose(source(entry.name)).split("\n## ")[0].split())
    assert f"bout {NUMBERS[entry.minutes / 60]}" in text
    said = re.search(r"(?:You need|You should know)[^.]*chapters? ([\d, andto]+\d)", text)
    if said:
        numbers = said[1].replace(" to ", "-").replace(" and ", ",").replace(",", " ").split()
        spans = [range(int(n.split("-")[0]), int(n.split("-")[-1]) + 1) for n in numbers]
        assert {number for span in spans for number in span} <= set(entry.needs)


@pytest.mark.parametrize("entry", MAP.chapters.values(), ids=lambda entry: entry.name)
def test_minutes_are_those_that_text_and_exercises_suggest(entry):
    """100 words a minute with the guesses and the pictures, 10 minutes for an exercise."""
    text = source(entry.name)
    suggested = len(prose(text).split()) / 100 + 10 * len(
        re.findall(r"^# %% .*exercise=", text, re.M)
    )
    assert TOO_LITTLE < suggested / entry.minutes < 1 / TOO_LITTLE


def test_needs_come_earlier():
    for entry in MAP.chapters.values():
        assert all(need < entry.number for need in entry.needs)


@pytest.mark.parametrize("route", MAP.routes, ids=lambda route: route.title)
def test_a_route_holds_what_its_chapters_need(route):
    there = {*route.work, *route.read}
    assert len(there) == len(route.work) + len(route.read)
    assert {need for number in route.work for need in MAP.chapters[number].needs} <= there


def test_the_routes_are_as_long_as_they_are_called():
    use, understand, everything = (route.minutes / 60 for route in MAP.routes)
    assert use == pytest.approx(8, abs=1)
    assert understand == pytest.approx(16, abs=1)
    assert everything == sum(entry.minutes for entry in MAP.chapters.values()) / 60
