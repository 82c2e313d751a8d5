"""The cats-and-dogs network: its size, its layers, and that augmentation is for training."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.course.networks.cnn import augmentation_layers, build_cnn, compile_cnn


@pytest.mark.parametrize(("side", "parameters"), [(150, 5_681_345), (32, 635_073)])
def test_it_has_the_articles_size(side, parameters):
    model = build_cnn((side, side, 3))
    assert model.count_params() == parameters
    assert model.output_shape == (None, 1)


def test_dropout_stands_after_flatten_and_can_be_left_out():
    with_it = [type(layer).__name__ for layer in build_cnn((32, 32, 3)).layers]
    without = [type(layer).__name__ for layer in build_cnn((32, 32, 3), dropout=0).layers]
    assert with_it[with_it.index("Flatten") + 1] == "Dropout"
    assert [name for name in with_it if name != "Dropout"] == without


def test_it_is_compiled_as_chapter_6_says():
    model = build_cnn((16, 16, 3))
    assert compile_cnn(model, learning_rate=5e-4) is model
    assert type(model.optimizer).__name__ == "Adam"
    assert float(model.optimizer.learning_rate) == pytest.approx(5e-4)
    assert model.loss == "binary_crossentropy"
    assert model.get_compile_config()["metrics"] == ["accuracy"]


def test_a_picture_that_cannot_be_halved_four_times_is_refused():
    with pytest.raises(ValueError, match=r"input_shape must.*\(15, 40, 3\)"):
        build_cnn((15, 40, 3))


def test_augmentation_varies_in_training_alone_and_by_its_seed():
    x = np.random.default_rng(0).random((8, 16, 16, 3)).astype(np.float32)
    layers = augmentation_layers(shift=0.1, degrees=10, zoom=0.1, contrast=0.2, seed=3)
    assert len(layers) == 5
    same = augmentation_layers(shift=0.1, degrees=10, zoom=0.1, contrast=0.2, seed=3)
    for layer, twin in zip(layers, same, strict=True):
        np.testing.assert_array_equal(layer(x, training=False), x)
        varied = np.asarray(layer(x, training=True))
        assert not np.array_equal(varied, x), layer.name
        np.testing.assert_array_equal(twin(x, training=True), varied)


def test_a_strength_of_zero_leaves_the_layer_out():
    assert [type(layer).__name__ for layer in augmentation_layers()] == ["RandomFlip"]
    assert augmentation_layers(flip=False) == []


@pytest.mark.parametrize(
    ("contrast", "least", "most"), [(0.2, 1.0, 1.2), ((0.2, 0.2), 0.8, 1.2), ([0.1, 0.3], 0.9, 1.3)]
)
def test_contrast_goes_both_ways_where_a_pair_is_given(contrast, least, most):
    """A single number only raises it, in Keras 3.15.1: the recorded runs rely on that."""
    [layer] = augmentation_layers(flip=False, contrast=contrast, seed=0)
    x = np.tile(np.float32([0.4, 0.6]).reshape(1, 1, 2, 1), (500, 1, 1, 1))
    out = np.asarray(layer(x, training=True))
    factors = (out[:, 0, 1, 0] - out[:, 0, 0, 0]) / 0.2
    assert factors.min() == pytest.approx(least, abs=0.01)
    assert factors.max() == pytest.approx(most, abs=0.01)
