"""Chapter 4's demo in a real page: its script drives the real widget, without Jupyter between."""

import pytest

from cnnlab.course.demos import ch04_network as ch04
from cnnlab.course.ops.layers import count_macs, count_parameters
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch04.demo(count_parameters, count_macs)
    with mounted(browser, widget) as page:
        yield page, widget


def total(page, text):
    page.locator(".total", has_text=text).wait_for()


def test_a_changed_number_changes_the_counts_and_keeps_the_focus(shown):
    page, widget = shown
    total(page, "In all: 47,233 parameters, 2,244,672 multiply-accumulates.")
    filters = page.get_by_label("layer 1, convolution: filters", exact=True)
    filters.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("64")
    total(page, "In all: 62,401 parameters")
    assert filters.evaluate("node => document.activeElement === node")
    assert widget.layers[0] == ["conv", 64, 3, 1, "same", 1]
    assert page.get_by_label("Network").input_value() == "your own"


def test_a_number_that_is_none_is_marked_and_not_sent(shown):
    page, widget = shown
    kernel = page.get_by_label("layer 3, convolution: kernel", exact=True)
    kernel.fill("0")
    assert kernel.get_attribute("aria-invalid") == "true"
    assert widget.layers == ch04.PRESETS["this chapter's"]


def test_layers_are_moved_removed_and_added_with_the_keyboard(shown):
    page, widget = shown
    page.get_by_label("remove layer 6, max pool").press("Enter")
    total(page, "multiply-accumulates")
    page.get_by_label("remove layer 6, flatten").wait_for()
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "remove layer 6, flatten"
    page.get_by_label("up layer 2, max pool").press("Enter")
    page.get_by_label("down layer 1, max pool").wait_for()
    page.get_by_role("button", name="+ dropout").press("Enter")
    page.get_by_label("layer 9, dropout: rate").wait_for()
    kinds = [layer[0] for layer in widget.layers]
    assert kinds == [
        "max_pool", "conv", "conv", "max_pool", "conv", "flatten", "dense", "dense", "dropout",
    ]  # fmt: skip


def test_a_layer_that_does_not_fit_is_named(shown):
    page, _ = shown
    page.get_by_role("button", name="+ convolution").click()
    page.get_by_text("Layer 10, convolution 32 of 3×3, needs maps").wait_for()
    total(page, "(of the 9 layers that fit)")


def test_presets_and_picture_sizes(shown):
    page, widget = shown
    page.get_by_label("Network").select_option("the article's")
    page.get_by_label("layer 11, dense: units").wait_for()
    page.get_by_label("Picture").select_option("150×150×3")
    total(page, "5,681,345 parameters")
    assert widget.size == 150
