"""Tables for other systems."""

import csv
import io

import pytest

from cnnlab.autograder.judging.results import SubmissionResult
from cnnlab.autograder.report.classbook import class_book
from cnnlab.autograder.report.gradebook import (
    by_exercise,
    by_student,
    chapter_in,
    comment,
    fill_canvas,
    fill_moodle,
)
from cnnlab.autograder.tests.report.classes import CHAPTER, EXERCISES, batch, hand_in


def graded(student, score=10.0, chapter=CHAPTER):
    return SubmissionResult(f"{student}.ipynb", student, chapter, "graded", score, 20.0)


def book_of(*submissions):
    return class_book([("r", batch(*submissions))])


def table(text):
    return list(csv.reader(io.StringIO(text.strip() + "\n")))


CANVAS = """
Student,ID,SIS User ID,SIS Login ID,Section,Chapter 1 (7001),Chapter 2 (7002),Final Score
"    Points Possible",,,,,10.0,20.0,(read only)
"Lovelace, Ada",3143,S-1,ada,A,,,
"O'Neil, Bob",99,S-2,bob@example.org,A,5,,
"Doe, Eve",100,S-3,eve,B,,,
"Student, Test",500,,x,A,,,
"""
MOODLE = """
Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,\
Last modified (grade),Feedback comments
Participant 3143,Ada Lovelace,ada@example.org,Submitted,,24.00,Yes,-,
Participant 99,Bob,bob@example.org,Submitted,3.00,20.00,No,-,old
Participant 100,Eve,eve@example.org,No submission,,20.00,Yes,-,
"""


def test_one_row_for_each_student():
    book = book_of(
        graded("ada", 12.5), graded("bob", 7.25, "ch02_stride_padding"), graded("bob", 1.0)
    )
    assert list(by_student(book)) == [
        ["student", CHAPTER, "ch02_stride_padding", "points", "of"],
        ["ada", 12.5, "", 12.5, 20.0],
        ["bob", 1.0, 7.25, 8.25, 40.0],
    ]


def test_one_row_for_each_exercise_also_where_a_file_could_not_be_read():
    unreadable = SubmissionResult("x.ipynb", "bob", CHAPTER, "unreadable", 0.0, 20.0)
    rows = list(by_exercise(book_of(hand_in("ada", relu="leaky"), unreadable)))
    assert len(rows) == 1 + 2 * len(EXERCISES)
    leaky = next(row for row in rows if row[2] == "relu")
    assert leaky[:4] == ["ada", CHAPTER, "relu", "failed"]
    assert leaky[6] == "leaky"
    assert rows[-1][3:] == ["", 0.0, "", "unreadable"]


def test_canvas_finds_students_and_scales_to_its_own_points():
    book = book_of(graded("lovelaceada_3143", 15), graded("BOB@example.org", 20), graded("zoe"))
    filled = fill_canvas(table(CANVAS), book, CHAPTER, "Chapter 1")
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Chapter 1 (7001)"]
    assert filled.rows[0] == head
    assert filled.rows[1][0].strip() == "Points Possible"
    assert [row[5] for row in filled.rows[2:]] == ["7.5", "10", "", ""]
    assert filled.filled == 2
    assert filled.notes == [
        "Not in the table, so without points there: zoe.",
        "The assignment is worth 10 points there and 20 here: they are scaled.",
    ]


def test_canvas_takes_points_as_they_are_where_they_are_worth_the_same():
    filled = fill_canvas(table(CANVAS), book_of(graded("eve", 1.25)), CHAPTER, "Chapter 2 (7002)")
    assert [row[5] for row in filled.rows[2:]] == ["", "", "1.25", ""]
    assert filled.notes == []


MANUAL = ",,,,,Manual Posting,,\n"


@pytest.mark.parametrize("names", ["Student", "LastName,FirstName"])
def test_canvas_gets_its_own_rows_back_and_who_is_excused_stays_so(names):
    """As Canvas's importer reads it: names, ID, further columns up to Section, assignments."""
    text = CANVAS.replace("Student,ID", f"{names},ID").replace(",A,5,", ",A,EX,")
    if "," in names:
        text = text.replace('"Lovelace, Ada"', "Lovelace,Ada").replace('Possible"', 'Possible",')
        text = text.replace('"O\'Neil, Bob"', "O'Neil,Bob").replace('"Doe, Eve"', "Doe,Eve")
    first, _, rest = text.strip().partition("\n")
    book = book_of(graded("ada", 15), graded("bob@example.org", 20))

    filled = fill_canvas(table(f"{first}\n{MANUAL}{rest}"), book, CHAPTER, "Chapter 1")

    head = filled.rows[0]
    assert head[: head.index("ID")] == names.split(",")
    assert head[-2:] == ["Section", "Chapter 1 (7001)"]
    assert [cell for cell in filled.rows[1] if cell] == ["Manual Posting"]
    points = {row[head.index("ID")]: row[-1] for row in filled.rows[3:]}
    assert (points["3143"], points["99"]) == ("7.5", "EX")
    assert filled.notes[-1] == "Excused there, and left so: bob@example.org."


@pytest.mark.parametrize(
    "column", ["Chapter 3", "", "Student, Test", "Student", "Final Score", "Section"]
)
def test_an_unknown_column_lists_those_that_there_are(column):
    with pytest.raises(ValueError, match=r"Chapter 1 \(7001\), Chapter 2 \(7002\)"):
        fill_canvas(table(CANVAS), book_of(graded("eve")), CHAPTER, column)


def test_moodle_must_grade_by_points_and_get_all_that_it_demands():
    scale = MOODLE.replace("Maximum grade", "Scale")
    with pytest.raises(ValueError, match="graded by a scale"):
        fill_moodle(table(scale), book_of(graded("eve")), CHAPTER)
    with pytest.raises(ValueError, match=r"lacks Last modified \(grade\)\."):
        fill_moodle(table(MOODLE.replace("(grade)", "")), book_of(graded("eve")), CHAPTER)


@pytest.mark.parametrize("text", ["", "a,b\n1,2", "ID,Student,Section\n", "Student,ID\n"])
def test_another_table_is_refused(text):
    with pytest.raises(ValueError, match="no grade book of Canvas"):
        fill_canvas(table(text) if text else [], book_of(graded("eve")), CHAPTER, "x")
    with pytest.raises(ValueError, match="no grading worksheet of Moodle"):
        fill_moodle(table(text) if text else [], book_of(graded("eve")), CHAPTER)


def test_two_names_of_one_student_are_one_student_with_a_warning():
    book = book_of(graded("ada", 4), graded("lovelaceada_3143", 8))
    filled = fill_canvas(table(CANVAS), book, CHAPTER, "Chapter 2")
    assert filled.rows[2][5] == "8"
    assert filled.notes == ["ada and lovelaceada_3143 are one student: the better result counts."]


def test_a_student_in_two_rows_is_said():
    twice = CANVAS + '"Lovelace, Ada",3143,S-1,ada,C,,,\n'
    filled = fill_canvas(table(twice), book_of(graded("ada")), CHAPTER, "Chapter 2")
    assert "In several rows, please check: ada." in filled.notes


def test_moodle_gets_points_and_comments_and_keeps_the_rest():
    book = book_of(hand_in("Ada Lovelace_3143", correlate2d="kernel-flipped"), graded("99", 19.5))
    filled = fill_moodle(table(MOODLE), book, CHAPTER)
    ada, bob, eve = filled.rows[1:]
    assert float(ada[4]) == book.latest["Ada Lovelace_3143", CHAPTER].result.score
    assert "You flipped the kernel" in ada[8]
    assert (bob[4], bob[8]) == ("19.5", "<p>Everything passes.</p>")
    assert filled.notes[-1] == "Locked there, so Moodle will not take them: 99."
    assert eve == table(MOODLE)[3]
    kept = fill_moodle(table(MOODLE), book, CHAPTER, comments=False)
    assert [row[8] for row in kept.rows[1:]] == ["", "old", ""]


def test_a_comment_is_text_that_a_page_can_show():
    result = hand_in("ada")
    result.message, result.warnings = "<script>alert(1)</script>\nnext", ["a & b"]
    assert comment(result) == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;<br>next</p><p>a &amp; b</p>"
    )


def test_a_chapter_is_named_only_where_there_are_several():
    one, two = book_of(graded("ada")), book_of(graded("ada"), graded("ada", 1, "ch02_x"))
    assert chapter_in(one, None) == CHAPTER
    assert chapter_in(two, "ch02") == "ch02_x"
    for book, wanted in ((two, None), (one, "ch02"), (book_of(), None)):
        with pytest.raises(ValueError, match="chapter must be one of"):
            chapter_in(book, wanted)
