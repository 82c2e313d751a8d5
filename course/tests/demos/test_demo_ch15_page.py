"""Chapter 15's demo in a real page: sliders, and what they change."""

import os
from pathlib import Path

import pytest

from cnnlab.course.demos import ch15_your_photographs as ch15
from cnnlab.course.ops.calibration import calibration, worst_mistakes
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted, until

pytestmark = MARKS


@pytest.fixture(scope="module")
def answers():
    return ch15.example()


@pytest.fixture
def shown(browser, answers):
    """The page with its demo, and the widget behind it."""
    widget = ch15.demo(worst_mistakes, calibration, answers)
    with mounted(browser, widget) as page:
        yield page, widget


def test_keys_change_the_bins(shown):
    page, widget = shown
    page.get_by_label("Bins", exact=True).focus()
    page.keyboard.press("ArrowRight")
    until(page, lambda: widget.setting["bins"] == 11)
    filled = sum(bar["count"] > 0 for bar in widget.bars)
    until(page, lambda: page.locator("rect.bar").count() == filled)


def test_the_slider_makes_it_silent(shown):
    page, widget = shown
    page.get_by_label("Answer only if sure by").fill("0.9")
    until(page, lambda: widget.setting["least"] == 0.9)
    page.locator(".words", has_text="Sure by 90% or more").wait_for()
    assert widget.counts["count"] < widget.counts["all"]


def test_the_wall_is_shown_and_everything_fits(shown):
    page, _ = shown
    assert page.locator(".wall img").count() == ch15.WALL
    folder = Path(os.environ.get("ARTIFACTS", "artifacts"))
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / "ch15_your_photographs-demo.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
