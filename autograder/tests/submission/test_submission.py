"""From files to definitions: which cell counts as an answer."""

from __future__ import annotations

import pytest

from cnnlab.autograder.tests.submission.notebooks import (
    CONV2D,
    RELU,
    SETUP,
    STUB,
    cell,
    check_cell,
    handed_in,
    run,
)

# Which cell is the answer


def test_a_whole_notebook():
    submission = handed_in(
        cell("# Chapter 1", role="prose", kind="markdown"),
        cell(SETUP, role="setup"),
        cell(RELU, "relu"),
        check_cell("relu"),
        cell("plt.imshow(relu(photo))", role="demo"),
        cell(CONV2D, "conv2d"),
        check_cell("conv2d"),
    )
    assert submission.problem == ""
    assert submission.warnings == []
    assert submission.cells() == [("relu", RELU), ("conv2d", CONV2D)]
    assert {d.status for d in submission.exercises.values()} == {"written"}
    assert submission.exercises["relu"].source == RELU


@pytest.mark.parametrize(
    "source",
    [
        STUB,
        "def relu(z):\n    raise NotImplementedError",
        "def relu(z):\n    raise NotImplementedError('write me')\n\ncheck(relu)",
    ],
)
def test_an_untouched_stub_is_a_stub_and_is_not_executed(source):
    submission = handed_in(cell(source, "relu"))
    assert submission.exercises["relu"].status == "stub"
    assert submission.cells() == []


def test_a_stub_with_work_in_front_of_the_raise_is_written():
    source = "def relu(z):\n    z = z + 1\n    raise NotImplementedError()"
    assert handed_in(cell(source, "relu")).exercises["relu"].status == "written"


def test_a_syntax_error_costs_one_exercise_only():
    broken = "def relu(z):\n    for v in z\n        pass"
    submission = handed_in(cell(broken, "relu"), cell(CONV2D, "conv2d"))
    relu = submission.exercises["relu"]
    assert relu.status == "syntax_error"
    assert relu.problem == "Line 2 is not Python: expected ':'. It reads: for v in z"
    assert submission.exercises["conv2d"].status == "written"
    assert [name for name, _ in submission.cells()] == ["conv2d"]


def test_a_question_of_pythons_own_gets_no_second_mark():
    relu = handed_in(cell("def relu(z):\n    return max(z 0)", "relu")).exercises["relu"]
    assert relu.problem.endswith("Perhaps you forgot a comma. It reads: return max(z 0)")


def test_a_renamed_function_is_named():
    relu = handed_in(cell("def ReLU(z):\n    return z", "relu")).exercises["relu"]
    assert relu.status == "missing"
    assert "defines ReLU, not relu" in relu.problem


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([], "No cell defines relu"),
        ([cell("", "relu")], "is empty"),
        ([cell("x = 1", "relu")], "does not define relu"),
        ([cell("My *relu*.", "relu", kind="markdown")], "not a code cell any more"),
    ],
)
def test_what_is_missing_is_said(cells, said):
    relu = handed_in(*cells).exercises["relu"]
    assert relu.status == "missing"
    assert said in relu.problem


def test_an_answer_that_became_text_counts():
    submission = handed_in(cell(RELU, "relu", kind="markdown"))
    assert submission.cells() == [("relu", RELU)]
    assert "Cell 1, the answer of relu, is no code cell any more" in submission.warnings[0]


@pytest.mark.parametrize(
    ("first", "status"),
    [("def relu(z):\n    z = z + 0\n", "written"), ("def relu(z):\n", "syntax_error")],
)
def test_of_an_answer_in_two_cells_the_second_is_named(first, status):
    rest = "    for v in z:\n        v *= v > 0\n    return z"
    relu = handed_in(cell(first, "relu"), cell(rest, "relu")).exercises["relu"]
    assert relu.status == status
    assert "Your loop is in cell 2, outside of relu" in relu.note + relu.problem
    assert not handed_in(cell(RELU, "relu"), cell("y = 1", "")).exercises["relu"].note


@pytest.mark.parametrize("order", [1, -1])
def test_of_copied_cells_the_written_one_counts(order):
    copies = [cell(STUB, "relu"), cell(RELU, "relu")][::order]
    submission = handed_in(*copies)
    assert submission.cells() == [("relu", RELU)]
    assert any("2 cells have the name relu" in w for w in submission.warnings)


def test_of_two_written_copies_the_last_counts():
    first, last = "def relu(z):\n    return 1", "def relu(z):\n    return 2"
    submission = handed_in(cell(first, "relu"), cell(last, "relu"))
    assert submission.cells() == [("relu", last)]
    assert "cell 2 counts" in submission.warnings[0]


def test_of_two_broken_copies_the_last_is_explained():
    submission = handed_in(cell("def relu(:", "relu"), cell("def relu(z)\n", "relu"))
    assert submission.exercises["relu"].problem.endswith("It reads: def relu(z)")


def test_a_split_cell_keeps_both_halves():
    submission = handed_in(
        cell("def positive(v):\n    return v * (v > 0)", "relu"),
        cell("def relu(z):\n    return positive(z)", "relu"),
    )
    assert run(submission)["relu"](-3) == 0


def test_metadata_lost_on_the_way_falls_back_to_the_function_name():
    submission = handed_in(SETUP, STUB, RELU, "check(relu)", CONV2D)
    assert [d.status for d in submission.exercises.values()] == ["written", "written"]
    assert run(submission)["relu"](-1) == 0


def test_metadata_lost_and_a_stub_or_a_syntax_error():
    submission = handed_in(STUB, "def conv2d(x):\n    return (")
    assert submission.exercises["relu"].status == "stub"
    assert submission.exercises["conv2d"].status == "syntax_error"


def test_an_answer_in_a_new_cell_below_the_stub_counts_with_a_warning():
    submission = handed_in(cell(STUB, "relu"), RELU)
    assert submission.exercises["relu"].status == "written"
    assert submission.warnings == ["relu: its own cell holds no answer, so cell 2 counts."]


def test_a_second_version_elsewhere_does_not_replace_the_answer():
    submission = handed_in(cell(RELU, "relu"), "def relu(z):\n    return 'an experiment'")
    assert run(submission)["relu"](-2) == 0


def test_not_even_as_part_of_a_helper():
    submission = handed_in(
        cell(RELU, "relu"),
        "relu, LIMIT = None, 1",
        cell("def conv2d(x):\n    return LIMIT", "conv2d"),
    )
    assert run(submission)["relu"](-2) == 0


def test_two_answers_in_one_cell_keep_their_names():
    submission = handed_in(cell(STUB, "relu"), cell(RELU + "\n\n" + CONV2D, "conv2d"))
    assert [name for name, _ in submission.cells()] == ["relu", "conv2d"]


def test_a_function_made_by_assignment_counts():
    submission = handed_in(cell("relu = lambda z: np.maximum(z, 0)", "relu"))
    assert submission.exercises["relu"].status == "written"


@pytest.mark.parametrize("role", ["setup", "prose", "check", "demo"])
def test_our_own_cells_are_no_answer_and_no_helper(role):
    ours = RELU + "\nLIMIT = 1"
    submission = handed_in(
        cell(ours, role=role), cell("def conv2d(x):\n    return LIMIT", "conv2d")
    )
    assert submission.exercises["relu"].status == "missing"
    assert [name for name, _ in submission.cells()] == ["conv2d"]
