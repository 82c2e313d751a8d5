"""Windows along one axis: the places, the frame, the cells that nobody meets, the figure."""

from __future__ import annotations

import pytest

from cnnlab.course.figures.sliding_window import picture, walk


def test_a_rest_that_the_stride_leaves_is_missed():
    assert walk(8, 3, stride=2).missed == (7,)
    assert walk(7, 3, stride=2).missed == ()


def test_steps_longer_than_the_kernel_leave_gaps():
    one = walk(9, 2, stride=4)
    assert one.starts == (0, 4)
    assert one.missed == (2, 3, 6, 7, 8)


def test_places_are_counted_on_the_framed_axis():
    one = walk(5, 4, padding="same")
    assert (one.frame, one.length) == ((1, 2), 8)
    assert one.starts == (0, 1, 2, 3, 4)
    assert one.starts[-1] + one.taps[-1] == one.length - 1


def test_dilation_spreads_the_taps():
    assert walk(9, 3, dilation=3).taps == (0, 3, 6)


def test_a_window_without_a_place_is_refused():
    with pytest.raises(ValueError, match="k must"):
        walk(4, 3, dilation=2)


def test_the_figure_is_read_out():
    alt = picture(walk(4, 3, stride=2), walk(3, 2, padding="same"), titles=["one", "two"]).alt
    assert alt == (
        "one: The cells a b c d: place 0 covers a b c. No place meets d. "
        "two: The cells a b c 0: place 0 covers a b; place 1 covers b c; place 2 covers c 0."
    )


def test_the_figure_is_a_picture_on_white():
    assert picture(walk(4, 2)).png().startswith(b"\x89PNG")
