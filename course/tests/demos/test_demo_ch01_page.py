"""Chapter 1's demo in a real page: its script drives the real widget, without Jupyter between."""

import numpy as np
import pytest

from cnnlab.course import ops
from cnnlab.course.demos import ch01_convolution as ch01
from cnnlab.course.demos import page as page_text
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import PATIENCE

pytestmark = MARKS

MOUNT = """async ({script, state}) => {
  const bytes = (list) => new DataView(Uint8Array.from(list).buffer);
  const listeners = new Set();
  const take = (news) => {
    for (const name of ["image", "feature_map"]) news[name] = bytes(news[name]);
    Object.assign(state, news);
  };
  take(state);
  let changed = {};
  const model = {
    get: (name) => state[name],
    set: (name, value) => {
      state[name] = value;
      changed[name] = value;
      listeners.forEach((listener) => listener());
    },
    save_changes: async () => {
      const sent = changed;
      changed = {};
      take(await window.toPython(sent));
      listeners.forEach((listener) => listener());
    },
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
  const url = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
  const widget = (await import(url)).default;
  widget.render({model, el: document.querySelector("#demo")});
}"""


@pytest.fixture
def mount(browser):
    """Function → (the page with its demo, the widget behind it)."""
    pages = []

    def mounted(function):
        widget = ch01.demo(function)
        names = [name for name in widget.traits(sync=True) if not name.startswith("_")]

        def state():
            values = {name: getattr(widget, name) for name in names if name in SHOWN}
            return {k: list(v) if isinstance(v, bytes) else v for k, v in values.items()}

        def to_python(changes):
            for name, value in changes.items():
                setattr(widget, name, value)
            return state()

        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        pages.append(page)
        page.expose_function("toPython", to_python)
        style = page_text("ch01_convolution.css")
        page.set_content(f"<style>{style}</style><div id=demo></div>")
        script = page_text("ch01_convolution.js")
        page.evaluate(MOUNT, {"script": script, "state": state()})
        return page, widget

    yield mounted
    for page in pages:
        page.close()


SHOWN = {
    "names", "presets", "picture", "kernel", "image", "image_shape", "feature_map", "map_shape",
    "answered", "learners", "message",
}  # fmt: skip


def words(page):
    return page.locator(".step-words").inner_text()


def weight(page, row, column):
    return page.get_by_label(f"kernel, row {row}, column {column}", exact=True)


def choose(page, label, option):
    page.get_by_label(label, exact=True).select_option(option)


def value_at(row, column, kernel):
    image = ch01.pictures()["chelsea"]
    return f"{ops.correlate2d(image, kernel)[row, column]:.2f}".replace("-", "−")


def test_arrow_keys_and_pointer_move_the_receptive_field(mount):
    page, _ = mount(ops.correlate2d)
    picture = page.get_by_label("Picture with the receptive field")
    picture.focus()
    for key in ("Shift+ArrowDown", "ArrowDown", "Shift+ArrowRight", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    expected = value_at(5, 4, ch01.PRESETS["vertical edges"])
    assert words(page) == f"Row 5, column 4 of the feature map: {expected}."
    page.keyboard.press("End")
    assert words(page).startswith("Row 5, column 45 ")
    picture.click(position={"x": 6 * 20 + 3, "y": 6 * 10 + 3})  # 6 pixels a cell: its middle
    assert words(page).startswith("Row 9, column 19 ")


def test_a_typed_weight_reaches_python_and_leaves_the_others_exact(mount):
    page, widget = mount(ops.correlate2d)
    choose(page, "Kernel", "box blur")
    weight(page, 1, 2).fill("-1/2")
    page.get_by_text("Row 0, column 0").wait_for()
    expected = np.full((3, 3), 1 / 9)
    expected[1, 2] = -0.5
    np.testing.assert_array_equal(widget.kernel, expected)
    assert page.get_by_label("Kernel", exact=True).input_value() == "your own"


def test_what_is_no_number_is_marked_and_changes_nothing(mount):
    page, widget = mount(ops.correlate2d)
    weight(page, 0, 0).fill("1/")
    assert weight(page, 0, 0).get_attribute("aria-invalid") == "true"
    assert widget.kernel == ch01.PRESETS["vertical edges"]
    weight(page, 0, 0).blur()
    assert weight(page, 0, 0).input_value() == "−1"


def test_another_size_keeps_the_middle(mount):
    page, widget = mount(ops.correlate2d)
    choose(page, "rows", "1")
    choose(page, "columns", "5")
    weight(page, 0, 4).wait_for()
    assert widget.kernel == [[0, -1, 0, 1, 0]]


def test_the_article_s_sum_and_the_walk(mount):
    page, _ = mount(ops.correlate2d)
    choose(page, "Picture", ch01.TINY)
    choose(page, "Kernel", "cross")
    page.get_by_text("Row 0, column 0 of the feature map: 4.").wait_for()
    page.get_by_role("button", name="Play").click()
    page.get_by_text("Row 2, column 2 of the feature map: 4.").wait_for()
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").wait_for()
    assert not words(page).startswith("Row 2, column 2")


def test_a_wrong_function_is_contradicted_at_the_cell(mount):
    page, _ = mount(lambda image, kernel: ops.correlate2d(image, kernel) + 1)
    right = ops.correlate2d(ch01.pictures()["chelsea"], ch01.PRESETS["vertical edges"])[0, 0]
    said = f"{right + 1:.2f}".replace("-", "−")
    assert page.locator("strong").inner_text() == f"Your function says {said}."
    assert "At 2116 of 2116 places" in page.get_by_role("status").inner_text()


def test_a_stub_is_told_and_the_course_fills_in(mount):
    def correlate2d(image, kernel):
        raise NotImplementedError()

    page, _ = mount(correlate2d)
    assert "not written yet" in page.get_by_role("status").inner_text()
    assert page.get_by_text("feature map, by the course").is_visible()


def test_fill_all_colours_every_cell_and_clear_all_but_one(mount):
    page, _ = mount(ops.correlate2d)
    opaque = """() => {
      const canvas = document.querySelectorAll("canvas")[1];
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels.filter((_, n) => n % 4 === 3 && pixels[n] === 255).length / pixels.length * 4;
    }"""
    page.get_by_role("button", name="Fill all").click()
    assert page.evaluate(opaque) == 1
    page.get_by_role("button", name="Clear").click()
    assert page.evaluate(opaque) < 0.01
