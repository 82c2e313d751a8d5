"""Chapter 6's demo without a browser: what it shows of a run, with right and wrong functions."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos.ch06_cats_dogs import (
    CurvesDemo,
    Setting,
    checked,
    demo,
    limits,
    scene,
    sentence,
)
from cnnlab.course.ops import evaluation
from cnnlab.course.ops.evaluation import overfit_epoch, smooth
from cnnlab.course.training.histories import History

EPOCHS = 20


def run(condition="plain", seed=0, rise=0.1, epochs=EPOCHS):
    t = np.arange(epochs)
    val_loss = 0.6 + rise * np.abs(t - 8) + 0.05 * (-1.0) ** t
    loss, accuracy = 0.7 - t / 50, 0.5 + t / 50
    return History(condition, seed, loss, accuracy, val_loss, 0.6 + 0 * t, 0.7, about={})


RUNS = {"plain": [run(), run(seed=3, epochs=12)], "both": [run("both", rise=0.01)]}
SETTING = Setting("plain", 0, epoch=14)


def later(values):
    raise NotImplementedError()


def test_nothing_of_the_future_is_shown():
    shown = scene(smooth, overfit_epoch, RUNS["plain"][0], SETTING)
    assert {len(values) for values in (*shown.raw.values(), *shown.smooth.values())} == {15}
    np.testing.assert_allclose(shown.smooth["validation"], smooth(run().val_loss[:15]))
    np.testing.assert_allclose(shown.smooth["training"], smooth(run().loss[:15]))
    assert shown.turn == overfit_epoch(run().val_loss[:15])
    assert shown.message == ""
    assert shown.learners == {"smooth": True, "overfit_epoch": True}


def test_the_turn_is_that_of_the_loss_where_accuracies_are_shown():
    setting = Setting("plain", 0, measure="accuracy", weight=0.5, epoch=14)
    shown = scene(smooth, overfit_epoch, RUNS["plain"][0], setting)
    assert shown.raw["validation"] == [0.6] * 15
    np.testing.assert_allclose(shown.smooth["training"], smooth(run().accuracy[:15], 0.5))
    assert shown.turn == overfit_epoch(run().val_loss[:15])


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (later, "Your later is not written yet."),
        (lambda values, weight: 1 / 0, "raised ZeroDivisionError: division by zero."),
        (lambda values, weight: None, "gave None"),
        (lambda values, weight: values[1:], "gave an array of shape (14,)"),
        (lambda values, weight: values * np.nan, "not finite"),
    ],
)
def test_what_cannot_be_shown_is_smoothed_by_the_course(function, said):
    shown = scene(function, overfit_epoch, RUNS["plain"][0], SETTING)
    assert said in shown.message
    assert not shown.learners["smooth"]
    np.testing.assert_allclose(shown.smooth["validation"], smooth(run().val_loss[:15]))


def test_a_wrong_curve_is_shown_and_said_to_be_wrong():
    def uncorrected(values, weight=0.8):
        return evaluation.smooth(np.r_[np.zeros(200), values], weight)[200:]

    shown = scene(uncorrected, overfit_epoch, RUNS["plain"][0], SETTING)
    assert shown.learners["smooth"]
    assert shown.smooth["validation"][0] < 0.5
    assert "does not give the smooth value" in shown.message


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (later, "Your later is not written yet."),
        (lambda v: v[99], "raised IndexError"),
        (lambda v: None, "did not give a whole number"),
        (lambda v: 2.5, "did not give a whole number"),
        (lambda v: len(v), "gave epoch 15 of 15"),
        (lambda v: -1, "gave epoch -1 of 15"),
    ],
)
def test_a_turn_that_is_none_is_replaced_by_the_courses(function, said):
    shown = scene(smooth, function, RUNS["plain"][0], SETTING)
    assert said in shown.message
    assert "You see the course's marker." in shown.message
    assert (shown.turn, shown.learners["overfit_epoch"]) == (
        overfit_epoch(run().val_loss[:15]),
        False,
    )


def test_a_wrong_turn_is_shown_beside_the_right_one():
    shown = scene(smooth, lambda v: 1, RUNS["plain"][0], SETTING)
    right = overfit_epoch(run().val_loss[:15])
    assert shown.turn == 1
    assert shown.message == f"Your function says 1, the course says {right}."


def test_a_function_that_spoils_its_input_spoils_no_run():
    def spoils(values, weight=0.8):
        smoothed = smooth(values, weight)
        values[:] = 0
        return smoothed

    def finds(val_loss):
        turn = overfit_epoch(val_loss)
        val_loss[:] = 0
        return turn

    history = run()
    shown = scene(spoils, finds, history, SETTING)
    np.testing.assert_array_equal(history.val_loss, run().val_loss)
    assert "changes the array" in shown.message


def test_sentences():
    history = run()
    assert sentence(history, Setting("plain", 0, epoch=0), 0) == (
        "Epoch 0: training loss 0.70, validation loss 1.45; 60.0% of the validation pictures are "
        "right. The smooth validation loss is lowest now."
    )
    assert "lowest in epoch 13, 1 epoch ago" in sentence(history, SETTING, 13)
    assert "12 epochs ago" in sentence(history, SETTING, 2)
    assert sentence(history, Setting("plain", 0, epoch=19), 9).endswith("Here the run ends.")


def test_limits_fit_all_runs_and_cut_off_what_explodes():
    assert limits(RUNS, "accuracy") == [0.5, 1.0]
    assert limits(RUNS, "loss") == [0.0, 1.7]
    assert limits({"plain": [run(rise=4.0)]}, "loss") == [0.0, 3.0]


@pytest.mark.parametrize(
    "change",
    [
        {"condition": "unknown"},
        {"seed": 1},
        {"measure": "val_loss"},
        {"weight": 1.0},
        {"weight": -0.1},
        {"epoch": -1},
        {"epoch": 2.5},
        {"other": 1},
    ],
)
def test_the_widget_refuses_what_it_cannot_show(change):
    widget = demo(smooth, overfit_epoch, RUNS)
    before = dict(widget.setting)
    with pytest.raises(traitlets.TraitError):
        widget.setting = before | change
    assert widget.setting == before


def test_the_widget_follows_its_setting_and_a_shorter_run_ends_earlier():
    widget = CurvesDemo(smooth, overfit_epoch, RUNS, epoch=14)
    assert (widget.setting["condition"], widget.epochs, widget.turn) == (
        "plain", EPOCHS, overfit_epoch(run().val_loss[:15]),
    )  # fmt: skip
    assert widget.runs == {"plain": [0, 3], "both": [0]}
    widget.setting = {**widget.setting, "seed": 3, "weight": 0.5}
    assert (widget.epochs, widget.setting["epoch"]) == (12, 11)
    np.testing.assert_allclose(widget.smooth["validation"], smooth(run(epochs=12).val_loss, 0.5))
    assert "Here the run ends." in widget.sentence


def test_settings_from_the_page_are_taken_as_they_are():
    values = {"condition": "both", "seed": 0, "measure": "loss", "weight": 0, "epoch": 3}
    assert checked(RUNS, values) == Setting("both", 0, "loss", 0, 3)
