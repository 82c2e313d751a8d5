"""The course's dropout beside Keras's: the same shares, factors and special cases."""

import numpy as np
import pytest

from cnnlab.course.networks import split_cnn
from cnnlab.course.ops.dropout import dropout, dropout_backward, mc_predict, spatial_dropout2d
from cnnlab.course.ops.network import predict
from cnnlab.datasets.pictures import load_cats_dogs, load_network

X = np.random.default_rng(0).uniform(1, 2, (6, 5, 4, 8)).astype(np.float32)
RNG = np.random.default_rng


@pytest.mark.parametrize("rate", [0, 1, 0.0, 1.0])
@pytest.mark.parametrize("training", [True, False])
def test_where_nothing_is_left_to_chance_it_is_keras(rate, training):
    from keras import layers

    for kind, ours in (
        (layers.Dropout, dropout(X, rate, RNG(0), training)[0]),
        (layers.SpatialDropout2D, spatial_dropout2d(X, rate, RNG(0), training)),
    ):
        np.testing.assert_array_equal(ours, kind(rate)(X, training=training))


@pytest.mark.parametrize("rate", [0.25, 0.6])
def test_what_is_kept_is_as_large_as_in_keras(rate):
    from keras import layers

    for kind, ours in (
        (layers.Dropout, dropout(X, rate, RNG(0))[0]),
        (layers.SpatialDropout2D, spatial_dropout2d(X, rate, RNG(0))),
    ):
        theirs = np.asarray(kind(rate, seed=1)(X, training=True))
        kept = (ours != 0) & (theirs != 0)
        assert kept.any()
        np.testing.assert_allclose(ours[kept], theirs[kept], rtol=1e-6)
        assert ours.dtype == theirs.dtype


def test_the_gradient_is_that_of_nudging():
    weights, eps = np.arange(1.0, 7.0), 1e-6
    x = np.array([3.0, -2.0, 5.0, 1.0, 4.0, -1.0])
    total = lambda x: weights @ dropout(x, 0.4, RNG(2))[0]  # noqa: E731
    nudges = eps * np.eye(6)
    slopes = [(total(x + n) - total(x - n)) / (2 * eps) for n in nudges]
    mask = dropout(x, 0.4, RNG(2))[1]
    assert 0 < mask.sum() < 6
    np.testing.assert_allclose(dropout_backward(weights, mask, 0.4), slopes, atol=1e-6)


def test_a_map_is_dropped_as_a_whole():
    kept = spatial_dropout2d(X, 0.5, RNG(0)) != 0
    assert np.all(kept == kept[:, :1, :1])
    assert 0 < kept.mean() < 1


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_no_share_is_refused(rate):
    mask = np.ones(X.shape, bool)
    for call in (
        lambda: dropout(X, rate, RNG(0)),
        lambda: spatial_dropout2d(X, rate, RNG(0)),
        lambda: dropout_backward(X, mask, rate),
    ):
        with pytest.raises(ValueError, match="rate must be from 0 to 1"):
            call()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="mask must have shape"):
        dropout_backward(X, np.ones(3, bool), 0.5)
    with pytest.raises(ValueError, match="x must have shape"):
        spatial_dropout2d(X[0], 0.5, RNG(0))
    with pytest.raises(ValueError, match="passes must be 1 or more"):
        mc_predict(lambda x, training: x, X, 0)


def test_mean_and_spread_of_many_passes():
    answers = iter(np.array([[[0.5]], [[0.7]], [[0.9]]]))
    mean, std = mc_predict(lambda x, training: next(answers), X[:1], 3)
    assert mean == pytest.approx(0.7)
    assert std == pytest.approx(np.sqrt(0.08 / 3))


def test_the_network_cut_in_two_is_the_whole_network():
    pictures = load_cats_dogs().test.x[:4]
    whole = predict(pictures / np.float32(255), load_network().weights)[:, 0]
    halves = split_cnn.answers(split_cnn.features(pictures))
    np.testing.assert_allclose(halves, whole, rtol=1e-5)
