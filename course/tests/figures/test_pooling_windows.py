"""The picture of pooling windows: where they stand, what it says, what it draws."""

import numpy as np
import pytest

from cnnlab.course import ops
from cnnlab.course.figures import pooling_windows
from cnnlab.course.figures.pooling_windows import places
from cnnlab.course.palette import WINDOWS

TABLE = np.array([[1, 5, 2], [-4, 0, 3]])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (4, 4)])
@pytest.mark.parametrize("strides", [None, (1, 2), (3, 1)])
def test_what_lies_under_the_windows_is_what_pooling_takes(size, strides, padding):
    table = np.random.default_rng(1).normal(size=(7, 9))
    found = [[table[p].max() for p in line] for line in places((7, 9), size, strides, padding)]
    pooled = ops.max_pool2d(table[None, :, :, None], size, strides, padding)
    np.testing.assert_array_equal(found, pooled[0, :, :, 0])


def test_the_picture_is_read_out():
    said = pooling_windows.picture(TABLE, padding="same", take=np.max).alt
    assert "1 5 2; -4 0 3." in said
    assert said.endswith("Taken of each window: 5 3.")
    assert "Taken" not in pooling_windows.picture(TABLE).alt


def drawn(picture):
    """Colour → how many squares of it, and all the texts."""
    ax = picture.figure.axes[0]
    from matplotlib.colors import to_hex

    colours = [to_hex(p.get_facecolor()) for p in ax.patches if p.get_fill()]
    return {c: colours.count(c) for c in set(colours)}, [t.get_text() for t in ax.texts]


def test_every_window_has_its_colour_and_cells_without_one_are_hatched():
    counts, texts = drawn(pooling_windows.picture(TABLE, take=np.max, titles=["before", "after"]))
    assert counts == {WINDOWS[0]: 4 + 1, "#ffffff": 2}
    assert {"before", "after", "→", "−4", "5"} <= set(texts)
    hatched = [p for p in pooling_windows.picture(TABLE).figure.axes[0].patches if p.get_hatch()]
    assert [p.get_xy() for p in hatched] == [(2, 0), (2, 1)]


def test_windows_that_touch_differ_in_colour():
    counts, _ = drawn(pooling_windows.picture(np.zeros((4, 4))))
    assert counts == dict.fromkeys(WINDOWS, 4)


def test_it_is_a_png():
    assert pooling_windows.picture(TABLE).png().startswith(b"\x89PNG")
