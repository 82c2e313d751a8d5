"""The cats and dogs, how they were chosen, and the trained network that comes with them."""

import hashlib
import re

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets import load, make_cats_dogs, pictures
from cnnlab.datasets.pictures import Part, load_cats_dogs, load_network


@pytest.fixture(scope="module")
def cats_dogs():
    return load_cats_dogs()


@pytest.mark.parametrize(("part", "count"), [("train", 2800), ("validation", 1000), ("test", 1000)])
def test_every_part_is_balanced_from_its_beginning(cats_dogs, part, count):
    x, y = getattr(cats_dogs, part)
    assert (x.shape, x.dtype) == ((count, 32, 32, 3), np.uint8)
    assert (y.shape, y.dtype) == ((count,), np.uint8)
    assert y[:100].sum() == 50
    assert y.sum() == count // 2


def test_the_card_lists_the_files_and_their_sizes():
    card = (load.FOLDER / "README.md").read_text(encoding="utf-8")
    for folder in ("cats_dogs", "weights"):
        files = {p.relative_to(load.FOLDER).as_posix() for p in (load.FOLDER / folder).iterdir()}
        assert files == {name for name in load.registry() if name.startswith(f"{folder}/")}
        assert all(f"`{name.split('/')[1]}`" in card for name in files)
    size = sum(p.stat().st_size for p in (load.FOLDER / "cats_dogs").iterdir())
    assert size < 8.1e6


def test_no_two_pictures_are_equal(cats_dogs):
    parts = (cats_dogs.train, cats_dogs.validation, cats_dogs.test)
    digests = {hashlib.sha256(p.tobytes()).digest() for part in parts for p in part.x}
    assert len(digests) == 4800


def test_validation_and_test_hold_nothing_from_training(cats_dogs):
    """The rule of the script, on what was delivered."""
    seen = cats_dogs.train.x
    for part in (cats_dogs.validation.x, cats_dogs.test.x):
        assert len(make_cats_dogs.unlike(part, seen)) == len(part)


def test_the_pictures_are_photographs_and_not_noise(cats_dogs):
    """Neighbours resemble each other, along rows and along columns: no axis is mixed up."""
    x = cats_dogs.test.x.astype(float)
    spread = x.std()
    assert np.abs(np.diff(x, axis=1)).mean() < spread / 3
    assert np.abs(np.diff(x, axis=2)).mean() < spread / 3


def test_every_call_gives_arrays_of_its_own(cats_dogs):
    changed = load_cats_dogs()
    changed.test.x[:] = 0
    assert load_cats_dogs().test.x.any()


def test_another_size_keeps_the_picture():
    large = load_cats_dogs(size=48).test
    small = load_cats_dogs().test
    assert large.x.shape == (1000, 48, 48, 3)
    back = Image.fromarray(large.x[3]).resize((32, 32), Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(back).astype(int) - small.x[3]).mean() < 8


@pytest.mark.parametrize("size", [0, -1, 2.5, "32"])
def test_an_impossible_size_is_named(size):
    with pytest.raises(ValueError, match=r"^size must.*Received: " + re.escape(repr(size))):
        load_cats_dogs(size=size)


def test_an_unknown_source_lists_those_that_there_are():
    with pytest.raises(ValueError, match=r"source must be auto, embedded, photographs.*'full'"):
        load_cats_dogs(source="full")


def test_as_batches_for_keras(cats_dogs):
    part = Part(cats_dogs.test.x[:50], cats_dogs.test.y[:50])
    batches = list(part.as_tf(batch_size=20))
    assert [tuple(x.shape) for x, _ in batches] == [(20, 32, 32, 3)] * 2 + [(10, 32, 32, 3)]
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), part.y)
    x = np.concatenate([x for x, _ in batches])
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, part.x / 255, atol=1e-7)
    with pytest.raises(ValueError, match=r"batch_size must be 1 or more\. Received: 0"):
        part.as_tf(batch_size=0)


def test_shuffled_batches_keep_each_label_with_its_picture(cats_dogs):
    part = Part(cats_dogs.test.x[:50], cats_dogs.test.y[:50])
    first, second = part.as_tf(50, seed=3), part.as_tf(50, seed=3)
    passes = [next(iter(first)), next(iter(first)), next(iter(second))]
    means = {float(np.float32(x.mean() / 255)): int(y) for x, y in zip(*part, strict=True)}
    for x, y in passes:
        got = [(float(np.mean(p)), int(label)) for p, label in zip(x, y, strict=True)]
        for mean, label in got:
            assert means[min(means, key=lambda m, mean=mean: abs(m - mean))] == label
    orders = [np.asarray(x)[:, 0, 0, 0].tolist() for x, _ in passes]
    assert orders[0] != orders[1]  # anew each time through
    assert orders[0] == orders[2]  # and by the seed alone


def test_the_network_fits_its_card():
    network = load_network()
    assert [w.dtype for w in network.weights] == [np.float32] * 10
    assert network.weights[0].shape == (3, 3, 3, 16)
    assert network.card["parameters"] == sum(w.size for w in network.weights) < 60_000
    assert network.card["accuracy"]["test"] > 0.7
    assert network.keras.shape == (len(network.examples), 1)
    size = sum(p.stat().st_size for p in (load.FOLDER / "weights").glob("ch04*"))
    assert size < 300_000


def test_an_unknown_network_is_named():
    with pytest.raises(ValueError, match=r"^name must.*'ch99'"):
        load_network("ch99")


# The script


def test_a_sheet_is_read_back_as_it_was_laid_out(tmp_path, monkeypatch):
    x = np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3)).astype(np.uint8)
    path = tmp_path / "test.webp"
    Image.fromarray(make_cats_dogs.sheet(x)).save(path, lossless=True)
    monkeypatch.setattr(pictures, "embedded", lambda name: path)
    part = pictures._part("test", 32)
    np.testing.assert_array_equal(part.x, x)
    np.testing.assert_array_equal(part.y[:4], [0, 1, 0, 1])


def test_copies_and_mirror_images_are_left_out():
    rng = np.random.default_rng(0)
    others = rng.integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    new = rng.integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    new[0, :16], new[1, :, :16] = 0, 255  # noise alone is everywhere the same gray
    nearly = np.clip(others[1].astype(int) + 5, 0, 255).astype(np.uint8)
    candidates = np.stack([new[0], others[0], others[2][:, ::-1], nearly, new[1]])
    np.testing.assert_array_equal(make_cats_dogs.unlike(candidates, others), new)


def test_a_package_with_another_file_is_refused(tmp_path):
    for name in make_cats_dogs.SOURCES:
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(OSError, match=r"data_batch_1\.png has SHA-256"):
        make_cats_dogs.verify(tmp_path)
