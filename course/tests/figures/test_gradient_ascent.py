"""Chapter 11's pictures: how they are shown, drawn in portions, and put on a sheet."""

import numpy as np
import pytest

from cnnlab.course.figures import gradient_ascent
from cnnlab.course.ops.ascent import COLOURS, recoloured
from cnnlab.datasets.gallery import Row, load_gallery
from cnnlab.datasets.pretrained import VGG_MEANS


def test_colours_come_back_in_the_order_of_people():
    blue = np.zeros((2, 2, 3))
    blue[..., 0] = 100.0
    picture = gradient_ascent.shown(blue, contrast=None)
    np.testing.assert_array_equal(
        picture[0, 0], np.rint([VGG_MEANS[2], VGG_MEANS[1], VGG_MEANS[0] + 100])
    )


def test_a_pale_picture_gets_contrast_and_a_blank_one_stays():
    pale = np.random.default_rng(0).normal(0, 1, (40, 40, 3))
    strong, weak = gradient_ascent.shown(pale), gradient_ascent.shown(pale, contrast=None)
    assert strong.std(axis=(0, 1)).min() > 10 * weak.std(axis=(0, 1)).max()
    assert gradient_ascent.shown(np.zeros((3, 3, 3))).std(axis=(0, 1)).max() == 0


def test_portions_go_on_from_one_another_and_make_all_steps(capsys):
    asked = []

    def draw(steps, start):
        asked.append((steps, start is None))
        return np.full((4, 4, 3), float(len(asked)))

    last = gradient_ascent.emerging(draw, steps=25, every=10, alt="a pattern")
    assert asked == [(10, True), (10, False), (5, False)]
    assert last[0, 0, 0] == 3


def test_no_steps_are_refused():
    with pytest.raises(ValueError, match="steps must be 1 or more"):
        gradient_ascent.emerging(lambda steps, start: start, 0)


def test_a_sheet_says_what_is_on_it():
    pictures = np.zeros((3, 4, 4, 3), np.uint8)
    sheet = gradient_ascent.sheet(pictures, ["a", "b", "c"], "letters", across=2)
    assert sheet.alt == "letters. In order: a, b, c."
    assert sum(bool(ax.images) for ax in sheet.figure.axes) == 3
    assert [ax.get_title() for ax in sheet.figure.axes] == ["a", "b", "c", ""]


def test_the_gallery_shows_every_row(monkeypatch, capsys):
    rows = []

    def load(name):
        rows.append(name)
        return Row(name, ("filter 0",), np.zeros((1, 4, 4, 3), np.uint8), {})

    monkeypatch.setattr(gradient_ascent, "load_gallery", load)
    gradient_ascent.show_gallery("block1_conv2", "classes")
    assert rows == ["block1_conv2", "classes"]


def test_without_a_network_classes_are_those_of_the_small_one(monkeypatch):
    import keras

    from cnnlab.course.networks import pretrained
    from cnnlab.course.networks.vgg import build_vgg

    def unreachable(*options):
        raise pretrained.Unreachable("no weights")

    small = build_vgg((32, 32, 3), (2, 2, 2, 2, 2), 4, 10, logits=True)
    monkeypatch.setattr(pretrained, "load_classifier", unreachable)
    monkeypatch.setattr(pretrained, "load_small_vgg", lambda logits: (small, ["cat", "horse"]))
    told = []
    model, names, side = gradient_ascent.class_network(told.append)
    assert (names, side) == (["cat", "horse"], 32)
    assert isinstance(model.layers[-1], keras.layers.Softmax)
    assert "no weights" in told[0]
    shares = model(np.zeros((1, 32, 32, 3), np.float32)).numpy()
    assert shares.sum() == pytest.approx(1)


def test_recoloured_pictures_vary_as_photographs_do():
    rng = np.random.default_rng(0)
    picture = rng.normal(size=(30, 40, 3)) @ rng.normal(size=(3, 3)) * 20 + (90, 120, 200)
    found = recoloured(picture).reshape(-1, 3)
    before, after = picture.mean(axis=2), found.mean(axis=1)
    np.testing.assert_allclose(found.mean(axis=0), picture.mean())
    np.testing.assert_allclose(after.std(), before.std())
    wanted, covariance = COLOURS @ COLOURS.T, np.cov(found.T)
    np.testing.assert_allclose(covariance / np.trace(covariance), wanted / np.trace(wanted))


def test_the_classes_of_the_gallery_no_longer_lean_to_blue():
    def lean(picture):
        red, green, blue = picture.reshape(-1, 3).mean(axis=0)
        return blue - (red + green) / 2

    pictures = load_gallery("classes").pictures
    assert min(map(lean, pictures)) > 10
    found = [lean(gradient_ascent.in_natural_colours(picture)) for picture in pictures]
    assert np.abs(found).max() < 3


def test_a_plain_picture_keeps_its_color():
    plain = np.full((4, 4, 3), (9, 99, 199), np.uint8)
    np.testing.assert_array_equal(gradient_ascent.in_natural_colours(plain), plain)
