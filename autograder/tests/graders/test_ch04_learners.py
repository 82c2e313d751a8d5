"""Chapter 4's mistakes as learners write them, and odd ones for which no name fits."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.graders.ch04_network import _counting
from cnnlab.autograder.graders.ch04_network import count_macs as count_macs_grader
from cnnlab.autograder.graders.ch04_network import count_parameters as count_parameters_grader
from cnnlab.autograder.graders.ch04_network import predict as net_grader
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.submission.solutions import solution_source
from cnnlab.course.ops import layers as arithmetic
from cnnlab.course.ops import network as ops

CHAPTER = "ch04_network"
PICTURE = (32, 32, 3)


@cache
def solved() -> dict[str, Any]:
    """The chapter's namespace with every exercise solved."""
    namespace: dict[str, Any] = {}
    exec(load_chapter(CHAPTER).prelude, namespace)
    for name in recorded(CHAPTER):
        exec(solution_source(CHAPTER, name), namespace)
    return namespace


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)


@pytest.mark.parametrize("name", list(recorded(CHAPTER)))
def test_the_solution_earns_full_marks(name):
    result = judged(name, solved()[name])
    assert (result.status, result.score) == ("passed", result.max_score), result.message


# flatten


def flatten_everything(x):
    return np.asarray(x, dtype=float).flatten()


def flatten_channels_first(x):
    x = 1.0 * np.asarray(x)
    rows = []
    for picture in x:
        rows.append(np.concatenate([picture[:, :, c].ravel() for c in range(x.shape[3])]))
    return np.array(rows)


def flatten_fortran(x):
    x = 1.0 * np.asarray(x)
    return np.stack([picture.ravel(order="F") for picture in x])


# sigmoid, softmax


def sigmoid_both_exps(z):
    z = 1.0 * np.asarray(z)
    return np.exp(z) / (1 + np.exp(z))


def sigmoid_one_exp(z):
    return 1 / (1 + np.exp(-1.0 * np.asarray(z)))


def sigmoid_where(z):
    z = 1.0 * np.asarray(z)
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


def sigmoid_masked(z):
    z = 1.0 * np.asarray(z)
    out = np.empty_like(z)
    out[z >= 0] = 1 / (1 + np.exp(-z[z >= 0]))
    out[z < 0] = np.exp(z[z < 0]) / (1 + np.exp(z[z < 0]))
    return out


def softmax_overflowing(z):
    e = np.exp(1.0 * np.asarray(z))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_by_columns(z):
    z = 1.0 * np.asarray(z)
    e = np.exp(z - np.max(z))
    return e / e.sum(axis=0)


def softmax_of_everything(z):
    e = np.exp(1.0 * np.asarray(z) - np.max(z))
    return e / e.sum()


def softmax_without_sum(z):
    z = 1.0 * np.asarray(z)
    return np.exp(z - z.max(axis=-1, keepdims=True))


# dense


def dense_loops(unit_sum, with_bias=True, activate=True):
    """A dense layer in two loops, with something about it changed."""

    def dense(x, weights, bias, activation=None):
        x, weights, bias = (1.0 * np.asarray(a) for a in (x, weights, bias))
        if x.shape[1] != weights.shape[0]:
            raise ValueError(f"weights {weights.shape} do not fit")
        if len(bias) != weights.shape[1]:
            raise ValueError(f"bias {bias.shape} does not fit")
        if activation not in (None, "relu", "sigmoid", "softmax"):
            raise ValueError(f"activation {activation} is not known")
        out = np.zeros((len(x), weights.shape[1]), dtype=x.dtype)
        for n in range(len(x)):
            for u in range(weights.shape[1]):
                out[n, u] = unit_sum(x[n], weights, u) + (bias[u] if with_bias else 0)
        if activate and activation is not None:
            return {"relu": lambda z: np.maximum(z, 0), **vars(ops)}[activation](out)
        return out

    return dense


def dense_adding_bias_to_products(x, weights, bias, activation=None):
    sums = np.array(
        [[np.sum(r * w + b) for w, b in zip(weights.T, bias, strict=True)] for r in x], x.dtype
    )
    return dense_loops(lambda row, eye, u: row[u])(sums, np.eye(len(bias)), 0 * bias, activation)


column = dense_loops(lambda row, weights, u: np.sum(row * weights[:, u]))


# counting


def parameters_each(conv, dense=lambda n, units: (n + 1) * units, pool=lambda k, c: 0):
    """count_parameters in a loop, with something about it changed."""

    def count_parameters(input_shape, layers):
        counts, shape = [], input_shape
        for layer, after in zip(layers, solved()["trace_shapes"](input_shape, layers), strict=True):
            count = 0
            if layer[0] == "conv":
                kh, kw = solved()["pair"](layer[2])
                count = conv(kh, kw, shape[2], layer[1], after)
            elif layer[0] == "dense":
                count = dense(shape[-1], layer[1])
            elif layer[0] == "max_pool":
                count = pool(solved()["pair"](layer[1]), shape[2])
            counts.append(count)
            shape = after
        return counts

    return count_parameters


def macs_each(conv):
    """count_macs in a loop, with something about it changed."""

    def count_macs(input_shape, layers):
        counts, shape = [], input_shape
        for layer, after in zip(layers, solved()["trace_shapes"](input_shape, layers), strict=True):
            if layer[0] == "conv":
                kh, kw = solved()["pair"](layer[2])
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
                sizes, steps = map(solved()["pair"], (layer[2], layer[3] if layer[3:] else 1))
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


# predict


def network_by_hand(conv=None, pool=None, flat=None, scale=1.0, end="sigmoid", hidden="relu"):
    """predict as a learner writes it, line by line, with something about it changed."""

    def predict(x, weights):
        given = solved()
        if len(weights) != 10:
            raise ValueError(f"weights has {len(weights)} arrays")
        if x.shape[3] != weights[0].shape[2]:
            raise ValueError(f"x has {x.shape[3]} channels")
        x = x / np.asarray(scale, dtype=x.dtype)
        for i in range(0, 6, 2):
            x = given["conv2d"](x, weights[i], weights[i + 1])
            x = (conv or given["relu"])(x)
            x = (pool or given["max_pool2d"])(x)
        x = (flat or given["flatten"])(x)
        x = given["dense"](x, weights[6], weights[7], hidden)
        return given["dense"](x, weights[8], weights[9], end)

    return predict


def same(x):
    return x


MISTAKES = [
    ("flatten", flatten_everything, ["drops-batch"]),
    ("flatten", flatten_channels_first, ["channels-first-order"]),
    ("flatten", flatten_fortran, ["fortran-order"]),
    ("sigmoid", sigmoid_both_exps, ["overflows"]),
    ("sigmoid", sigmoid_one_exp, ["overflows"]),
    ("sigmoid", sigmoid_where, ["overflows"]),
    ("softmax", softmax_overflowing, ["overflows"]),
    ("softmax", softmax_by_columns, ["wrong-axis"]),
    ("softmax", softmax_of_everything, ["wrong-axis"]),
    ("softmax", softmax_without_sum, ["not-normalised"]),
    ("dense", dense_loops(lambda x, w, u: np.sum(x * w[u])), ["weights-transposed"]),
    ("dense", dense_loops(lambda x, w, u: x @ w[:, u], with_bias=False), ["bias-forgotten"]),
    ("dense", dense_loops(lambda x, w, u: x @ w[:, u], activate=False), ["activation-ignored"]),
    ("dense", dense_adding_bias_to_products, ["bias-per-product"]),
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
    ("predict", network_by_hand(conv=same), ["relu-missing"]),
    ("predict", network_by_hand(hidden=None), ["relu-missing"]),
    ("predict", network_by_hand(pool=same), ["pool-missing"]),
    ("predict", network_by_hand(pool=lambda x: x[:, :-1:2, :-1:2]), ["pool-missing"]),
    ("predict", network_by_hand(flat=flatten_channels_first), ["channels-first-order"]),
    ("predict", network_by_hand(scale=255.0), ["rescaled-twice"]),
    ("predict", network_by_hand(end=None), ["sigmoid-missing"]),
    ("predict", network_by_hand(end="softmax"), ["softmax-on-one-unit"]),
    (
        "predict",
        network_by_hand(conv=same, hidden=None, flat=flatten_channels_first),
        ["relu-missing", "channels-first-order"],
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
    ("flatten", lambda x: np.sort(ops.flatten(x), axis=1)),
    ("sigmoid", lambda z: 0.5 + 0.5 * np.tanh(1.0 * np.asarray(z))),
    ("softmax", lambda z: ops.softmax(2 * np.asarray(z, dtype=float))),
    ("dense", dense_loops(lambda x, w, u: np.max(x * w[:, u]))),
    (
        "count_parameters",
        parameters_each(lambda kh, kw, c, f, after: kh * kw * c * f + kh * kw),
    ),
    ("count_macs", lambda shape, layers: [n + 1 for n in arithmetic.count_macs(shape, layers)]),
    ("choose_hyperparameters", lambda budget: [("conv", 2, 3), ("conv", 3, 3), ("dense", 1)]),
    ("predict", network_by_hand(conv=np.abs)),
    ("predict", network_by_hand(flat=lambda x: x[:, :, ::-1].reshape(len(x), -1))),
    ("predict", network_by_hand(pool=lambda x: x.nothing)),  # raises, but not for want of a pool
    ("predict", network_by_hand(pool=lambda x: x[:, 1:-1, 1:-1])),  # raises with other sizes
]


@pytest.mark.parametrize(("name", "function"), ODD)
def test_an_odd_mistake_loses_points_and_gets_no_name(name, function):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == []
    assert result.hint


@pytest.mark.parametrize("quiet", [sigmoid_masked, lambda z: np.exp(-np.logaddexp(0.0, -z))])
def test_a_sigmoid_that_never_overflows_keeps_the_edge_cases(quiet):
    rungs = judged("sigmoid", quiet).rungs
    assert next(rung for rung in rungs if rung.id == "edge-cases").passed


def test_relu_after_the_pool_is_no_mistake():
    given = solved()
    late = network_by_hand(conv=same, pool=lambda x: given["relu"](given["max_pool2d"](x)))
    assert judged("predict", late).status == "passed"


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


def test_slips_left_out_leave_the_ops():
    """The grader's functions with holes for mistakes are the course's own without them."""
    rng = np.random.default_rng(5)
    for probe in _counting.counting_probes(rng):
        assert count_parameters_grader.parameters(*probe.args) == arithmetic.count_parameters(
            *probe.args
        )
        assert count_macs_grader.macs(*probe.args) == arithmetic.count_macs(*probe.args)
    x, weights = net_grader.random_net(rng)
    np.testing.assert_array_equal(net_grader.steps(x, weights), ops.predict(x, weights))


def test_the_given_trace_shapes_is_the_courses():
    for seed in range(5):
        for probe in _counting.counting_probes(np.random.default_rng(seed)):
            assert solved()["trace_shapes"](*probe.args) == arithmetic.trace_shapes(*probe.args)
