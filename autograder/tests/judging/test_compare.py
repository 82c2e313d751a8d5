"""Expected against received, leaf by leaf."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.compare import (
    agrees,
    dtype_difference,
    shape_difference,
    value_difference,
)
from cnnlab.autograder.judging.tolerance import FLOAT64, Rounding, tolerance
from cnnlab.autograder.judging.wording import show_apart

A = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_equal_trees_do_not_differ():
    tree = {"out": A, "shape": (2, 3), "name": "conv", "ok": True, "rate": 0.5}
    again = {"out": A.copy(), "shape": [2, 3], "name": "conv", "ok": np.True_, "rate": 0.5}
    assert value_difference(tree, again) is None


def test_the_first_differing_cell_is_found():
    wrong = A.copy()
    wrong[1, 0] += 1
    wrong[1, 2] -= 1
    found = value_difference(A, wrong)
    assert found is not None
    assert found.index == (1, 0)
    assert "2 of 6 numbers differ" in found.text
    assert "expected 3, received 4" in found.text


@pytest.mark.parametrize(
    "received",
    [None, "text", {"a": 1}, [[1, 2], [3]], A[:1], A + 1, A * np.nan, A.astype(complex) * 1j, 7],
)
def test_what_is_not_equal_differs(received):
    assert value_difference(A, received) is not None


def test_rounding_is_forgiven_and_lost_precision_is_said():
    exact = np.linspace(0, 1, 50)
    rounded, double = exact.astype(np.float32), Rounding(9, FLOAT64)
    assert value_difference(exact, rounded, Rounding(9)) is None
    assert value_difference(exact, exact * (1 + 1e-16), double) is None
    found = value_difference(exact, exact * (1 + 1e-14), double)
    assert found is not None
    assert "precision was lost" in found.text
    found = value_difference(exact, exact * 1.001, Rounding(9))
    assert found is not None
    assert "precision" not in found.text


def test_numbers_are_printed_until_they_differ():
    assert show_apart(1.0, 1.00000002) == ("1", "1.00000002")
    assert show_apart(1.0, 2.0) == ("1", "2")
    found = value_difference(np.ones(2), np.array([1, 1.00001]))
    assert found is not None
    assert "expected 1, received 1.00001" in found.text


def test_the_tolerance_grows_with_the_sum_and_with_coarser_floats():
    wide, narrow = A.astype(np.float64), A
    assert tolerance(narrow, Rounding(9)) == tolerance(wide, Rounding(9))
    assert tolerance(narrow, Rounding(9)) > 1e6 * tolerance(wide, Rounding(9, FLOAT64))
    assert tolerance(wide, Rounding(900)) > 50 * tolerance(wide, Rounding(9))


def test_tuples_say_where():
    found = value_difference((A, 2.0), (A, 3.0))
    assert found is not None
    assert found.where == "[1]"
    assert value_difference((1, 2), (1, 2, 3)) is not None
    assert value_difference((1, 2), np.array([1, 2])) is None


def test_true_is_no_number_and_one_is_not_true():
    assert value_difference(1, True) is not None
    assert value_difference(True, 1) is not None


def test_huge_integers_do_not_overflow():
    assert value_difference(1.0, 10**400) is not None


@pytest.mark.parametrize(
    ("expected", "received", "kind"),
    [
        (A, A.tolist(), "type"),
        (A, A.T, "shape"),
        (3.0, None, "type"),
        ((A, A), (A, A.T), "shape"),
        ("a", 1, "type"),
    ],
)
def test_shape_and_type_differ(expected, received, kind):
    found = shape_difference(expected, received)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    ("expected", "received"), [(A, A.astype(np.float64)), (3, 3.0), ((A, 1), (A, 1.0))]
)
def test_dtypes_differ_where_shapes_agree(expected, received):
    assert shape_difference(expected, received) is None
    assert dtype_difference(expected, received) is not None
    assert dtype_difference(expected, expected) is None


def test_the_shape_rung_ignores_values():
    assert shape_difference(A, A + 1) is None
    assert shape_difference(3, np.int64(4)) is None
    assert shape_difference(3.0, np.float32(4)) is None


@pytest.mark.parametrize(
    "expected", [np.float32([[1, -2]]), np.zeros((0, 2)), np.array(3.0), 2, (1, 2)]
)
@pytest.mark.parametrize(
    "received",
    [
        np.float32([[1, -2]]),
        np.array([[1, -2 + 1e-3]]),
        np.array([[1, np.nan]]),
        np.array([[1j, 2]]),
        np.array([[True, False]]),
        np.zeros((0, 2)),
        [[1, -2]],
        2,
        (1, 2),
        None,
    ],
)
def test_the_quick_comparison_says_what_the_wordy_one_says(expected, received):
    assert agrees(expected, received) == (value_difference(expected, received) is None)


@pytest.mark.parametrize(
    ("expected", "received", "entry"),
    [
        (
            [(4, 4, 3), (2, 2, 3)],
            [(4, 4, 3), (2, 2, 1)],
            "Entry [1]: expected (2, 2, 3), received (2, 2, 1).",
        ),
        ([(5,)], [(np.int64(6),)], "Entry [0]: expected (5,), received (6,)."),
        ([1, 2, 3], [1, 2], "Entry [2]: expected 3, received nothing."),
        ([1, 2], [1, 7, 2], "Entry [1]: expected 2, received 7."),
        ([1], [1, 9], "Entry [1]: expected nothing, received 9."),
        (
            [[("ox", 0.5)]],
            [[("cat", 0.5)]],
            "Entry [0][0]: expected ('ox', 0.5), received ('cat', 0.5).",
        ),
        ([1, 2], [1, 3], ""),
        ((np.ones(2), np.ones(2)), (np.ones(2), np.zeros(2)), ""),
    ],
)
def test_the_first_entry_that_differs_is_told_whole(expected, received, entry):
    assert value_difference(expected, received).entry == entry
