"""Demos, a question and the cards of check on a notebook's page, in both of JupyterLab's themes."""

from pathlib import Path

import jupyterlab
import pytest

from cnnlab.autograder.display.box import Box
from cnnlab.autograder.display.card import note, overview_html, to_html
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.judge import not_attempted
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.kernel_judge import judged
from cnnlab.course.guesses import guess
from cnnlab.course.tests.chromium import MARKS, serious_faults
from cnnlab.course.tests.demos.calls import BY_HAND
from cnnlab.course.tests.demos.mounted import mounted
from cnnlab.course.tests.demos.test_stand_in import called

pytestmark = MARKS

THEMES = Path(jupyterlab.__file__).parent / "themes/@jupyterlab"
OUTPUT = {"width": 860, "height": 800}
"""What a window of 1280 × 800 pixels leaves an output in width, and its height."""
WEAR = """([name, style]) => {
  document.querySelector("#theme")?.remove();
  document.head.insertAdjacentHTML("beforeend", `<style id="theme">${style}
    body { background: var(--jp-layout-color0); color: var(--jp-content-font-color1); }</style>`);
  document.body.dataset.jpThemeLight = String(name === "light");
}"""
CUT = """() => [...document.querySelectorAll("#demo, #demo *")]
  .filter((it) => it.scrollWidth > it.clientWidth && getComputedStyle(it).overflowX === "auto")
  .map((it) => it.className)"""


def faults(page):
    """By theme: what is wrong with a page. What is no matter of colours is asked once."""
    found = {}
    for name, only in {"light": None, "dark": ["color-contrast"]}.items():
        style = THEMES / f"theme-{name}-extension/index.css"
        page.evaluate(WEAR, [name, style.read_text(encoding="utf-8")])
        found[name] = serious_faults(page, only)
    return found


CHAPTER, QUESTION = "ch01_convolution", "first_step"


@pytest.mark.parametrize("name", [*BY_HAND, QUESTION])
def test_a_demo_fits_its_page_and_can_be_read(browser, name):
    widget = guess(name) if name == QUESTION else called(name)
    with mounted(browser, widget) as page:
        page.set_viewport_size(OUTPUT)
        box = page.locator("#demo").bounding_box()
        assert box["height"] <= OUTPUT["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= OUTPUT["width"]
        assert page.evaluate(CUT) == []
        assert faults(page) == {"light": [], "dark": []}


@pytest.mark.parametrize("name", ["ch04_network", QUESTION])
def test_a_demo_can_be_read_on_a_dark_page_without_jupyterlabs_colours(browser, name):
    """As in Colab, and in VS Code, which puts widgets on white whatever its theme is."""
    widget = guess(name) if name == QUESTION else called(name)
    with mounted(browser, widget, "body { background: #1e1e1e; color: #ccc; }") as page:
        assert serious_faults(page, ["color-contrast"]) == []


def cards():
    """A card of each kind: right, with pictures, an error, not written, a list, a note, a box."""
    exercise, key = load_chapter(CHAPTER)["correlate2d"], recorded(CHAPTER)["correlate2d"]
    flipped = exercise.twists[0].apply(exercise.numpy_op)
    functions = (exercise.numpy_op, flipped, lambda image: image)
    found = [judged(function, key).result for function in functions]
    assert [result.status for result in found] == ["passed", "failed", "error"]
    found.append(not_attempted(exercise))
    shown = [*map(to_html, found), overview_html(found), note("A", "note")]
    return [*shown, Box(CHAPTER, "expose_relu")._repr_html_()]


def test_cards_can_be_read(browser):
    page = browser.new_page(viewport=OUTPUT)
    page.set_content(f"<!doctype html><html lang=en><title>Cards</title>{''.join(cards())}")
    assert page.evaluate("document.documentElement.scrollWidth") <= OUTPUT["width"]
    assert faults(page) == {"light": [], "dark": []}
    page.close()
