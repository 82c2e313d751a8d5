"""The trained networks' topologies, against Keras's own VGG16 and the published figures."""

import numpy as np
import pytest

from cnnlab.course.pretrained import as_batch, build_squeezenet, load_vgg16
from cnnlab.course.vgg import (
    build_vgg,
    conv_names,
    folded,
    vgg_deprocess,
    vgg_preprocess,
)
from cnnlab.datasets.load import photo
from cnnlab.datasets.pretrained import Unreachable


def test_vgg16_is_kerass_layer_by_layer() -> None:
    import keras

    theirs = keras.applications.VGG16(weights=None)
    ours = build_vgg()
    assert ours.count_params() == theirs.count_params() == 138_357_544
    shapes = [[(la.name, la.output.shape) for la in m.layers[1:]] for m in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert [name for name, _ in shapes[0] if "conv" in name] == conv_names()


def test_preprocessing_is_kerass_and_not_in_place() -> None:
    import keras

    rgb = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3)).astype(np.float32)
    kept = rgb.copy()
    ours = vgg_preprocess(rgb)
    np.testing.assert_array_equal(rgb, kept)
    np.testing.assert_allclose(ours, keras.applications.vgg16.preprocess_input(kept), rtol=1e-6)
    np.testing.assert_array_equal(vgg_deprocess(ours), rgb)


def test_batch_normalisation_folds_into_a_convolution() -> None:
    import keras

    rng = np.random.default_rng(1)
    norm = keras.layers.BatchNormalization(epsilon=1e-3)
    norm.build((None, None, None, 4))
    gamma, beta, mean, variance = rng.uniform(0.5, 2, (4, 4)).astype(np.float32)
    norm.set_weights([gamma, beta, mean, variance])
    kernel, x = rng.normal(size=(3, 3, 2, 4)), rng.normal(size=(2, 6, 7, 2)).astype(np.float32)
    plain = keras.ops.conv(x, kernel.astype(np.float32), padding="same")
    gain = gamma / np.sqrt(variance + 1e-3)
    one, bias = folded(kernel, gain, beta - gain * mean)
    ours = keras.ops.conv(x, one, padding="same") + bias
    np.testing.assert_allclose(ours, norm(plain, training=False), atol=1e-5)


def test_squeezenet_has_the_published_size() -> None:
    model = build_squeezenet()
    assert model.count_params() == 1_235_496
    assert model.output_shape == (None, 1000)


def test_a_photograph_becomes_a_batch() -> None:
    assert as_batch(photo("chelsea"), (48, 64)).shape == (1, 48, 64, 3)


def test_without_a_network_the_ways_out_are_named(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "CNNLAB_CACHE": tmp_path,
        "KERAS_HOME": tmp_path,
        "PIP_NO_INDEX": 1,
        "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(Unreachable, match="Three ways out"):
        load_vgg16((64, 64, 3), tell=lambda _: None)
