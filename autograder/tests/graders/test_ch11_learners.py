"""Chapter 11's mistakes as learners write them, right answers in other styles, and odd ones."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.tests.graders.learners_ch11 import (
    KEYS,
    all_in_tensors,
    climber,
    penalised,
    picture,
    size_of,
    slope,
    step_of,
)

# total_variation


def by_loops(image):
    values, total = picture(image), 0.0
    rows, columns, channels = values.shape
    for i in range(rows):
        for j in range(columns):
            for c in range(channels):
                if i + 1 < rows:
                    total += abs(values[i + 1, j, c] - values[i, j, c])
                if j + 1 < columns:
                    total += abs(values[i, j + 1, c] - values[i, j, c])
    return total


def by_tensorflow(image):
    import tensorflow as tf

    return float(tf.image.total_variation(tf.constant(picture(image))))


def by_keras(image):
    from keras import ops

    x = ops.convert_to_tensor(picture(image), dtype="float64")
    down, across = ops.abs(x[1:] - x[:-1]), ops.abs(x[:, 1:] - x[:, :-1])
    return float(ops.sum(down) + ops.sum(across))


@pytest.mark.parametrize("function", [by_loops, by_tensorflow, by_keras])
def test_other_ways_to_the_total_variation_are_right(function):
    assert judge_function(KEYS["total_variation"], function).passed


def every_axis(image):
    return float(sum(np.abs(np.diff(picture(image), axis=axis)).sum() for axis in range(3)))


def last_two_axes(image):
    values = picture(image)
    return np.abs(np.diff(values)).sum() + np.abs(np.diff(values, axis=1)).sum()


def rolled(image):
    values = picture(image)
    down, across = np.roll(values, -1, 0) - values, np.roll(values, -1, 1) - values
    return np.abs(down).sum() + np.abs(across).sum()


def mean_over_numbers(image):
    return by_loops(image) / np.size(image)


def squares(image):
    values = picture(image)
    return np.square(np.diff(values, axis=0)).sum() + np.square(np.diff(values, axis=1)).sum()


def signed(image):
    values = picture(image)
    return np.diff(values, axis=0).sum() + np.diff(values, axis=1).sum()


def rows_alone(image):
    return np.abs(np.diff(picture(image), axis=0)).sum()


def unconverted(image):
    picture(image)
    values = np.asarray(image)
    return float(
        np.abs(values[1:] - values[:-1]).sum() + np.abs(values[:, 1:] - values[:, :-1]).sum()
    )


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (every_axis, "over-channels"),
        (last_two_axes, "over-channels"),
        (rolled, "wraps-around"),
        (mean_over_numbers, "averaged"),
        (squares, "squared"),
        (signed, "sign-kept"),
        (rows_alone, "one-direction"),
        (unconverted, "wraps-as-bytes"),
    ],
)
def test_mistakes_with_neighbours_are_named(function, name):
    assert judge_function(KEYS["total_variation"], function).diagnosis == [name]


def shortened(cost):
    """As in Keras's neural style transfer: without the last row and the last column."""

    def total_variation(image):
        values = picture(image)
        down = values[:-1, :-1] - values[1:, :-1]
        right = values[:-1, :-1] - values[:-1, 1:]
        return float(np.sum(cost(down, right)))

    return total_variation


def forward_lengths(image):
    values = picture(image)
    down = np.diff(values, axis=0, append=values[-1:])
    right = np.diff(values, axis=1, append=values[:, -1:])
    return np.sum(np.sqrt(down**2 + right**2))


def mean_over_pixels(image):
    return by_loops(image) / np.prod(np.shape(image)[:2])


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (shortened(lambda down, right: abs(down) + abs(right)), ["last-row-and-column-left-out"]),
        (
            shortened(lambda down, right: down**2 + right**2),
            ["squared", "last-row-and-column-left-out"],
        ),
        (shortened(lambda down, right: (down**2 + right**2) ** 1.25), ["raised-to-a-power"]),
        (forward_lengths, ["length-of-both"]),
        (mean_over_pixels, ["averaged"]),
    ],
)
def test_other_roughnesses_are_named(function, names):
    assert judge_function(KEYS["total_variation"], function).diagnosis == names


# ascent_step


def alike(image, gradient):
    if np.shape(gradient) != np.shape(image):
        raise ValueError(f"gradient must have the picture's shape, not {np.shape(gradient)}")


def normalised_first(image, gradient, rate):
    alike(image, gradient)
    direction = gradient / (np.mean(gradient**2) ** 0.5 + 1e-8)
    return image + rate * direction


def by_keras_ops(image, gradient, rate):
    from keras import ops

    alike(image, gradient)
    length = ops.sqrt(ops.mean(ops.square(gradient)))
    return (image + rate * gradient / (np.asarray(length) + 1e-8)).astype(image.dtype)


@pytest.mark.parametrize("function", [normalised_first, by_keras_ops])
def test_other_ways_to_a_step_are_right(function):
    assert judge_function(KEYS["ascent_step"], function).passed


def stepping(step):
    def ascent_step(image, gradient, rate):
        alike(image, gradient)
        with np.errstate(all="ignore"):
            return step(image, gradient, rate)

    return ascent_step


def in_place(image, gradient, rate):
    alike(image, gradient)
    image += rate * gradient / (size_of(gradient) + 1e-8)
    return image


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (stepping(lambda x, g, r: x - r * g / (size_of(g) + 1e-8)), "descends"),
        (stepping(lambda x, g, r: x + r * g), "not-normalised"),
        (stepping(lambda x, g, r: x + r * g / (np.linalg.norm(g) + 1e-8)), "divides-by-the-norm"),
        (stepping(lambda x, g, r: x + r * g / (np.abs(g).mean() + 1e-8)), "divides-by-mean-size"),
        (stepping(lambda x, g, r: x + r * g / (g.std() + 1e-8)), "divides-by-the-deviation"),
        (stepping(lambda x, g, r: x + r * g / ((g**2).mean() + 1e-8)), "root-forgotten"),
        (stepping(lambda x, g, r: x + r * g / size_of(g)), "divides-by-zero"),
        (
            stepping(lambda x, g, r: x + r * g / np.sqrt((g**2).mean() + 1e-8)),
            "epsilon-under-the-root",
        ),
        (stepping(lambda x, g, r: x + g / (size_of(g) + 1e-8)), "rate-ignored"),
        (stepping(lambda x, g, r: r * g / (size_of(g) + 1e-8)), "step-alone"),
        (in_place, "changes-input"),
    ],
)
def test_mistakes_with_a_step_are_named(function, name):
    assert judge_function(KEYS["ascent_step"], function).diagnosis == [name]


# ascend


def in_double_precision(score, image, steps, rng, **options):
    return climber()(score, np.asarray(image, np.float64), steps, rng, **options)


def with_keras_ops(value, x, tv, l6):
    from keras import ops

    rough = ops.sum(ops.abs(x[:, 1:] - x[:, :-1])) + ops.sum(ops.abs(x[:, :, 1:] - x[:, :, :-1]))
    value = value - tv * rough / float(np.prod(x.shape))
    return value - l6 * ops.power(ops.mean(ops.power(x, 6)), 1 / 6) if l6 else value


@pytest.mark.parametrize(
    "function",
    [
        climber(),
        all_in_tensors,
        in_double_precision,
        climber(slope=lambda *args: slope(*args, penalised=with_keras_ops)),
    ],
)
def test_other_ways_to_climb_are_right(function):
    result = judge_function(KEYS["ascend"], function)
    assert result.passed, result.message


def added(value, x, tv, l6):
    return penalised(value, x, -tv, -l6)


def summed_variation(value, x, tv, l6):
    import tensorflow as tf

    return penalised(value, x, 0, l6) - tv * tf.reduce_sum(tf.image.total_variation(x))


def summed_powers(value, x, tv, l6):
    import tensorflow as tf

    value = penalised(value, x, tv, 0)
    return value - l6 * tf.reduce_sum(x**6) ** (1 / 6) if l6 else value


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (climber(step=lambda x, g, r: step_of(x, -g, r)), "descends"),
        (climber(step=lambda x, g, r: x + r * g), "not-normalised"),
        (climber(back=False), "jitter-not-undone"),
        (climber(each=False), "one-jitter-for-all"),
        (climber(slope=lambda *args: slope(*args, penalised=added)), "penalties-added"),
        (
            climber(slope=lambda *args: slope(*args, penalised=summed_variation)),
            "variation-not-averaged",
        ),
        (climber(slope=lambda *args: slope(*args, penalised=summed_powers)), "l6-summed"),
        (climber(follow=False), "gradient-of-the-start"),
    ],
)
def test_mistakes_on_the_way_up_are_named(function, name):
    result = judge_function(KEYS["ascend"], function)
    assert result.diagnosis == [name]
    assert 0 < result.score < result.max_score
