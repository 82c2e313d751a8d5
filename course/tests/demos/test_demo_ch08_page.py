"""Chapter 8's demo in a real page: its script drives the real widget, without Jupyter between."""

from __future__ import annotations

import pytest

from cnnlab.course.demos import ch08_augmentation as ch08
from cnnlab.course.ops import augmentation
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch08.demo(
        augmentation.hflip, augmentation.shift, augmentation.adjust_contrast, augmentation.affine
    )
    with mounted(browser, widget) as page:
        yield page, widget


def variant(page, number):
    return page.get_by_role("button", name=f"Variant {number}:")


def test_sliders_and_the_menu_reach_the_widget_with_the_keyboard(shown):
    page, widget = shown
    page.get_by_label("Turn up to").press("End")
    page.get_by_text("180°").wait_for()
    page.get_by_label("Contrast ±").press("Home")
    page.get_by_label("Picture", exact=True).select_option("a six")
    page.get_by_label("Mirror every other one").press("Space")
    page.get_by_text("“a six”, as it is").wait_for()
    assert widget.setting["degrees"] == 180
    assert widget.setting["contrast"] == 0
    assert widget.setting["picture"] == "a six"
    assert widget.setting["mirror"] is False


def test_drawing_again_gives_other_variants(shown):
    page, widget = shown
    first = variant(page, 1).inner_text()
    page.get_by_role("button", name="Draw again").press("Enter")
    page.wait_for_function(
        "text => document.querySelector('.what').textContent !== text", arg=first
    )
    assert variant(page, 1).inner_text() == widget.words[0]


def test_variants_are_marked_and_counted_and_a_new_draw_forgets_the_marks(shown):
    page, _ = shown
    page.get_by_text("Is the label “a cat” still true?").wait_for()
    variant(page, 3).press("Enter")
    variant(page, 5).click()
    page.get_by_text("You say: 2 of 12 no longer show “a cat”.").wait_for()
    assert variant(page, 3).get_attribute("aria-pressed") == "true"
    variant(page, 3).press("Space")
    page.get_by_text("You say: 1 of 12").wait_for()
    page.get_by_role("button", name="Draw again").click()
    page.get_by_text("Is the label “a cat” still true?").wait_for()
    assert page.locator("[aria-pressed=true]").count() == 0


def test_every_picture_is_drawn_with_its_pixels(shown):
    page, widget = shown
    pixel = page.evaluate(
        "() => Array.from(document.querySelectorAll('.variant canvas')[7]"
        ".getContext('2d').getImageData(20, 30, 1, 1).data)"
    )
    first = 3 * (7 * 48 * 48 + 30 * 48 + 20)
    assert pixel == [*widget.variants[first : first + 3], 255]


def test_it_says_whose_functions_are_at_work(browser):
    def hflip(x):
        raise NotImplementedError()

    widget = ch08.demo(hflip, augmentation.shift, augmentation.adjust_contrast, augmentation.affine)
    with mounted(browser, widget) as page:
        page.get_by_text("Your hflip is not written yet.").wait_for()
        page.get_by_text("12 variants, by the course").wait_for()
