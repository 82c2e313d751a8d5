"""Gradient ascent in NumPy, against TensorFlow's tape and against finite differences."""

import numpy as np
import pytest

from cnnlab.course.ops import ascent
from cnnlab.course.ops.gradients import numerical_gradient


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(0, 10, (6, 5, 3))


def test_total_variation_is_tensorflows(image):
    import tensorflow as tf

    right = float(tf.image.total_variation(tf.constant(image)))
    assert ascent.total_variation(image) == pytest.approx(right)


@pytest.mark.parametrize(("tv", "l6"), [(0.7, 0.0), (0.0, 1.3), (0.4, 0.9)])
def test_the_penalties_gradients_are_those_of_finite_differences(image, tv, l6):
    def penalty(x):
        return tv * ascent.total_variation(x) / x.size + l6 * ascent.l6(x)

    right = numerical_gradient(penalty, image)
    np.testing.assert_allclose(ascent.penalty_gradient(image, tv, l6), right, atol=1e-7)


def test_a_blank_picture_has_no_penalty_that_is_not_asked_for():
    assert not ascent.penalty_gradient(np.zeros((2, 2, 3)), 0.0, 0.0).any()
    assert not ascent.penalty_gradient(np.zeros((2, 2, 3)), 1.0, 0.0).any()


def test_a_step_has_the_length_of_its_rate(image):
    for scale in (1e-3, 1.0, 1e3):
        step = ascent.ascent_step(image, scale * image, 2.5) - image
        assert np.sqrt(np.mean(step**2)) == pytest.approx(2.5, rel=1e-4)


def test_the_shift_is_taken_back(image):
    seen = []

    def gradient(x):
        seen.append(x)
        return np.ones_like(x)

    moved = ascent.shifted_step(gradient, image, (2, -1), rate=1.0)
    np.testing.assert_array_equal(seen[0], np.roll(image, (2, -1), (0, 1)))
    np.testing.assert_allclose(moved, image + 1)


def test_what_does_not_fit_is_refused(image):
    with pytest.raises(ValueError, match="gradient must have image's shape"):
        ascent.ascent_step(image, image[:1], 1.0)
    with pytest.raises(ValueError, match="image must have shape"):
        ascent.total_variation(image[0])


def test_an_enlarged_picture_keeps_its_corners_and_its_level(image):
    large = ascent.enlarged(image, 30)
    assert large.shape == (30, 30, 3)
    assert large.mean() == pytest.approx(image.mean(), abs=0.5)
