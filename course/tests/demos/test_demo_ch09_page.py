"""Chapter 9's demo in a real page: its script drives the real widget, without Jupyter between."""

import pytest

from cnnlab.course.demos import ch09_vgg as ch09
from cnnlab.course.ops.layers import receptive_field
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


@pytest.fixture
def page(browser):
    widget = ch09.demo(receptive_field)
    with mounted(browser, widget) as page:
        page.widget = widget
        yield page


def told(page, text):
    page.locator(".told", has_text=text).wait_for()


def canvas(page):
    return page.get_by_role("application")


def test_a_layer_is_chosen_and_its_field_told(page):
    page.get_by_role("button", name="block5_conv3").click()
    told(page, "of 14×14: sees 196×196 pixels. Its neighbors lie 16 pixels away.")
    assert page.widget.layer == 16
    page.get_by_role("button", name="fc1").click()
    told(page, "Each unit of fc1 sees the whole photograph.")


def test_keys_move_the_unit_and_change_the_layer(page):
    canvas(page).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        canvas(page).press(key)
    told(page, "block3_conv3, unit at row 28, column 31 of 56×56: sees 40×40")
    canvas(page).press("PageDown")
    told(page, "block3_pool, unit at row 14, column 15 of 28×28: sees 44×44")
    canvas(page).press("PageUp")
    told(page, "block3_conv3, unit at row 29, column 31")


def test_units_stop_at_the_border_and_padding_is_told(page):
    page.get_by_role("button", name="block5_pool").click()
    canvas(page).click(position={"x": 40, "y": 150})
    told(page, "column 0 of 7×7")
    canvas(page).press("ArrowLeft")
    told(page, "column 0 of 7×7: sees 212×212 pixels")
    told(page, "Part of that is padding")
    assert page.widget.unit[1] == 0


def test_the_unit_nearest_to_the_pointer_is_taken(page):
    page.get_by_role("button", name="block5_pool").click()
    box = canvas(page).bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] - 5)
    told(page, "unit at row 6, column 0 of 7×7")


def test_the_place_survives_a_visit_to_a_dense_layer(page):
    canvas(page).focus()
    canvas(page).press("ArrowUp")
    before = page.widget.unit
    page.get_by_role("button", name="fc2").click()
    told(page, "Each unit of fc2")
    page.get_by_role("button", name="block3_conv3").click()
    told(page, f"unit at row {before[0]}, column {before[1]}")


def test_another_photograph(page):
    page.get_by_label("Photograph", exact=True).select_option("coffee")
    told(page, "block3_conv3")
    page.wait_for_function("document.querySelector('select').value === 'coffee'")
    assert page.widget.picture == "coffee"


def test_a_doubt_is_told(browser):
    def mine(layers):
        return 3, 1

    with mounted(browser, ch09.demo(mine)) as page:
        page.get_by_text("Your mine says (3, 1) for block1_conv2").wait_for()
