"""Chapter 14's demo in a real page: its script drives the real widget, without Jupyter between."""

import pytest

from cnnlab.course.demos import ch14_training as ch14
from cnnlab.course.ops import training as ops
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted, until

pytestmark = MARKS


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch14.demo(ops.he_normal, ops.batch_norm, ops.adam_step)
    with mounted(browser, widget) as page:
        yield page, widget


def test_a_menu_trains_the_network_anew(shown):
    page, widget = shown
    bars = page.locator(".both rect.bar")
    assert bars.count() == 4
    page.get_by_label("hidden layers").select_option("8")
    until(page, lambda: len(widget.run["gradients"]) == 8)
    until(page, lambda: bars.count() == 8)
    assert page.get_by_label("batch norm").is_checked() is False


def test_one_batch_has_no_curve_of_new_pictures(shown):
    page, widget = shown
    curves = page.locator(".both polyline")
    assert curves.count() == 2
    page.get_by_label("one batch").check()
    until(page, lambda: widget.run["new"] == [])
    until(page, lambda: curves.count() == 1)
    assert "right on the batch" in page.locator(".both").inner_text()


def test_what_overflows_ends_with_a_cross(shown):
    page, widget = shown
    page.get_by_label("rate").select_option("3")
    page.get_by_label("hidden layers").select_option("8")
    until(page, lambda: None in widget.run["losses"] or widget.run["losses"][-1] > 0.5)
    exploded = page.locator(".patients svg", has=page.locator(".cross"))
    assert exploded.count() == 1


def test_the_five_are_named_and_judged_one_by_one(shown):
    page, widget = shown
    for letter, name, _ in ch14.patients():
        menu = page.get_by_label(f"What is training {letter}?")
        other = next(each for each in ch14.PATIENTS if each != name)
        menu.select_option(other)
        page.locator(".verdict.wrong").wait_for()
        menu.select_option(name)
        until(page, lambda letter=letter: widget.verdicts[letter]["right"])
        page.locator(".verdict.wrong").wait_for(state="detached")
    assert page.locator(".verdict.right").count() == 5


def test_what_is_to_be_seen_is_also_said(shown):
    page, _ = shown
    label = page.locator(".both svg").first.get_attribute("aria-label")
    assert label.startswith("Loss on the training batches from 0.6")
    assert "layer 4" in page.locator(".both svg").nth(1).get_attribute("aria-label")
