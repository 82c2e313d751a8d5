"""Pictures of how a training goes, and what they say of themselves."""

import numpy as np
import pytest

from cnnlab.course.figures import training_signs


def test_sizes_are_read_out_and_what_is_not_finite_too():
    sizes = {"a": [1.0, 0.01], "b": [1.0, np.inf]}
    picture = training_signs.layers(sizes, "size", along="block")
    assert "a: 1 in the first block, 0.01 in the last" in picture.alt
    assert "b: 1 in the first block, too large in the last" in picture.alt
    assert picture.png().startswith(b"\x89PNG")


def test_losses_that_overflow_are_named():
    picture = training_signs.losses({"good": [0.7, 0.1], "bad": [0.7, np.nan]}, {"good": 5})
    assert "good: from 0.7 to 0.1" in picture.alt
    assert "bad: from 0.7 to overflow" in picture.alt
    (axes,) = picture.figure.axes
    assert axes.lines[1].get_xdata().tolist() == [0, 5]
    assert axes.lines[0].get_ydata()[0] == pytest.approx(np.log(2))


def test_a_sweep_marks_rates():
    rates = np.array([0.01, 0.1, 1.0])
    picture = training_signs.sweep(rates, [2, 1, 3], [2, 1.5, 2], {"best": 0.1})
    assert "best at 0.1" in picture.alt
    assert "from 2.00 down to 1.50, at the end 2" in picture.alt


def test_stops_are_marked():
    picture = training_signs.stops([3, 1, 2, 2], {"patience 2": (3, 1)})
    assert "patience 2 stops in epoch 3 and keeps epoch 1" in picture.alt
    assert "over 4 epochs" in picture.alt
