"""Chapter 13's demo in a real page: keys, pointer, menus, and what is said of a wrong matrix."""

from cnnlab.course.demos import ch13_fast_convolution as ch13
from cnnlab.course.ops import fast
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS


def words(page):
    return page.locator(".patch-words").inner_text()


def choose(page, label, option):
    page.get_by_label(label, exact=True).select_option(option)


def test_arrow_keys_choose_a_patch_and_a_tap(browser):
    with mounted(browser, ch13.demo(fast.im2col)) as page:
        page.get_by_label("Matrix of patches").focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
        assert words(page) == (
            "Row 1 is the patch at place (0, 1). Column 2 is tap (1, 0). There lies pixel 7."
        )
        page.keyboard.press("End")
        assert words(page).endswith("Column 3 is tap (1, 1). There lies pixel 8.")


def test_a_click_on_the_matrix_and_one_on_the_picture(browser):
    with mounted(browser, ch13.demo(fast.im2col)) as page:
        page.get_by_label("Matrix of patches").click(position={"x": 34 * 1.5, "y": 24 * 5.5})
        assert words(page).startswith("Row 5 is the patch at place (1, 1). Column 1 ")
        page.get_by_label("Picture, channel 0").click(position={"x": 40 * 4.5, "y": 40 * 3.5})
        assert words(page) == (
            "Row 11 is the patch at place (2, 3). Column 3 is tap (1, 1). There lies pixel 20."
        )


def test_menus_reach_python_and_show_the_frame_and_the_second_channel(browser):
    widget = ch13.demo(fast.im2col)
    with mounted(browser, widget) as page:
        second = page.get_by_label("Picture, channel 1")
        assert not second.is_visible()
        choose(page, "Padding", "same")
        choose(page, "Window", "3 × 3")
        choose(page, "Channels", "2")
        page.get_by_text("matrix: 20 rows × 18 columns, by your function").wait_for()
        assert widget.setting == {
            "size": "3 × 3", "strides": "1 down, 1 right", "padding": "same", "channels": "2",
        }  # fmt: skip
        assert words(page).endswith("tap (0, 0) of channel 0. There lies a 0 of the frame.")
        second.click(position={"x": 40 * 2.5, "y": 40 * 2.5})
        assert words(page).endswith("tap (1, 1) of channel 1. There lies pixel 107.")


def test_a_wrong_number_is_pointed_out_where_it_stands(browser):
    def im2col(*args):
        return fast.im2col(*args)[:, ::-1]

    with mounted(browser, ch13.demo(im2col)) as page:
        assert "does not give the number of its patch and tap" in page.inner_text(".message")
        assert page.locator("strong").inner_text() == "Your function says 7."
