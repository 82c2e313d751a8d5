"""What learning platforms let one download, and what people make of it."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import datetime

import pytest

from cnnlab.autograder.submission import downloads
from cnnlab.autograder.submission.downloads import Download, owner


def zipped(files):
    """A zip's bytes; names → text or bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def read(*paths):
    download = Download(paths)
    return [(f.student, f.name, f.data) for f in download], list(download.problems)


METADATA = """
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@example.org
  - :name: Bob
    :email: bob@example.org
  :created_at: 2026-01-01 10:00:00.000000000 Z
submission_12:
  :submitters:
  - :name: Eve
"""

PLATFORMS = {
    "canvas": (
        {
            "lovelaceada_3143_207797_ch01_convolution.ipynb": "1",
            "doejohn_LATE_99_207798_ch01_convolution-1.ipynb": "2",
            "doejane_100_207799_work.zip": zipped({"work/ch01.ipynb": "3", "work/helper.py": "4"}),
        },
        [
            ("doejane_100", "ch01.ipynb", b"3"),
            ("doejane_100", "helper.py", b"4"),
            ("doejohn_99", "ch01_convolution-1.ipynb", b"2"),
            ("lovelaceada_3143", "ch01_convolution.ipynb", b"1"),
        ],
    ),
    "moodle, in folders": (
        {
            "Ada Lovelace_3143_assignsubmission_file_/ch01.ipynb": "1",
            "Ada Lovelace_3143_assignsubmission_file_/more/helper.py": "2",
            "Jörg_O'Neil_7_assignsubmission_file/ch01.ipynb": "3",
            "Eve_8_assignsubmission_onlinetext/onlinetext.html": "x",
        },
        [
            ("Ada Lovelace_3143", "ch01.ipynb", b"1"),
            ("Ada Lovelace_3143", "helper.py", b"2"),
            ("Jörg_O'Neil_7", "ch01.ipynb", b"3"),
        ],
    ),
    "moodle, without folders": (
        {"Ada Lovelace_3143_assignsubmission_file_ch01_convolution.ipynb": "1"},
        [("Ada Lovelace_3143", "ch01_convolution.ipynb", b"1")],
    ),
    "gradescope": (
        {
            "assignment_1_export/submission_metadata.yml": METADATA,
            "assignment_1_export/submission_11/ch01.ipynb": "1",
            "assignment_1_export/submission_12/ch01.ipynb": "2",
            "assignment_1_export/submission_13/ch01.ipynb": "3",
        },
        [
            ("0042", "ch01.ipynb", b"1"),
            ("Eve", "ch01.ipynb", b"2"),
            ("bob@example.org", "ch01.ipynb", b"1"),
            ("submission_13", "ch01.ipynb", b"3"),
        ],
    ),
    "nbgrader": (
        {"course/submitted/ada/ch01_convolution/ch01_convolution.ipynb": "1"},
        [("ada", "ch01_convolution.ipynb", b"1")],
    ),
    "a folder for each": (
        {"ada/week1/ch01.ipynb": "1", "bob/ch01.py": "2", "bob/notes.txt": "x"},
        [("ada", "ch01.ipynb", b"1"), ("bob", "ch01.py", b"2")],
    ),
}


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_files_find_their_student(platform, packed, tmp_path):
    files, expected = PLATFORMS[platform]
    path = tmp_path / "download.zip"
    path.write_bytes(zipped(files))
    if not packed:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "download")
        path = tmp_path / "download"
    found, problems = read(path)
    assert sorted(found) == expected
    assert problems == []
    counted = {}
    for student, name, _ in expected:
        counted[student] = counted.get(student, 0) + name.endswith(".ipynb")
    assert dict(Download([path]).notebooks()) == {s: n for s, n in counted.items() if n}


FORGED = {
    "submission_metadata.yml": METADATA,
    "submission_11/ch01.ipynb": "forged",
    "submitted/bob/ch01/ch01.ipynb": "forged",
    "Bob_99_assignsubmission_file_/ch01.ipynb": "forged",
    "bob_99_20001_ch01.ipynb": "forged",
    "timestamp.txt": "2020-01-01 00:00:00 UTC",
}
"""What a student hands in who would like somebody else to have done so."""


@pytest.mark.parametrize(
    "place",
    [
        "eve_100_207799_work.zip",
        "Eve_100_assignsubmission_file_/work.zip",
        "assignment_1_export/submission_14/work.zip",
        "course/submitted/eve/ch01/work.zip",
        "eve/work.zip",
        "Eve_100_assignsubmission_file_",
        "eve",
    ],
)
def test_what_a_student_hands_in_is_nobody_elses(place, tmp_path):
    files = {place: zipped(FORGED)}
    if not place.endswith(".zip"):
        files = {f"{place}/{name}": text for name, text in FORGED.items()}
    other = "adam/ch01.ipynb" if place.startswith("eve/") or place == "eve" else f"{place}.ipynb"
    (tmp_path / "d.zip").write_bytes(zipped({**files, other: "1"}))

    found, _ = read(tmp_path / "d.zip")

    forged = {student for student, _, data in found if data == b"forged"}
    assert len(forged) == 1
    assert forged <= {"eve_100", "Eve_100", "submission_14", "eve"}


def test_gradescope_and_canvas_say_when_something_came(tmp_path):
    files, _ = PLATFORMS["gradescope"]
    (tmp_path / "d.zip").write_bytes(zipped(files))
    times = {file.student: file.time for file in Download([tmp_path / "d.zip"])}
    ten = datetime(2026, 1, 1, 10)
    assert times == {"0042": ten, "bob@example.org": ten, "Eve": None, "submission_13": None}
    files, _ = PLATFORMS["canvas"]
    (tmp_path / "d.zip").write_bytes(zipped(files))
    assert {f.student for f in Download([tmp_path / "d.zip"]) if f.late} == {"doejohn_99"}


def test_a_file_that_is_nobodys_is_said(tmp_path):
    (tmp_path / "ch01.ipynb").write_text("1")
    found, problems = read(tmp_path)
    assert found == []
    assert problems == ["Left out: ch01.ipynb: put it into a folder with its student's name."]


def test_what_systems_and_editors_leave_behind_is_not_read(tmp_path):
    names = ["__MACOSX/ada/._ch01.ipynb", "ada/.ipynb_checkpoints/ch01.ipynb", ".git/x.py"]
    path = tmp_path / "d.zip"
    path.write_bytes(zipped(dict.fromkeys(names, "x")))
    assert read(path) == ([], [])


@pytest.mark.parametrize(
    "name", ["../../../etc/ada/x.py", "/etc/x.py", "a/../../x.py", "..\\..\\x.py", "C:\\x\\y.py"]
)
def test_no_name_leads_out_of_the_tree(name):
    owned = owner(name.replace("\\", "/"))
    for part in [*map(downloads._folder_name, owned.students), downloads._folder_name(owned.name)]:
        assert part not in ("", ".", "..")
        assert not set(part) & set('/\\:*?"<>|\0')


def test_a_bomb_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "MAX_FILE", 1000)
    large = {"ada/ch01.ipynb": b"0" * 1001, "bob/ch01.ipynb": b"0" * 1000}
    path = tmp_path / "d.zip"
    path.write_bytes(zipped(large))
    found, problems = read(path)
    assert [student for student, _, _ in found] == ["bob"]
    assert "ada/ch01.ipynb is larger than" in problems[0]


def test_a_size_that_is_a_lie_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "MAX_FILE", 1000)
    data = bytearray(zipped({"ada/ch01.ipynb": b"0" * 5000}))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 10)
    path = tmp_path / "d.zip"
    path.write_bytes(bytes(data))
    found, problems = read(path)
    assert sum(len(content) for _, _, content in found) <= 1000
    assert found == [] or problems


def test_zips_in_zips_end(tmp_path):
    data = zipped({"ada/ch01.ipynb": "1"})
    for _ in range(downloads.NESTED):
        data = zipped({"bob/more.zip": data})
    path = tmp_path / "d.zip"
    path.write_bytes(data)
    found, problems = read(path)
    assert found == []
    assert "zips in one another" in problems[0]


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"not a zip", zipped({"a/b.py": "1"})[:-30]],
    ids=["empty", "its beginning", "text", "without its end"],  # a zip holds the time
)
def test_a_broken_zip_is_said(data, tmp_path):
    path = tmp_path / "d.zip"
    path.write_bytes(data)
    found, problems = read(path, tmp_path / "missing")
    assert found == []
    assert "cannot be unzipped" in problems[0]
    assert "there is no" in problems[1]


def broken_in_many_ways():
    """Zips that end in errors of zipfile's own parts: UnicodeDecodeError, IndexError, …"""
    packed = zipped({"ch01.py": "1", "é.ipynb": "2"})
    yield packed.replace("é".encode(), b"\xff\xfe")
    for place in range(len(packed) - 4):
        yield packed[:place] + b"\xff\x00\x0e\x00" + packed[place + 4 :]


def test_one_student_does_not_end_the_reading_of_a_class(tmp_path, monkeypatch):
    """Whatever a zip, what it holds and how its files are called."""
    monkeypatch.setattr(downloads, "ROOM", 100 * downloads.BLOCK)
    files = {f"eve_1_{1000 + i}_a.zip": data for i, data in enumerate(broken_in_many_ways())}
    crowd = zipped({f"{i}.py": "" for i in range(90)})
    files["mallory_2_2000_more.zip"] = zipped({f"{i}.zip": crowd for i in range(20)})
    files[f"trent_3_2000_{'😀' * 120}.py"] = "1"
    files["zoe_4_2000_ch01.py"] = "1"
    path = tmp_path / "d.zip"
    path.write_bytes(zipped(files))
    found, problems = read(path)
    assert ("zoe_4", "ch01.py", b"1") in found
    assert sum(student == "mallory_2" for student, _, _ in found) <= 100
    assert any("mallory_2_2000_more" in problem for problem in problems)
    assert all(len(name.encode()) < 255 for _, name, _ in found)


@pytest.mark.parametrize(
    "text", [":", "[]", "a: [", "submission_11: 3", "x: {':submitters': 7}", "x: 2026-13-01"]
)
def test_a_broken_list_of_gradescope_leaves_the_numbers(text, tmp_path):
    path = tmp_path / "d.zip"
    path.write_bytes(zipped({"submission_metadata.yml": text, "submission_11/a.py": "1"}))
    assert read(path) == ([("submission_11", "a.py", b"1")], [])
