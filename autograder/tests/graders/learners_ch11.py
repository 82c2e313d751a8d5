"""Gradient ascent as learners write it: one function whose lines can be changed."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.judging.record import recorded

KEYS = recorded("ch11_filters_classes")


def picture(image):
    values = np.asarray(image, float)
    if values.ndim != 3:
        raise ValueError(f"image must have three axes. Received: {values.shape}")
    return values


def size_of(gradient):
    return np.sqrt((gradient**2).mean())


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
