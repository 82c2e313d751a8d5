"""What the course's own cells made, as the judge computes it."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.submission.course import (
    Given,
    course_cells,
    course_values,
    made_by_course,
)
from cnnlab.datasets.load import photo

CH01 = "ch01_convolution"


def test_arrays_are_computed_by_our_own_cells_and_nothing_else():
    given = course_values(CH01, frozenset({"cat", "filters", "tiny", "right_minus_left"}))
    np.testing.assert_array_equal(given.values["cat"], photo("chelsea", size=96, gray=True))
    edges = given.values["right_minus_left"]
    np.testing.assert_array_equal(given.values["filters"][:, :, 0, 0], edges / 3)
    assert given.values["tiny"].shape == (5, 5)
    assert not given.absent


def test_functions_and_what_learners_made_themselves_are_absent():
    names = frozenset({"edges", "maps", "photo", "figures", "demo"})
    assert course_values(CH01, names) == Given(absent=names)


def test_plots_are_imported_and_other_names_are_nobodys():
    given = course_values(CH01, frozenset({"plt", "np", "no_such_name", "relu"}))
    assert given == Given(imports="import matplotlib.pyplot as plt")


def test_a_prelude_is_there_without_being_sent():
    assert not made_by_course("ch03_pooling", "output_size")


@pytest.mark.parametrize("chapter", chapter_names())
def test_our_cells_are_read_without_exercises(chapter):
    cells = course_cells(chapter)
    assert f'start("{chapter}")' in cells[0]
    for exercise in load_chapter(chapter).exercises:
        assert not any(f"def {exercise.name}(" in source for source in cells)
