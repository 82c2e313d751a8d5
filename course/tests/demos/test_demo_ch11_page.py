"""Chapter 11's demo in a real page: start, stop, sliders, keys, and what is said."""

import os
import re
from pathlib import Path

import pytest

from cnnlab.course.demos import ch11_filters_classes as ch11
from cnnlab.course.ops import ascent
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted, settle, until

pytestmark = MARKS


@pytest.fixture(scope="module")
def model():
    import keras

    from cnnlab.course.networks.vgg import build_vgg

    keras.utils.set_random_seed(0)
    return build_vgg((None, None, 3), widths=(4, 6, 8, 8, 8), classes=None)


@pytest.fixture
def shown(browser, model):
    """The page with its demo, and the widget behind it."""
    widget = ch11.demo(ascent.ascent_step, ascent.total_variation, model)
    widget.setting = {**widget.setting, "layer": "block1_conv2", "channel": 1, "tv": 0.0}
    with mounted(browser, widget) as page:
        yield page, widget


def test_it_climbs_from_start_to_stop(shown):
    page, widget = shown
    page.get_by_text("Noise, before the first step").first.wait_for()
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("document.querySelector('progress').value >= 5")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Start").wait_for()
    settle(page)
    stopped = widget.step
    assert stopped >= 5
    page.wait_for_timeout(400)  # a step takes less
    settle(page)
    assert widget.step == stopped
    assert widget.scores[-1] > widget.scores[0]


def test_it_stops_by_itself_at_the_last_step(shown):
    page, widget = shown
    widget.step = ch11.STEPS - 3
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("document.querySelector('progress').value >= 200")
    page.get_by_role("button", name="Start").wait_for()
    assert widget.step == ch11.STEPS
    page.get_by_role("button", name="Start").click()  # begins anew
    page.wait_for_function("document.querySelector('progress').value < 150")
    page.get_by_role("button", name="Stop").click()


def test_keys_move_the_sliders_and_press_the_buttons(shown):
    page, widget = shown
    page.get_by_label("Jitter", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Total variation", exact=True).focus()
    page.keyboard.press("ArrowRight")
    until(page, lambda: (widget.setting["jitter"], widget.setting["tv"]) == (3, 0.02))
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('progress').value >= 2")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start").wait_for()
    page.get_by_role("button", name="Begin anew").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Noise, before the first step").first.wait_for()
    assert widget.step == 0


def test_menu_and_number_choose_the_filter(shown):
    page, widget = shown
    page.get_by_label("Layer", exact=True).select_option("block3_conv2")
    page.get_by_label("Filter", exact=True).fill("7")
    page.keyboard.press("Tab")
    page.get_by_role("img", name=re.compile("What filter 7 of block3_conv2 likes")).wait_for()
    assert (widget.setting["layer"], widget.setting["channel"]) == ("block3_conv2", 7)
    page.get_by_label("Layer", exact=True).select_option("block1_conv1")
    page.get_by_role("img", name=re.compile("What filter 3 of block1_conv1 likes")).wait_for()


def test_it_fits_the_window_and_can_be_looked_at(shown):
    page, _ = shown
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("document.querySelector('progress').value >= 30")
    page.get_by_role("button", name="Stop").click()
    folder = Path(os.environ.get("ARTIFACTS", "artifacts"))
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / "ch11_filters_classes-demo.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
