"""Occlusion with mistakes as learners write them, and odd ones for which nothing is named."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.tests.graders.learners_ch12 import (
    KEYS,
    check,
    demand,
    one_model_for_many_calls,
)


@pytest.fixture(scope="module", autouse=True)
def _libraries():
    """What the learners' functions below call; imported late, because it takes seconds."""
    global keras
    import keras

    with one_model_for_many_calls():
        yield


# occlusion_map


def drops(model, image, index, size, stride, fill=None, softmax=False, fresh=True):
    """One place after another."""
    check(model, image, index)
    demand(0 < size <= min(image.shape[:2]), "size", size)
    demand(stride > 0, "stride", stride)
    network = model if softmax else keras.Model(model.input, model.layers[-1].input)
    colour = image.mean((0, 1)) if fill is None else fill(image)
    original = network(image[None])[0, index].numpy()
    rows, columns = ((n - size) // stride + 1 for n in image.shape[:2])
    found = np.zeros((rows, columns))
    covered = image.copy()
    for i in range(rows):
        for j in range(columns):
            covered = image.copy() if fresh else covered
            covered[i * stride : i * stride + size, j * stride : j * stride + size] = colour
            found[i, j] = original - network(covered[None])[0, index].numpy()
    return found


def in_one_batch(model, image, index, size, stride):
    check(model, image, index)
    demand(0 < size <= min(image.shape[:2]), "size", size)
    demand(stride > 0, "stride", stride)
    network = keras.Model(model.input, model.layers[-1].input)
    rows, columns = ((n - size) // stride + 1 for n in image.shape[:2])
    pictures = np.tile(image, (rows * columns + 1, 1, 1, 1))
    for n, (i, j) in enumerate(np.ndindex(rows, columns), 1):
        down, across = i * stride, j * stride
        pictures[n, down : down + size, across : across + size] = np.mean(image, axis=(0, 1))
    logits = keras.ops.convert_to_numpy(network(pictures))[:, index]
    return (logits[0] - logits[1:]).reshape(rows, columns)


@pytest.mark.parametrize("function", [drops, in_one_batch])
def test_other_ways_to_the_same_drops_are_right(function):
    result = judge_function(KEYS["occlusion_map"], function)
    assert result.passed, result.message


def drawing_on_the_photograph(model, image, index, size, stride):
    check(model, image, index)
    demand(0 < size <= min(image.shape[:2]), "size", size)
    demand(stride > 0, "stride", stride)
    network = keras.Model(model.input, model.layers[-1].input)
    colour = image.mean((0, 1))
    original = network(image[None])[0, index].numpy()
    rows = []
    for i in range(0, image.shape[0] - size + 1, stride):
        rows.append([])
        for j in range(0, image.shape[1] - size + 1, stride):
            image[i : i + size, j : j + size] = colour
            rows[-1].append(original - network(image[None])[0, index].numpy())
    return np.array(rows)


def confidences_left(whole):
    """How sure the network still is, or is no longer; never compared with the whole picture."""

    def occlusion_map(model, image, index, size, stride):
        lost = drops(model, image, index, size, stride, softmax=True)
        left = model(image[None])[0, index].numpy() - lost
        return whole - left

    return occlusion_map


def varied(**how):
    return lambda *args: drops(*args, **how)


def changed(change):
    return lambda *args: change(drops(*args))


def other_steps(step):
    return lambda m, image, index, size, stride: drops(m, image, index, size, step(size, stride))


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (varied(fill=lambda image: 0.0), ["black-occluder"]),
        (varied(fill=np.mean), ["grey-occluder"]),
        (varied(softmax=True), ["softmax-objective"]),
        (varied(fresh=False), ["occluders-stay"]),
        (drawing_on_the_photograph, ["occluders-stay", "changes-input"]),
        (changed(np.negative), ["gain-for-drop"]),
        (changed(np.transpose), ["output-transposed"]),
        (varied(fill=lambda image: 0.0, softmax=True), ["black-occluder", "softmax-objective"]),
        (changed(lambda m: np.maximum(m, 0)), ["drops-alone"]),
        (changed(lambda m: m / np.abs(m).max()), ["normalised"]),
        (confidences_left(1), ["softmax-objective", "occluded-score"]),
        (confidences_left(0), ["softmax-objective", "occluded-score"]),
        (other_steps(lambda size, stride: size if stride > 0 else stride), ["stride-ignored"]),
        (other_steps(lambda size, stride: min(stride, 1)), ["stride-ignored"]),
    ],
)
def test_mistakes_with_occluders_are_named(function, names):
    result = judge_function(KEYS["occlusion_map"], function)
    assert result.diagnosis == names
    assert result.score < result.max_score  # who draws on the photograph loses every rung


# odd ones


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("occlusion_map", changed(np.square)),
        ("occlusion_map", changed(lambda m: m - m.mean())),
    ],
)
def test_odd_ones_are_not_named(exercise, function):
    result = judge_function(KEYS[exercise], function)
    assert result.diagnosis == []
    assert result.score < result.max_score
