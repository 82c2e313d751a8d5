"""Chapter 4's counts and the choice within a budget, as learners write them, and odd ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnlab.autograder.graders.ch04_network import _counting
from cnnlab.autograder.graders.ch04_network import count_macs as count_macs_grader
from cnnlab.autograder.graders.ch04_network import count_parameters as count_parameters_grader
from cnnlab.autograder.tests.graders.learners import solved
from cnnlab.autograder.tests.graders.learners_ch04 import CHAPTER, judged
from cnnlab.course.ops import layers as arithmetic

PICTURE = (32, 32, 3)


def given(name):
    """A function that the chapter gives, or solves."""
    return solved(CHAPTER)[name]


# counting


def parameters_each(conv, dense=lambda n, units: (n + 1) * units, pool=lambda k, c: 0):
    """count_parameters in a loop, with something about it changed."""

    def count_parameters(input_shape, layers):
        counts, shape = [], input_shape
        for layer, after in zip(layers, given("trace_shapes")(input_shape, layers), strict=True):
            count = 0
            if layer[0] == "conv":
                kh, kw = given("pair")(layer[2])
                count = conv(kh, kw, shape[2], layer[1], after)
            elif layer[0] == "dense":
                count = dense(shape[-1], layer[1])
            elif layer[0] == "max_pool":
                count = pool(given("pair")(layer[1]), shape[2])
            counts.append(count)
            shape = after
        return counts

    return count_parameters


def macs_each(conv):
    """count_macs in a loop, with something about it changed."""

    def count_macs(input_shape, layers):
        counts, shape = [], input_shape
        for layer, after in zip(layers, given("trace_shapes")(input_shape, layers), strict=True):
            if layer[0] == "conv":
                kh, kw = given("pair")(layer[2])
                counts.append(conv(kh * kw, shape, after))
            elif layer[0] == "dense":
                counts.append(shape[-1] * math.prod(after))
            else:
                counts.append(0)
            shape = after
        return counts

    return count_macs


def macs_at_places(places):
    """count_macs that works out the places on its own, from n, k, the stride and the output."""

    def count_macs(input_shape, layers):
        counts, shape = arithmetic.count_macs(input_shape, layers), input_shape
        afters = arithmetic.trace_shapes(input_shape, layers)
        for i, (layer, after) in enumerate(zip(layers, afters, strict=True)):
            if layer[0] == "conv":
                sizes, steps = map(given("pair"), (layer[2], layer[3] if layer[3:] else 1))
                own = map(places, shape[:2], sizes, steps, after[:2])
                counts[i] = counts[i] // math.prod(after[:2]) * math.prod(own)
            shape = after
        return counts

    return count_macs


# choose_hyperparameters


def grow(enough, filters=lambda w: (w, 2 * w, 4 * w)):
    """The search of the solution, with another idea of when to stop."""

    def choose_hyperparameters(budget):
        best = []
        for width in range(1, 400):
            stack = [b for f in filters(width) for b in (("conv", f, 3), ("max_pool", 2))]
            stack += [("flatten",), ("dense", 1)]
            if enough(stack, budget):
                return best
            best = stack
        return best

    return choose_hyperparameters


def costs(stack, budget):
    return (
        sum(arithmetic.count_parameters(PICTURE, stack)) > budget["parameters"],
        sum(arithmetic.count_macs(PICTURE, stack)) > budget["macs"],
    )


MISTAKES = [
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: (kh * kw * c + 1) * math.prod(after)),
        ["times-positions"],
    ),
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: (kh * kw + 1) * f),
        ["input-channels-forgotten"],
    ),
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: kh * kw * c * f, lambda n, units: n * units),
        ["bias-forgotten"],
    ),
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: kh * kw * c * f),
        ["bias-forgotten"],
    ),
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: kh * kw * c * f + 1, lambda n, u: n * u + 1),
        ["one-bias"],
    ),
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: (kh * kw + 1) * c * f),
        ["bias-per-channel"],
    ),
    (
        "count_parameters",
        parameters_each(
            lambda kh, kw, c, f, after: (kh * kw * c + 1) * f, pool=lambda k, c: k[0] * k[1] * c
        ),
        ["pool-has-weights"],
    ),
    (
        "count_macs",
        macs_each(lambda k, before, after: k * before[2] * after[2] * before[0] * before[1]),
        ["on-input-map"],
    ),
    (
        "count_macs",
        macs_each(lambda k, before, after: k * math.prod(after)),
        ["input-channels-forgotten"],
    ),
    (
        "count_macs",
        lambda shape, layers: [2 * n for n in arithmetic.count_macs(shape, layers)],
        ["twice-per-mac"],
    ),
    (
        "count_macs",
        macs_each(lambda k, before, after: 2 * k * before[2] * math.prod(after)),
        ["twice-per-mac"],
    ),
    ("count_macs", macs_at_places(lambda n, k, step, out: out // step), ["stride-twice"]),
    ("count_macs", macs_at_places(lambda n, k, step, out: n // step), ["padding-ignored"]),
    ("choose_hyperparameters", grow(lambda s, b: costs(s, b)[0]), ["over-budget"]),
    ("choose_hyperparameters", grow(lambda s, b: costs(s, b)[1]), ["over-budget"]),
    (
        "choose_hyperparameters",
        grow(lambda s, b: any(costs(s, b)), lambda w: (4 * w, 2 * w, w)),
        ["filters-shrink"],
    ),
]


@pytest.mark.parametrize(("name", "function", "diagnosis"), MISTAKES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_learners_mistake_has_a_name(name, function, diagnosis):
    result = judged(name, function)
    assert result.status != "passed"
    assert result.score < result.max_score
    assert result.diagnosis == diagnosis, result.message


ODD = [
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: kh * kw * c * f + kh * kw),
    ),
    ("count_macs", lambda shape, layers: [n + 1 for n in arithmetic.count_macs(shape, layers)]),
    ("choose_hyperparameters", lambda budget: [("conv", 2, 3), ("conv", 3, 3), ("dense", 1)]),
]


@pytest.mark.parametrize(("name", "function"), ODD)
def test_an_odd_mistake_loses_points_and_gets_no_name(name, function):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == []
    assert result.hint


@pytest.mark.parametrize("kernel", [3, 5])
def test_other_stacks_within_the_budget_pass(kernel):
    def choose_hyperparameters(budget):
        best = []
        for width in range(1, 500):
            tried = [("conv", width, kernel, 2), ("conv", width + 1, kernel, 2)]
            tried += [("dropout", 0.2), ("global_average_pool",), ("dense", 1)]
            if any(costs(tried, budget)):
                break
            best = tried
        return best

    assert judged("choose_hyperparameters", choose_hyperparameters).status == "passed"


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ([("conv", 4, 3), ("conv", 4, 3), ("global_average_pool",), ("dense", 1)], "filters"),
        ([("conv", 4, 3), ("conv", 8, 3), ("global_average_pool",), ("dense", 2)], "one unit"),
        ([("conv", 4, 3), ("conv", 8, 3), ("dense", 1)], "one unit"),
        ([("conv", 4, 3), ("global_average_pool",), ("dense", 1)], "two convolutions"),
        ([("flatten",), ("conv", 4, 3)], "a stack for"),
        ("a network", "a stack for"),
        (None, "a stack for"),
    ],
)
def test_a_stack_of_the_wrong_form_is_told_what_is_wrong(stack, said):
    assert said in judged("choose_hyperparameters", lambda budget: stack).message


def test_slips_left_out_leave_the_counts():
    """The grader's functions with holes for mistakes are the course's own without them."""
    rng = np.random.default_rng(5)
    for probe in _counting.counting_probes(rng):
        assert count_parameters_grader.parameters(*probe.args) == arithmetic.count_parameters(
            *probe.args
        )
        assert count_macs_grader.macs(*probe.args) == arithmetic.count_macs(*probe.args)


def test_the_given_trace_shapes_is_the_courses():
    for seed in range(5):
        for probe in _counting.counting_probes(np.random.default_rng(seed)):
            assert given("trace_shapes")(*probe.args) == arithmetic.trace_shapes(*probe.args)
