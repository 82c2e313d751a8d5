"""Saliency and Grad-CAM with mistakes as learners write them, and odd ones without a name."""

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
    global keras, tf
    import keras
    import tensorflow as tf

    with one_model_for_many_calls():
        yield


def gradient(model, image, index, objective="logit"):
    """The photograph's gradient, as a learner gets it with a variable."""
    check(model, image, index)
    x = tf.Variable(image[None])
    with tf.GradientTape() as tape:
        score = objective_of(model, x, index, objective)
    return tape.gradient(score, x).numpy()[0]


def objective_of(model, x, index, objective):
    if objective == "probability":
        return model(x)[0, index]
    if objective == "log":
        return tf.math.log(model(x)[0, index])
    logits = keras.Model(model.input, model.layers[-2].output)(x)
    if objective == "all":
        return logits
    return logits[0, tf.argmax(logits[0]) if objective == "top" else index]


# saliency


def persistent(model, image, index):
    check(model, image, index)
    x = tf.convert_to_tensor(image)
    network = keras.Model(model.inputs, model.layers[-1].input)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        score = tf.gather(network(x[None]), index, axis=1)
    return tf.reduce_max(tf.abs(tape.gradient(score, x)), axis=2)


def a_mask_for_the_class(model, image, index):
    check(model, image, index)
    x = tf.constant(image[None])
    network = keras.Model(model.input, model.get_layer("logits").output)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = keras.ops.sum(network(x) * keras.ops.one_hot([index], model.output.shape[-1]))
    return keras.ops.max(keras.ops.absolute(tape.gradient(score, x)), axis=-1)[0]


def whole_slope(reduce, objective="logit"):
    return lambda model, image, index: reduce(gradient(model, image, index, objective))


@pytest.mark.parametrize(
    "function",
    [
        persistent,
        a_mask_for_the_class,
        whole_slope(lambda g: np.maximum(g.max(-1), -g.min(-1)).astype(np.float64)),
    ],
)
def test_other_ways_to_the_same_saliency_are_right(function):
    assert judge_function(KEYS["saliency"], function).passed


def by_the_pixel(model, image, index):
    return np.abs(gradient(model, image, index) * image).max(-1)


def from_0_to_1(model, image, index):
    found = np.abs(gradient(model, image, index)).max(-1)
    return found / found.max()


def in_place(model, image, index):
    found = np.abs(gradient(model, image, index)).max(-1)
    image -= np.mean(image)
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "names"),
    [
        (whole_slope(lambda g: g.max(-1)), ["signed"]),
        (whole_slope(lambda g: np.abs(g).sum(-1)), ["summed-over-channels"]),
        (whole_slope(lambda g: np.mean(np.abs(g), axis=2)), ["summed-over-channels"]),
        (whole_slope(lambda g: g.sum(-1)), ["signed", "summed-over-channels"]),
        (whole_slope(lambda g: abs(np.max(g, axis=-1))), ["absolute-after-maximum"]),
        (whole_slope(lambda g: np.abs(g).max(-1), "probability"), ["softmax-objective"]),
        (whole_slope(lambda g: np.abs(g).max(-1), "log"), ["softmax-objective"]),
        (whole_slope(lambda g: np.abs(g).max(-1), "all"), ["every-class"]),
        (whole_slope(lambda g: np.abs(g).max(-1), "top"), ["top-class"]),
        (whole_slope(lambda g: np.abs(g)[:, :, 0]), ["one-channel"]),
        (by_the_pixel, ["times-the-pixel"]),
        (from_0_to_1, ["normalised"]),
        (in_place, ["changes-input"]),
        (whole_slope(lambda g: np.squeeze(np.abs(g).max(-1))), ["axis-squeezed"]),
        (whole_slope(lambda g: np.abs(np.squeeze(g)).max(-1)), ["axis-squeezed"]),
        (
            whole_slope(lambda g: np.squeeze(np.abs(g).max(-1)), "probability"),
            ["softmax-objective", "axis-squeezed"],
        ),
    ],
)
def test_mistakes_with_saliency_are_named(function, names):
    result = judge_function(KEYS["saliency"], function)
    assert result.diagnosis == names
    assert 0 < result.score < result.max_score


# grad_cam


def maps_and_gradient(model, image, index, layer, objective="logit"):
    check(model, image, index)
    place = model.get_layer(layer).output  # Keras itself says "No such layer"
    demand(len(place.shape) == 4, "layer", layer)
    ends = {"logit": model.layers[-1].input, "probability": model.output}
    both = keras.Model(model.inputs, [place, ends.get(objective, ends["logit"])])
    with tf.GradientTape() as tape:
        maps, scores = both(image[np.newaxis])
        tape.watch(maps)
        pick = {"all": scores, "top": scores[:, tf.argmax(scores[0])]}
        score = pick.get(objective, scores[:, index])
    return maps, tape.gradient(score, maps)


def cam_of(weigh, finish, objective="logit"):
    """Grad-CAM of a learner: from gradients to weights, from the sum to the result."""

    def grad_cam(model, image, index, layer):
        maps, grads = maps_and_gradient(model, image, index, layer, objective)
        heat = tf.reduce_sum(weigh(grads) * maps, axis=-1)[0]
        return finish(heat.numpy())

    return grad_cam


def means(grads):
    return tf.reduce_mean(grads, axis=(1, 2), keepdims=True)


def sums(grads):
    return tf.reduce_sum(grads, axis=(0, 1, 2))


def divided(heat):
    heat = np.maximum(heat, 0)
    return heat / heat.max() if heat.max() > 0 else heat


def with_an_epsilon(heat):
    heat = np.maximum(heat, 0)
    return heat / (heat.max() + 1e-12)


def from_the_minimum(heat):
    heat = np.maximum(heat, 0)
    reach = heat.max() - heat.min()
    return (heat - heat.min()) / reach if reach > 0 else heat


def a_loop_over_maps(model, image, index, layer):
    maps, grads = maps_and_gradient(model, image, index, layer)
    maps, grads = maps[0].numpy(), grads[0].numpy()
    heat = np.zeros(maps.shape[:2])
    for c in range(maps.shape[-1]):
        heat += grads[:, :, c].mean() * maps[:, :, c]
    heat[heat < 0] = 0
    top = heat.max()
    return heat if top == 0 else heat / top


def where_both_are_positive(model, image, index, layer):
    """Guided gradients, as some libraries take them."""
    maps, grads = maps_and_gradient(model, image, index, layer)
    guided = tf.cast(maps > 0, "float32") * tf.cast(grads > 0, "float32") * grads
    return divided(tf.reduce_sum(means(guided) * maps, axis=-1)[0].numpy())


@pytest.mark.parametrize(
    "function",
    [
        cam_of(means, divided),
        cam_of(sums, divided),  # the same after normalising
        cam_of(means, with_an_epsilon),
        cam_of(lambda g: means(g) / g.shape[-1], divided),  # the mean over channels, not the sum
        cam_of(lambda g: means(g) / tf.norm(g), divided),  # gradients of a length of 1
        a_loop_over_maps,
    ],
)
def test_other_ways_to_the_same_cam_are_right(function):
    result = judge_function(KEYS["grad_cam"], function)
    assert result.passed, result.message


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "names"),
    [
        (cam_of(means, lambda h: h.clip(0) / h.clip(0).max()), ["all-negative-nan"]),
        (cam_of(means, lambda h: h / h.max() if h.max() > 0 else 0 * h), ["relu-missing"]),
        (cam_of(means, lambda h: h / h.max() if h.any() else h), ["relu-missing"]),
        (cam_of(means, lambda h: h / h.max()), ["all-negative-nan", "relu-missing"]),
        (cam_of(lambda g: tf.reduce_mean(g, axis=(0, 1)), divided), ["weights-averaged-wrong"]),
        (cam_of(lambda g: tf.reduce_mean(g, 3)[..., None], divided), ["weights-averaged-wrong"]),
        (cam_of(lambda g: tf.reduce_mean(g), divided), ["weights-averaged-wrong"]),
        (cam_of(lambda g: g, divided), ["weights-not-averaged"]),
        (cam_of(lambda g: tf.nn.relu(means(g)), divided), ["relu-on-weights"]),
        (cam_of(means, divided, "probability"), ["softmax-objective"]),
        (cam_of(means, divided, "all"), ["every-class"]),
        (cam_of(means, divided, "top"), ["top-class"]),
        (cam_of(means, lambda h: np.maximum(h, 0)), ["not-normalised"]),
        (cam_of(means, from_the_minimum), ["stretched-from-the-minimum"]),
        (
            cam_of(means, lambda h: (h - h.min()) / np.ptp(h) if h.any() else h),
            ["relu-missing", "stretched-from-the-minimum"],
        ),
        (cam_of(means, lambda h: np.maximum(h, 0) / h.max()), ["all-negative-nan"]),
        (
            cam_of(means, lambda h: np.squeeze(np.maximum(h, 0) / h.max())),
            ["all-negative-nan", "axis-squeezed"],
        ),
        (cam_of(means, lambda h: np.squeeze(divided(h))), ["axis-squeezed"]),
        (cam_of(lambda g: means(tf.nn.relu(g)), divided), ["gradients-clamped"]),
        (cam_of(lambda g: means(tf.abs(g)), divided), ["gradients-clamped"]),
        (where_both_are_positive, ["gradients-clamped"]),
    ],
)  # fmt: skip
def test_mistakes_with_cams_are_named(function, names):
    result = judge_function(KEYS["grad_cam"], function)
    assert result.diagnosis == names
    assert 0 < result.score < result.max_score


def resized(model, image, index, layer):
    heat = cam_of(means, divided)(model, image, index, layer)
    return tf.image.resize(heat[..., None], image.shape[:2]).numpy()[..., 0]


# odd ones


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("saliency", lambda model, image, index: np.abs(gradient(model, image, index))),
        ("saliency", lambda model, image, index: np.abs(image).max(-1)),
        ("saliency", lambda model, image, index: model),
        ("grad_cam", resized),
    ],
)
def test_odd_ones_are_not_named(exercise, function):
    result = judge_function(KEYS[exercise], function)
    assert result.diagnosis == []
    assert result.score < result.max_score


@pytest.mark.parametrize("exercise", ["saliency", "grad_cam"])
def test_what_keras_says_of_bad_input_alone_names_no_argument(exercise):
    """Without checks of their own, functions lose the last rung, and nothing else."""

    def unchecked(model, image, index, *more):
        network = keras.Model(model.input, model.layers[-1].input)
        x = tf.Variable(image[None])
        if exercise == "grad_cam":
            place = keras.Model(model.input, [model.get_layer(more[0]).output, network.output])
            with tf.GradientTape() as tape:
                maps, logits = place(x)
                score = logits[0, index]
            grads = tape.gradient(score, maps)
            return divided(tf.reduce_sum(means(grads) * maps, -1)[0].numpy())
        with tf.GradientTape() as tape:
            score = network(x)[0, index]
        return np.abs(tape.gradient(score, x)[0]).max(-1)

    result = judge_function(KEYS[exercise], unchecked)
    assert [rung.id for rung in result.rungs if not rung.passed] == ["robust"]
