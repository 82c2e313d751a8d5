"""Chapter 8's network in Keras: right ones built in any way, and mistakes as people write them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.submission.solutions import solution_source

NAME = "build_augmented_cnn"


@cache
def space() -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(load_chapter("ch08_augmentation").prelude, namespace)
    exec(solution_source("ch08_augmentation", NAME), namespace)
    return namespace


def judged(function):
    return judge_function(recorded("ch08_augmentation")[NAME], function)


def front(flip="horizontal", move=0.1, turn=15 / 360):
    layers = space()["keras"].layers
    return [
        layers.RandomFlip(flip),
        layers.RandomTranslation(move, move),
        layers.RandomRotation(turn),
    ]


def sequence(before, behind=(), after=1):
    """The network with layers in front of it, and others after its first layers."""

    def build(shape):
        keras, network = space()["keras"], space()["build_cnn"](shape).layers
        layers = [*before(), *network[:after], *(behind() if behind else ()), *network[after:]]
        return keras.Sequential([keras.Input(shape), *layers])

    return build


def nested(shape):
    keras = space()["keras"]
    varying = keras.Sequential(front(turn=(-15 / 360, 15 / 360)))
    return keras.Sequential([keras.Input(shape), varying, space()["build_cnn"](shape)])


def functional(shape):
    keras = space()["keras"]
    layers = keras.layers
    inputs = x = keras.Input(shape)
    options = {"fill_mode": "constant"}
    x = layers.RandomRotation(15 / 360, **options)(x)
    x = layers.RandomTranslation(0.1, (-0.1, 0.1), **options)(x)
    x = layers.RandomFlip("horizontal")(x)
    for filters in (32, 64, 128, 128):
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.MaxPooling2D()(layers.ReLU()(x))
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    for units in (512, 256):
        x = layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def with_more(shape):
    layers = space()["keras"].layers
    more = [layers.RandomContrast(0.2), layers.RandomZoom(0.05)]
    return sequence(lambda: [*front(), *more])(shape)


@pytest.mark.parametrize("build", [None, nested, functional, with_more])
def test_every_right_way_to_build_it_earns_full_marks(build):
    result = judged(build or space()[NAME])
    assert result.score == result.max_score, result.message


def always_on(shape):
    """A function that knows nothing of training."""
    keras = space()["keras"]

    class Vary(keras.layers.Layer):  # type: ignore[name-defined]
        def call(self, x):
            for layer in self.inner:
                x = layer(x, training=True)
            return x

    vary = Vary()
    vary.inner = front()
    network = space()["build_cnn"](shape)
    inputs = keras.Input(shape)
    return keras.Model(inputs, network(vary(inputs)))


MISTAKES = {
    "augments-at-test": always_on,
    "rotation-in-degrees": sequence(lambda: front(turn=15)),
    "shift-in-percent": sequence(lambda: front(move=10)),
    "rotation-in-radians": sequence(lambda: front(turn=0.2618)),
    "flips-upside-down": sequence(lambda: front(flip="horizontal_and_vertical")),
    "after-the-conv": sequence(list, front),
    "no-augmentation": sequence(list),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_as_learners_write_them_are_named(name):
    result = judged(MISTAKES[name])
    assert result.score < result.max_score
    assert result.diagnosis == [name], result.message


def test_a_pair_of_degrees_which_keras_does_not_refuse_is_named_too():
    result = judged(sequence(lambda: front(turn=(-15, 15))))
    assert result.diagnosis == ["rotation-in-degrees"], result.message
    assert next(rung for rung in result.rungs if rung.id == "at test").passed


def test_a_vertical_flip_stands_them_on_their_heads_too():
    result = judged(sequence(lambda: front(flip="vertical")))
    assert result.diagnosis == ["flips-upside-down"], result.message


def test_after_the_second_convolution_is_behind_one_too():
    result = judged(sequence(list, front, after=3))
    assert result.diagnosis == ["after-the-conv"], result.message


@pytest.mark.parametrize(
    "build",
    [
        sequence(lambda: front()[:2]),
        sequence(lambda: front(move=0.3)),
        sequence(lambda: [*front(), space()["keras"].layers.Rescaling(1 / 255)]),
        lambda shape: None,
    ],
    ids=["no turn", "too far", "rescaled once more", "no model"],
)
def test_odd_mistakes_lose_points_and_get_no_name(build):
    result = judged(build)
    assert result.score < result.max_score
    assert result.diagnosis == [], result.message


def test_numpy_s_network_says_what_keras_s_says():
    from cnnlab.autograder.graders.ch08_augmentation.build_augmented_cnn import (
        model_probes,
        simulated,
    )
    from cnnlab.autograder.sandbox.drivers.ch08 import model

    probe = next(p for p in model_probes(np.random.default_rng(3)) if p.rung == "at test")
    ours = simulated(*probe.args, given=probe.given)
    keras = model(space()[NAME], probe.args, {}, probe.given)
    np.testing.assert_allclose(ours["y"], keras["y"], atol=1e-5)
    assert ours["weights"] == keras["weights"]
    assert ours["layers"] == keras["layers"]
