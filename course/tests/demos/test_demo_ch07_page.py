"""Chapter 7's demo in a real page: its script drives the real widget, without Jupyter between."""

import pytest

from cnnlab.course.demos import ch07_dropout as ch07
from cnnlab.course.ops.dropout import dropout
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted, until

pytestmark = MARKS


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch07.demo(dropout)
    with mounted(browser, widget) as page:
        yield page, widget


def gone(page, what):
    return page.locator(f"figure:nth-of-type(2) .{what}.gone").count()


def dropped(widget):
    return sum(not node for layer in widget.kept for node in layer)


def test_dropped_nodes_and_their_edges_vanish(shown):
    page, widget = shown
    assert gone(page, "node") == dropped(widget) > 0
    assert gone(page, "edge") == widget.edges[1] - widget.edges[0]
    assert page.locator("figure:nth-of-type(1) .gone").count() == 0


def test_the_slider_moves_with_the_keyboard(shown):
    page, widget = shown
    before = dropped(widget)
    slider = page.get_by_label("rate")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.locator("output", has_text="0.80").wait_for()
    until(page, lambda: widget.rate == pytest.approx(0.8))
    until(page, lambda: gone(page, "node") == dropped(widget))
    assert dropped(widget) >= before


def test_resample_draws_other_nodes(shown):
    page, widget = shown
    before = widget.kept
    page.get_by_role("button", name="Resample").press("Enter")
    until(page, lambda: widget.seed == 1)
    assert widget.kept != before


def test_outside_of_training_nothing_is_gone(shown):
    page, _ = shown
    page.get_by_label("training").uncheck()
    page.get_by_text("8 of 8 and 8 of 8 hidden nodes, 112 of 112 edges").wait_for()
    assert gone(page, "node") == 0
    assert page.locator("td span", has_text="(100 %)").count() == 3


def test_what_is_to_be_seen_is_also_said(shown):
    page, widget = shown
    left, both = widget.edges
    label = page.locator("svg").nth(1).get_attribute("aria-label")
    assert f"{left} of {both} edges" in label
