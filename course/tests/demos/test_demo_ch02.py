"""Chapter 2's demo, without a browser: what it shows for a setting, and the state that it keeps."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets

from cnnlab.course import ops
from cnnlab.course.demos import ch02_stride_padding as ch02
from cnnlab.course.demos.ch02_stride_padding import Setting


def conv2d(*args):
    return ops.conv2d(*args)


def stub(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
    raise NotImplementedError()


def test_the_eye_fills_its_range():
    eye = ch02.eye()
    assert eye.shape == (12, 12)
    assert (eye.min(), eye.max()) == (0, 9)


@pytest.mark.parametrize(
    ("name", "k", "weights"),
    [
        ("mean", (2, 2), [[0.25, 0.25], [0.25, 0.25]]),
        ("right minus left", (2, 3), [[-1, 0, 1], [-1, 0, 1]]),
        ("right minus left", (1, 1), [[0]]),
        ("first tap alone", (2, 2), [[1, 0], [0, 0]]),
    ],
)
def test_kernels_do_what_their_names_say(name, k, weights):
    np.testing.assert_array_equal(ch02.kernel_of(name, k), weights)


def test_a_scene_shows_the_learners_map():
    shown = ch02.scene(conv2d, Setting(kernel="first tap alone", padding="valid"))
    np.testing.assert_array_equal(shown.answer.map, ch02.eye()[0:5:2, 0:7:3])
    assert shown.answer.learners
    assert shown.answer.message == ""
    assert shown.walks[1].starts == (0, 3, 6)


def test_a_window_without_a_place_is_said_and_no_function_is_asked():
    def never(*args):
        raise AssertionError("asked")

    shown = ch02.scene(never, Setting(size=(3, 3), k=(5, 1), padding="valid"))
    assert shown.walks is None
    assert shown.answer.message.startswith("The window is larger than the picture")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (stub, "Your stub is not written yet."),
        (lambda *args: ops.conv2d(*args)[0], "an array of shape (4, 3, 1), but (1, 4, 3, 1)"),
        (lambda *args: 1 / 0, "raised ZeroDivisionError"),
        (lambda *args: ops.conv2d(*args) + 1, "At 12 of 12 places"),
    ],
)
def test_what_is_wrong_is_said(function, words):
    assert words in ch02.scene(function, Setting()).answer.message


def test_strides_or_dilation_give_way_to_what_was_moved_last():
    strided, dilated = Setting(stride=(2, 1)), Setting(stride=(1, 1), dilation=(1, 3))
    both = Setting(stride=(2, 1), dilation=(1, 3))
    assert ch02.settled(strided, dilated) == (strided, "")
    after, words = ch02.settled(both, strided)
    assert after == dilated
    assert "the stride is 1 again" in words
    after, words = ch02.settled(both, dilated)
    assert after == strided
    assert "the dilation is 1 again" in words


@pytest.mark.parametrize(
    "values",
    [
        {"size": [0, 4]},
        {"size": [13, 4]},
        {"k": [3]},
        {"stride": [1, 2.0]},
        {"dilation": [True, 1]},
        {"padding": "full"},
        {"kernel": "sharpen"},
        {"colour": 1},
    ],
)
def test_an_impossible_setting_is_refused(values):
    with pytest.raises(ValueError, match="must"):
        ch02.checked(values)


def test_one_place_is_not_many():
    words = ch02.sentence("rows", ch02.walk(5, 2, stride=4))
    assert words == "5 rows, the window reaches over 2: 1 place. 3 never met."


# the widget


@pytest.fixture
def widget():
    return ch02.demo(conv2d)


def test_a_new_setting_gives_a_new_map(widget):
    widget.setting = {**widget.setting, "size": [4, 5], "kernel": "first tap alone"}
    feature_map = np.frombuffer(widget.feature_map, "<f4").reshape(widget.map_shape)
    assert widget.map_shape == [2, 2]
    rows, columns = widget.walks
    framed = ops.pad2d(ch02.eye()[None, :4, :5, None], rows["frame"], columns["frame"])[0, :, :, 0]
    expected = framed[np.ix_(rows["starts"], columns["starts"])]
    np.testing.assert_array_equal(feature_map, expected)
    assert len(widget.sentences) == 2


def test_a_conflict_is_settled_and_told_once(widget):
    widget.setting = {**widget.setting, "dilation": [2, 1]}
    assert widget.setting["stride"] == [1, 1]
    assert "the stride is 1 again" in widget.message
    widget.setting = {**widget.setting, "padding": "valid"}
    assert widget.message == ""


def test_no_place_empties_the_map(widget):
    widget.setting = {**widget.setting, "size": [2, 9], "padding": "valid"}
    assert (widget.walks, widget.sentences, widget.map_shape) == ([], [], [0, 0])


def test_what_the_page_must_not_send_is_refused_and_the_state_stays(widget):
    before = widget.setting, widget.feature_map
    with pytest.raises(traitlets.TraitError, match="k must"):
        widget.setting = {**widget.setting, "k": [9, 9]}
    with pytest.raises(traitlets.TraitError):
        widget.setting = {**widget.setting, "k": 3}
    assert (widget.setting, widget.feature_map) == before
