"""The grid of feature maps: one row a layer, no ticks, silent maps black and marked."""

import io

import numpy as np
from PIL import Image

from cnnlab.course.figures import vgg
from cnnlab.course.ops.feature_maps import to_picture

RNG = np.random.default_rng(0)


def maps():
    first, second = RNG.random((1, 12, 12, 10)), RNG.random((1, 6, 6, 10))
    second[..., 3] = 0
    second[..., 4] = 0
    second[0, 2, 2, 4] = 5.0
    return {"one": first, "two": np.repeat(np.repeat(second, 4, 1), 4, 2)}


def shown(picture):
    return [ax.images[0].get_array() for ax in picture.figure.axes]


def test_every_map_has_its_place_without_ticks():
    picture = vgg.grid(maps(), to_picture)
    axes = picture.figure.axes
    assert len(axes) == 16
    assert all(len(ax.get_xticks()) == len(ax.get_yticks()) == 0 for ax in axes)
    assert [ax.get_title() for ax in axes] == [*map(str, range(8)), *[""] * 8]
    assert [ax.get_ylabel() for ax in axes if ax.get_ylabel()] == ["one\n12 × 12", "two\n24 × 24"]
    width, height = Image.open(io.BytesIO(picture.png())).size
    assert width > 1900
    assert height > 0.2 * width


def test_a_silent_map_is_black_marked_and_named():
    picture = vgg.grid(maps(), to_picture)
    assert to_picture(np.zeros((3, 3))).max() == 128
    silent = picture.figure.axes[11]
    assert not silent.images[0].get_array().any()
    assert [t.get_text() for t in silent.texts] == ["silent"]
    assert sum(len(ax.texts) for ax in picture.figure.axes) == 1
    assert picture.alt.endswith("black with a cross: two 3.")


def test_a_map_that_is_nearly_empty_is_dark_with_its_bright_cells():
    whole = np.zeros((1, 100, 100, 1))
    whole[0, 5, 5, 0] = 1.0
    (level,) = shown(vgg.grid({"x": whole}, to_picture, across=1))
    assert level[5, 5] == 255
    assert (level == 255).sum() == 1
    assert (level == 0).sum() == 9999


def test_other_maps_look_as_they_are_shaded():
    found = maps()
    picture = vgg.grid(found, to_picture)
    np.testing.assert_array_equal(shown(picture)[1], to_picture(found["one"][0, :, :, 1]))
