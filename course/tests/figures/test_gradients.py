"""Pictures of gradients: that they can be drawn, and that their words say what they show."""

import numpy as np

from cnnlab.course.figures import gradients


def drawn(picture):
    data = picture.png()
    assert data[:4] == b"\x89PNG"
    return picture.alt


def test_step_sizes_names_the_best_step_of_each_curve():
    steps = np.array([1e-3, 1e-2, 1e-1])
    alt = drawn(gradients.step_sizes(steps, {"one": [0.3, 0.0, 0.1], "two": [2e-4, 1, 1]}))
    assert "one, best about 1e-17 at a step of 1e-02" in alt
    assert "two, best about 2e-04 at a step of 1e-03" in alt


def test_gradient_check_says_how_far_apart_the_two_ways_are():
    tried = np.array([[1.0, -4.0], [0.0, 2.0]])
    checks = {"dx": (tried + np.float64(8e-9), tried), "db": (np.array([3.0]), np.array([2.0]))}
    alt = drawn(gradients.gradient_check(checks))
    assert "dx: 4 numbers, at most 2e-09 apart" in alt
    assert "db: 1 numbers, at most 5e-01 apart" in alt


def test_gradient_check_of_zeros_is_drawn():
    assert "at most 1e-17 apart" in drawn(
        gradients.gradient_check({"d": (np.zeros(3), np.zeros(3))})
    )


def test_descent_tells_each_walk():
    alt = drawn(gradients.descent(np.square, {"a": [-3, -1, 0], "b": [2.0]}, (-3, 3)))
    assert "a: 2 steps from -3 to 0; b: 0 steps from 2 to 2" in alt


def test_training_with_a_run_that_stopped_early():
    losses = {"Keras": [0.7, 0.6, 0.5, 0.4], "your own code": [0.7]}
    alt = drawn(gradients.training(losses, {"Keras": [0.6, 0.66], "your own code": []}, every=2))
    assert "Keras: from 0.700 to 0.450" in alt
    assert "Keras: 66.0% right at the end" in alt
    assert "your own code: from 0.700 to 0.700" in alt
