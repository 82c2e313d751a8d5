"""Chapter 10's mistakes as learners write them, and odd ones for which nothing may be named."""

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

KEYS = recorded("ch10_feature_maps")


def known(model, names):
    have = [layer.name for layer in model.layers]
    for name in names:
        if name not in have:
            raise ValueError(f"names must be of {have}. Received: {name!r}")


def outputs(model, image, names):
    import keras

    known(model, names)
    wanted = keras.Model(model.input, {name: model.get_layer(name).output for name in names})
    return {name: np.asarray(m) for name, m in wanted(image[None]).items()}


def right_by_predict(model, image, names):
    import keras

    known(model, names)
    wanted = keras.Model(model.input, [model.get_layer(name).output for name in names])
    found = wanted.predict(image[None], verbose=0)
    found = found if isinstance(found, list) else [found]
    return dict(zip(names, found, strict=True))


def right_with_tensors(model, image, names):
    import keras

    known(model, names)
    wanted = keras.Model(model.input, {name: model.get_layer(name).output for name in names})
    found = wanted(image[None])
    return {name: found[name] for name in names}


def a_model_for_each(model, image, names):
    import keras

    known(model, names)
    return {
        name: keras.Model(model.input, model.get_layer(name).output)(image[None]).numpy()
        for name in names
    }


def before_the_activation(model, image, names):
    import keras

    known(model, names)
    below = keras.Model(model.input, [model.get_layer(name).input for name in names])
    inputs = below(image[None])
    inputs = inputs if isinstance(inputs, list) else [inputs]
    found = {}
    for name, x in zip(names, inputs, strict=True):
        layer = model.get_layer(name)
        if hasattr(layer, "kernel"):
            found[name] = keras.ops.conv(x, layer.kernel, padding="same") + layer.bias
        else:
            found[name] = layer(x)
    return found


def in_the_order_of_layers(model, image, names):
    known(model, names)
    found = outputs(model, image, names)
    return {layer.name: found[layer.name] for layer in model.layers if layer.name in names}


def without_a_batch(model, image, names):
    return {n: m[0] for n, m in outputs(model, image, names).items()}


def an_output_for_each_name(model, image, names):
    import keras

    known(model, names)
    wanted = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return dict(zip(names, wanted.predict(image[None], verbose=0), strict=False))


@pytest.mark.parametrize("function", [right_by_predict, right_with_tensors])
def test_other_ways_to_one_pass_are_right(function):
    assert judge_function(KEYS["feature_maps"], function).passed


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (before_the_activation, "pre-activation"),
        (in_the_order_of_layers, "order-of-the-model"),
        (an_output_for_each_name, "single-output-unpacked"),
    ],
)
def test_mistakes_with_a_model_are_named(function, name):
    result = judge_function(KEYS["feature_maps"], function)
    assert result.diagnosis == [name]
    assert 0 < result.score < result.max_score


def test_a_pass_for_every_layer_is_right_and_remarked():
    """The worker counts the passes, so they can cost nothing."""
    result = judge_function(KEYS["feature_maps"], a_model_for_each)
    assert (result.passed, result.score, result.diagnosis) == (True, result.max_score, [])
    assert any("the network ran once for every layer" in remark for remark in result.remarks)


def test_maps_without_a_batch_axis_are_named():
    result = judge_function(KEYS["feature_maps"], without_a_batch)
    assert (result.diagnosis, result.passed) == (["drops-batch"], False)


def channels_in_front(model, image, names):
    return {n: np.moveaxis(m, -1, 1) for n, m in outputs(model, image, names).items()}


def a_list(model, image, names):
    return list(outputs(model, image, names).values())


@pytest.mark.parametrize("function", [channels_in_front, a_list])
def test_odd_ones_are_not_named(function):
    result = judge_function(KEYS["feature_maps"], function)
    assert result.diagnosis == []
    assert result.score < result.max_score


def axes(feature_map, count):
    values = np.asarray(feature_map, float)
    if values.ndim != count:
        raise ValueError(f"feature_map must have {count} axes. Received: {values.shape}")
    return values


def unguarded(feature_map):
    values = axes(feature_map, 2)
    low, high = np.percentile(values, [1, 99])
    scaled = np.clip((values - low) / (high - low), 0, 1)
    return np.round(scaled * 255).astype(np.uint8)


def with_an_epsilon(feature_map):
    values = axes(feature_map, 2)
    low, high = np.percentile(values, [1, 99])
    scaled = np.clip((values - low) / (high - low + 1e-12), 0, 1)
    return np.round(scaled * 255).astype(np.uint8)


def unclipped(feature_map):
    values = axes(feature_map, 2)
    low, high = np.percentile(values, [1, 99])
    if high == low:
        return np.full(values.shape, 128, np.uint8)
    return np.round((values - low) / (high - low) * 255).astype(int).astype(np.uint8)


def rectified_first(feature_map):
    values = np.maximum(axes(feature_map, 2), 0)
    low, high = np.percentile(values, 1), np.percentile(values, 99)
    if high == low:
        return np.full(values.shape, 128, np.uint8)
    return np.round(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def smallest_to_largest(feature_map):
    values = axes(feature_map, 2)
    if np.percentile(values, 1) == np.percentile(values, 99):
        return np.full(values.shape, 128, np.uint8)
    levels = (values - values.min()) / (values.max() - values.min())
    return np.round(levels * 255).astype(np.uint8)


def decimals_cut_off(feature_map):
    values = axes(feature_map, 2)
    low, high = np.percentile(values, [1, 99])
    if high == low:
        return np.full(values.shape, 128, np.uint8)
    return (np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def from_end_to_end(small=0.0, whole=np.array):
    """Stretched from the smallest to the largest number, with no thought of constant maps."""

    def to_picture(feature_map):
        values = axes(feature_map, 2)
        levels = (values - values.min()) / (values.max() - values.min() + small)
        return whole(levels * 255).astype(np.uint8)

    return to_picture


def by_mean_and_std(times, middle, guard):
    """As networks' maps are drawn in many books: a few standard deviations to either side."""

    def to_picture(feature_map):
        values = axes(feature_map, 2)
        values = values - values.mean()
        if not guard or values.std() > 0:
            values = values / values.std()
        return np.clip(values * times + middle, 0, 255).astype("uint8")

    return to_picture


def between_percentiles(first, last, white=255):
    def to_picture(feature_map):
        low, high = np.percentile(feature_map, [first, last])
        if low == high:
            return np.full(feature_map.shape, 128, np.uint8)
        return np.round((feature_map - low) / (high - low) * white).clip(0, 255).astype(np.uint8)

    return to_picture


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (from_end_to_end(), "stretches-to-the-extremes"),
        (from_end_to_end(small=1e-8), "stretches-to-the-extremes"),
        (by_mean_and_std(64, 128, guard=True), "mean-and-spread"),
        (by_mean_and_std(64, 128, guard=False), "mean-and-spread"),
        (by_mean_and_std(25.5, 127.5, guard=True), "mean-and-spread"),
        (unguarded, "divides-by-zero"),
        (with_an_epsilon, "divides-by-zero"),
        (unclipped, "wraps-around"),
        (rectified_first, "clips-negatives"),
        (smallest_to_largest, "stretches-to-the-extremes"),
        (decimals_cut_off, "truncates"),
        (between_percentiles(5, 95), "other-percentiles"),
        (between_percentiles(0.01, 0.99), "percentiles-as-shares"),
        (between_percentiles(1, 99, white=256), "times-256"),
    ],
)
def test_mistakes_with_grey_levels_are_named(function, name):
    assert judge_function(KEYS["to_picture"], function).diagnosis == [name]


def nonzeros(maps):
    return {name: np.count_nonzero(m) / m.size for name, m in maps.items()}


def first_channel(maps):
    return {name: (m[0, :, :, 0] == 0).sum() / m[0, :, :, 0].size for name, m in maps.items()}


def not_positive(maps):
    return {name: float((m <= 0).mean()) for name, m in maps.items()}


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (nonzeros, "share-of-nonzeros"),
        (first_channel, "over-one-channel"),
        (not_positive, "counts-negatives"),
        (lambda maps: {name: 100 * (m == 0).mean() for name, m in maps.items()}, "percent"),
    ],
)
def test_mistakes_with_zeros_are_named(function, name):
    assert judge_function(KEYS["sparsity"], function).diagnosis == [name]


def ranked(score):
    def strongest(feature_map, k):
        values = axes(feature_map, 4)
        if not 1 <= k <= values.shape[-1]:
            raise ValueError(f"k must be from 1 to {values.shape[-1]}. Received: {k}")
        return score(values, k)

    return strongest


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (ranked(lambda v, k: np.argsort(-v.max((0, 1, 2)), kind="stable")[:k]), "by-single-peak"),
        (ranked(lambda v, k: np.argsort(v.mean((0, 1, 2)), kind="stable")[:k]), "ascending"),
        (ranked(lambda v, k: list(np.argsort(v.mean((0, 1, 2)))[::-1][:k])), "later-of-two-alike"),
    ],
)
def test_mistakes_with_ranks_are_named(function, name):
    assert judge_function(KEYS["strongest"], function).diagnosis == [name]
