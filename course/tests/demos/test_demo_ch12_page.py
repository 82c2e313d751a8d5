"""Chapter 12's demo in a real page: pointer, keys, menus, bars."""

import os
from pathlib import Path

import pytest

from cnnlab.course.demos import ch12_explanations as ch12
from cnnlab.course.networks import explain
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.explained import small_classifier
from cnnlab.course.tests.demos.mounted import mounted, settle, until

pytestmark = MARKS
RIGHT = (explain.saliency, explain.grad_cam, explain.occlusion_map)


@pytest.fixture(scope="module")
def classifier():
    return small_classifier()


@pytest.fixture
def shown(browser, classifier):
    """The page with its demo, and the widget behind it."""
    widget = ch12.demo(*RIGHT, classifier, row=0, column=0)
    with mounted(browser, widget) as page:
        yield page, widget


def stage(page):
    return page.get_by_label("The photograph with a square")


def place(widget):
    return widget.setting["row"], widget.setting["column"]


def test_the_square_follows_the_pointer_and_stays_inside(shown):
    page, widget = shown
    box = stage(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    until(page, lambda: place(widget) == (12, 12))
    page.mouse.move(box["x"] + box["width"] + 50, box["y"] + 2)
    page.mouse.up()
    until(page, lambda: place(widget) == (0, 24))


def test_arrow_keys_move_the_square(shown):
    page, widget = shown
    stage(page).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        settle(page)
    until(page, lambda: place(widget) == (1, 2))


def test_a_bar_chooses_the_class_that_is_explained(shown):
    page, widget = shown
    before = list(widget.overlays)
    page.get_by_role("group", name="Classes").get_by_role("button").nth(2).click()
    until(page, lambda: widget.setting["rank"] == 2)
    assert widget.overlays != before
    page.get_by_role("button", pressed=True).filter(has_text=widget.bars[2]["name"]).wait_for()


def test_menus_choose_photograph_and_square(shown):
    page, widget = shown
    page.get_by_label("Photograph", exact=True).select_option("coffee")
    page.get_by_label("Square", exact=True).select_option("large")
    until(page, lambda: (widget.setting["photo"], widget.setting["size"]) == ("coffee", "large"))


def test_it_fits_the_window_and_can_be_looked_at(shown):
    page, _ = shown
    folder = Path(os.environ.get("ARTIFACTS", "artifacts"))
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / "ch12_explanations-demo.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
