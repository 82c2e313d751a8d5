"""The little network of chapter 14: its gradients, and that it fails in the ways that are shown."""

import numpy as np
import pytest

from cnnlab.course.ops import training as ops
from cnnlab.course.training.dense_stack import (
    BATCH,
    LOST,
    Network,
    Setting,
    Tools,
    loss_of,
    stripes,
    sweep,
    train,
)


@pytest.fixture
def batch():
    data = stripes()
    return data.x[:BATCH] / 127.5 - 1, data.y[:BATCH]


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("shortcut", [False, True])
def test_every_gradient_is_the_slope_that_is_found_by_trying(batch, batch_norm, shortcut):
    x, y = batch
    network = Network(Setting(depth=3, batch_norm=batch_norm, shortcut=shortcut))
    rng = np.random.default_rng(1)
    network.params += 0.05 * rng.normal(size=network.params.size)  # away from zero biases
    network.backward(loss_of(network.forward(x), y)[1])
    used = np.flatnonzero(network.grads)
    eps = 1e-6
    for place in rng.choice(used, 60, replace=False):
        at = network.params[place]
        both = []
        for moved in (at + eps, at - eps):
            network.params[place] = moved
            both.append(loss_of(network.forward(x), y)[0])
        network.params[place] = at
        assert network.grads[place] == pytest.approx((both[0] - both[1]) / (2 * eps), abs=2e-5)


def test_the_pictures_cannot_be_told_apart_by_their_mean_but_by_a_network():
    data = stripes()
    assert abs(data.x[data.y == 0].mean() - data.x[data.y == 1].mean()) < 5
    assert abs(np.mean(data.y) - 0.5) < 0.05
    assert train(Setting(rate=0.1)).right > 0.95


def test_one_batch_can_be_overfitted_with_any_labels():
    for shuffled in (False, True):
        run = train(Setting(one_batch=True, rate=0.1, shuffled=shuffled, steps=200))
        assert run.losses[0] == pytest.approx(np.log(2), abs=0.15)
        assert run.losses[-1] < 0.05
        assert (run.new_losses, run.right) == ([], 1.0)


def test_dead_units_learn_nothing():
    run = train(Setting(bias=-5.0, rate=0.1))
    assert run.silent == 1
    assert set(run.gradients[:-1]) == {0.0}
    assert run.losses == pytest.approx([np.log(2)] * len(run.losses), abs=0.05)


def test_small_first_weights_make_gradients_vanish_and_two_remedies_bring_them_back():
    small = Setting(depth=8, init=0.3, steps=100)
    assert train(small).gradients[0] < 1e-3 * train(small).gradients[-1]
    assert train(small).losses[-1] == pytest.approx(np.log(2), abs=0.02)
    for remedy in ({"batch_norm": True}, {"shortcut": True}):
        setting = Setting(**{**vars(small), **remedy})
        assert train(setting).gradients[0] > 0.3 * train(setting).gradients[-1]
        assert train(setting).right > 0.9


def test_shuffled_labels_are_memorized_and_new_pictures_get_worse_than_guessing():
    run = train(Setting(rate=0.1, shuffled=True, steps=300))
    assert np.mean(run.losses[-8:]) < 0.4
    assert run.new_losses[-1] > np.log(2)


def test_raw_pixels_make_the_first_loss_large():
    assert train(Setting(rescaled=False, rate=0.001)).losses[0] > 5


def test_the_tools_do_the_work():
    calls = []

    def counted(name):
        def tool(*args):
            calls.append(name)
            return getattr(ops, name)(*args)

        return tool

    tools = Tools(*map(counted, Tools._fields))
    setting = Setting(depth=2, batch_norm=True, adam=True, rate=0.01, steps=4)
    assert train(setting, tools) == train(setting)
    assert [calls.count(name) for name in Tools._fields] == [3, 4 * 2 + 2, 4]


def test_a_sweep_ends_where_the_loss_is_lost():
    rates = np.geomspace(1e-4, 1000, 60)
    losses = sweep(rates, Setting())
    assert len(losses) < 60
    assert np.isfinite(losses).all()
    assert max(losses) <= LOST * losses[0]
