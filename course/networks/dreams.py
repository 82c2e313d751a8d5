"""Pictures that a network likes, drawn with good taste: the gallery's gradient ascent.

Chapter 11's learner writes plain ascent on pixels. Here the picture is made of waves, every
scale equally easy to change, and of colours as decorrelated as in photographs (Olah, Mordvintsev
and Schubert, "Feature Visualization", Distill 2017); each step sees it shifted, scaled and turned
a little. Imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnnlab.course.ops.ascent import COLOURS
from cnnlab.datasets.pretrained import VGG_MEANS


@dataclass(frozen=True)
class Taste:
    """How pictures are drawn.

    Parameters
    ----------
    size : int
        Pixels on each side.
    steps : int
        Of Adam.
    rate : float
        Adam's learning rate.
    jitter : int
        Shift of at most so many pixels, twice.
    turn : float
        Degrees, at most, to either side.
    zoom : float
        Scaling by at most so much to either side.
    decay : float
        Wave of frequency f starts, and moves, in proportion to 1/f**decay.
    margin : int
        Pixels cut off all around at the end: nothing was asked of the units at the border, and
        around small receptive fields that shows.
    """

    size: int = 128
    steps: int = 160
    rate: float = 0.05
    jitter: int = 8
    turn: float = 8.0
    zoom: float = 0.08
    decay: float = 1.0
    margin: int = 0


Objective = Callable[[Any], Any]
"""From a batch of prepared pictures (n, H, W, 3) to one number for each (n,)."""


def draw(
    objective: Objective,
    count: int,
    taste: Taste = Taste(),
    seed: int = 0,
    tell: Callable[[int], None] = lambda step: None,
) -> NDArray[np.uint8]:
    """Pictures that make the objective large.

    Parameters
    ----------
    count : int
        How many are drawn side by side.
    tell : callable
        Gets the number of each step that is done.

    Returns
    -------
    array, shape (count, side, side, 3), uint8
        The side is the size less both margins.
    """
    rng = np.random.default_rng(seed)
    scale = _scale(taste.size, taste.decay)
    start = rng.normal(size=(2, count, 3, *scale.shape)).astype(np.float32) * 0.01
    waves = tf.Variable(start)
    adam = tf.keras.optimizers.Adam(taste.rate)

    @tf.function
    def step(shifts: Any, matrix: Any) -> Any:
        with tf.GradientTape() as tape:
            seen = _moved(_picture(waves, scale, taste.size), shifts, matrix)
            loss = -tf.reduce_sum(objective(prepared(seen)))
        adam.apply_gradients([(tape.gradient(loss, waves), waves)])
        return loss

    for i in range(taste.steps):
        shifts = rng.integers(-taste.jitter, taste.jitter + 1, 2)
        step(tf.constant(shifts), tf.constant(_affine(taste, rng), tf.float32))
        tell(i + 1)
    inner = slice(taste.margin, taste.size - taste.margin)
    picture = _picture(waves, scale, taste.size).numpy()[:, inner, inner]
    return np.rint(255 * picture).astype(np.uint8)


def prepared(pictures: Any) -> Any:
    """Red, green, blue from 0 to 1 as `vgg_preprocess` gives them."""
    return 255 * pictures[..., ::-1] - tf.constant(VGG_MEANS, tf.float32)


def _scale(size: int, decay: float) -> NDArray[np.float32]:
    """How strongly each wave counts, shape (size, size // 2 + 1)."""
    down, right = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    frequency = np.maximum(np.hypot(down, right), 1 / size)
    return (size / frequency**decay / np.sqrt(size)).astype(np.float32)


def _picture(waves: Any, scale: NDArray[np.float32], size: int) -> Any:
    """The picture, (n, size, size, 3) from 0 to 1."""
    spectrum = tf.complex(waves[0], waves[1]) * tf.cast(scale, tf.complex64)
    planes = tf.signal.irfft2d(spectrum, [size, size]) / 4
    colours = COLOURS / np.linalg.norm(COLOURS, axis=0).max()
    rgb = tf.einsum("nchw,kc->nhwk", planes, tf.constant(colours, tf.float32))
    return tf.sigmoid(4 * rgb)


def _moved(pictures: Any, shifts: Any, matrix: Any) -> Any:
    """What one step sees: mirrored at the border, shifted, turned and scaled."""
    around = 12
    padded = tf.pad(pictures, [[0, 0], [around, around], [around, around], [0, 0]], "REFLECT")
    rolled = tf.roll(padded, shifts, [1, 2])
    shape = tf.shape(rolled)
    turned = tf.raw_ops.ImageProjectiveTransformV3(
        images=rolled,
        transforms=matrix[None],
        output_shape=shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )
    return turned[:, around:-around, around:-around]


def _affine(taste: Taste, rng: np.random.Generator) -> NDArray[np.float64]:
    """A small rotation and scaling about the middle, as eight numbers."""
    angle = np.deg2rad(rng.uniform(-taste.turn, taste.turn))
    factor = 1 / rng.uniform(1 - taste.zoom, 1 + taste.zoom)
    c, s = factor * np.cos(angle), factor * np.sin(angle)
    middle = (taste.size + 24 - 1) / 2
    return np.array(
        [c, -s, middle - c * middle + s * middle, s, c, middle - s * middle - c * middle, 0, 0]
    )


def of_filters(model: Any, layer: str, indices: Sequence[int]) -> Objective:
    """The mean of one feature map for each picture, away from the border.

    Before the activation: a filter that is silent at the start still says which way to go.
    """
    conv = model.get_layer(layer)
    below = tf.keras.Model(model.inputs, conv.input)
    kernels = tf.gather(conv.kernel, list(indices), axis=3)

    def objective(pictures: Any) -> Any:
        x = below(pictures, training=False)
        maps = tf.nn.conv2d(x, kernels, 1, "SAME")[:, 2:-2, 2:-2]
        return tf.linalg.diag_part(tf.reduce_mean(maps, [1, 2]))

    return objective


def of_classes(model: Any, indices: Sequence[int]) -> Objective:
    """The logit of one class for each picture; ``model`` gives logits."""
    chosen = tf.constant(list(indices))
    return lambda pictures: tf.gather(model(pictures, training=False), chosen, batch_dims=1, axis=1)
