"""Drawings: shapes, themes, frames that are shown in turn, and what holds still."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from cnnlab.course import palette
from cnnlab.course.demos import page
from cnnlab.course.figures.drawing import Drawing
from cnnlab.course.palette import THEMES
from cnnlab.course.tests.chromium import CHROMIUM, chromium


def luminance(colour):
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_in_both_themes(theme):
    colours = THEMES[theme]
    assert contrast(colours["ink"], colours["paper"]) >= 7
    assert contrast(colours["soft"], colours["paper"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_colours_stand_out_from_the_paper_or_from_their_outline(theme):
    colours = THEMES[theme]
    for colour in (*palette.ROLES.values(), *palette.WINDOWS):
        best = max(contrast(colour, colours[name]) for name in ("paper", "ink"))
        assert best >= 3, colour


def test_demos_get_the_colours_of_the_figures():
    script, style = page("ch02_stride_padding.js"), page("ch02_stride_padding.css")
    for name, colour in palette.ROLES.items():
        assert f'{name}: "{colour}"' in script
        assert f"--{name}: {colour};" in style


@pytest.mark.parametrize("kind", ["js", "css"])
def test_no_demo_writes_one_of_the_colours_itself(kind):
    from pathlib import Path

    import cnnlab.course.demos as demos

    shared = {palette.WINDOW, palette.PADDING}
    for path in Path(demos.__file__).parent.glob(f"*.{kind}"):
        written = set(re.findall(r"#[0-9a-f]{6}\b", path.read_text("utf-8")))
        assert not written & shared, path.name


def test_what_is_solid_stands_on_paper():
    on = Drawing(10, 10, "a square")
    on.rectangle((1, 1), (8, 8), palette.INPUT, opacity=0.5)
    assert on.html().count("<polygon") == 2
    glass = Drawing(10, 10, "a square")
    glass.rectangle((1, 1), (8, 8), palette.INPUT, opacity=0.5, solid=False)
    assert glass.html().count("<polygon") == 1


def test_words_are_escaped():
    on = Drawing(10, 10, 'a "<" sign')
    on.text((5, 5), "a < b\n& c")
    root = ElementTree.fromstring(on.html())
    assert root.get("aria-label") == 'a "<" sign'
    assert [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")] == ["a < b", "& c"]


def moving(count=3, still=1):
    on, frames = Drawing(90, 30, "three squares in turn"), []
    for place in range(count):
        frame = Drawing(90, 30)
        frame.rectangle((30 * place, 0), (30, 30), palette.WINDOWS[place])
        frames.append(frame)
    on.play(frames, 0.5, still)
    return on


def test_frames_begin_one_after_the_other_and_a_file_holds_the_still_one():
    on = moving()
    assert re.findall(r"animation-delay:(-[\d.]+)s", on.html()) == ["-1.5", "-1", "-0.5"]
    assert on.html().count("cnnlab-still") == 2  # the rule, and the frame
    found = [colour in on.svg() for colour in palette.WINDOWS[:3]]
    assert found == [False, True, False]
    assert "animation" not in on.svg()


def test_a_drawing_without_frames_does_not_move():
    assert "animation" not in Drawing(1, 1, "nothing").html()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_one_frame_is_seen_at_a_time_and_on_paper_the_still_one():
    def seen(page):
        return page.evaluate(
            "[...document.querySelectorAll('.cnnlab-frame')]"
            ".map(g => getComputedStyle(g).visibility === 'visible')"
        )

    with chromium() as browser:
        page = browser.new_page()
        page.set_content(f"<div style='--jp-layout-color0:#111111'>{moving().html()}</div>")
        turns = set()
        for _ in range(24):
            turns.add(tuple(seen(page)))
            page.wait_for_timeout(80)
        assert turns == {(True, False, False), (False, True, False), (False, False, True)}
        paper = "getComputedStyle(document.querySelector('svg')).backgroundColor"
        assert page.evaluate(paper) == "rgb(17, 17, 17)"
        page.emulate_media(reduced_motion="reduce")
        assert seen(page) == [False, True, False]
        page.emulate_media(media="print", reduced_motion="no-preference")
        assert seen(page) == [False, True, False]
        assert page.evaluate(paper) == "rgb(255, 255, 255)"
