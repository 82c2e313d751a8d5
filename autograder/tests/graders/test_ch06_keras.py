"""Chapter 6's network in Keras: every way to build the same passes, every mistake has its name."""

from __future__ import annotations

import math
import os
from functools import cache
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder.graders.shared.network_words import in_words
from cnnlab.autograder.graders.shared.networks import (
    CATS_DOGS,
    conv,
    dense,
    dropout,
    flatten,
    max_pool,
    traced,
)
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.submission.solutions import solution_source

CHAPTER = "ch06_cats_dogs"


@cache
def namespace() -> dict[str, Any]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    return {"np": np, "math": math, "keras": keras, "layers": keras.layers}


def judged(name, source):
    """A learner's function, judged as in their own notebook."""
    space = dict(namespace())
    exec(source, space)
    return judge_function(recorded(CHAPTER)[name], space[name])


def building(body):
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"def build_cnn(input_shape):\n{lines}\n"


BLOCKS = """
model = keras.Sequential([keras.Input(input_shape)])
for filters in (32, 64, 128, 128):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D())
"""
END = """
model.add(layers.Flatten())
model.add(layers.Dropout(0.5))
model.add(layers.Dense(512, activation="relu"))
model.add(layers.Dense(256, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
return model
"""
DROP, LAST = "model.add(layers.Dropout(0.5))\n", "model.add(layers.Dense(1,"
FUNCTIONAL = """
x = inputs = keras.Input(shape=input_shape, name="photograph")
for n, filters in enumerate((32, 64, 128, 128)):
    x = layers.Conv2D(filters, (3, 3), padding="same", name=f"block{n}")(x)
    x = layers.MaxPool2D(pool_size=(2, 2), strides=2)(x)
    x = layers.ReLU()(x)
x = layers.Flatten()(layers.Dropout(0.5)(x))
x = layers.Dense(512, activation=keras.activations.relu)(x)
x = layers.Dense(256)(x)
x = layers.Activation("relu")(x)
x = layers.Dense(1)(x)
return keras.Model(inputs, layers.Activation("sigmoid")(x))
"""
NESTED = """
features = keras.Sequential([keras.Input(input_shape)], name="features")
for filters in (32, 64, 128, 128):
    features.add(layers.Convolution2D(filters, 3, 1, "same", activation=keras.ops.relu))
    features.add(layers.MaxPooling2D())
return keras.Sequential([
    features, layers.Reshape((-1,)), layers.Dropout(0.5),
    layers.Dense(512, "relu"), layers.Dense(256, "relu"), layers.Dense(1, "sigmoid"),
])
"""


@pytest.mark.parametrize("body", [BLOCKS + END, FUNCTIONAL, NESTED])
def test_every_way_to_build_the_same_network_passes(body):
    result = judged("build_cnn", building(body))
    assert (result.status, result.score) == ("passed", 8.0), result.message


@pytest.mark.parametrize("name", ["build_cnn", "compile_cnn"])
def test_the_solution_earns_full_marks(name):
    result = judged(name, solution_source(CHAPTER, name))
    assert result.status == "passed", result.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "expected", "kept"),
    [
        (BLOCKS + END.replace("sigmoid", "softmax"), ["softmax-on-one-unit"], ["parameters"]),
        (BLOCKS + END.replace(', activation="sigmoid"', ""), ["linear-output"], ["parameters"]),
        (BLOCKS.replace(', activation="relu"', "") + END, ["relu-missing"], ["parameters"]),
        (BLOCKS.replace('padding="same", ', "") + END, ["padding-valid"], []),
        (
            BLOCKS + END.replace(DROP, "").replace(LAST, DROP + LAST),
            ["dropout-misplaced"],
            ["parameters", "reference"],
        ),
        (BLOCKS + END.replace("model.add(layers.Flatten())\n", ""), ["flatten-missing"], []),
        (
            BLOCKS.replace("(input_shape)])", "(input_shape), layers.Rescaling(1 / 255)])") + END,
            ["rescaled-twice"],
            ["parameters"],
        ),
    ],
)  # fmt: skip
def test_a_learners_mistake_is_named_and_the_rest_is_paid(body, expected, kept):
    result = judged("build_cnn", building(body))
    assert result.diagnosis == expected, result.message
    assert [rung.id for rung in result.rungs if rung.passed and rung.points] == kept


def test_another_network_gets_no_name():
    body = BLOCKS.replace('"relu"', '"tanh"') + END.replace("512", "100")
    result = judged("build_cnn", building(body))
    assert result.diagnosis == []
    assert result.score == 0


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ("", "failed", "None where a Keras model was expected"),
        ("return keras.Sequential([layers.Dens(1)])", "error", "AttributeError"),
    ],
)
def test_what_is_no_model_is_said_in_words(wrong, status, said):
    result = judged("build_cnn", building(wrong or "pass"))
    assert result.status == status
    assert said in result.message


COMPILE = "def compile_cnn(model):\n    model.compile({})\n    return model\n"


@pytest.mark.parametrize(
    "given",
    [
        "'adam', 'binary_crossentropy', metrics=['accuracy']",
        "keras.optimizers.Adam(1e-4), keras.losses.BinaryCrossentropy(), metrics=['acc', 'auc']",
        "'adam', keras.losses.binary_crossentropy, metrics=[keras.metrics.BinaryAccuracy()]",
        "optimizer='Adam', loss='bce', metrics=['binary_accuracy']",
    ],
)
def test_every_way_to_say_the_same_to_compile_passes(given):
    result = judged("compile_cnn", COMPILE.format(given))
    assert result.status == "passed", result.message


@pytest.mark.parametrize(
    ("given", "expected", "score"),
    [
        (
            "'adam', keras.losses.BinaryCrossentropy(from_logits=True), metrics=['accuracy']",
            ["from-logits-with-sigmoid"],
            2.0,
        ),
        ("'adam', 'categorical_crossentropy', metrics=['accuracy']", ["categorical-loss"], 2.0),
        ("'adam', 'binary_crossentropy'", ["accuracy-missing"], 3.0),
        ("'sgd', 'mse', metrics=['accuracy']", ["squared-error", "other-optimizer"], 1.0),
        ("'ftrl', 'binary_crossentropy', metrics=['accuracy']", [], 3.0),
    ],
)
def test_what_is_wrong_about_compile_is_named(given, expected, score):
    result = judged("compile_cnn", COMPILE.format(given))
    assert (result.diagnosis, result.score) == (expected, score), result.message


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("model.compile('adam', 'bce', metrics=['accuracy'])", ["result-not-returned"]),
        ("return model.compile('adam', 'bce', metrics=['accuracy'])", ["result-not-returned"]),
        ("model.compile('adam', 'bce')", ["accuracy-missing", "result-not-returned"]),
    ],
)
def test_a_compiled_model_that_is_not_returned_costs_one_rung(last, expected):
    result = judged("compile_cnn", f"def compile_cnn(model):\n    {last}\n")
    assert (result.diagnosis, result.score) == (expected, 3.0), result.message


def test_a_model_that_is_not_compiled():
    result = judged("compile_cnn", "def compile_cnn(model):\n    return model\n")
    assert (result.score, result.diagnosis) == (0.0, [])
    assert "nothing" in result.message


def test_the_judges_network_has_the_articles_size():
    """By shapes alone: the probes are small, for large networks without pooling fill the memory."""
    shapes, output = traced(CATS_DOGS, (150, 150, 3))
    assert sum(map(math.prod, shapes)) == 5_681_345
    assert output == (1,)


STACK = [conv(8), max_pool(), flatten(), dropout(), dense(1, "sigmoid")]


@pytest.mark.parametrize(
    "same",
    [
        [conv(8, activation="linear"), {"class": "ReLU"}, *STACK[1:]],
        [conv(8, activation="linear"), max_pool(), {"class": "ReLU"}, *STACK[2:]],
        [conv(8), max_pool(), dropout(), flatten(), dense(1, "sigmoid")],
        [*STACK[:-1], dense(1, "linear"), {"class": "Activation", "activation": "sigmoid"}],
        [conv(8), {"class": "Activation", "activation": "relu"}, *STACK[1:]],
        [*STACK[:2], {"class": "Reshape"}, *STACK[3:]],
        [{**conv(8), "activation": "re_l_u", "groups": 1, "use_bias": True}, *STACK[1:]],
    ],
)
def test_stacks_that_compute_the_same_are_described_alike(same):
    assert in_words(same) == in_words(STACK)


@pytest.mark.parametrize(
    "other",
    [
        [conv(8, activation="linear"), *STACK[1:]],
        [conv(8, activation="linear"), max_pool(), {"class": "Softmax"}, *STACK[2:]],
        [*STACK[:-1], dense(1, "linear"), {"class": "ReLU"}],
        [{**conv(8), "use_bias": False}, *STACK[1:]],
        [{**conv(8), "strides": [2, 2]}, *STACK[1:]],
        [{**conv(8), "trainable": False}, *STACK[1:]],
        [conv(8), max_pool("same"), *STACK[2:]],
        [*STACK[:3], dropout(0.25), STACK[-1]],
        [*STACK[:3], {"class": "SpatialDropout2D", "rate": 0.5}, STACK[-1]],
        [conv(8), {"class": "BatchNormalization"}, *STACK[1:]],
    ],
)
def test_stacks_that_compute_something_else_are_not(other):
    assert in_words(other) != in_words(STACK)
