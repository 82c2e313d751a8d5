"""One place states the colours, and everything takes them from there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from cnnlab.autograder.display.picture import MEANING, colours
from cnnlab.course import palette
from cnnlab.course.demos import page
from cnnlab.course.demos.still import shaded
from cnnlab.course.figures.heatmaps import overlay

ROOT = Path(__file__).parents[2]
OWN_THEMES = {"report.css", "showcase.html"}
"""Pages of their own, which are given away, with grays for light and for dark."""


def test_no_other_file_states_a_colour():
    found = {
        path.name
        for folder in ("course", "autograder")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".py", ".js", ".css", ".html", ".j2") and "tests" not in path.parts
        if re.search(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8"))
    }
    assert found == {Path(palette.__file__).name, *OWN_THEMES}


def test_blue_is_positive_and_red_is_negative_in_figures_demos_heat_maps_and_cards():
    gray = [[[128, 128, 128]] * 2]
    over = overlay(np.array(gray, np.uint8), [[1.0, -1.0]]).tolist()[0]
    demo = shaded([[1.0, -1.0]], signs=True).tolist()[0]
    card = [palette.rgb(colours(share)[0]) for share in (1.0, -1.0)]
    scale = [palette.rgb(palette.RED_BLUE[place]) for place in (-1, 0)]
    for (r, _, b), (negative_r, _, negative_b) in (over, demo, card, scale):
        assert b > r
        assert negative_r > negative_b
    assert MEANING.startswith("Red is negative, blue is positive")
    js = page("ch01_convolution.js")
    assert js.index(palette.RED_BLUE[0]) < js.index(palette.RED_BLUE[-1])
