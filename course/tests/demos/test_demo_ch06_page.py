"""Chapter 6's demo in a real page: keys, pointer, menus, and a run that plays."""

import numpy as np
import pytest

from cnnlab.course.demos import ch06_cats_dogs as ch06
from cnnlab.course.ops.evaluation import overfit_epoch, smooth
from cnnlab.course.tests.chromium import MARKS
from cnnlab.course.tests.demos.mounted import mounted, settle
from cnnlab.course.tests.demos.test_demo_ch06 import RUNS, run

pytestmark = MARKS


@pytest.fixture
def shown(browser):
    """The page with its demo, and the widget behind it."""
    widget = ch06.demo(smooth, overfit_epoch, RUNS)
    with mounted(browser, widget) as page:
        yield page, widget


def words(page, text):
    page.locator(".words", has_text=text).wait_for()


def ends(page):
    """How far the thick lines reach, in the drawing's own units."""
    return page.evaluate(
        "() => [...document.querySelectorAll('polyline.validation:not(.raw)')]"
        ".filter((line) => line.closest('[role=img]')).map((line) => line.points.length)"
    )


def test_arrow_keys_scrub_and_the_curve_grows(shown):
    page, widget = shown
    words(page, "Epoch 0:")
    slider = page.get_by_label("Epoch", exact=True)
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    words(page, "Epoch 3:")
    assert ends(page) == [4]
    page.keyboard.press("End")
    words(page, "Here the run ends.")
    assert widget.setting["epoch"] == 19
    turn = overfit_epoch(run().val_loss)
    assert page.get_by_text(f"turn: epoch {turn}", exact=True).count() == 1
    assert slider.evaluate("node => document.activeElement === node")


def test_dragging_in_the_chart_chooses_the_epoch(shown):
    page, widget = shown
    box = page.get_by_role("img").bounding_box()
    x = [box["x"] + box["width"] * (52 + 792 * epoch / 19) / 860 for epoch in (5, 12)]
    y = box["y"] + box["height"] / 2
    page.mouse.move(x[0], y)
    page.mouse.down()
    words(page, "Epoch 5:")
    page.mouse.move(x[1], y, steps=4)
    page.mouse.up()
    words(page, "Epoch 12:")
    page.mouse.move(x[0], y)
    assert widget.setting["epoch"] == 12


def test_menus_and_the_weight_reach_python(shown):
    page, widget = shown
    page.get_by_role("button", name="Whole run").click()
    page.get_by_label("Run", exact=True).select_option("3")
    words(page, "Epoch 11:")
    page.get_by_label("Show", exact=True).select_option("accuracy")
    page.get_by_text("100 %", exact=True).wait_for()
    page.get_by_label("Weight", exact=True).fill("0.5")
    page.locator("output", has_text="0.50").wait_for()
    page.get_by_label("Training", exact=True).select_option("dropout and augmentation")
    words(page, "Epoch 11:")
    assert widget.setting == {
        "condition": "both", "seed": 0, "measure": "accuracy", "weight": 0.5, "epoch": 11,
    }  # fmt: skip
    assert page.locator("option[value='3']").is_disabled()


def test_a_run_plays_and_stops(browser):
    widget = ch06.demo(smooth, overfit_epoch, {"plain": [run(epochs=500)]})
    with mounted(browser, widget) as page:
        page.get_by_role("button", name="Play").click()
        page.wait_for_function("() => document.querySelector('.epoch output').textContent >= 2")
        page.get_by_role("button", name="Stop").click()
        settle(page)
        stopped = widget.setting["epoch"]
        page.wait_for_timeout(400)  # an epoch takes less
        settle(page)
        assert widget.setting["epoch"] == stopped
        assert page.get_by_role("button", name="Play").count() == 1


def test_what_is_wrong_is_said_and_the_curve_is_named(browser):
    widget = ch06.demo(lambda values, weight: np.zeros(2), overfit_epoch, RUNS)
    widget.setting = {**widget.setting, "epoch": 7}
    with mounted(browser, widget) as page:
        assert "gave an array of shape (2,)" in page.inner_text(".message")
        page.get_by_text("validation, smoothed by the course").wait_for()
        label = page.get_by_role("img").get_attribute("aria-label")
        assert label.startswith("Curves of training and validation loss. Epoch 7:")
