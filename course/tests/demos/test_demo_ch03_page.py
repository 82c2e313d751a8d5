"""Chapter 3's demo in a real page: keys, buttons, menus, pointer, and what is said."""

import pytest

from cnnlab.course import ops
from cnnlab.course.demos import ch03_pooling as ch03
from cnnlab.course.demos.ch03_pooling import view
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


def max_pool2d(*args):
    return ops.max_pool2d(*args)


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch03.demo(max_pool2d)
    with mounted(browser, widget) as page:
        yield page, widget


def choose(page, label, option):
    page.get_by_label(label, exact=True).select_option(option)


def cell_words(page):
    return page.locator(".cell-words").inner_text()


def test_arrow_keys_on_the_picture_shift_it_and_home_brings_it_back(shown):
    page, widget = shown
    page.get_by_label("Picture with its windows").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("Shifted by 1 down and 1 to the left").wait_for()
    assert widget.setting["shift"] == [1, -1]
    page.keyboard.press("Home")
    page.get_by_text("Nothing is shifted yet").wait_for()


def test_buttons_shift_no_farther_than_there_is_picture(shown):
    page, widget = shown
    for _ in range(ch03.FARTHEST + 2):
        page.get_by_role("button", name="Shift right").click()
    page.get_by_text("Shifted by 6 to the right").wait_for()
    assert widget.setting["shift"] == [0, ch03.FARTHEST]
    page.get_by_role("button", name="Back").click()
    page.get_by_text("Nothing is shifted yet").wait_for()


def test_arrow_keys_on_the_pooled_numbers_choose_a_window(shown):
    page, _ = shown
    page.get_by_label("Pooled numbers").focus()
    for key in ("ArrowUp", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    largest = view("Chelsea's eye")[2:4, 2:4].max()
    assert cell_words(page).strip() == f"Row 1, column 1: {largest:g}, from 4 pixels."


def test_what_a_number_was_before_the_shift_is_told(shown):
    page, _ = shown
    choose(page, "Picture", "one dot")
    page.get_by_role("button", name="Shift right").click()
    page.get_by_role("button", name="Shift right").click()
    page.get_by_text("Shifted by 2 to the right").wait_for()
    page.get_by_label("Pooled numbers").hover(position={"x": 3 * 52 + 20, "y": 3 * 52 + 20})
    assert cell_words(page) == "Row 3, column 3: 0, from 4 pixels. It was 9 before the shift."


def test_menus_reach_python_and_the_stride_may_follow_the_window(shown):
    page, widget = shown
    choose(page, "Window rows", "3")
    choose(page, "columns", "4")
    choose(page, "Padding", "same")
    page.get_by_text("144 pixels become 12 numbers").wait_for()
    choose(page, "across", "1")
    page.get_by_text("144 pixels become 48 numbers").wait_for()
    assert page.get_by_text("windows overlap").is_visible()
    assert widget.setting["stride"] == [0, 1]
    choose(page, "across", "= window")
    page.get_by_text("144 pixels become 12 numbers").wait_for()


def test_a_stub_is_told_and_the_course_fills_in(browser):
    def max_pool2d(x, size=(2, 2), strides=None, padding="valid"):
        raise NotImplementedError()

    with mounted(browser, ch03.demo(max_pool2d)) as page:
        assert "not written yet" in page.get_by_role("status").inner_text()
        assert page.get_by_text("largest numbers, by the course").is_visible()


def test_a_demo_that_is_removed_listens_no_more(shown):
    page, _ = shown
    assert page.evaluate("() => listening()") == 1
    page.evaluate("() => removeDemo()")
    assert page.evaluate("() => listening()") == 0
