"""Chapter 4's ops and counts against Keras, and the trained network against its record."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.autograder.graders.ch04_network import _activations, dense, flatten
from cnnlab.autograder.graders.ch04_network.count_macs import keras_macs
from cnnlab.autograder.graders.ch04_network.count_parameters import keras_parameters
from cnnlab.autograder.graders.ch04_network.predict import keras_predict, random_net
from cnnlab.course.networks.cnn import small_cnn
from cnnlab.course.ops import network
from cnnlab.course.ops.layers import count_macs, count_parameters
from cnnlab.datasets.pictures import load_cats_dogs, load_network

FEW = settings(max_examples=12, deadline=None)
small = st.integers(1, 5)
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])


@FEW
@given(small, small, small, small, seeds, dtypes)
def test_flatten(n, height, width, channels, seed, dtype):
    x = np.random.default_rng(seed).normal(size=(n, height, width, channels)).astype(dtype)
    result = network.flatten(x)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, flatten.keras_flatten(x))
    result[:] = 0
    assert x.any()  # the result is no view of the input


@FEW
@given(small, small, small, seeds, dtypes, st.sampled_from([None, "relu", "sigmoid", "softmax"]))
def test_dense(rows, n, units, seed, dtype, activation):
    rng = np.random.default_rng(seed)
    args = [rng.normal(size=shape).astype(dtype) for shape in ((rows, n), (n, units), (units,))]
    result = network.dense(*args, activation)
    assert result.dtype == dtype
    wanted = dense.keras_dense(*args, activation)
    np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["sigmoid", "softmax"])
@FEW
@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=2, max_size=6), dtypes)
def test_activations_of_any_size_without_a_warning(name, values, dtype):
    z = np.array([values, values[::-1]], dtype)
    result = getattr(network, name)(z)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, _activations.keras_activation(name)(z), atol=1e-6)


@FEW
@given(
    st.tuples(st.integers(8, 20), st.integers(8, 20), st.integers(1, 4)),
    st.lists(
        st.one_of(
            st.tuples(
                st.just("conv"),
                st.integers(1, 6),
                st.tuples(st.integers(1, 3), st.integers(1, 3)),
                st.integers(1, 2),
                st.sampled_from(["same", "valid"]),
            ),
            st.tuples(st.just("dense"), st.integers(1, 6)),
            st.tuples(st.just("dropout"), st.just(0.5)),
        ),
        max_size=3,
    ),
    st.sampled_from([("flatten",), ("global_average_pool",), ("max_pool", (1, 2))]),
)
def test_counts(picture, layers, last):
    stack = [*layers, last, ("dense", 3)]
    assert count_parameters(picture, stack) == keras_parameters(picture, stack)
    assert count_macs(picture, stack) == keras_macs(picture, stack)


def test_vgg16_costs_what_is_said_of_it():
    widths = [64] * 2 + [128] * 2 + [256] * 3 + [512] * 3 + [512] * 3
    pools_after = {1, 3, 6, 9, 12}
    stack = []
    for i, width in enumerate(widths):
        stack += [("conv", width, 3), *([("max_pool", 2)] if i in pools_after else [])]
    stack += [("flatten",), ("dense", 4096), ("dense", 4096), ("dense", 1000)]
    assert sum(count_parameters((224, 224, 3), stack)) == 138_357_544
    assert sum(count_macs((224, 224, 3), stack)) == 15_470_264_320


@pytest.mark.parametrize(("seed", "dtype"), [(0, np.float32), (1, np.float64)])
def test_predict_on_random_networks(seed, dtype):
    net = random_net(np.random.default_rng(seed), (2, 17, 24, 3), dtype=dtype)
    result = network.predict(*net)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, keras_predict(*net), atol=1e-6)


def test_the_trained_network_says_by_hand_what_keras_says():
    trained, test = load_network(), load_cats_dogs().test
    x = test.x[trained.examples] / np.float32(255)
    by_hand = network.predict(x, trained.weights)
    np.testing.assert_allclose(by_hand, trained.keras, atol=2e-6)
    model = small_cnn()
    model.set_weights(trained.weights)
    np.testing.assert_allclose(by_hand, model.predict(x, verbose=0), atol=2e-6)


def test_the_card_tells_the_accuracy_that_the_weights_have():
    trained, data = load_network(), load_cats_dogs()
    for name in ("validation", "test"):
        x, y = getattr(data, name)
        right = (network.predict(x / np.float32(255), trained.weights)[:, 0] > 0.5) == y
        assert right.mean() == pytest.approx(trained.card["accuracy"][name], abs=0.002)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: network.flatten(np.zeros((2, 3, 4))), "x must have shape"),
        (lambda: network.dense([[1, 2]], [[1]], [0]), r"weights must have shape \(2, units\)"),
        (lambda: network.dense([[1]], [[1, 2]], [0]), r"bias must have shape \(2,\)"),
        (lambda: network.dense([[1]], [[1]], [0], "tanh"), "activation must be one of"),
        (lambda: network.predict(np.zeros((1, 8, 8, 1)), [np.zeros(1)]), "weights must hold 10"),
        (lambda: count_parameters((8, 8, 3), [("dance", 3)]), "layers must be tuples"),
    ],
)
def test_what_does_not_fit_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()
