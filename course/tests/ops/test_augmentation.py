"""Chapter 8's ops: against Keras where Keras is exact, and by hand where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.course.ops import augmentation, blobs

EXAMPLES = settings(max_examples=20, deadline=None, derandomize=True)
RNG = np.random.default_rng


@st.composite
def batches(draw):
    """Pictures of any size and dtype."""
    shape = tuple(draw(st.integers(1, 9)) for _ in range(4))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return RNG(draw(st.integers(0, 2**32 - 1))).normal(size=shape).astype(dtype)


angles, zooms = st.floats(-400, 400), st.floats(0.3, 3)


def column(*values):
    return np.array(values, float).reshape(1, -1, 1, 1)


# Against Keras


@EXAMPLES
@given(batches(), st.integers(-12, 12), st.integers(-12, 12))
def test_a_shift_is_keras_s_affine_transform_by_whole_pixels(x, dy, dx):
    import keras

    matrix = np.array([[1, 0, -dx, 0, 1, -dy, 0, 0]] * len(x), np.float32)
    theirs = keras.ops.image.affine_transform(
        x, matrix, interpolation="nearest", fill_mode="constant"
    )
    np.testing.assert_array_equal(augmentation.shift(x, dy, dx), theirs)


@EXAMPLES
@given(batches(), angles, zooms)
def test_affine_is_keras_s_affine_transform_up_to_its_places_in_float32(x, degrees, zoom):
    import keras

    height, width = x.shape[1:3]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    cos, sin = np.cos(np.radians(degrees)) / zoom, np.sin(np.radians(degrees)) / zoom
    back = np.array([[cos, -sin], [sin, cos]])
    matrix = np.c_[back, middle - back @ middle].ravel()
    flat = np.tile(np.append(matrix, [0, 0]).astype(np.float32), (len(x), 1))
    theirs = keras.ops.image.affine_transform(x, flat, fill_mode="constant")
    assert augmentation.affine(x, degrees, zoom).dtype == x.dtype
    np.testing.assert_allclose(augmentation.affine(x, degrees, zoom), theirs, atol=3e-5)


@pytest.mark.parametrize("degrees", [-40.0, 12.5])
def test_keras_s_rotation_layer_turns_the_same_way(degrees):
    import keras

    x = RNG(0).random((2, 9, 12, 3)).astype(np.float32)
    share = degrees / 360
    layer = keras.layers.RandomRotation((share, share), fill_mode="constant")
    theirs = layer(x, training=True)
    np.testing.assert_allclose(augmentation.affine(x, degrees, 1), theirs, atol=1e-5)


def test_keras_s_zoom_of_minus_a_fifth_enlarges_by_a_quarter():
    import keras

    x = RNG(1).random((2, 9, 12, 3)).astype(np.float32)
    layer = keras.layers.RandomZoom((-0.2, -0.2), fill_mode="constant")
    theirs = layer(x, training=True)
    np.testing.assert_allclose(augmentation.affine(x, 0, 1.25), theirs, atol=1e-5)


@EXAMPLES
@given(batches(), st.floats(0, 4))
def test_contrast_is_tensorflow_s(x, factor):
    import tensorflow as tf

    theirs = tf.image.adjust_contrast(x, factor)  # computes in float32
    np.testing.assert_allclose(augmentation.adjust_contrast(x, factor), theirs, atol=1e-5)


@EXAMPLES
@given(batches())
def test_standardizing_is_keras_s_normalization(x):
    import keras

    layer = keras.layers.Normalization(axis=-1, dtype=x.dtype.name)
    layer.adapt(x)
    mean, std = augmentation.fit_standardizer(x)
    slack = 1e3 * np.finfo(x.dtype).eps
    np.testing.assert_allclose(mean, np.ravel(layer.mean), atol=slack)
    np.testing.assert_allclose(std**2, np.ravel(layer.variance), atol=slack)


# By hand


def test_bytes_do_not_wrap_around():
    x = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    assert [float(s[0]) for s in augmentation.fit_standardizer(x)] == [127.5, 127.5]
    np.testing.assert_array_equal(augmentation.adjust_contrast(x, 2).ravel(), [-127.5, 382.5])


def test_half_a_pixel_outside_the_edge_still_counts_by_half():
    x = column(8, 4)
    rows, columns = np.array([[[-0.5], [0.25], [1.5], [2.0]]]), np.zeros((1, 4, 1))
    np.testing.assert_array_equal(augmentation.bilinear(x, rows, columns).ravel(), [4, 7, 2, 0])


def test_a_row_twice_as_large():
    # The three pixels of the result come from -0.5, 0 and 0.5 around the middle one.
    np.testing.assert_array_equal(augmentation.affine(column(2, 4, 8), 0, 2).ravel(), [3, 4, 6])


@pytest.mark.parametrize("times", [1, 2, 3, 5, -1])
def test_quarter_turns_are_numpy_s(times):
    x = RNG(2).normal(size=(2, 5, 5, 3))
    turned = np.rot90(x, times, axes=(1, 2))
    np.testing.assert_allclose(augmentation.affine(x, 90 * times, 1), turned, atol=1e-12)


def test_pixel_by_pixel_leaves_holes_and_backwards_does_not():
    white = np.ones((1, 20, 20, 1))
    middle = np.s_[0, 6:14, 6:14, 0]
    assert augmentation.scattered(white, 30, 1.5)[middle].min() == 0
    np.testing.assert_allclose(augmentation.affine(white, 30, 1.5)[middle], 1)


def test_scattering_by_whole_pixels_is_the_same_as_reading():
    x = RNG(3).normal(size=(2, 5, 5, 3))
    np.testing.assert_allclose(augmentation.scattered(x, 90, 1), augmentation.affine(x, 90, 1))


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda x: augmentation.hflip(x[0]), "x"),
        (lambda x: augmentation.shift(x[0], 1, 1), "x"),
        (lambda x: augmentation.adjust_contrast(x[0], 2), "x"),
        (lambda x: augmentation.affine(x, 0, 0), "zoom"),
        (lambda x: augmentation.fit_standardizer(x[0]), "train"),
    ],
)
def test_what_does_not_fit_is_named(call, argument):
    with pytest.raises(ValueError, match=rf"^{argument} "):
        call(np.ones((2, 3, 4, 3)))


def test_a_varied_batch_keeps_its_labels_and_is_repeatable():
    x, y = RNG(5).random((6, 10, 12, 3)).astype(np.float32), np.arange(6)
    one, labels = augmentation.augment_batch(x, y, RNG(7))
    again, _ = augmentation.augment_batch(x, y, RNG(7))
    other, _ = augmentation.augment_batch(x, y, RNG(8))
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_array_equal(one, again)
    assert one.dtype == np.float32
    assert not np.array_equal(one, other)


def test_patches_are_cut_from_the_pictures():
    x = np.arange(2 * 5 * 6, dtype=float).reshape(2, 5, 6, 1)
    patches = augmentation.cut_patches(x, 3, 40, RNG(0))
    assert patches.shape == (40, 9)
    np.testing.assert_array_equal(np.diff(patches[:, :3]), 1)
    np.testing.assert_array_equal(patches[:, 3] - patches[:, 0], 6)
    assert {patches[:, 0].min(), patches[:, 8].max()} == {0, 59}


# Pictures from which variations are read back


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([(20, 30), (32, 32), (24, 40)]))
def test_variations_are_read_back(seed, size):
    rng = RNG(seed)
    order = rng.permutation(144)
    flips = rng.random(144) < 0.5
    moves = [np.rint(s * rng.uniform(-0.1, 0.1, 144)).astype(int) for s in size]
    degrees, factors = rng.uniform(-15, 15, 144), rng.uniform(0.8, 1.2, 144)
    x = blobs.pictures(144, *size)[order]
    read = blobs.recover(augmentation.vary(x, flips, moves, degrees, factors), 144)
    assert read is not None
    np.testing.assert_array_equal(read.number, order)
    np.testing.assert_array_equal(read.mirrored, flips)
    np.testing.assert_allclose(read.degrees, degrees, atol=1)
    np.testing.assert_allclose(read.contrast, factors, rtol=0.03)
    turn = np.radians(degrees)  # turned after they were moved
    np.testing.assert_allclose(
        read.down, np.cos(turn) * moves[0] - np.sin(turn) * moves[1], atol=0.1
    )
    np.testing.assert_allclose(
        read.right, np.sin(turn) * moves[0] + np.cos(turn) * moves[1], atol=0.1
    )


def test_a_zoom_is_read_back():
    x = blobs.pictures(20, 32, 32)
    read = blobs.recover(augmentation.affine(x, 5, 1.2), 20)
    assert read is not None
    np.testing.assert_allclose(read.zoom, 1.2, atol=0.02)


@pytest.mark.parametrize("picture", [np.zeros((3, 20, 24, 3)), np.full((3, 20, 24, 3), np.nan)])
def test_what_holds_no_spots_is_not_recognised(picture):
    assert blobs.recover(picture, 3) is None


def test_no_more_pictures_than_can_be_told_apart():
    with pytest.raises(ValueError, match="count"):
        blobs.pictures(145, 20, 24)
