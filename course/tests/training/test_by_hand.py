"""Chapter 5's training: the loop, the recorded run of Keras, and that both are one."""

import numpy as np
import pytest

from cnnlab.course.ops import descent
from cnnlab.course.training.by_hand import Recipe, keras_curve, start_params, train
from cnnlab.datasets.pictures import CatsDogs, Part, load_cats_dogs


def small_data(count=12):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8)
    part = Part(x, (np.arange(count) % 2).astype(np.uint8))
    return CatsDogs(part, part, part)


def test_the_start_is_the_same_every_time_and_float32():
    one, other = start_params(), start_params()
    assert all(map(np.array_equal, one, other))
    assert {p.dtype for p in one} == {np.dtype(np.float32)}
    assert not np.array_equal(one[0], start_params(Recipe(seed=1))[0])


def test_every_batch_is_seen_in_order_in_every_epoch():
    seen, said = [], []

    def step(params, x, y, rate):
        seen.append((len(x), y.tolist(), rate, float(x.min()) >= -0.5, float(x.max()) <= 0.5))
        return params, 1.0

    recipe = Recipe(kernel=3, filters=2, batch=5, epochs=2, rate=0.25)
    run = train(step, small_data(), recipe, tell=said.append)
    assert [s[0] for s in seen] == [5, 5, 2, 5, 5, 2]
    assert seen[1][1:] == ([1, 0, 1, 0, 1], 0.25, True, True)
    assert run.losses == [1.0] * 6
    assert len(run.accuracy) == 2
    assert said[1].startswith("epoch 2 of 2: loss 1.000, right on ")


def test_the_loop_stops_when_the_time_is_over():
    said = []
    recipe = Recipe(kernel=3, filters=2, batch=5, epochs=50)
    run = train(descent.train_step, small_data(), recipe, seconds=0, tell=said.append)
    assert len(run.losses) == 1
    assert said == ["0 seconds are over, after 1 steps."]


def test_our_steps_follow_the_recorded_curve_of_keras():
    keras, losses = keras_curve(), []

    def step(params, x, y, rate):
        if len(losses) == 12:
            return params, losses[-1]
        new, loss = descent.train_step(params, x, y, rate)
        losses.append(loss)
        return new, loss

    train(step, load_cats_dogs(), Recipe(epochs=1), tell=lambda text: None)
    np.testing.assert_allclose(losses, keras.losses[:12], atol=2e-5)
    assert keras.about["recipe"] == {
        "kernel": 5, "filters": 8, "rate": 0.05, "batch": 50, "epochs": 5, "seed": 0,
    }  # fmt: skip
    assert len(keras.losses) == 280
    assert keras.accuracy[-1] == pytest.approx(0.665)


@pytest.mark.slow
def test_the_whole_run_ends_where_keras_ends():
    run, keras = train(descent.train_step, load_cats_dogs(), seconds=600), keras_curve()
    np.testing.assert_allclose(run.losses, keras.losses, atol=2e-3)
    np.testing.assert_allclose(run.accuracy, keras.accuracy, atol=0.004)
