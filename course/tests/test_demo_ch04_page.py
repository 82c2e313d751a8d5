"""Chapter 4's demo in a real page: its script drives the real widget, without Jupyter between."""

import shutil

import pytest

from cnnlab.course.demos import ch04_network as ch04
from cnnlab.course.demos import page as page_text
from cnnlab.course.layers import count_macs, count_parameters

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]

MOUNT = """async ({script, state}) => {
  const listeners = new Set();
  let changed = {};
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; changed[name] = value; },
    save_changes: async () => {
      const sent = changed;
      changed = {};
      Object.assign(state, await window.toPython(sent));
      listeners.forEach((listener) => listener());
    },
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
  const url = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
  const widget = (await import(url)).default;
  widget.render({model, el: document.querySelector("#demo")});
}"""

SHOWN = (
    "sizes", "presets", "fields", "words", "most", "largest", "size", "layers", "rows",
    "trouble", "learners", "message",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield running
        running.close()


@pytest.fixture
def mounted(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch04.demo(count_parameters, count_macs)

    def to_python(changes):
        for name, value in changes.items():
            setattr(widget, name, value)
        return {name: getattr(widget, name) for name in SHOWN}

    page = browser.new_page()
    page.set_default_timeout(5000)
    page.expose_function("toPython", to_python)
    style = page_text("ch04_network.css")
    page.set_content(f"<!doctype html><style>{style}</style><div id=demo></div>")
    page.evaluate(MOUNT, {"script": page_text("ch04_network.js"), "state": to_python({})})
    yield page, widget
    page.close()


def total(page, text):
    page.locator(".total", has_text=text).wait_for()


def test_a_changed_number_changes_the_counts_and_keeps_the_focus(mounted):
    page, widget = mounted
    total(page, "In all: 47,233 parameters, 2,244,672 multiply-accumulates.")
    filters = page.get_by_label("layer 1, convolution: filters", exact=True)
    filters.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("64")
    total(page, "In all: 62,401 parameters")
    assert filters.evaluate("node => document.activeElement === node")
    assert widget.layers[0] == ["conv", 64, 3, 1, "same", 1]
    assert page.get_by_label("Network").input_value() == "your own"


def test_a_number_that_is_none_is_marked_and_not_sent(mounted):
    page, widget = mounted
    kernel = page.get_by_label("layer 3, convolution: kernel", exact=True)
    kernel.fill("0")
    assert kernel.get_attribute("aria-invalid") == "true"
    assert widget.layers == ch04.PRESETS["this chapter's"]


def test_layers_are_moved_removed_and_added_with_the_keyboard(mounted):
    page, widget = mounted
    page.get_by_label("remove layer 6, max pool").press("Enter")
    total(page, "multiply-accumulates")
    page.get_by_label("remove layer 6, flatten").wait_for()
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "remove layer 6, flatten"
    page.get_by_label("up layer 2, max pool").press("Enter")
    page.get_by_label("down layer 1, max pool").wait_for()
    page.get_by_role("button", name="+ dropout").press("Enter")
    page.get_by_label("layer 9, dropout: rate").wait_for()
    kinds = [layer[0] for layer in widget.layers]
    assert kinds == [
        "max_pool", "conv", "conv", "max_pool", "conv", "flatten", "dense", "dense", "dropout",
    ]  # fmt: skip


def test_a_layer_that_does_not_fit_is_named(mounted):
    page, _ = mounted
    page.get_by_role("button", name="+ convolution").click()
    page.get_by_text("Layer 10, convolution 32 of 3×3, needs maps").wait_for()
    total(page, "(of the 9 layers that fit)")


def test_presets_and_picture_sizes(mounted):
    page, widget = mounted
    page.get_by_label("Network").select_option("the article's")
    page.get_by_label("layer 11, dense: units").wait_for()
    page.get_by_label("Picture").select_option("150×150×3")
    total(page, "5,681,345 parameters")
    assert widget.size == 150
