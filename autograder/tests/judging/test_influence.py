"""What a function's first wrong number depends on, against weights that are written down here."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from cnnlab.autograder.display.card import to_html
from cnnlab.autograder.display.influence import in_words, pictures
from cnnlab.autograder.display.text import to_text
from cnnlab.autograder.judging import influence
from cnnlab.autograder.judging.answerkey import Finding, Influence
from cnnlab.autograder.judging.compare import value_difference
from cnnlab.autograder.judging.exercise import Probe, chapter_names, load_chapter
from cnnlab.autograder.judging.influence import ask, look_into
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.sandbox.calls import invoke
from cnnlab.course import ops
from cnnlab.course.ops import gradients


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A busy machine must not change what these tests see."""
    monkeypatch.setattr(influence, "SECONDS", 60)


IMAGE = np.array([[3.0, 1, -4, -1], [-4, 4, 2, -3], [1, 2, 5, -2]])
KERNEL = np.array([[-1.0, 3], [2, 0.5]])


def exercise_of(name):
    chapters = map(load_chapter, chapter_names())
    return next(e for chapter in chapters for e in chapter.exercises if e.name == name)


def finding_of(name, function, *args, **kwargs):
    """The finding on a call whose right answer the course's op gives."""
    exercise = exercise_of(name)
    right, came = (invoke(f, args, kwargs).value for f in (exercise.numpy_op, function))
    difference = value_difference(right, came)
    assert difference is not None
    assert difference.kind == "values"
    return Finding(exercise, Probe("by-hand", args, kwargs), difference)


def asked(name, function, *args, **kwargs):
    finding = finding_of(name, function, *args, **kwargs)
    return ask(finding, lambda a, k: invoke(function, a, k))


def test_a_window_that_is_shifted_by_one():
    found = asked("correlate2d", lambda x, k: ops.correlate2d(np.roll(x, -1, 1), k), IMAGE, KERNEL)
    assert (found.cell, found.argument) == ((0, 0), "image")
    np.testing.assert_array_equal(found.expected, [[-1, 3, 0, 0], [2, 0.5, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(found.received, [[0, -1, 3, 0], [0, 2, 0.5, 0], [0, 0, 0, 0]])
    assert in_words(found) == (
        "The first wrong number is result[0, 0]. It should use 4 numbers of image. "
        "Yours uses 4 numbers of image."
    )


def test_a_transposed_kernel():
    found = asked("correlate2d", lambda x, k: ops.correlate2d(x, k.T), IMAGE, KERNEL)
    np.testing.assert_array_equal(found.expected[:2, :2], [[-1, 3], [2, 0.5]])
    np.testing.assert_array_equal(found.received[:2, :2], [[-1, 2], [3, 0.5]])
    assert in_words(found).endswith("Yours uses the same, but with other weights.")


def test_a_missing_channel():
    x, kernels = np.ones((1, 1, 2, 2)), np.arange(1.0, 5).reshape(1, 2, 2, 1)

    def first_channel(x, kernels, bias):
        return ops.conv2d(x[..., :1], kernels[..., :1, :], bias)

    found = asked("conv2d", first_channel, x, kernels, np.zeros(1))
    np.testing.assert_array_equal(found.expected[0, 0], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(found.received[0, 0], [[1, 0], [3, 0]])
    assert in_words(found).endswith("Yours leaves out x[0, 0, 0, 1] and x[0, 0, 1, 1].")
    captions = [plane.caption for plane in pictures(found)[0].planes]
    assert captions == ["channel 0", "channel 1"]


def test_a_mistake_that_mixes_the_batch_uses_every_row():
    z = np.log(np.array([[1.0, 1, 2], [5, 2, 1]]))

    def over_everything(z):
        return np.exp(z) / np.exp(z).sum()

    found = asked("softmax", over_everything, z)
    share, whole = np.array([0.25, 0.25, 0.5]), np.array([[1.0, 1, 2], [5, 2, 1]]) / 12
    unit = np.eye(3)[0]
    np.testing.assert_allclose(found.expected[0], 0.25 * (unit - share), atol=2e-3)
    assert not found.expected[1].any()
    slope = -whole[0, 0] * whole
    slope[0, 0] += whole[0, 0]
    np.testing.assert_allclose(found.received, slope, atol=2e-3)
    assert in_words(found).endswith("Yours uses 3 more numbers of z as well.")


def test_a_function_that_ignores_its_input():
    found = asked("correlate2d", lambda x, k: np.zeros((2, 3)), IMAGE, KERNEL)
    assert found.expected.any()
    assert not found.received.any()
    assert in_words(found).endswith("Yours does not use image here.")


def test_a_number_that_should_not_depend_on_the_input():
    found = asked("relu", lambda z: 0.1 * z, np.array([-2.0, 1]))
    np.testing.assert_array_equal(found.expected, [0, 0])
    np.testing.assert_allclose(found.received, [0.1, 0])
    assert "It should not depend on z here. Yours uses z[0]." in in_words(found)


def test_equal_weights_are_said_and_not_drawn():
    found = asked("correlate2d", lambda x, k: ops.correlate2d(x, k) + 1, IMAGE, KERNEL)
    np.testing.assert_array_equal(found.expected, found.received)
    assert "with the same weights: the difference comes from something else" in in_words(found)
    assert pictures(found) == []


def test_the_next_array_is_asked_about_where_the_first_shows_nothing():
    def twice(x, kernels, bias):
        return ops.conv2d(x, kernels, 2 * bias)

    found = asked("conv2d", twice, np.ones((1, 2, 2, 1)), np.ones((1, 1, 1, 1)), np.float64([3]))
    assert (found.argument, found.expected.tolist(), found.received.tolist()) == ("bias", [1], [2])
    assert in_words(found).endswith("Yours uses the same, but with weight 2 instead of 1.")


def test_a_plain_number_among_the_arguments():
    def at_each_product(patch, kernel, bias):
        return float((patch * kernel + bias).sum())

    patch, kernel = np.ones((2, 2, 1)), np.full((2, 2, 1), 3.0)
    found = asked("conv_step", at_each_product, patch, kernel, 0.5)
    assert (found.cell, found.argument, float(found.received)) == ((), "bias", 4.0)
    assert in_words(found).startswith("The wrong number is result. It should use bias.")


def test_a_result_of_several_arrays():
    dout, x, weights = np.array([[1.0], [2]]), np.array([[3.0, 5], [7, 11]]), np.ones((2, 1))

    def halved(dout, x, weights):
        dx, dw, db = gradients.dense_backward(dout, x, weights)
        return dx, dw / 2, db

    found = asked("dense_backward", halved, dout, x, weights)
    assert (found.where, found.cell) == ("[1]", (0, 0))
    assert in_words(found).startswith("The first wrong number is result[1][0, 0].")
    np.testing.assert_array_equal(found.expected, [[3], [7]])
    np.testing.assert_array_equal(found.received, [[1.5], [3.5]])


def test_integers_are_moved_as_floats():
    image, kernel = IMAGE.astype(np.int64), np.ones((1, 1))
    found = asked("correlate2d", lambda x, k: 2.0 * x[:, ::-1], image, kernel)
    np.testing.assert_array_equal(found.received[0], [0, 0, 0, 2])


def test_a_mistake_of_the_dtype_alone_is_not_asked_about():
    image = np.full((2, 2), 200, np.uint8)

    def wraps(image, kernel):
        return (image * kernel.astype(image.dtype)).astype(np.float64)

    assert asked("correlate2d", wraps, image, np.full((1, 1), 2.0)) is None


def test_a_result_of_whole_numbers_is_not_asked_about():
    assert asked("correlate2d", lambda x, k: x.astype(int), IMAGE, np.full((1, 1), 2.0)) is None


def test_a_function_that_fails_when_a_number_is_moved():
    def whole_numbers_only(image, kernel):
        if (image != np.round(image)).any():
            raise ValueError("image")
        return 2 * ops.correlate2d(image, kernel)

    assert asked("correlate2d", whole_numbers_only, IMAGE, KERNEL) is None


def test_a_random_function_has_no_answer():
    rng = np.random.default_rng(1)
    assert asked("correlate2d", lambda x, k: rng.normal(size=(2, 3)), IMAGE, KERNEL) is None


def test_a_function_that_remembers_its_calls_has_no_answer():
    calls = []

    def drifting(image, kernel):
        calls.append(image)
        return np.where(ops.correlate2d(image, kernel) > -99, 7.0 + (len(calls) > 5), 0)

    assert asked("correlate2d", drifting, IMAGE, KERNEL) is None


def test_a_large_argument_is_not_asked_about():
    finding = finding_of("correlate2d", lambda x, k: x + 1, np.ones((9, 8)), np.ones((1, 1)))
    calls = []
    found = ask(finding, lambda a, k: calls.append(a[0].size) or invoke(lambda x, k: x + 1, a))
    assert found is None or found.argument == "kernel"
    assert len(calls) <= 3


def test_a_slow_function_is_asked_once(monkeypatch):
    monkeypatch.setattr(influence, "SECONDS", 0.15)
    calls = []

    def slow(image, kernel):
        calls.append(image)
        time.sleep(0.02)
        return 2 * ops.correlate2d(image, kernel)

    finding = finding_of("correlate2d", slow, IMAGE, KERNEL)
    calls.clear()
    assert ask(finding, lambda a, k: invoke(slow, a, k)) is None
    assert len(calls) == 1


def test_keyword_arguments_go_with_every_call():
    x = -np.arange(1.0, 10).reshape(1, 3, 3, 1)

    def framed_with_zeros(x, size, strides=None, padding="valid"):
        assert padding == "same"
        frame = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
        return ops.max_pool2d(frame, size, strides)

    found = asked("max_pool2d", framed_with_zeros, x, (2, 2), (2, 2), padding="same")
    assert np.argwhere(found.expected).tolist() == [[0, 0, 2, 0]]
    assert not found.received.any()


def test_a_fault_of_ours_leaves_the_case_as_it_is(monkeypatch):
    def failing(*args):
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(influence, "ask", failing)
    key = recorded("ch01_convolution")["correlate2d"]
    result = judged(lambda image, kernel: ops.correlate2d(image, kernel) + 1, key).result
    assert (result.status, result.detail.influence) == ("failed", None)


def test_a_fault_in_the_drawing_leaves_the_rest_of_the_card():
    finding = finding_of("correlate2d", lambda x, k: ops.correlate2d(x, k) + 1, IMAGE, KERNEL)
    broken = Influence("", (0, 0), "image", np.ones(2), np.ones(3))
    key = recorded("ch01_convolution")["correlate2d"]
    result = judged(lambda image, kernel: ops.correlate2d(image, kernel) + 1, key).result
    result.detail = replace(finding, influence=broken)
    for drawn in (to_html(result), to_text(result)):
        assert "numbers differ" in drawn


SEEN = {"ch01_convolution": 20, "ch03_pooling": 20}
"""How many mistakes of a chapter can be looked into, at least."""


@pytest.mark.parametrize(
    "chapter", ["ch01_convolution", pytest.param("ch03_pooling", marks=pytest.mark.slow)]
)
def test_mistakes_are_told_shortly_and_drawn_in_pairs(chapter):
    seen = 0
    for key in recorded(chapter).values():
        for twist in key.exercise.twists:
            result = judged(twist.apply(key.exercise.numpy_op), key).result
            if found := getattr(result.detail, "influence", None):
                seen += 1
                told(found, result)
    assert seen >= SEEN[chapter]


def told(found, result):
    said, drawn = in_words(found), pictures(found)
    assert len(said.split()) <= 40, said
    assert said in " ".join(to_text(result).split())
    html = to_html(result)
    assert html.count('aria-label="weights in yours') == sum(len(e.planes) for e in drawn[1:])
    for should, does in zip(*(exhibit.planes for exhibit in drawn), strict=True) if drawn else ():
        assert should.caption == does.caption
    assert bool(drawn) == (found.differs and found.expected.ndim > 0)


def test_a_look_changes_no_result():
    """The scores, names and messages are those of the case that is made small alone."""
    key = recorded("ch01_convolution")["conv2d"]
    twist = key.exercise.twists[0]
    function = twist.apply(key.exercise.numpy_op)
    result = judged(function, key).result
    looked = look_into(key, result.detail, lambda a, k: invoke(function, a, k))
    assert looked.text() == result.detail.text()
