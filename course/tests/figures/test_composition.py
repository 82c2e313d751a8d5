"""Small things that make larger ones: fields that add up, lines that make a cat."""

import numpy as np
import pytest

from cnnlab.course.figures import composition
from cnnlab.course.palette import WINDOWS
from cnnlab.course.tests.figures.drawings import check, overlaps, words


def test_two_kernels_see_what_one_larger_sees():
    on = check(composition.two_as_one)
    said = words(on)
    assert said.count("sees 5 × 5 pixels") == 2
    assert {"2 · 9 = 18 weights", "25 weights", "one kernel of 5 × 5"} <= set(said)
    assert not overlaps(on)


@pytest.mark.parametrize("corner", [(0, 0), (0, 2), (2, 0), (2, 2)])
def test_the_corners_windows_together_are_the_whole_field(corner):
    below = composition.Sheet((0, 0), 5)
    window, whole = (np.array(below.square(*at, n)) for at, n in ((corner, 3), ((0, 0), 5)))
    assert (window.min(0) >= whole.min(0)).all()
    assert (window.max(0) <= whole.max(0)).all()
    outer = {tuple(p) for p in whole.round(6)}
    assert len(outer & {tuple(p) for p in window.round(6)}) == 1


def test_every_line_of_the_cat_is_one_of_the_edges():
    edges = {colour for colour, _ in composition.EDGES.values()}
    assert edges == set(WINDOWS)
    assert all(c in edges for strokes in composition.PARTS.values() for c, _ in strokes)
    assert {part for part, _, _ in composition.FACE} == set(composition.PARTS)


def test_edges_parts_and_the_cat_are_named():
    on = check(composition.from_edges_to_parts)
    assert {"edges", "parts", "a cat", *composition.EDGES, *composition.PARTS} <= set(words(on))
    assert "ear from rising and falling lines" in on.alt
    assert not overlaps(on)
