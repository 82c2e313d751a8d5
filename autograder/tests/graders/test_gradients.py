"""Gradients that references are made of: Keras's, and stated where backends may differ."""

from __future__ import annotations

import ast

import keras
import numpy as np
import pytest
from keras import ops as k

from cnnlab.autograder.graders.ch11_filters_classes._ascent import variation
from cnnlab.autograder.graders.shared.gradients import first_max_pool2d, gradients
from cnnlab.autograder.judging.exercise import GRADERS

POOLS = [((2, 2), (2, 2)), ((3, 2), (1, 2)), ((2, 3), (3, 1)), ((1, 1), (2, 2)), ((5, 7), (1, 1))]


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.mark.parametrize(("size", "strides"), POOLS)
@pytest.mark.parametrize("values", [2, 1000])
def test_stated_pooling_is_keras_pooling_on_this_cpu(rng, size, strides, values):
    x = rng.integers(-values, values, (2, 5, 7, 3)).astype(np.float32)  # 2: ties nearly everywhere
    ours, theirs = first_max_pool2d(x, size, strides), k.max_pool(x, size, strides, "valid")
    assert np.array_equal(ours, theirs)
    dout = rng.normal(size=ours.shape).astype(np.float32)
    (stated,) = gradients(lambda x: first_max_pool2d(x, size, strides), [x], dout)
    (keras_own,) = gradients(lambda x: k.max_pool(x, size, strides, "valid"), [x], dout)
    assert np.allclose(stated, keras_own, atol=1e-6)


def test_on_a_tie_the_first_in_row_order_gets_the_gradient():
    x = np.array([[0, 5], [5, 5]], np.float64).reshape(1, 2, 2, 1)
    (dx,) = gradients(lambda x: first_max_pool2d(x, (2, 2), (2, 2)), [x], [[[[3.0]]]])
    assert dx.reshape(-1).tolist() == [0, 3, 0, 0]


def test_gradients_of_several_inputs_with_and_without_weights():
    x, y = np.array([1.0, 2.0]), np.array([3, 4])
    plain = gradients(lambda x, y: x * y, [x, y])
    assert [g.tolist() for g in plain] == [[3, 4], [1, 2]]
    weighted = gradients(lambda x, y: x * y, [x, y], [10, 0])
    assert [g.tolist() for g in weighted] == [[30, 0], [10, 0]]
    assert {g.dtype for g in plain} == {np.dtype(np.float64)}


def test_gradients_pass_through_a_keras_model(rng):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    kernel = rng.normal(size=(3, 2)).astype(np.float32)
    model.set_weights([kernel, np.zeros(2, np.float32)])
    (dx,) = gradients(lambda x: model(x)[0, 1], [np.ones((1, 3), np.float32)])
    assert np.allclose(dx[0], kernel[:, 1])


def test_total_variation_is_that_of_tensorflow(rng):
    import tensorflow as tf

    for shape in ((4, 5, 3), (1, 6, 2), (7, 1, 1)):
        image = tf.constant(rng.normal(size=shape))
        assert np.isclose(float(variation(image)), float(tf.image.total_variation(image)))


def test_references_name_no_backend():
    """Only `gradients` may: whatever else a grader computes runs on every backend of Keras."""
    for file in GRADERS.rglob("*.py"):
        if file.stem == "gradients":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"tensorflow", "jax", "torch"}, file
