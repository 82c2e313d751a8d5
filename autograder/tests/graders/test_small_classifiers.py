"""Small networks in NumPy, most of them chapter 12's: against Keras, and finite differences."""

import numpy as np
import pytest

from cnnlab.autograder.graders.ch11_filters_classes._networks import CLASSES
from cnnlab.autograder.graders.ch12_explanations import _networks as small
from cnnlab.autograder.graders.shared.networks import backward, forward, run, stack_of
from cnnlab.autograder.sandbox.drivers import models
from cnnlab.course.networks import explain
from cnnlab.course.networks.pretrained import ending_in_softmax
from cnnlab.course.ops.gradients import numerical_gradient

RNG = np.random.default_rng(5)
NETWORKS = {
    name: small.drawn(RNG, network)
    for name, network in {
        "deep": small.deep(),
        "flat": small.flat(),
        "square": small.square(),
    }.items()
} | {
    "averaged": small.averaged([[1, -2], [2, 1]], (2, 3)),
    "weighted": small.weighted([[2, 1], [-1, 2]], (2, 3)),
}


def network_and_image(name):
    network = NETWORKS[name]
    return network, small.picture(np.random.default_rng(7), network)


def keras_model(network):
    return models.stack(**network)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_gives_what_keras_gives(name):
    import keras

    network, image = network_and_image(name)
    model = keras_model(network)
    every = keras.Model(model.input, [layer.output for layer in model.layers[1:]])
    for ours, theirs in zip(run(network, image[None]), every(image[None]), strict=True):
        np.testing.assert_allclose(ours.y, np.asarray(theirs), atol=2e-5)


@pytest.mark.parametrize("name", ["flat", "square", "averaged", "weighted"])
def test_gradients_are_finite_differences(name):
    network, image = network_and_image(name)
    image = image.astype(np.float64)

    def logit(picture):
        return float(small.logits_of(network, picture[None])[0, 1])

    done = small.through(network, image[None])
    ours = backward(done, small.one_logit(done[-1].y[0], 1)[None])[0]
    np.testing.assert_allclose(ours, numerical_gradient(logit, image, 1e-6), atol=1e-6)


def test_a_gradient_comes_back_through_every_kind_of_layer():
    network = {**CLASSES, "seed": 4}
    image = np.random.default_rng(2).normal(size=(4, 6, 3))

    def share(picture):
        return float(run(network, picture[None])[-1].y[0, 2])

    done = run(network, image[None])
    ours = backward(done, np.eye(5)[2:3])[0]
    assert np.abs(ours).max() > 1e-4
    np.testing.assert_allclose(ours, numerical_gradient(share, image, 1e-6), atol=1e-8)


@pytest.mark.parametrize("objective", [small.probability, small.log_probability])
def test_other_objectives_are_finite_differences_too(objective):
    logits = np.array([0.3, -1.0, 2.0])

    def value(z):
        share = np.exp(z[2]) / np.exp(z).sum()
        return float(share if objective is small.probability else np.log(share))

    np.testing.assert_allclose(objective(logits, 2), numerical_gradient(value, logits), atol=1e-8)


def test_the_courses_saliency_is_the_largest_finite_difference():
    network, image = network_and_image("flat")
    found = explain.saliency(keras_model(network), image, 2)

    def logit(picture):
        return float(small.logits_of(network, picture[None])[0, 2])

    slopes = numerical_gradient(logit, image.astype(np.float64), 1e-6)
    np.testing.assert_allclose(found, np.abs(slopes).max(axis=-1), atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1", "pool1", "conv2", "conv3"])
def test_the_courses_grad_cam_is_its_formula(layer):
    network, image = network_and_image("deep")
    found = explain.grad_cam(keras_model(network), image, 3, layer)
    done = small.through(network, image[None])
    start = network["names"].index(layer) + 1
    maps, rest = done[start - 1].y[0], stack_of(network)[start:-1]
    weights = [w for step in done[start:] for w in step.weights]

    def with_more(channel, amount):
        changed = maps.copy()
        changed[..., channel] += amount
        return forward(rest, changed[None], weights)[0, 3]

    # One step for a whole map is the sum of its cells' slopes: proportional to their mean.
    channels = range(maps.shape[-1])
    slopes = [(with_more(c, 1e-7) - with_more(c, -1e-7)) / 2e-7 for c in channels]
    cam = np.maximum(maps @ np.array(slopes), 0)
    np.testing.assert_allclose(found, cam / cam.max(), atol=1e-4)


def test_the_courses_occlusion_map_is_a_difference_of_logits():
    network, image = network_and_image("deep")
    found = explain.occlusion_map(keras_model(network), image, 1, 5, 4)
    assert found.shape == (4, 3)
    hidden = image.copy()
    hidden[8:13, 4:9] = image.mean(axis=(0, 1))
    both = small.logits_of(network, np.stack([image, hidden]))[:, 1]
    assert found[2, 1] == pytest.approx(both[0] - both[1], abs=1e-5)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda m, x: explain.saliency(m, x, 5), "index"),
        (lambda m, x: explain.saliency(m, x, -1), "index"),
        (lambda m, x: explain.saliency(m, x[..., 0], 0), "image"),
        (lambda m, x: explain.saliency(m, x[..., :1], 0), "image"),
        (lambda m, x: explain.grad_cam(m, x, 0, "conv33"), "layer"),
        (lambda m, x: explain.grad_cam(m, x, 0, "logits"), "layer"),
        (lambda m, x: explain.occlusion_map(m, x, 0, 17, 1), "size"),
        (lambda m, x: explain.occlusion_map(m, x, 0, 0, 1), "size"),
        (lambda m, x: explain.occlusion_map(m, x, 0, 4, 0), "stride"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, name):
    network, image = network_and_image("deep")
    with pytest.raises(ValueError, match=rf"^{name} must"):
        call(keras_model(network), image)


def test_a_layer_that_is_not_there_has_a_neighbour():
    network, image = network_and_image("deep")
    with pytest.raises(ValueError, match="Did you mean 'conv3'"):
        explain.grad_cam(keras_model(network), image, 0, "conv33")


def test_shuffled_weights_keep_their_numbers_and_the_model_its_own():
    network, _ = network_and_image("deep")
    model = keras_model(network)
    before = [w.copy() for w in model.get_weights()]
    after = explain.with_shuffled_weights(model, 1).get_weights()
    for i, (one, other) in enumerate(zip(before, after, strict=True)):
        np.testing.assert_array_equal(np.sort(one, axis=None), np.sort(other, axis=None))
        assert np.array_equal(one, other) == (i < len(before) - 2)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_of_logits_gets_a_softmax_of_its_own():
    import keras

    network, image = network_and_image("square")
    logits = explain.logits_of(keras_model(network))
    model = ending_in_softmax(logits)
    assert isinstance(model.layers[-1], keras.layers.Softmax)
    assert float(np.sum(model(image[None]))) == pytest.approx(1)
    np.testing.assert_array_equal(explain.logits_of(model)(image[None]), logits(image[None]))
