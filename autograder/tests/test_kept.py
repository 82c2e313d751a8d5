"""What earned full marks is kept as source; where, and what becomes of a file that is damaged."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pytest

from cnnlab.autograder import kept
from cnnlab.autograder.kept import Damaged, find, keep, learners_folder, prove, replace_file
from cnnlab.autograder.others_work import SAVED
from cnnlab.autograder.submission.solutions import SOLUTIONS

CHAPTER = "ch01_convolution"
PIECES = [("cell 3", "ZERO = 0\n"), ("relu", "def relu(z):\n    return z * (z > ZERO)")]


@pytest.fixture
def place(tmp_path):
    """A chapter's folder in a learner's course."""
    folder = tmp_path / CHAPTER
    folder.mkdir()
    return folder


def test_an_answer_is_kept_with_its_chapter_and_date_beside_the_chapters(place, tmp_path):
    assert keep(place, CHAPTER, "relu", PIECES)
    found = find(place, CHAPTER, "relu")
    assert found.path == tmp_path / SAVED / CHAPTER / "relu.py"
    assert (found.chapter, found.exercise, found.date) == (CHAPTER, "relu", date.today())
    names = {}
    exec(found.text, names)
    assert names["relu"](-3) == 0
    assert [path.name for path in found.path.parent.iterdir()] == ["relu.py"]  # nothing half done


def test_every_chapter_of_the_folder_finds_it_and_no_other_folder_does(place, tmp_path):
    keep(place, CHAPTER, "relu", PIECES)
    assert find(tmp_path / "ch04_network", CHAPTER, "relu")
    assert find(tmp_path / "ch04_network", "ch02_stride_padding", "relu") is None
    assert find(tmp_path / "elsewhere" / "ch04_network", CHAPTER, "relu") is None


def test_a_folder_that_has_moved_keeps_what_is_in_it(place, tmp_path):
    keep(place, CHAPTER, "relu", PIECES)
    shutil.move(tmp_path, tmp_path.with_name("moved ü"))
    assert find(tmp_path.with_name("moved ü") / CHAPTER, CHAPTER, "relu").exercise == "relu"


def test_the_same_code_is_not_written_again_and_new_code_is(place):
    keep(place, CHAPTER, "relu", PIECES)
    prove(find(place, CHAPTER, "relu"))
    assert not keep(place, CHAPTER, "relu", PIECES)
    assert find(place, CHAPTER, "relu").proven
    assert keep(place, CHAPTER, "relu", [("relu", "def relu(z):\n    return abs(z) / 2 + z / 2")])
    assert not find(place, CHAPTER, "relu").proven


def test_imports_from_the_future_come_first(place):
    cells = [("cell 1", "A = 1"), ("relu", "from __future__ import annotations\nB: int = 2")]
    keep(place, CHAPTER, "relu", cells)
    compile(find(place, CHAPTER, "relu").text, "relu.py", "exec")


@pytest.mark.parametrize("edit", ["version", "source"])
def test_what_was_proven_is_so_no_more_after_an_edit_or_in_another_version(
    place, monkeypatch, edit
):
    keep(place, CHAPTER, "relu", PIECES)
    prove(find(place, CHAPTER, "relu"))
    if edit == "version":
        monkeypatch.setattr(kept, "_version", lambda: "99.0")
    else:
        path = find(place, CHAPTER, "relu").path
        path.write_text(path.read_text().replace("ZERO = 0", "ZERO = 1"))
    assert not find(place, CHAPTER, "relu").proven


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"def relu(z):\n    return z\n",
        b"# x\n# {}\n",
        b'# x\n# {"date": 3, "exercise": "relu"}\n',
        b'# x\n# {"date": "2026-02-31", "exercise": "relu"}\n',
        b'# x\n# {"date": "2026-02-01", "exercise": "other"}\n',
        b"\xff\xfe\x00",
        b"# x\n# " + b"[" * 100_000,
        b'# x\n# {"date": "2026-02-01", "exercise": "relu"}\n' + b"#" * kept.MAX_SIZE,
    ],
)
def test_a_damaged_file_is_a_sentence_and_a_check_mends_it(place, tmp_path, data):
    path = tmp_path / SAVED / CHAPTER / "relu.py"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(Damaged, match=r"damaged. check\(relu\) in chapter 1 writes it anew"):
        find(place, CHAPTER, "relu")
    assert keep(place, CHAPTER, "relu", PIECES)
    assert find(place, CHAPTER, "relu")


def test_a_folder_in_its_place_is_a_sentence(place, tmp_path):
    (tmp_path / SAVED / CHAPTER / "relu.py").mkdir(parents=True)
    with pytest.raises(Damaged, match="cannot be opened"):
        find(place, CHAPTER, "relu")


@pytest.mark.parametrize(
    ("place", "folder"),
    [
        ("course/ch02_stride_padding", "course"),
        ("submitted/ada/ch02_stride_padding", None),
        ("autograded/ada/ch02_stride_padding", None),
        ("course/_saved/ch02_stride_padding", None),
        ("somewhere", None),
    ],
)
def test_only_a_learners_own_folder_is_used(tmp_path, place, folder):
    (tmp_path / place).mkdir(parents=True)
    found = learners_folder(tmp_path / place)
    assert found == (tmp_path / folder if folder else None)


def test_notebooks_side_by_side_are_a_course_too_and_our_solutions_are_not(tmp_path):
    (tmp_path / f"{CHAPTER}.ipynb").write_text(json.dumps({}))
    assert learners_folder(tmp_path) == tmp_path
    assert learners_folder(SOLUTIONS / CHAPTER) is None


def test_a_file_that_cannot_be_replaced_stays_as_it_is(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(kept.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            replace_file(path, b"new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]
    replace_file(path, b"new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
