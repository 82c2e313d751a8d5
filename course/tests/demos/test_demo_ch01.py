"""Chapter 1's demo, without a browser: the answers it shows, and the state that it keeps."""

import numpy as np
import pytest
import traitlets

from cnnlab.autograder.judging.stubs import is_stub
from cnnlab.course import ops
from cnnlab.course.demos import ch01_convolution as ch01
from cnnlab.course.demos import page, ready


def loops(image, kernel):
    """A learner's correct function, as the chapter teaches it."""
    rows, columns = (n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.sum(image[i : i + kernel.shape[0], j : j + kernel.shape[1]] * kernel)
    return out


def correlate2d(image, kernel):
    """A stub, as it is handed out."""
    raise NotImplementedError()


def bare_stub(image, kernel):
    raise NotImplementedError


def begun(image, kernel):
    if image.ndim != 2:
        raise NotImplementedError()


IMAGE = np.arange(20.0).reshape(4, 5)
KERNEL = np.array([[1.0, -1.0]])


# stubs


def test_a_stub_is_told_from_a_function_that_was_begun():
    assert is_stub(correlate2d)
    assert is_stub(bare_stub)
    assert not is_stub(begun)
    assert not is_stub(loops)
    assert not is_stub(np.sum)


def test_ready_says_what_to_do_only_about_a_stub(capsys):
    assert not ready(correlate2d)
    assert capsys.readouterr().out == "Write correlate2d first, then run this cell again.\n"
    assert ready(loops)
    assert capsys.readouterr().out == ""


# what is shown


def test_a_right_function_is_shown_without_a_word():
    shown = ch01.answer(loops, IMAGE, KERNEL)
    assert shown.learners
    assert shown.message == ""
    np.testing.assert_array_equal(shown.map, -np.ones((4, 4)))


def test_a_stub_gives_way_to_the_course():
    shown = ch01.answer(correlate2d, IMAGE, KERNEL)
    assert not shown.learners
    assert shown.message.startswith("Your correlate2d is not written yet.")
    np.testing.assert_array_equal(shown.map, -np.ones((4, 4)))


def _exits(image, kernel):
    raise RecursionError("too deep.")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda i, k: 1 / 0, "raised ZeroDivisionError: division by zero."),
        (_exits, "Your _exits raised RecursionError: too deep."),
        (lambda i: i, "raised TypeError: "),
        (lambda i, k: None, "gave None"),
        (lambda i, k: "map", "gave str, which is not an array"),
        (lambda i, k: [[1], [1, 2]], "gave list, which is not an array"),
        (lambda i, k: i, "gave an array of shape (4, 5), but (4, 4) is needed"),
        (lambda i, k: np.full((4, 4), np.nan), "not finite"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_course_steps_in(function, words):
    shown = ch01.answer(function, IMAGE, KERNEL)
    assert not shown.learners
    assert words in shown.message
    assert shown.message.endswith("You see the course's result.")
    np.testing.assert_array_equal(shown.map, -np.ones((4, 4)))


def test_a_wrong_map_is_shown_and_counted():
    def wrong(image, kernel):
        out = loops(image, kernel)
        out[2, 3] += 1
        return out

    shown = ch01.answer(wrong, IMAGE, KERNEL)
    assert shown.learners
    assert shown.map[2, 3] == 0
    assert "At 1 of 16 places" in shown.message
    assert "row 2, column 3" in shown.message


def test_a_function_that_changes_its_input_is_told_and_harms_nothing():
    def greedy(image, kernel):
        out = loops(image, kernel)
        image[:] = 0
        return out

    before = IMAGE.copy()
    assert "changes the array" in ch01.answer(greedy, IMAGE, KERNEL).message
    np.testing.assert_array_equal(IMAGE, before)


@pytest.mark.parametrize(
    "kernel", [[], [[]], [1.0], [[1.0] * 6], [[0.0]] * 6, [[1.0], [1.0, 2.0]], [["a"]], [[np.inf]]]
)
def test_an_impossible_kernel_is_refused(kernel):
    with pytest.raises(ValueError, match=r"^kernel must"):
        ch01.checked_kernel(kernel)


def test_the_article_s_first_sum_is_four():
    tiny = ch01.pictures()[ch01.TINY]
    shown = ch01.answer(loops, tiny, ch01.PRESETS["cross"])
    np.testing.assert_array_equal(shown.map, [[4, 3, 4], [2, 4, 3], [2, 3, 4]])


def test_presets_do_what_their_names_say():
    flat = np.full((7, 7), 0.5)
    across = np.tile(np.arange(7.0), (7, 1))
    sums = {name: ops.correlate2d(flat, kernel)[0, 0] for name, kernel in ch01.PRESETS.items()}
    for name in ("identity", "box blur", "sharpen", "wide blur"):
        assert sums[name] == pytest.approx(0.5), name
    for name in ("vertical edges", "horizontal edges", "outline", "one row"):
        assert sums[name] == 0, name
    assert ops.correlate2d(across, ch01.PRESETS["vertical edges"]).all()
    assert not ops.correlate2d(across, ch01.PRESETS["horizontal edges"]).any()


# the widget


@pytest.fixture
def widget():
    return ch01.demo(loops)


def map_of(widget):
    return np.frombuffer(widget.feature_map, "<f4").reshape(widget.map_shape)


def test_the_page_gets_picture_and_map_of_the_start(widget):
    image = np.frombuffer(widget.image, "<f4").reshape(widget.image_shape)
    np.testing.assert_allclose(image, ch01.pictures()["chelsea"], rtol=1e-6)
    np.testing.assert_allclose(map_of(widget), loops(image, np.array(widget.kernel)), atol=1e-5)
    assert widget.learners


def test_a_new_kernel_gives_a_new_map(widget):
    widget.kernel = [[0.0, 1.0]]
    image = np.frombuffer(widget.image, "<f4").reshape(widget.image_shape)
    np.testing.assert_array_equal(map_of(widget), image[:, 1:])


def test_a_new_picture_gives_a_new_map(widget):
    widget.kernel = ch01.PRESETS["cross"]
    widget.picture = ch01.TINY
    np.testing.assert_array_equal(map_of(widget), [[4, 3, 4], [2, 4, 3], [2, 3, 4]])


def test_what_the_page_must_not_send_is_refused_and_the_state_stays(widget):
    before = widget.kernel, widget.feature_map
    with pytest.raises(traitlets.TraitError, match="kernel must"):
        widget.kernel = [[1.0] * 9]
    with pytest.raises(traitlets.TraitError, match="picture must be one of chelsea"):
        widget.picture = "dog"
    assert (widget.kernel, widget.feature_map) == before


def test_it_stays_usable_while_the_function_fails_on_some_kernels():
    def square_only(image, kernel):
        if kernel.shape[0] != kernel.shape[1]:
            raise IndexError("index 3 is out of bounds")
        return loops(image, kernel)

    widget = ch01.demo(square_only)
    assert widget.message == ""
    widget.kernel = [[-1.0, 0.0, 1.0]]
    assert "raised IndexError" in widget.message
    assert widget.map_shape == [48, 46]
    widget.kernel = ch01.PRESETS["identity"]
    assert widget.message == ""
    assert widget.learners


@pytest.mark.parametrize("suffix", ["js", "css"])
def test_the_page_is_what_demos_share_and_then_its_own(suffix):
    text = page(f"ch01_convolution.{suffix}")
    assert text.index("cnnlab-demo" if suffix == "css" else "signColour") < text.index(
        "cnnlab-convolution"
    )
