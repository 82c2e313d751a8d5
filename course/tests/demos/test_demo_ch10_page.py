"""Chapter 10's demo in a real page: menus, keys, pointer, and what is said."""

import os
from pathlib import Path

import pytest

from cnnlab.course.demos import ch10_feature_maps as ch10
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


@pytest.fixture(scope="module")
def model():
    import keras

    from cnnlab.course.networks.vgg import build_vgg

    keras.utils.set_random_seed(0)
    return build_vgg((None, None, 3), widths=(4, 6, 70, 8, 8), classes=None)


@pytest.fixture
def shown(browser, model):
    """The page with its demo, and the widget behind it."""
    widget = ch10.demo(ch10.course_maps, model)
    with mounted(browser, widget) as page:
        yield page, widget


def test_menus_choose_photograph_and_layer(shown):
    page, widget = shown
    page.get_by_label("Photograph", exact=True).select_option("coffee")
    page.get_by_label("Layer", exact=True).select_option("block3_conv2")
    page.get_by_text("block3_conv2: channels 0 to 63 of 70").wait_for()
    assert widget.setting == {"photo": "coffee", "layer": "block3_conv2", "channel": 0}


def test_arrow_keys_walk_through_the_channels_and_turn_the_page(shown):
    page, widget = shown
    page.get_by_label("Layer", exact=True).select_option("block3_conv1")
    page.get_by_text("channels 0 to 63 of 70").wait_for()
    page.get_by_label("Feature maps of the layer").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("Channel 1 of 70").wait_for()
    page.keyboard.press("PageDown")
    page.get_by_text("channels 64 to 69 of 70").wait_for()
    page.get_by_text("Channel 65 of 70").wait_for()
    page.keyboard.press("ArrowDown")  # there is no channel 73
    assert widget.setting["channel"] == 65


def test_a_click_chooses_and_another_layer_keeps_the_channel_within(shown):
    page, widget = shown
    page.get_by_label("Layer", exact=True).select_option("block5_conv1")
    page.get_by_text("channels 0 to 7 of 8").wait_for()
    page.get_by_label("Feature maps of the layer").click(position={"x": 5.5 * 59, "y": 20})
    page.get_by_text("Channel 5 of 8").wait_for()
    page.get_by_label("Layer", exact=True).select_option("block1_conv1")
    page.get_by_text("Channel 3 of 4").wait_for()
    assert widget.setting["channel"] == 3


def test_it_fits_the_window_and_can_be_looked_at(shown):
    page, _ = shown
    folder = Path(os.environ.get("ARTIFACTS", "artifacts"))
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / "ch10_feature_maps-demo.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
