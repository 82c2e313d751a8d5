"""Figures of chapter 7: training curves, answers with their spread, quarters of doubt."""

import numpy as np
import pytest

from cnnlab.course.figures import curves, uncertainty
from cnnlab.course.training.histories import History

EPOCHS = np.arange(4.0)


def run(condition, seed):
    ones = np.ones(4)
    losses = np.array([0.7, 0.5, 0.6, 0.9])
    return History(condition, seed, ones - EPOCHS / 5, ones, losses, 0.6 * ones, 0.6, {})


def test_curves_are_told_in_words_and_drawn_for_every_condition():
    histories = {name: [run(name, seed) for seed in range(2)] for name in ("plain", "dropout")}
    both, one = curves.training(histories), curves.training(histories, ["dropout"])
    assert "Plain: validation loss is lowest in epoch 2 with 0.50 and ends at 0.90" in both.alt
    assert "Plain" not in one.alt
    assert [len(p.figure.axes[0].lines) for p in (both, one)] == [4, 2]
    assert both.png()[:4] == b"\x89PNG"


def test_a_loss_that_explodes_does_not_flatten_the_others():
    wild = run("plain", 0)
    wild.val_loss[-1] = 50.0
    picture = curves.training({"plain": [wild]})
    assert picture.figure.axes[0].get_ylim()[1] == 4.0


def test_ranges_say_mean_and_spread():
    images = np.zeros((9, 4, 4, 3), np.uint8)
    mean, std = np.linspace(0, 1, 9)[:, None], np.full((9, 1), 0.1)
    picture = uncertainty.ranges(images, mean, std, truth=[0, 1] * 4 + [0])
    assert "1: cat, 0.00 ± 0.10; 2: dog, 0.12 ± 0.10" in picture.alt
    assert len(picture.figure.axes) == 18
    assert "1: picture, 0.00 ± 0.10" in uncertainty.ranges(images, mean, std).alt


@pytest.mark.parametrize("shape", [(8,), (8, 1)])
def test_quarters_go_from_the_least_doubt_to_the_most(shape):
    doubt = np.array([8, 1, 7, 2, 6, 3, 5, 4.0]).reshape(shape)
    right = np.array([0, 1, 0, 1, 0, 0, 1, 1], bool).reshape(shape)
    np.testing.assert_array_equal(uncertainty.quarters(doubt, right), [1, 0.5, 0.5, 0])


def test_quarters_as_bars():
    shares = {"spread": np.array([1, 0.75, 0.5, 0.25]), "mean": np.full(4, 0.5)}
    picture = uncertainty.by_quarter(shares)
    assert "spread: 100%, 75%, 50%, 25%; mean: 50%" in picture.alt
    assert len(picture.figure.axes[0].patches) == 8
