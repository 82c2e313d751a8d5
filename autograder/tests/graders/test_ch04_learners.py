"""Chapter 4's layers and network with mistakes as learners write them, and odd ones."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.graders.ch04_network import predict as net_grader
from cnnlab.autograder.tests.graders.learners import solved
from cnnlab.autograder.tests.graders.learners_ch04 import CHAPTER, judged
from cnnlab.course.ops import network as ops

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


# predict


def network_by_hand(conv=None, pool=None, flat=None, scale=1.0, end="sigmoid", hidden="relu"):
    """predict as a learner writes it, line by line, with something about it changed."""

    def predict(x, weights):
        given = solved(CHAPTER)
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
    given = solved(CHAPTER)
    late = network_by_hand(conv=same, pool=lambda x: given["relu"](given["max_pool2d"](x)))
    assert judged("predict", late).status == "passed"


def test_slips_left_out_leave_the_network():
    """The grader's function with holes for mistakes is the course's own without them."""
    rng = np.random.default_rng(5)
    x, weights = net_grader.random_net(rng)
    np.testing.assert_array_equal(net_grader.steps(x, weights), ops.predict(x, weights))
