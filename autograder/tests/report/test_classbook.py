"""Results put together learner by learner."""

from dataclasses import replace

import pytest

from cnnlab.autograder.judging.results import SubmissionResult, json_pieces
from cnnlab.autograder.report.classbook import class_book, read_book, title
from cnnlab.autograder.tests.report.classes import CHAPTER, batch, hand_in


def submission(student, chapter=CHAPTER, score=1.0, path="a.ipynb", status="graded"):
    return SubmissionResult(path, student, chapter, status, score=score, max_score=2.0)


def test_the_newest_result_counts_and_older_ones_stay_where_there_is_no_newer():
    book = class_book(
        [
            ("week1", batch(submission("ada", score=2.0), submission("bob", score=2.0))),
            (
                "week2",
                batch(submission("ada", score=1.0), submission("ada", "ch02_stride_padding")),
            ),
        ]
    )
    found = {
        (who, c): (latest.run, latest.result.score) for (who, c), latest in book.latest.items()
    }
    assert found == {
        ("ada", CHAPTER): (1, 1.0),
        ("ada", "ch02_stride_padding"): (1, 1.0),
        ("bob", CHAPTER): (0, 2.0),
    }
    assert [learner.name for learner in book.learners] == ["ada", "bob"]
    assert book.chapters == [CHAPTER, "ch02_stride_padding"]


def test_of_two_files_the_better_one_counts_and_the_learner_is_told():
    files = [
        submission("ada", path="x/first.ipynb", score=0.5),
        submission("ada", path="x/second.ipynb", score=1.5),
        submission("ada", path="x/broken.ipynb", score=2.0, status="unreadable"),
    ]
    ((latest,),) = [class_book([("r", batch(*files))]).of_chapter(CHAPTER)]
    assert latest.result.path == "x/second.ipynb"
    assert latest.result.warnings == [
        "3 files were handed in (first.ipynb, second.ipynb, broken.ipynb). second.ipynb counts."
    ]


def test_files_outside_the_tree_are_learners_of_their_own():
    files = [submission(None, path=f"{folder}/ch01.py") for folder in ("ada", "bob")]
    book = class_book([("r", batch(*files))])
    assert [(learner.key, learner.name) for learner in book.learners] == [
        ("ada/ch01.py", "ch01"),
        ("bob/ch01.py", "ch01"),
    ]
    assert len({learner.slug for learner in book.learners}) == 2


def test_slugs_are_safe_and_unique():
    names = ["../../etc/passwd", "李雷", "韩梅梅", "learner-2", "A b", "a-B", "<script>", "a" * 300]
    book = class_book([("r", batch(*map(submission, names)))])
    slugs = [learner.slug for learner in book.learners]
    assert len(set(slugs)) == len(names)
    assert all(slug.isascii() and slug.replace("-", "").isalnum() for slug in slugs)
    assert max(map(len, slugs)) < 70


def test_a_file_that_says_no_chapter_is_kept():
    unknown = replace(submission("ada", status="unreadable"), chapter=None)
    book = class_book([("r", batch(unknown))])
    assert book.chapters == []
    assert [latest.result for latest in book.of_learner(book.learners[0])] == [unknown]


def test_files_are_read_and_what_is_no_result_is_named(tmp_path):
    good, bad = tmp_path / "week 1.json", tmp_path / "bad.json"
    good.write_text("".join(json_pieces(batch(hand_in("ada")))), encoding="utf-8")
    book = read_book([good])
    assert [run.label for run in book.runs] == ["week 1"]
    for text in ("{", "[]", '{"schema": 1, "submissions": [3]}', '{"schema": 2}', "[" * 100_000):
        bad.write_text(text)
        with pytest.raises(ValueError, match=r"bad\.json does not hold results"):
            read_book([good, bad])


def test_a_chapter_of_another_version_is_called_by_its_name():
    assert title(CHAPTER) == "Convolution by hand"
    assert title("ch99_other") == "ch99_other"
