"""A large failing case becomes one that fits on a line, and fails in the same way."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.answerkey import AnswerKey, Finding
from cnnlab.autograder.judging.compare import value_difference
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter, same
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.judging.shrink import CALLS, SMALL, shrink
from cnnlab.autograder.kernel_judge import judged
from cnnlab.autograder.sandbox.calls import invoke
from cnnlab.course import ops


def largest(key: AnswerKey, function) -> Finding:
    """The finding of the largest probe that the function fails."""
    found = []
    for probe, expected in zip(key.probes, key.expected, strict=True):
        if not probe.raises and probe.rung == "reference":
            outcome = invoke(function, probe.args)
            if difference := value_difference(expected, outcome.value, probe.rounding):
                found.append(Finding(key.exercise, probe, difference))
    return max(found, key=lambda f: f.size)


def channels_beyond_the_second_lost(x, kernels, bias):
    x, kernels = np.array(x), np.asarray(kernels)
    x[..., 2:] = 0
    return ops.conv2d(x, kernels, bias)


MISTAKES = {
    "everything": lambda x, k, b: ops.conv2d(x, k, b) + 1,
    "the second image": lambda x, k, b: np.concatenate(
        [ops.conv2d(x, k, b)[:1], 0 * ops.conv2d(x, k, b)[1:]]
    ),
    "the third channel": channels_beyond_the_second_lost,
    "the shape": lambda x, k, b: ops.conv2d(x, k, b)[:, :, :-1],
}


@pytest.mark.parametrize("function", MISTAKES.values(), ids=MISTAKES)
def test_a_large_case_is_made_small_and_still_fails(function):
    key = recorded("ch01_convolution")["conv2d"]
    before = largest(key, function)
    after = shrink(key, before, lambda args: invoke(function, args))
    assert after.size < min(before.size, 60)
    assert after.difference.kind == before.difference.kind
    wrong = invoke(function, after.probe.args).value
    assert value_difference(ops.conv2d(*after.probe.args), wrong) is not None


def test_a_simple_mistake_ends_at_a_glance():
    key = recorded("ch01_convolution")["conv2d"]
    function = MISTAKES["everything"]
    after = shrink(key, largest(key, function), lambda args: invoke(function, args))
    assert after.size <= SMALL


def test_the_number_of_calls_is_bounded():
    key = recorded("ch01_convolution")["conv2d"]
    calls = []

    def only_this_size(x, kernels, bias):
        calls.append(np.shape(x))
        return ops.conv2d(x, kernels, bias) + (np.shape(x) == before.probe.args[0].shape)

    before = largest(key, MISTAKES["everything"])
    after = shrink(key, before, lambda args: invoke(only_this_size, args))
    assert np.shape(after.probe.args[0]) == np.shape(before.probe.args[0])
    assert len(calls) <= CALLS


def test_a_function_that_dies_on_smaller_inputs_leaves_the_case_as_it_is():
    key = recorded("ch01_convolution")["conv2d"]
    before = largest(key, MISTAKES["everything"])

    def only_once(args):
        return invoke(lambda *a: 1 / 0, args)

    assert shrink(key, before, only_once) is before


DESCRIBED = [
    (chapter, exercise.name)
    for chapter in chapter_names()
    for exercise in load_chapter(chapter).exercises
    if exercise.describe is not same and not exercise.driver
]


@pytest.mark.parametrize(("chapter", "name"), DESCRIBED)
def test_a_result_that_is_compared_by_its_description_is_shown_as_it_failed(chapter, name):
    key = recorded(chapter)[name]
    twist = key.exercise.twists[0]
    result = judged(twist.apply(key.exercise.numpy_op), key).result
    assert (result.status, result.diagnosis) == ("failed", [twist.name])
