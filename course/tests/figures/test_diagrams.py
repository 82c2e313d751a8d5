"""Pictures of networks: what they show and what they say to those who do not see them."""

import numpy as np
import pytest

from cnnlab.course.figures import diagrams

LAYERS = [("conv", 16, (3, 5)), ("max_pool", 2), ("flatten",), ("dropout", 0.5), ("dense", 1)]


def texts(picture):
    return [t.get_text() for ax in picture.figure.axes for t in ax.texts if t.get_text()]


def test_a_stack_names_every_layer_and_its_shape():
    picture = diagrams.stack((32, 24, 3), LAYERS)
    assert texts(picture)[1::2] == ["32×24×3", "32×24×16", "16×12×16", "3072", "3072", "1"]
    assert "convolution 16 of 3×5, 32×24×16; max pool 2×2, 16×12×16; flatten, 3072" in picture.alt


def test_boxes_get_lower_as_maps_get_smaller():
    picture = diagrams.stack((32, 32, 3), [("conv", 8, 3), ("max_pool", 4)])
    fronts = [p.get_xy() for p in picture.figure.axes[0].patches][::6]
    heights = [np.ptp(front[:, 1]) for front in fronts]
    np.testing.assert_allclose(heights, [1.1, 1.1, 1.1 / 4])


def test_costs_draw_one_bar_for_each_layer_and_add_up():
    picture = diagrams.costs(LAYERS, {"parameters": [5, 0, 0, 0, 2000], "work": [1, 2, 3, 4, 5]})
    left, right = picture.figure.axes
    assert [bar.get_width() for bar in left.patches] == [5, 0, 0, 0, 2000]
    assert (left.get_title(), right.get_title()) == ("parameters: 2,005", "work: 15")
    assert "dense 1 2,000" in picture.alt


def test_verdicts_lean_to_the_side_of_the_class():
    images = np.zeros((2, 4, 4, 3), np.uint8)
    picture = diagrams.verdicts(images, {"Keras": [[0.1], [0.75]], "you": [0.1, 0.75]}, [0, 1])
    bars = [ax.patches for ax in picture.figure.axes if ax.patches]
    assert [[round(bar.get_width(), 6) for bar in pair] for pair in bars] == [
        [-0.4, -0.4],
        [0.25, 0.25],
    ]
    assert texts(picture).count("Keras") == 1
    assert "1: cat, Keras 0.10, you 0.10; 2: dog, Keras 0.75, you 0.75" in picture.alt


@pytest.mark.parametrize("layer", LAYERS)
def test_every_picture_can_be_drawn(layer):
    shape = (8, 8, 3)
    assert diagrams.stack(shape, [layer]).png().startswith(b"\x89PNG")


def test_a_deep_stack_in_two_rows_shows_the_same_boxes():
    one, two = (diagrams.stack((32, 24, 3), LAYERS, rows=rows) for rows in (1, 2))
    assert texts(two) == texts(one)
    assert two.alt == one.alt
    assert [len(ax.texts) // 2 for ax in two.figure.axes] == [3, 3]
    assert len({ax.get_xlim() for ax in two.figure.axes}) == 1
