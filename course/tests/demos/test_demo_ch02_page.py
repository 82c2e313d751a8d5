"""Chapter 2's demo in a real page: sliders, menus, keys, pointer, and what is said."""

import pytest

from cnnlab.course import ops
from cnnlab.course.demos import ch02_stride_padding as ch02
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


def conv2d(*args):
    return ops.conv2d(*args)


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch02.demo(conv2d)
    with mounted(browser, widget) as page:
        yield page, widget


def words(page):
    return page.locator(".place-words").inner_text()


def slide(page, label, value):
    page.get_by_label(label, exact=True).fill(str(value))


def test_a_slider_moves_rows_and_columns_apart(shown):
    page, widget = shown
    slide(page, "kernel rows", 4)
    page.get_by_text("the window reaches over 4").wait_for()
    assert widget.setting["k"] == [4, 3]
    slide(page, "width", 12)
    page.get_by_text("12 columns").wait_for()
    assert widget.setting["size"] == [7, 12]


def test_menus_reach_python(shown):
    page, widget = shown
    page.get_by_label("Padding", exact=True).select_option("valid")
    page.get_by_text("7 rows, the window reaches over 3: 3 places.").wait_for()
    page.get_by_label("Kernel", exact=True).select_option("first tap alone")
    page.get_by_text(f"and the sum is {ch02.eye()[0, 0]:g}.").wait_for()
    assert (widget.setting["padding"], widget.setting["kernel"]) == ("valid", "first tap alone")


def test_arrow_keys_walk_from_place_to_place_and_stop_at_the_ends(shown):
    page, _ = shown
    page.get_by_label("Framed picture").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    assert words(page).startswith("Place (1, 1): the window begins at row 2, column 3 ")
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert words(page).startswith("Place (1, 2): ")
    page.keyboard.press("Home")
    assert words(page).startswith("Place (1, 0): ")


def test_a_click_takes_the_nearest_window_and_on_the_map_the_cell(shown):
    page, _ = shown
    page.get_by_label("Framed picture").click(position={"x": 34 * 7, "y": 34 * 5.5})
    assert words(page).startswith("Place (2, 2): ")
    page.get_by_label("Feature map").click(position={"x": 36 * 1.5, "y": 36 * 3.5})
    assert words(page).startswith("Place (3, 1): ")


def test_play_walks_and_pause_stops(shown):
    page, _ = shown
    page.clock.install(time=0)  # the page's time stands still, except where we let it pass
    page.clock.pause_at(1)
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(800)
    assert words(page).startswith("Place (0, 2): ")
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert words(page).startswith("Place (0, 2): ")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(5000)
    assert words(page).startswith("Place (3, 2): ")
    assert page.get_by_role("button", name="Play").is_visible()


def test_what_was_set_back_is_said_and_its_slider_follows(shown):
    page, _ = shown
    slide(page, "dilation right", 2)
    page.get_by_text("the stride is 1 again").wait_for()
    assert page.get_by_label("stride down", exact=True).input_value() == "1"
    assert page.get_by_label("stride right", exact=True).input_value() == "1"


def test_without_a_place_there_is_no_map_and_nothing_to_play(shown):
    page, _ = shown
    page.get_by_label("Padding", exact=True).select_option("valid")
    slide(page, "height", 2)
    page.get_by_text("there is no place where it can stand").wait_for()
    assert page.get_by_label("Feature map").is_hidden()
    assert page.get_by_role("button", name="Play").is_disabled()


def test_hatched_cells_are_those_that_no_place_meets(browser):
    setting = {"size": [4, 8], "k": [2, 2], "stride": [2, 4], "padding": "valid"}
    # A plain cell has one colour around its number; under a hatch there are several.
    corner = """([i, j]) => {
      const canvas = document.querySelector("canvas");
      const cell = canvas.height / 4;
      const pixels = canvas.getContext("2d").getImageData(
        (j + 0.2) * cell, (i + 0.1) * cell, cell / 5, cell / 8).data;
      return new Set(pixels.filter((_, n) => n % 4 === 0)).size;
    }"""
    with mounted(browser, ch02.StrideDemo(conv2d, **setting)) as page:
        assert page.get_by_text("2 places. 4 never met.").is_visible()
        hatched = [page.evaluate(corner, [3, j]) > 1 for j in range(8)]
    assert hatched == [False, False, True, True, False, False, True, True]


def test_a_wrong_function_is_contradicted_at_the_place(browser):
    with mounted(browser, ch02.demo(lambda *args: ops.conv2d(*args) + 1)) as page:
        page.get_by_label("Kernel", exact=True).select_option("first tap alone")
        page.get_by_text("Your function says 1.").wait_for()
        assert "At 12 of 12 places" in page.get_by_role("status").inner_text()


def test_a_demo_that_is_removed_listens_no_more_and_stops_playing(shown):
    page, _ = shown
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    assert page.evaluate("() => listening()") == 1
    page.evaluate("() => removeDemo()")
    assert page.evaluate("() => listening()") == 0
    assert page.get_by_role("button", name="Play").count() == 1
