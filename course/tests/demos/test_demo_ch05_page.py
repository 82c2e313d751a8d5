"""Chapter 5's demo in a real page: clicks, keys and menus, and what is said."""

import pytest

from cnnlab.course.demos import ch05_backprop as ch05
from cnnlab.course.ops import gradients
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch05.demo(
        gradients.conv2d_backward, gradients.relu_backward, gradients.max_pool2d_backward
    )
    with mounted(browser, widget) as page:
        yield page, widget


def dout(page):
    return page.get_by_label("gradient: max pool")


def test_a_click_chooses_one_cell(shown):
    page, widget = shown
    dout(page).click(position={"x": 2.5 * 46, "y": 0.5 * 46})
    page.get_by_text("Row 0, column 2 of the pooled map").wait_for()
    assert widget.setting["chosen"] == [[0, 2]]
    page.get_by_label("max pool.", exact=False).first.click(position={"x": 20, "y": 2.5 * 46})
    page.get_by_text("Row 2, column 0 of the pooled map").wait_for()
    assert widget.setting["chosen"] == [[2, 0]]


def test_arrow_keys_and_space(shown):
    page, widget = shown
    dout(page).focus()
    page.keyboard.press("ArrowDown")
    page.get_by_text("Row 2, column 1 of the pooled map").wait_for()
    page.keyboard.press("ArrowDown")  # stays inside
    page.get_by_label("choose several").check()
    dout(page).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    page.get_by_text("2 cells are chosen").wait_for()
    assert widget.setting["chosen"] == [[2, 1], [1, 1]]
    page.keyboard.press(" ")
    page.get_by_text("Row 2, column 1 of the pooled map").wait_for()


def test_all_cells_and_only_one(shown):
    page, widget = shown
    page.get_by_role("button", name="All cells").click()
    page.get_by_text("9 cells are chosen").wait_for()
    page.get_by_role("button", name="Only one").click()
    page.get_by_text("Row 1, column 1 of the pooled map").wait_for()
    assert widget.setting["chosen"] == [[1, 1]]


def test_menus_reach_python_and_the_maps_change_size(shown):
    page, widget = shown
    page.get_by_label("Padding", exact=True).select_option("same")
    page.get_by_label("Stride", exact=True).select_option("2")
    page.get_by_label("Picture", exact=True).select_option("Chelsea's eye")
    page.get_by_label("Kernel", exact=True).select_option("one row")
    page.get_by_text("of 324 pixels").wait_for()
    assert {k: v for k, v in widget.setting.items() if k != "chosen"} == {
        "picture": "Chelsea's eye", "kernel": "one row", "stride": 2, "padding": "same",
    }  # fmt: skip
    assert widget.shapes[3] == [4, 4]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("picture", list(ch05.pictures()))
def test_the_maps_fit_beside_one_another(browser, picture, padding):
    widget = ch05.demo(
        gradients.conv2d_backward, gradients.relu_backward, gradients.max_pool2d_backward
    )
    widget.setting = {**widget.setting, "picture": picture, "padding": padding}
    with mounted(browser, widget) as page:
        page.set_viewport_size({"width": 860, "height": 900})  # an output in a window of 1280
        over = "ways => ways.map((way) => way.scrollWidth - way.clientWidth)"
        assert page.locator(".way").evaluate_all(over) == [0, 0]


def test_a_stub_is_told_and_the_course_fills_in(browser):
    def relu_backward(dout, z):
        raise NotImplementedError()

    widget = ch05.demo(gradients.conv2d_backward, relu_backward, gradients.max_pool2d_backward)
    with mounted(browser, widget) as page:
        assert "Your relu_backward is not written yet" in page.get_by_role("status").inner_text()
        assert page.get_by_text("the course's relu_backward").is_visible()
        assert page.get_by_text("your conv2d_backward", exact=True).is_visible()
