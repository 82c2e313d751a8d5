"""The judge on chapter 1's real answer keys, with functions as learners write them."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.diagnosis import diagnose
from cnnlab.autograder.judging.exercise import STOPPED_HINTS, load_chapter
from cnnlab.autograder.judging.judge import judge
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.sandbox.calls import ErrorInfo, Outcome, invoke
from cnnlab.course import ops
from cnnlab.course.ops import network

CH01 = "ch01_convolution"
CHAPTER = load_chapter(CH01)


def key(name: str) -> AnswerKey:
    return recorded(CH01)[name]


def loops(change=lambda window, kernel: float(np.sum(window * kernel)), dtype=None):
    """correlate2d in two loops, with something about it changed."""

    def correlate2d(image, kernel):
        image, kernel = np.asarray(image), np.asarray(kernel)
        (h, w), (kh, kw) = image.shape, kernel.shape
        if kh > h or kw > w:
            raise ValueError(f"kernel {kernel.shape} does not fit into the image {image.shape}")
        kind = np.result_type(image * 1.0, kernel * 1.0)
        out = np.zeros((h - kh + 1, w - kw + 1), dtype or kind)
        for i in range(h - kh + 1):
            for j in range(w - kw + 1):
                out[i, j] = change(image[i : i + kh, j : j + kw], kernel)
        return out

    return correlate2d


def test_a_right_loop_gets_full_marks():
    result = judge_function(key("correlate2d"), loops())
    assert (result.status, result.score) == ("passed", 4.0)
    assert all(rung.passed for rung in result.rungs)
    assert (result.diagnosis, result.message, result.hint) == ([], "", "")


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (loops(lambda w, k: np.sum(w * k[::-1, ::-1])), ["kernel-flipped"]),
        (loops(lambda w, k: np.sum(w * k.T)), ["kernel-transposed"]),  # raises on unequal sides
        (loops(dtype=int), ["truncates-to-int"]),
        (lambda i, k: ops.correlate2d(i, k).T, ["output-transposed"]),
        (
            lambda i, k: ops.correlate2d(i, np.asarray(k)[::-1, ::-1]).T,
            ["kernel-flipped", "output-transposed"],
        ),
    ],
)
def test_a_learners_loop_is_diagnosed(function, diagnosis):
    result = judge_function(key("correlate2d"), function)
    assert result.status == "failed"
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


@pytest.mark.parametrize(
    "function",
    [
        loops(lambda w, k: np.sum(w * k) + 1),
        loops(lambda w, k: np.max(w * k)),
        loops(lambda w, k: np.sum(w * k) * 1.001),
        lambda i, k: np.random.default_rng(1).normal(size=ops.correlate2d(i, k).shape),
    ],
)
def test_an_odd_mistake_loses_points_and_gets_no_name(function):
    result = judge_function(key("correlate2d"), function)
    assert result.score <= 0.5 + 0.5  # shape, and at best the rung for bad input
    assert result.diagnosis == []
    assert result.hint


def test_the_message_says_what_was_expected_and_what_came():
    result = judge_function(key("correlate2d"), loops(lambda w, k: np.sum(w * k) + 1))
    assert "a case you can check by hand, 3 of 3 cases fail" in result.message
    assert "correlate2d(image = [[" in result.message
    assert "The first is at [0, 0]: expected" in result.message
    finding = result.detail
    assert finding.probe.rung == "by-hand"
    assert finding.difference.expected.shape == finding.difference.received.shape


def test_the_smallest_failing_case_is_shown():
    result = judge_function(key("conv2d"), lambda x, k, b: ops.conv2d(x, k, b) + 1)
    shown = result.detail
    others = [p for p in key("conv2d").probes if p.rung == shown.probe.rung]
    assert shown.size == min(sum(np.size(a) for a in p.args) for p in others)


def test_a_wrong_dtype_costs_nothing_and_is_advice():
    result = judge_function(key("conv2d"), lambda x, k, b: ops.conv2d(x, k, b).astype(np.float64))
    assert [rung.id for rung in result.rungs if not rung.passed] == ["robust"]
    assert (result.status, result.score, result.message) == ("passed", 8.0, "")
    (advice,) = result.remarks
    assert "expected dtype float32, received float64" in advice


def test_where_the_robust_rung_has_points_it_counts():
    exercise = replace(CHAPTER["conv2d"], points={**CHAPTER["conv2d"].points, "robust": 2.0})
    strict = replace(key("conv2d"), exercise=exercise)
    result = judge_function(strict, lambda x, k, b: ops.conv2d(x, k, b).astype(np.float64))
    assert (result.status, result.score, result.max_score) == ("failed", 8.0, 10.0)
    assert "expected dtype float32, received float64" in result.message


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "received None (is the return missing?)"),
        ([[1, 2], [3, 4]], "received a list"),
        (np.float32(np.nan), "received a float32"),
        ("four", "received the text 'four'"),
    ],
)
def test_a_result_of_another_kind_is_described(value, said):
    result = judge_function(key("correlate2d"), lambda image, kernel: value)
    assert result.status == "failed"
    assert said in next(r.message for r in result.rungs if r.id == "shape")


def test_nan_everywhere_is_wrong_everywhere():
    result = judge_function(key("conv2d"), lambda x, k, b: ops.conv2d(x, k, b) * np.nan)
    assert [rung.id for rung in result.rungs if rung.passed] == ["runs", "shape"]


def test_lists_of_the_right_numbers_lose_the_shape_rung_only():
    result = judge_function(key("relu"), lambda z: ops.relu(z).tolist())
    assert [rung.id for rung in result.rungs if not rung.passed] == ["shape"]


def test_an_exception_is_told_with_its_place():
    def correlate2d(image, kernel):
        return image[len(image)]

    result = judge_function(key("correlate2d"), correlate2d)
    assert result.status == "error"
    assert "raised IndexError" in result.message
    assert "in correlate2d, line" in result.message
    assert "`return image[len(image)]`" in result.message
    assert result.hint == STOPPED_HINTS["raised"]  # not of shapes: there is none to compare


def test_the_stub_is_not_attempted():
    def conv2d(x, kernels, bias):
        raise NotImplementedError()

    result = judge_function(key("conv2d"), conv2d)
    assert (result.status, result.score, result.max_score) == ("not_attempted", 0.0, 8.0)
    assert result.hint == key("conv2d").exercise.hints[0]


def test_a_stub_that_is_only_called_is_an_error_not_an_untouched_exercise():
    def helper():
        raise NotImplementedError

    def conv2d(x, kernels, bias):
        return helper()

    assert judge_function(key("conv2d"), conv2d).status == "error"


def test_a_value_error_must_name_the_argument():
    def correlate2d(image, kernel):
        if np.shape(kernel)[0] > np.shape(image)[0] or np.shape(kernel)[1] > np.shape(image)[1]:
            raise ValueError("does not fit")
        return ops.correlate2d(image, kernel)

    result = judge_function(key("correlate2d"), correlate2d)
    assert [rung.id for rung in result.rungs if not rung.passed] == ["robust"]
    assert result.status == "passed"
    said = "expected a ValueError that names kernel; the message was 'does not fit'"
    assert said in result.remarks[0]


@pytest.mark.parametrize("status", ["timeout", "memory", "crashed", "forbidden"])
def test_a_limit_that_was_hit_is_the_status(status):
    exercise = key("relu")
    outcomes = [invoke(ops.relu, p.args) for p in exercise.probes[:3]]
    lost = Outcome(status, error=ErrorInfo("Limit", "the message"))
    result = judge(exercise, outcomes + [lost] * (len(exercise.probes) - 3))
    assert result.status == status
    assert result.hint == STOPPED_HINTS.get(status, result.hint)
    assert 0 < result.score < result.max_score


def test_a_changed_input_costs_a_tenth_and_has_a_name():
    def relu(z):
        z = np.asarray(z) if not isinstance(z, np.ndarray) else z
        z[z < 0] = 0
        return z if z.dtype.kind == "f" else z.astype(float)

    result = judge_function(key("relu"), relu)
    assert all(rung.passed for rung in result.rungs)
    assert (result.status, result.score) == ("failed", 0.9 * result.max_score)
    assert result.diagnosis == ["changes-input"]
    assert "leave the input as it was" in result.message


def right(z):
    return network.sigmoid(z)


def overflowing(z):
    return 1 / (1 + np.exp(-1.0 * np.asarray(z)))


def test_a_right_answer_with_a_warning_loses_the_quiet_probes_only():
    sigmoid = recorded("ch04_network")["sigmoid"]
    assert judge_function(sigmoid, right).status == "passed"
    result = judge_function(sigmoid, overflowing)
    assert [rung.id for rung in result.rungs if not rung.passed] == ["edge-cases"]
    assert "the numbers are right, but NumPy warned: overflow encountered in exp." in result.message
    assert result.diagnosis == ["overflows"]


def test_a_warning_where_none_is_forbidden_costs_nothing():
    sigmoid = recorded("ch04_network")["sigmoid"]
    outcomes = [invoke(right, p.args) for p in sigmoid.probes]
    noisy = [
        o if p.quiet else dataclasses.replace(o, warnings=("overflow encountered in exp",))
        for o, p in zip(outcomes, sigmoid.probes, strict=True)
    ]
    assert noisy != outcomes
    assert judge(sigmoid, noisy).status == "passed"


def test_advice_alone_tries_no_pairs_of_mistakes():
    """A thousand pairs, each in a call: that took 20 seconds for a right answer."""
    fresh = dataclasses.replace(key("correlate2d"), _alike={})
    result = judge_function(fresh, lambda image, kernel: ops.correlate2d(image + 0, kernel + 0))
    assert (result.status, result.score) == ("passed", 4.0)
    assert result.remarks
    assert fresh._alike == {}
    assert judge_function(fresh, lambda image, kernel: np.ones((2, 2))).status == "failed"
    assert fresh._alike


def test_one_probe_is_no_evidence():
    """A wrong answer that a twist predicts once, by chance, is not named."""
    exercise = key("correlate2d")
    outcomes = [invoke(ops.correlate2d, p.args) for p in exercise.probes]
    flipped = exercise.exercise.twists[0]
    at = next(i for i, p in enumerate(exercise.probes) if p.rung == "by-hand")
    wrong = invoke(flipped.apply(ops.correlate2d), exercise.probes[at].args)
    outcomes[at] = wrong
    assert judge(exercise, outcomes).status == "failed"
    assert diagnose(exercise, outcomes) == ()


def test_zeros_beside_calls_that_fail_name_nothing():
    # A ReLU after a bias that is added once per product would give these two zeros as well.
    def fails(patch, kernel, bias):
        if patch.shape in ((3, 3, 3), (1, 3, 3)):
            return np.float32(0)
        raise TypeError

    result = judge_function(key("conv_step"), fails)

    assert result.diagnosis == []
