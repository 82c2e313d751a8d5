"""The form in a real page, by keyboard and pointer, in both themes, and without Python."""

import os
from pathlib import Path

import pytest

from cnnlab.course.guesses import guess
from cnnlab.course.guesses.cell import GuessCell
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted, settle, until

pytestmark = MARKS

DARK = """
:root { color-scheme: dark; --jp-ui-font-color1: #fff; --jp-layout-color1: #111;
  --jp-border-color1: #616161; --jp-brand-color1: #42a5f5; }
body { background: #111; color: #fff; }
"""


def looked_at(page, name):
    folder = Path(os.environ.get("ARTIFACTS", "artifacts"))
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"guess-{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("look", ["", DARK], ids=["light", "dark"])
def test_a_number_by_keyboard_alone(browser, look):
    cell = guess("weights_of_one_neuron")
    with mounted(browser, cell, look) as page:
        page.keyboard.press("Tab")
        page.keyboard.type("22500")
        page.keyboard.press("Enter")
        page.get_by_text("You counted pixels.").wait_for()
        assert cell.answer == ""
        looked_at(page, f"wrong-{'dark' if look else 'light'}")
        page.get_by_label("Your guess").fill("67,500")
        page.keyboard.press("Enter")
        page.get_by_text("That is one single neuron.").wait_for()
        page.get_by_text("Right.", exact=True).wait_for()
        assert not page.get_by_role("button", name="Show the answer").is_visible()
        looked_at(page, f"right-{'dark' if look else 'light'}")


@pytest.mark.parametrize("look", ["", DARK], ids=["light", "dark"])
def test_a_choice_and_the_answer_on_demand(browser, look):
    cell = guess("two_convolutions")
    with mounted(browser, cell, look) as page:
        show = page.get_by_role("button", name="Show the answer")
        assert not show.is_visible()
        page.get_by_label("yes: each adds something new").check()
        page.get_by_role("button", name="Check my guess").click()
        page.get_by_text("it is a convolution again").wait_for()
        show.focus()
        page.keyboard.press("Enter")
        page.get_by_text("A kernel of 5 × 5").wait_for()
        until(page, lambda: cell.asked)
        looked_at(page, f"choice-{'dark' if look else 'light'}")


def test_the_arrow_keys_choose(browser):
    cell = guess("two_convolutions")
    with mounted(browser, cell) as page:
        page.get_by_role("radio").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.get_by_text("Right.", exact=True).wait_for()
        assert cell.guessed["text"] == "no: one larger kernel does the same"


def test_what_cannot_be_read_says_how_to_write(browser):
    with mounted(browser, guess("map_of_one_filter")) as page:
        page.get_by_label("Your guess").fill("a map")
        page.keyboard.press("Enter")
        page.get_by_text("Write whole numbers").wait_for()
        assert not page.get_by_role("button", name="Show the answer").is_visible()


def test_an_empty_guess_is_not_sent(browser):
    cell = guess("map_of_one_filter")
    with mounted(browser, cell) as page:
        page.get_by_role("button", name="Check my guess").click()
        settle(page)
        assert cell.guessed == {}


def test_without_python_the_fold_opens(browser, monkeypatch):
    cell = guess("first_step")
    monkeypatch.setattr(GuessCell, "_judge", lambda self, change: None)
    cell.unobserve_all("guessed")
    with mounted(browser, cell) as page:
        page.get_by_label("Your guess").fill("9")
        page.keyboard.press("Enter")
        page.get_by_text("Python does not answer here.").wait_for()
        assert not page.get_by_text("Four of the nine products").is_visible()
        page.get_by_text("The answer", exact=True).click()
        page.get_by_text("Four of the nine products").wait_for()


def test_it_leaves_no_listener_behind(browser):
    with mounted(browser, guess("first_step")) as page:
        assert page.evaluate("window.listening()") == 1
        page.evaluate("window.removeDemo()")
        assert page.evaluate("window.listening()") == 0
