"""Chapter 3's demo, without a browser: what a shift changes, and what is said of it."""

import numpy as np
import pytest
import traitlets

from cnnlab.course import ops
from cnnlab.course.demos import ch03_pooling as ch03
from cnnlab.course.demos.ch03_pooling import Setting, checked, pictures, scene, sentence, view

DOT = "one dot"


def max_pool2d(x, size=(2, 2), strides=None, padding="valid"):
    """A learner's right function."""
    return ops.max_pool2d(x, size, strides, padding)


def stub(x, size=(2, 2), strides=None, padding="valid"):
    raise NotImplementedError()


# pictures and shifts


def test_every_picture_holds_whole_numbers_of_one_digit():
    for name, picture in pictures().items():
        assert np.array_equal(picture, np.rint(picture)), name
        assert np.abs(picture).max() == 9, name
    assert any(picture.min() < 0 for picture in pictures().values())


@pytest.mark.parametrize("name", pictures())
def test_a_shift_moves_every_pixel_and_lets_new_ones_in(name):
    before, after = view(name), view(name, (2, -3))
    np.testing.assert_array_equal(after[2:, :-3], before[:-2, 3:])
    assert view(name, (6, -6)).shape == view(name, (-6, 6)).shape == (12, 12)


def test_a_dot_leaves_its_window_only_after_the_second_step():
    assert not scene(max_pool2d, Setting(DOT, (0, 1))).changed.any()
    assert not scene(max_pool2d, Setting(DOT, (1, 1))).changed.any()
    assert np.argwhere(scene(max_pool2d, Setting(DOT, (0, 2))).changed).tolist() == [[3, 3], [3, 4]]


@pytest.mark.parametrize("name", pictures())
def test_a_shift_by_one_stride_moves_the_whole_pooled_map(name):
    shown = scene(max_pool2d, Setting(name, (0, 3), (2, 3)))
    np.testing.assert_array_equal(shown.answer.map[:, 1:], shown.pooled_before[:, :-1])


def test_the_pooled_picture_is_keras_s_for_any_setting():
    setting = Setting("numbers below 0, too", (1, -2), (3, 2), (2, 0), "same")
    x = view(setting.picture, (1, -2))[None, :, :, None]
    expected = ops.max_pool2d(x, (3, 2), (2, 2), "same")[0, :, :, 0]
    np.testing.assert_array_equal(scene(max_pool2d, setting).answer.map, expected)


# the learner's function


def test_strides_are_left_out_where_both_follow_the_window():
    seen = []

    def max_pool2d(x, size, strides, padding):
        seen.append(strides)
        return ops.max_pool2d(x, size, strides, padding)

    scene(max_pool2d, Setting(size=(2, 3)))
    scene(max_pool2d, Setting(size=(2, 3), stride=(0, 1)))
    assert seen == [None, None, (2, 1), (2, 1)]


def test_a_stub_shows_the_course_s_result_and_says_so():
    shown = scene(stub, Setting(shift=(0, 1)))
    assert not shown.answer.learners
    assert "not written yet" in shown.answer.message
    np.testing.assert_array_equal(
        shown.answer.map, scene(max_pool2d, Setting(shift=(0, 1))).answer.map
    )


def test_a_function_that_fails_on_one_picture_is_never_mixed_with_the_course_s():
    def moody(x, size, strides, padding):
        if np.array_equal(x[0, :, :, 0], view("Chelsea's eye")):
            raise RuntimeError("not this one")
        return ops.max_pool2d(x, size, strides, padding) + 100

    shown = scene(moody, Setting(shift=(0, 1)))
    assert not shown.answer.learners
    assert shown.answer.map.max() <= 9
    assert "not this one" in shown.answer.message


def test_a_wrong_number_is_shown_and_placed():
    def zero_at_the_corner(*args):
        result = ops.max_pool2d(*args)
        result[0, 0, 0, 0] -= 1
        return result

    answer = scene(zero_at_the_corner, Setting()).answer
    assert answer.learners
    assert "does not give the largest number of the window, first at row 0, column 0" in (
        answer.message
    )


# words


def test_the_sentence_counts_what_has_changed():
    setting = Setting(DOT, (0, 2))
    assert sentence(setting, scene(max_pool2d, setting)) == (
        "Shifted by 2 to the right: 2 of 144 pixels have changed (1%), "
        "and 2 of 36 pooled numbers (6%)."
    )
    setting = Setting(DOT, (-1, -1))
    assert "Shifted by 1 up and 1 to the left: 2 of" in sentence(setting, scene(stub, setting))


# settings


def test_what_is_in_no_menu_is_refused():
    for values, named in (
        ({"size": [0, 2]}, "size"),
        ({"size": [2, 7]}, "size"),
        ({"size": [2]}, "size"),
        ({"stride": [2.0, 1]}, "stride"),
        ({"shift": [7, 0]}, "shift"),
        ({"padding": "full"}, "padding"),
        ({"picture": "a dog"}, "picture"),
        ({"colour": "red"}, "setting"),
    ):
        with pytest.raises(ValueError, match=rf"^{named} must .* Received: "):
            checked(values)


def test_the_widget_follows_its_setting_and_refuses_nonsense():
    widget = ch03.demo(max_pool2d)
    assert widget.rows[0] == [0, 2]
    assert len(widget.pooled) == 4 * 36
    widget.setting = {**widget.setting, "size": [3, 5], "padding": "same", "shift": [0, 1]}
    assert widget.rows == [[0, 3], [3, 6], [6, 9], [9, 12]]
    assert widget.columns == [[0, 4], [4, 9], [9, 12]]
    shown = np.frombuffer(widget.pooled, "<f4").reshape(4, 3)
    x = view("Chelsea's eye", (0, 1))[None, :, :, None]
    np.testing.assert_array_equal(shown, ops.max_pool2d(x, (3, 5), None, "same")[0, :, :, 0])
    assert len(widget.changed) == 12
    with pytest.raises(traitlets.TraitError, match="size must be"):
        widget.setting = {**widget.setting, "size": [0, 1]}
    assert widget.setting["size"] == [3, 5]
