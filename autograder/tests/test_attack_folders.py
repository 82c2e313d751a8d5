"""What else lies in a handed-in folder: it ends no run, and brings nothing in."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from cnnlab.autograder.batch import grade
from cnnlab.autograder.nbgrader_bridge import GradingExporter
from cnnlab.autograder.nbgrader_bridge.course_root import course_at
from cnnlab.autograder.nbgrader_bridge.database import DatabaseError, timestamp_in, url_of
from cnnlab.autograder.nbgrader_bridge.write_scores import ScoreWriter
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import read
from cnnlab.autograder.submission.files import MAX_FILES, files_of, find_submissions
from cnnlab.autograder.tests.handins import CHAPTER, NOTEBOOK

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    "said",
    [
        "nonsense",
        "2026-01-03 00:00:00 ../../etc/passwd",
        "2026-01-03 00:00:00 /dev/zero",
        "-99:" + "9" * 42,
        "9999-12-31 23:59:59 -2300",
        "1 " * 20_000,
    ],
)
def test_a_timestamp_of_nonsense_says_nothing(tmp_path: Path, said: str) -> None:
    (tmp_path / "timestamp.txt").write_text(said)
    assert timestamp_in(tmp_path) is None


def test_a_timestamp_is_a_file_and_no_pipe_that_nobody_writes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "timestamp.txt")
    assert timestamp_in(tmp_path) is None
    (tmp_path / "timestamp.txt").unlink()
    (tmp_path / "timestamp.txt").write_text("2026-01-03 01:00:00 Europe/Berlin\n")
    assert timestamp_in(tmp_path) == datetime(2026, 1, 3)


@pytest.mark.parametrize("url", ["postgresql://ada:abc/course", "://", "sqlite://"])
def test_what_is_no_database_is_said_in_a_sentence(url: str) -> None:
    with pytest.raises(DatabaseError, match=url):
        url_of(url)


def test_folders_in_a_submission_are_its_material(tmp_path: Path) -> None:
    mine = tmp_path / "submitted" / "eve" / CHAPTER
    notebook = f"submitted__ada__{CHAPTER}__{NOTEBOOK}"
    _write(mine, **{NOTEBOOK: "", "more__helper.py": "", "helper.py": "", notebook: ""})
    elsewhere = tmp_path / "submitted" / "zoe" / CHAPTER
    _write(elsewhere, **{f"homework__{NOTEBOOK}": ""})

    found = find_submissions([tmp_path / "submitted"])

    assert found == [mine / NOTEBOOK, elsewhere / "homework" / NOTEBOOK]


HOMEWORK = "homework1"
CROWD = {
    **{f"x{number:03}.ipynb": "{" for number in range(40)},
    **{f"{HOMEWORK}-Copy{number}.ipynb": "{" for number in range(1, 31)},
    "part2-Copy1.ipynb": "{",
}
"""Files of one student; of two notebooks, one was handed in under a name like its own."""
LEFT_OUT = (
    "71 files were handed in for homework1, and 20 of them are graded. Left out: "
    "homework1-Copy1.ipynb, homework1-Copy10.ipynb, homework1-Copy11.ipynb,"
)


def _crowded(root: Path) -> Path:
    for name in (HOMEWORK, "part2"):
        _write(root / "source" / HOMEWORK, **{f"{name}.ipynb": '{"cells": []}'})
    return _write(root / "submitted" / "eve" / HOMEWORK, **CROWD)


def test_of_thousands_of_files_a_few_are_graded_and_the_others_named(tmp_path: Path) -> None:
    folder = _crowded(tmp_path)

    found = find_submissions([tmp_path / "submitted"])

    counting = files_of(folder, [HOMEWORK, "part2"])
    assert counting == {
        HOMEWORK: folder / f"{HOMEWORK}-Copy30.ipynb",
        "part2": folder / "part2-Copy1.ipynb",
    }
    copies = [f"{HOMEWORK}-Copy{number}.ipynb" for number in range(12, 31)]
    assert {path.name for path in found} == {*copies, "part2-Copy1.ipynb"}
    assert find_submissions([folder / "x000.ipynb"]) == [folder / "x000.ipynb"], "it was named"
    deeper = _write(
        tmp_path / "submitted" / "zoe" / HOMEWORK, **{f"{n}__a.ipynb": "" for n in CROWD}
    )
    assert len(find_submissions([deeper])) == MAX_FILES

    settings = Settings(fresh=False, sandbox=False, workers=1, course=tmp_path)
    results = grade([*found, folder / "x000.ipynb"], settings).submissions
    assert all(result.warnings[-1].startswith(LEFT_OUT) for result in results[:-1])
    assert results[0].warnings[-1].endswith(" and 41 more.")
    assert results[-1].warnings == []


def test_nbgrader_looks_at_the_same_files(tmp_path: Path, monkeypatch) -> None:
    folder = _crowded(tmp_path)
    autograde = Autograde()
    autograde.assignments = {str(folder): [str(path) for path in folder.glob("*.ipynb")]}
    exporter, said = GradingExporter(), []
    monkeypatch.setattr(exporter.log, "warning", lambda *words: said.append(words[0] % words[1:]))

    exporter._leave_out(autograde, [HOMEWORK, "part2"])

    (found,) = autograde.assignments.values()
    assert found == [str(path) for path in find_submissions([folder])]
    assert said[0].startswith(f"eve: {LEFT_OUT}")


def test_other_files_reach_the_graded_folder_whatever_is_in_their_way(tmp_path: Path) -> None:
    (tmp_path / "gradebook.db").touch()
    _write(tmp_path / "source" / CHAPTER, **{"table.csv": "ours", "data__a.txt": "ours"})
    submitted = tmp_path / "submitted"
    eve = _write(submitted / "eve" / CHAPTER, **{"table.csv__x": "", "data": "", "own": "mine"})
    os.truncate(_write(eve, big="") / "big", 1 << 40)  # a hole, which a copy would fill
    (eve / "secret").symlink_to(tmp_path / "gradebook.db")
    (submitted / "joe").symlink_to(submitted / "eve")
    target = _write(tmp_path / "autograded", own__old="of an earlier run")
    writer = object.__new__(ScoreWriter)  # without a database
    writer._course = course_at(tmp_path, Config())

    writer._copy_other_files(eve, target, CHAPTER)
    writer._copy_other_files(submitted / "joe" / CHAPTER, tmp_path / "joe", CHAPTER)

    assert _texts(target) == {"table.csv": "ours", "data/a.txt": "ours", "own": "mine"}
    assert _texts(tmp_path / "joe") == {"table.csv": "ours", "data/a.txt": "ours"}


def _texts(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_nbgrader_reads_the_time_as_the_command_does(tmp_path: Path, monkeypatch) -> None:
    """Left to itself it gives a student no grade whose ``timestamp.txt`` is nonsense."""
    module = "cnnlab.autograder.nbgrader_bridge.exporter"
    monkeypatch.setattr(f"{module}.notebooks_of", lambda about: ["n"])
    monkeypatch.setattr(f"{module}.known_cells", lambda about: {})
    monkeypatch.setattr(f"{module}.asked_for", lambda *_: (None, ["check-relu"]))
    course = CourseDirectory(root=str(tmp_path), assignment_id=HOMEWORK)
    autograde = Autograde(coursedir=course)
    autograde.assignments = {}

    GradingExporter(parent=autograde)

    for said, expected in (("nonsense", None), ("2026-01-03 00:00:00 UTC", datetime(2026, 1, 3))):
        (tmp_path / "timestamp.txt").write_text(said)
        assert course.get_existing_timestamp(str(tmp_path)) == expected


def test_a_neighbours_answer_is_no_module(tmp_path: Path) -> None:
    """Files of a whole class in one folder; in a student's own, files may import each other."""
    stolen = "from ch01_ada import relu as r\n\n\ndef relu(z):\n    return r(z)\n"
    answers = {"ch01_ada.py": "def relu(z):\n    return z\n", "ch01_eve.py": stolen}
    for place, status in (("class", "forbidden"), ("submitted/eve/ch01", "written")):
        folder = _write(tmp_path / place, **answers)
        relu = read(folder / "ch01_eve.py").exercises["relu"]
        assert relu.status == status, relu.problem
