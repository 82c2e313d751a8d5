"""Chapter 5's demo, without a browser: where gradients flow, and the state that it keeps."""

import numpy as np
import pytest
import traitlets

from cnnlab.course.demos import ch05_backprop as ch05
from cnnlab.course.demos.ch05_backprop import COURSE, Setting, backwards, checked, forwards
from cnnlab.course.ops import gradients


def relu_backward(dout, z):
    raise NotImplementedError()


def conv2d_backward(dout, x, kernels, strides, padding):
    raise NotImplementedError()


def test_one_cell_shows_the_kernel_at_its_winner():
    setting = Setting(kernel="counting", chosen=((1, 2),))
    way, back = forwards(setting), backwards(COURSE, setting)
    ((row, column),) = np.argwhere(back.through_pool.map)
    assert way.active[row, column] == way.pooled[1, 2]
    assert (row // 2, column // 2) == (1, 2)
    expected = np.zeros((8, 8))
    expected[row : row + 3, column : column + 3] = ch05.KERNELS["counting"]
    np.testing.assert_array_equal(back.through_conv.map, expected)


def test_chosen_cells_add_up():
    one, other = (backwards(COURSE, Setting(chosen=(place,))) for place in ((0, 0), (0, 1)))
    both = backwards(COURSE, Setting(chosen=((0, 0), (0, 1))))
    total = one.through_conv.map + other.through_conv.map
    np.testing.assert_array_equal(both.through_conv.map, total)


def test_a_shut_window_lets_nothing_through_and_says_so():
    way = forwards(Setting())
    shut = tuple(int(n) for n in np.argwhere(way.pooled == 0)[0])
    setting = Setting(chosen=(shut,))
    back = backwards(COURSE, setting)
    assert back.through_pool.map.sum() == 1
    assert not back.through_conv.map.any()
    assert "so the ReLU is shut" in ch05.sentence(setting, way, back)


@pytest.mark.parametrize("picture", ch05.pictures())
@pytest.mark.parametrize("padding", ch05.PADDINGS)
@pytest.mark.parametrize("stride", ch05.STRIDES)
def test_every_setting_can_be_shown(picture, padding, stride):
    for kernel in ch05.KERNELS:
        setting = Setting(picture, kernel, stride, padding, ((0, 0),))
        back = backwards(COURSE, setting)
        assert back.through_conv.map.shape == ch05.pictures()[picture].shape
        assert all(answer.learners and not answer.message for answer in back.answers)


def test_a_stub_gives_way_to_the_course_and_the_others_stay():
    back = backwards(COURSE | {"relu": relu_backward, "conv": conv2d_backward}, Setting())
    assert [answer.learners for answer in back.answers] == [False, False, True]
    assert back.through_conv.message.startswith("Your conv2d_backward is not written yet.")
    right = backwards(COURSE, Setting()).through_conv.map
    np.testing.assert_array_equal(back.through_conv.map, right)


def test_a_wrong_function_is_shown_and_told_and_the_next_one_gets_its_result():
    back = backwards(COURSE | {"relu": lambda dout, z: 2 * dout}, Setting())
    assert back.through_relu.learners
    assert "does not give the gradient" in back.through_relu.message
    assert back.through_conv.message == ""
    right = backwards(COURSE, Setting()).through_conv.map
    np.testing.assert_array_equal(back.through_conv.map, 2 * right)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *args: None, "gave None"),
        (lambda *args: gradients.conv2d_backward(*args)[1:], "which is not an array of numbers"),
        (lambda *args: 1 / 0, "raised ZeroDivisionError"),
        (lambda *args: tuple(gradients.conv2d_backward(*args)[::-1]), "an array of shape (1,)"),
    ],
)
def test_what_cannot_be_shown_is_said(function, words):
    answer = backwards(COURSE | {"conv": function}, Setting()).through_conv
    assert not answer.learners
    assert words in answer.message


def test_a_function_that_gives_dx_alone_is_shown():
    back = backwards(COURSE | {"conv": lambda *a: gradients.conv2d_backward(*a)[0]}, Setting())
    assert back.through_conv.learners
    assert back.through_conv.message == ""


def test_settings_from_the_page_are_checked():
    assert checked({"stride": 2, "padding": "same", "chosen": [[1, 1], [1, 1], [2, 0]]}).chosen == (
        (1, 1),
    )
    for wrong, named in (
        ({"stride": 3}, "stride"),
        ({"picture": "dog"}, "picture"),
        ({"chosen": [[0, -1]]}, "chosen"),
        ({"chosen": [[0, 0.5]]}, "chosen"),
        ({"speed": 1}, "setting"),
    ):
        with pytest.raises(ValueError, match=rf"^{named} must"):
            checked(wrong)


def test_the_widget_follows_its_setting():
    widget = ch05.BackpropDemo(COURSE)
    before = widget.values
    widget.setting = widget.setting | {"stride": 2, "padding": "same", "chosen": [[0, 1]]}
    assert widget.values != before
    assert widget.shapes == [[8, 8], [4, 4], [4, 4], [2, 2]] * 2
    assert widget.frame == [0, 0]
    assert sum(map(np.prod, widget.shapes)) * 4 == len(widget.values)
    with pytest.raises(traitlets.TraitError, match="stride must be one of"):
        widget.setting = widget.setting | {"stride": 9}


def test_the_frame_of_same_is_told():
    widget = ch05.BackpropDemo(COURSE, padding="same")
    assert widget.frame == [1, 1]
    assert ch05.demo(*COURSE.values()).learners == [True, True, True]
