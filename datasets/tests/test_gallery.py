"""The gallery: what is embedded, and what is said where something is not right."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets import gallery, load

COLOURS = [(250, 20, 20), (20, 250, 20), (20, 20, 250)]
CARDS = {"block1_conv2": {"pictures": [0, 5, 7]}, "classes": {"pictures": ["tabby", "hammer"]}}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A small gallery in the place of the embedded one; gives its folder and its registry."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    for name, card in CARDS.items():
        strip = [np.full((8, 8, 3), COLOURS[i], np.uint8) for i, _ in enumerate(card["pictures"])]
        Image.fromarray(np.concatenate(strip, axis=1)).save(folder / f"{name}.webp", lossless=True)
    (folder / "gallery.json").write_text(json.dumps(CARDS))
    sums = {f"gallery/{path.name}": sha256(path) for path in folder.iterdir()}
    monkeypatch.setattr(load, "FOLDER", tmp_path)
    monkeypatch.setattr(load, "registry", lambda: sums)
    monkeypatch.setattr(gallery, "registry", lambda: sums)
    load.embedded.cache_clear()
    yield folder, sums
    load.embedded.cache_clear()


def test_a_row_is_cut_into_its_pictures(made):
    row = gallery.load_gallery("block1_conv2")
    assert row.pictures.shape == (3, 8, 8, 3)
    assert row.labels == ("filter 0", "filter 5", "filter 7")
    np.testing.assert_array_equal(row.pictures[:, 4, 4], COLOURS)
    assert gallery.load_gallery("classes").labels == ("tabby", "hammer")
    assert gallery.gallery_names() == ["block1_conv2", "classes"]


def test_an_unknown_row_is_named_with_the_nearest(made):
    with pytest.raises(ValueError, match=r"'block1conv2'\. Did you mean 'block1_conv2'\?"):
        gallery.load_gallery("block1conv2")


def test_a_damaged_file_is_refused(made):
    folder, _ = made
    (folder / "classes.webp").write_bytes(b"RIFF")
    with pytest.raises(OSError, match="damaged"):
        gallery.load_gallery("classes")


def test_a_row_that_is_not_what_its_card_says_is_refused(made):
    folder, sums = made
    cards = {**CARDS, "classes": {"pictures": ["tabby", "hammer", "snail"]}}
    (folder / "gallery.json").write_text(json.dumps(cards))
    sums["gallery/gallery.json"] = hashlib.sha256(
        (folder / "gallery.json").read_bytes()
    ).hexdigest()
    with pytest.raises(OSError, match="must hold 3 squares"):
        gallery.load_gallery("classes")
