"""The embedded photographs: what is delivered, and what happens when it is not right."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets import load


def test_every_registered_file_is_there_unchanged_and_small():
    assert load.registry()
    for name, digest in load.registry().items():
        data = (load.FOLDER / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest, name
        if name.startswith("photos/"):
            assert len(data) < 150_000, name


def test_every_photo_is_registered_and_in_the_data_card():
    card = (load.FOLDER / "README.md").read_text(encoding="utf-8")
    files = {p.relative_to(load.FOLDER).as_posix() for p in (load.FOLDER / "photos").iterdir()}
    assert files == {name for name in load.registry() if name.startswith("photos/")}
    assert all(f"`{Path(name).name}`" in card for name in files)


@pytest.mark.parametrize("name", load.photo_names())
def test_as_stored(name):
    picture = load.photo(name)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert max(picture.shape[:2]) == 256
    with Image.open(load.FOLDER / "photos" / f"{name}.png") as stored:
        np.testing.assert_array_equal(picture, np.asarray(stored.convert("RGB")))


def test_rows_come_first_and_nothing_is_stretched():
    assert load.photo("chelsea", size=(40, 70)).shape == (40, 70, 3)
    whole = load.photo("chelsea")  # wider than tall, so a square loses its sides
    height = whole.shape[0]
    left = (whole.shape[1] - height) // 2
    np.testing.assert_array_equal(
        load.photo("chelsea", size=height), whole[:, left : left + height]
    )


def test_gray_is_the_brightness_from_zero_to_one():
    colour, gray = load.photo("coffee", size=32), load.photo("coffee", size=32, gray=True)
    assert gray.shape == (32, 32)
    assert gray.dtype == np.float64
    assert 0 <= gray.min() < 0.3
    assert 0.7 < gray.max() <= 1
    red, green, blue = colour[5, 7] / 255
    assert gray[5, 7] == pytest.approx(0.299 * red + 0.587 * green + 0.114 * blue)


def test_every_call_gives_an_array_of_its_own():
    load.photo("brick", size=8)[:] = 0
    assert load.photo("brick", size=8).any()


def test_an_unknown_name_lists_the_names_and_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"brick, chelsea, coffee.*'chelsae'.*'chelsea'\?"):
        load.photo("chelsae")
    with pytest.raises(ValueError, match=r"Received: 'zebra'\.$"):
        load.photo("zebra")


@pytest.mark.parametrize("size", [0, (4, 0), (4, 4, 3), -1])
def test_an_impossible_size_is_named(size):
    with pytest.raises(ValueError, match=r"^size must"):
        load.photo("brick", size=size)


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """A data folder whose one photograph lost its last byte."""
    (tmp_path / "photos").mkdir()
    whole = (load.FOLDER / "photos" / "brick.png").read_bytes()
    (tmp_path / "photos" / "brick.png").write_bytes(whole[:-1])
    digest = load.registry()["photos/brick.png"]
    (tmp_path / "registry.txt").write_text(f"photos/brick.png {digest}\n")
    caches = (load.registry, load.embedded, load._pixels)
    monkeypatch.setattr(load, "FOLDER", tmp_path)
    for function in caches:
        function.cache_clear()
    yield tmp_path
    for function in caches:
        function.cache_clear()


def test_a_damaged_file_is_reported_with_the_way_out(damaged):
    with pytest.raises(OSError, match=r"brick\.png is damaged.*Install CNN Lab again"):
        load.photo("brick")


def test_a_file_that_is_not_registered_is_refused():
    with pytest.raises(ValueError, match=r"registry\.txt"):
        load.embedded("photos/../load.py")
