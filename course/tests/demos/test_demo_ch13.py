"""Chapter 13's demo, without a browser."""

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos import ch13_fast_convolution as ch13
from cnnlab.course.ops import fast

CHOICES = [
    {"size": size, "strides": strides, "padding": padding}
    for size in ch13.MENUS["size"]
    for strides in ch13.MENUS["strides"]
    for padding in ch13.MENUS["padding"]
]


def named(function):
    """A learner's function is called im2col, whatever stands in for it here."""
    function.__name__ = "im2col"
    return function


@pytest.mark.parametrize("choice", CHOICES, ids=lambda c: " ".join(c.values()))
def test_every_choice_of_the_menus_can_be_shown(choice):
    scene = ch13.scene(fast.im2col, ch13.checked({**choice, "channels": "2"}))
    assert scene.answer.learners
    assert scene.answer.message == ""
    assert scene.answer.map.shape[0] == np.prod(scene.places)


def test_each_number_tells_its_pixel_and_its_channel():
    picture = ch13.numbered(2)
    assert len(np.unique(picture)) == picture.size
    assert picture.min() > 0  # 0 is the frame


def test_a_stub_is_named_and_the_course_stands_in():
    def im2col(x, size, strides=(1, 1), padding="valid"):
        raise NotImplementedError()

    widget = ch13.demo(im2col)
    assert not widget.learners
    assert widget.message.startswith("Your im2col is not written yet.")
    matrix = np.frombuffer(widget.matrix, "<f4").reshape(widget.plan["matrix"])
    np.testing.assert_array_equal(matrix, fast.im2col(ch13.numbered(1), (2, 2)))


def test_the_learners_matrix_is_shown_even_where_it_is_wrong():
    widget = ch13.demo(named(lambda *args: -fast.im2col(*args)))
    assert widget.learners
    assert np.frombuffer(widget.matrix, "<f4")[0] == -1
    assert "At 48 of 48 places" in widget.message


def test_a_matrix_of_the_wrong_shape_is_not_shown():
    widget = ch13.demo(named(lambda *args: fast.im2col(*args).T))
    assert not widget.learners
    assert "(4, 12)" in widget.message


def test_a_new_setting_changes_plan_and_matrix_together():
    widget = ch13.demo(fast.im2col)
    widget.setting = {**widget.setting, "padding": "same", "strides": "2 and 2"}
    assert widget.plan["places"] == [2, 3]
    assert widget.plan["frame"] == [[0, 0], [0, 1]]
    assert len(widget.matrix) == 4 * 6 * 4


@pytest.mark.parametrize("setting", [{"size": "9 × 9"}, {"colour": "red"}])
def test_a_choice_that_no_menu_has_is_refused(setting):
    with pytest.raises(traitlets.TraitError, match="choices of the menus"):
        ch13.demo(fast.im2col).setting = setting
