"""The gallery that comes with the course: every row that the renderer names is there, and drawn."""

import pytest

from cnnlab.datasets.gallery import gallery_names, load_gallery


def test_every_row_is_embedded_as_its_renderer_names_it():
    from cnnlab.course.training.gallery import CLASSES, FILTERS

    assert gallery_names() == [*FILTERS, "classes"]
    for name in gallery_names():
        wanted = [f"filter {i}" for i in FILTERS[name]] if name in FILTERS else list(CLASSES)
        assert list(load_gallery(name).labels) == wanted


def test_at_least_eight_filters_a_row_and_twelve_classes():
    for name in gallery_names():
        assert len(load_gallery(name).labels) >= (12 if name == "classes" else 8)


@pytest.mark.parametrize("name", gallery_names())
def test_no_picture_is_left_grey(name):
    row = load_gallery(name)
    assert row.pictures.std(axis=(1, 2, 3)).min() > 5
    assert row.card["network"] in ("vgg16", "squeezenet")
