"""The wall of mistakes: which pictures hang there, in which order, and what it says."""

import numpy as np
import pytest

from cnnlab.course.figures import mistakes

LABELS = np.array([0, 0, 0, 0, 1, 1, 1])
ANSWERS = np.array([0.9, 0.5, 0.6, 0.2, 0.05, 0.5, 0.8])[:, None]


@pytest.mark.parametrize(
    ("truth", "count", "places"), [(0, 9, [0, 2]), (0, 1, [0]), (1, 9, [4, 5])]
)
def test_the_surest_mistakes_come_first_and_right_answers_never(truth, count, places):
    assert mistakes.worst(ANSWERS, LABELS, truth, count).tolist() == places


def test_the_wall_shows_the_pictures_that_it_speaks_of():
    images = np.zeros((7, 4, 4, 3), np.uint8) + np.arange(7, dtype=np.uint8)[:, None, None, None]
    picture = mistakes.wall(images, ANSWERS, LABELS, columns=3, rows=1)
    shown = [ax.images[0].get_array()[0, 0, 0] for ax in picture.figure.axes if ax.images]
    titles = [ax.get_title() for ax in picture.figure.axes if ax.images]
    assert shown == [0, 2, 4, 5]
    assert titles == ["dog: 90.0%", "dog: 60.0%", "cat: 95.0%", "cat: 50.0%"]
    assert "cats that were taken for dogs: 2 pictures, the network was sure by 90.0%" in picture.alt
    assert picture.png().startswith(b"\x89PNG")


def test_a_network_without_mistakes_has_an_empty_wall():
    picture = mistakes.wall(np.zeros((2, 4, 4, 3)), [0.1, 0.9], [0, 1])
    assert picture.alt.count("0 pictures, the network was sure by none") == 2
