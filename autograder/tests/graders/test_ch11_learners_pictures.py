"""Pictures of a filter and of a class as learners write them, with mistakes and without."""

from __future__ import annotations

import pytest

from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.tests.graders.learners_ch11 import KEYS, all_in_tensors, climber, step_of

# visualize_filter and visualize_class


def filtering(ascend=None, border=2, of=None, begin=None):
    climb = ascend or climber()

    def visualize_filter(
        model, layer, index, steps, rng, size=96, rate=1.0, tv=0.0, l6=0.0, jitter=0, start=None
    ):
        import keras
        import tensorflow as tf

        if layer not in [known.name for known in model.layers]:
            raise ValueError(f"layer {layer!r} is not there")
        maps = keras.Model(model.inputs, model.get_layer(layer).output)
        if begin is not None:
            image = begin(rng, size)
        else:
            image = rng.normal(0, 10, (size, size, 3)) if start is None else start
        _, height, width, filters = maps(image[None]).shape
        if index < 0 or index >= filters:
            raise ValueError(f"index {index} is not there")
        if height < 5 or width < 5:
            raise ValueError("size leaves nothing")

        def score(x):
            found = maps(x)[:, border : height - border, border : width - border]
            return tf.reduce_mean(found if of == "layer" else found[..., index])

        return climb(score, image, steps, rng, rate, tv, l6, jitter)

    return visualize_filter


def test_another_way_to_a_filters_picture_is_right():
    result = judge_function(KEYS["visualize_filter"], filtering(all_in_tensors))
    assert result.passed, result.message


DOWN = climber(step=lambda x, g, r: step_of(x, -g, r))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (filtering(DOWN), "descends"),
        (filtering(border=0), "border-units"),
        (filtering(climber(back=False)), "jitter-not-undone"),
        (filtering(of="layer"), "whole-layer"),
        (filtering(begin=lambda rng, size: rng.normal(0, 10, (size, size, 3))), "start-ignored"),
    ],
)
def test_mistakes_with_a_filter_are_named(function, name):
    assert judge_function(KEYS["visualize_filter"], function).diagnosis == [name]


def other_noise_but_right(model, layer, index, steps, rng, size=96, start=None, **options):
    """Draws another noise than was asked for: not right, but it does climb."""
    if start is None:
        start = rng.uniform(-10, 10, (size, size, 3))
    return filtering()(model, layer, index, steps, rng, size, start=start, **options)


def test_a_picture_from_another_noise_is_not_named_and_keeps_the_climb():
    result = judge_function(KEYS["visualize_filter"], other_noise_but_right)
    assert result.diagnosis == []
    assert {rung.id for rung in result.rungs if rung.passed} >= {"climbs"}
    assert 0 < result.score < result.max_score


def classing(ascend=None, of=lambda shares, logits, index: logits[0, index]):
    climb = ascend or climber()

    def visualize_class(
        model, index, steps, rng, size=96, rate=1.0, tv=0.0, l6=0.0, jitter=0, start=None
    ):
        import keras

        both = keras.Model(model.input, [model.output, model.layers[-1].input])
        if not 0 <= index < model.output.shape[-1]:
            raise ValueError(f"index {index} is not there")
        image = rng.normal(0, 10, (size, size, 3)) if start is None else start
        return climb(lambda x: of(*both(x), index), image, steps, rng, rate, tv, l6, jitter)

    return visualize_class


def log_share(shares, logits, index):
    import tensorflow as tf

    return tf.math.log(shares[0, index])


def mean_logit(shares, logits, index):
    import tensorflow as tf

    return tf.reduce_mean(logits)


def test_other_ways_to_a_classs_picture_are_right():
    for function in (classing(), classing(all_in_tensors)):
        result = judge_function(KEYS["visualize_class"], function)
        assert result.passed, result.message


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (classing(of=lambda shares, logits, index: shares[0, index]), "softmax-objective"),
        (classing(of=log_share), "softmax-objective"),
        (classing(DOWN), "descends"),
        (classing(climber(back=False)), "jitter-not-undone"),
        (classing(of=mean_logit), "every-class"),
    ],
)
def test_mistakes_with_a_class_are_named(function, name):
    assert judge_function(KEYS["visualize_class"], function).diagnosis == [name]
