"""Chapter 11's mistakes as learners write them, right answers in other styles, and odd ones."""

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

KEYS = recorded("ch11_filters_classes")


def picture(image):
    values = np.asarray(image, float)
    if values.ndim != 3:
        raise ValueError(f"image must have three axes. Received: {values.shape}")
    return values


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


def size_of(gradient):
    return np.sqrt((gradient**2).mean())


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


# ascend, as learners write it: one function whose lines can be changed


def step_of(image, gradient, rate):
    return image + rate * gradient / (size_of(gradient) + 1e-8)


def penalised(value, x, tv, l6):
    import tensorflow as tf

    if tv:
        value -= tv * tf.reduce_sum(tf.image.total_variation(x)) / tf.size(x, x.dtype)
    if l6:
        value -= l6 * tf.reduce_mean(tf.abs(x) ** 6) ** (1 / 6)
    return value


def slope(score, seen, tv, l6, penalised=penalised):
    import tensorflow as tf

    x = tf.convert_to_tensor(seen[None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = penalised(score(x), x, tv, l6)
    return tape.gradient(value, x).numpy()[0]


def climber(step=step_of, slope=slope, back=True, each=True, follow=True):
    def ascend(score, image, steps, rng, rate=1.0, tv=0.0, l6=0.0, jitter=0):
        picture(image)
        first = slope(score, image, tv, l6)
        dy, dx = (0, 0) if each else rng.integers(-jitter, jitter + 1, 2)
        for _ in range(steps):
            if each:
                dy, dx = rng.integers(-jitter, jitter + 1, 2)
            seen = np.roll(np.roll(image, dy, axis=0), dx, axis=1)
            gradient = slope(score, seen, tv, l6) if follow else first
            image = step(seen, gradient, rate)
            if back:
                image = np.roll(np.roll(image, -dx, axis=1), -dy, axis=0)
        return image

    return ascend


def all_in_tensors(score, image, steps, rng, rate=1.0, tv=0.0, l6=0.0, jitter=0):
    """A Variable, one shift at a time, and the tape round everything."""
    import tensorflow as tf

    picture(image)
    x = tf.Variable(tf.cast(image, tf.float32)[None])
    for _ in range(steps):
        dy = int(rng.integers(-jitter, jitter + 1))
        dx = int(rng.integers(-jitter, jitter + 1))
        x.assign(tf.roll(x, [dy, dx], [1, 2]))
        with tf.GradientTape() as tape:
            value = penalised(score(x), x, tv, l6)
        g = tape.gradient(value, x)
        x.assign_add(rate * g / (tf.sqrt(tf.reduce_mean(tf.square(g))) + 1e-8))
        x.assign(tf.roll(x, [-dy, -dx], [1, 2]))
    return x[0]


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
