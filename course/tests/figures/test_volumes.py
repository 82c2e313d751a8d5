"""Volumes in space: their numbers are computed, their sizes are true."""

import re

import numpy as np
import pytest

from cnnlab.course import ops
from cnnlab.course.figures import volumes
from cnnlab.course.palette import OUTPUT, WINDOW
from cnnlab.course.tests.figures.drawings import check, overlaps, words

RNG = np.random.default_rng(0)
IMAGE, KERNEL = RNG.random((32, 32, 3)), RNG.normal(size=(5, 5, 3))


def test_the_window_says_what_the_convolution_gives():
    on = check(lambda: volumes.window(IMAGE, KERNEL, 0.5))
    answers = ops.conv2d(IMAGE[None], KERNEL[..., None], np.array([0.5]))[0, :, :, 0]
    places = [0, 9, 18, 27]
    expected = [f"{answers[i, j]:.1f}".replace("-", "−") for i in places for j in places]
    assert [w for w in words(on) if re.fullmatch(r"−?\d+\.\d", w)] == expected
    assert {"32 × 32 × 3", "5 × 5 × 3", "28 × 28", "75 products,"} <= set(words(on))
    assert on.html().count('class="cnnlab-frame') == 16
    assert "16 of 784 places" in on.alt


def test_the_window_stays_inside_the_volume():
    for part in (((0, 0, 0), (5, 5, 3)), ((27, 27, 0), (5, 5, 3))):
        solid = volumes.Solid((0, 0), (32, 32, 3))
        points = np.concatenate([np.array(face) for face in solid.faces(part)])
        whole = np.concatenate([np.array(face) for face in solid.faces(solid.whole)])
        assert (points.min(0) >= whole.min(0) - 1e-9).all()
        assert (points.max(0) <= whole.max(0) + 1e-9).all()


def test_a_volume_is_drawn_to_scale():
    solid = volumes.Solid((10, 20), (32, 16, 3), cell=2, back=8)
    front, top, side = (np.array(face) for face in solid.faces(solid.whole))
    np.testing.assert_allclose(np.ptp(front, axis=0), [32, 64])
    np.testing.assert_allclose(top[2] - top[1], 24 * volumes.SLANT)
    np.testing.assert_allclose(side[0], front[1])


@pytest.mark.parametrize(("image", "kernel"), [((32, 32, 3), (5, 5)), ((28, 28, 1), (3, 3))])
def test_two_maps_make_one_volume(image, kernel):
    on = check(lambda: volumes.stacking(image, kernel))
    height, width = image[0] - kernel[0] + 1, image[1] - kernel[1] + 1
    assert f"{height} × {width} × 2" in words(on)
    assert words(on).count("A") == words(on).count("B") == 2  # alone, and in the stack
    assert not overlaps(on)


def test_pooling_keeps_the_depth():
    on = check(lambda: volumes.pooling((32, 32, 10)))
    assert {"32 × 32 × 10", "16 × 16 × 10"} <= set(words(on))
    assert words(on).count("10 maps") == 2
    assert not overlaps(on)
    marks = re.findall(rf'points="([^"]+)" fill="{WINDOW}"', on.html())
    sides = [np.ptp([float(p.split(",")[0]) for p in mark.split()]) for mark in marks]
    assert sides == [12, 6]
    assert OUTPUT in on.html()
