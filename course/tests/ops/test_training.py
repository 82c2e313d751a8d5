"""What keeps a training alive, against Keras-free knowledge: statistics, algebra, small cases."""

import numpy as np
import pytest

from cnnlab.course.ops import training as ops
from cnnlab.course.ops.evaluation import smooth


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize(("shape", "fan_in"), [((3, 2, 5, 400), 30), ((50, 600), 50)])
def test_first_weights_have_the_spread_of_their_inputs(shape, fan_in, rng):
    weights = ops.he_normal(shape, rng)
    assert weights.shape == shape
    assert weights.std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.03)
    assert abs(weights.mean()) < 4 * weights.std() / np.sqrt(weights.size)


def test_first_weights_keep_a_signal_for_thirty_layers(rng):
    x = rng.normal(size=(400, 200))
    for _ in range(30):
        x = np.maximum(x @ ops.he_normal((200, 200), rng), 0)
    assert 0.2 < np.sqrt(np.mean(x**2)) < 5


def test_a_normalized_channel_has_the_mean_beta_and_the_spread_gamma(rng):
    x, gamma, beta = rng.normal(7, 3, (6, 5, 4, 3)), np.array([1.0, -2.0, 3.0]), np.arange(3.0)
    out, mean, variance = ops.batch_norm(x, gamma, beta, eps=0)
    assert out.mean((0, 1, 2)) == pytest.approx(beta)
    assert out.std((0, 1, 2)) == pytest.approx(np.abs(gamma))
    again = ops.batch_norm_at_test(x, gamma, beta, mean, variance, eps=0)
    np.testing.assert_allclose(again, out)
    np.testing.assert_allclose(ops.batch_norm(5 * x + 1, gamma, beta, eps=0)[0], out)


def test_a_moving_average_forgets_geometrically():
    moving = np.zeros(1)
    for _ in range(100):
        moving = ops.update_moving(moving, [10.0], 0.99)
    assert moving[0] == pytest.approx(10 * (1 - 0.99**100))


def test_the_first_step_of_adam_has_the_length_of_the_rate(rng):
    param, grad = rng.normal(size=(2, 8))
    new, m, v = ops.adam_step(param, 1000 * grad, 0 * param, 0 * param, 1, rate=0.25)
    np.testing.assert_allclose(new, param - 0.25 * np.sign(grad), atol=1e-4)
    np.testing.assert_allclose(m, 100 * grad)
    np.testing.assert_allclose(v, 1000 * grad**2)


def test_adam_is_the_formula_of_its_paper_where_eps_is_small(rng):
    param, m, v = rng.normal(size=5), np.zeros(5), np.zeros(5)
    grads = rng.normal(size=(12, 5))
    ours = param
    for t, grad in enumerate(grads, 1):
        ours, m, v = ops.adam_step(ours, grad, m, v, t, rate=0.1, eps=1e-12)
    ages = np.arange(len(grads))[::-1, None]
    # Written out: the weighted means over all gradients so far, for every step.
    paper = param
    for t in range(1, len(grads) + 1):
        first, second = (
            np.sum(b ** ages[-t:] * grads[:t] ** power, axis=0) / np.sum(b ** ages[-t:])
            for b, power in ((0.9, 1), (0.999, 2))
        )
        paper = paper - 0.1 * first / np.sqrt(second)
    np.testing.assert_allclose(ours, paper, rtol=1e-6)


def test_a_block_of_zeros_hands_on_what_is_above_zero(rng):
    x = rng.normal(size=(2, 4, 5, 3))
    zeros = np.zeros((3, 3, 3, 3))
    np.testing.assert_array_equal(
        ops.residual_block(x, zeros, np.zeros(3), zeros, np.zeros(3)), np.maximum(x, 0)
    )


def test_the_best_rate_is_that_of_the_steepest_fall():
    rates = np.geomspace(1e-5, 10, 101)
    losses = 2 - 1.5 / (1 + np.exp(-4 * np.log(rates / 1e-2)))  # steepest at 0.01
    assert ops.best_rate(rates, losses) == pytest.approx(1e-2, rel=2)
    assert ops.best_rate(rates, losses) > 1e-2  # an average that remembers lags behind
    assert ops.best_rate(3 * rates, losses) == pytest.approx(3 * ops.best_rate(rates, losses))
    assert ops.best_rate(rates, losses) != rates[np.argmin(smooth(losses))]


@pytest.mark.parametrize(
    ("losses", "patience", "found"),
    [
        ([5, 3, 4, 4.5, 2], 2, (3, 1)),
        ([5, 3, 4, 4.5, 2], 3, (4, 4)),
        ([3, 2, 2, 2, 1], 2, (3, 1)),
        ([1, 2, 3], 1, (1, 0)),
        ([3, 2, 1], 1, (2, 2)),
        ([7], 4, (0, 0)),
    ],
)
def test_a_training_stops_when_nothing_new_comes(losses, patience, found):
    assert ops.early_stop(losses, patience) == found


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ops.he_normal((3,), np.random.default_rng(0)), "shape"),
        (lambda: ops.batch_norm(np.ones((2, 3)), [1], [0]), "x"),
        (lambda: ops.batch_norm(np.ones((1, 1, 1, 2)), [1], [0, 0]), "gamma"),
        (lambda: ops.batch_norm_at_test(np.ones((1, 1, 1, 1)), [1], [0], [0, 0], [1]), "mean"),
        (lambda: ops.update_moving([1], [1, 2]), "batch"),
        (lambda: ops.update_moving([1], [1], 2), "momentum"),
        (lambda: ops.adam_step([1], [1], [0], [0], 0), "t"),
        (lambda: ops.adam_step([1], [1, 2], [0], [0], 1), "grad"),
        (lambda: ops.best_rate([1, 2], [1]), "losses"),
        (lambda: ops.early_stop([1.0], 0), "patience"),
        (lambda: ops.early_stop([], 1), "val_loss"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call, name):
    with pytest.raises(ValueError, match=rf"^{name} must"):
        call()
