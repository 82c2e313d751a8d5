"""A disk that is full: the command ends in words, nothing is half-written, and a run goes on."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from cnnlab.autograder.judging.results import from_json
from cnnlab.autograder.nbgrader_bridge import database
from cnnlab.autograder.tests.graded_course import (
    command,
    copy_of,
    course,
    put,
    released,
    rows,
    url,
    with_text,
    written,
)
from cnnlab.autograder.tests.handins import CHAPTER, NOTEBOOK, hand_in

pytestmark = pytest.mark.usefixtures("commands_on_path")
__all__ = ["course", "released"]  # fixtures


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes, in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "cnnlab-test", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this account may not mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


ROOM = (0, 40, 300, 1200, 24_000)
"""Kilobytes that are free: the journal lacks room first, then notebooks or the gradebook."""


def test_a_full_database_is_said_at_once_and_with_a_remedy(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'gradebook.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 2")
        with pytest.raises(OperationalError) as full:
            connection.exec_driver_sql("CREATE TABLE t AS SELECT randomblob(100000)")
    assert database._is_full(full.value)
    assert "disk is full. What was there before" in database._said(full.value)
    with engine.connect() as connection, pytest.raises(OperationalError) as other:
        connection.exec_driver_sql("SELECT * FROM nothing")
    assert not database._is_full(other.value)
    engine.dispose()


@pytest.mark.slow
def test_what_a_full_disk_does_not_take_is_not_there(small_disk: Path) -> None:
    """Not half a hand-in, which would be graded, and not half a source, which would be kept."""
    download = small_disk / "download"
    for student in ("ada", "bob"):
        (download / student).mkdir(parents=True)
        (download / student / NOTEBOOK).write_bytes(os.urandom(100_000))
    leave_free(small_disk, small_disk / "ballast", 150)
    program = str(Path(sysconfig.get_path("scripts"), "cnnlab"))
    for arguments in (
        ["collect", "download", "--assignment", CHAPTER],
        ["course", "cnn", "--chapters", "ch01,ch02"],
    ):
        ran = subprocess.run([program, *arguments], cwd=small_disk, capture_output=True, text=True)
        assert ran.returncode == 1, ran.stdout
        assert "No space left" in " ".join(ran.stderr.split())
    there = [path for path in (small_disk / "submitted").rglob("*") if path.is_file()]
    assert [path.stat().st_size for path in there] == [100_000]
    for path in (small_disk / "cnn").rglob("*.ipynb"):
        json.loads(path.read_text())


@pytest.mark.slow
def test_a_disk_that_is_full_again_and_again_costs_no_result(
    course: Path, small_disk: Path
) -> None:
    for number in range(4):
        own = f"def relu(z):\n    return z + {number}"
        table = os.urandom(40_000)
        notebook = with_text(hand_in(relu=own)).encode()
        put(course, f"s{number}", {NOTEBOOK: notebook, "table.bin": table})
    mine = copy_of(course, small_disk / "course")
    ballast, said = small_disk / "ballast", []
    resume: list[str] = []
    for room in ROOM:
        leave_free(small_disk, ballast, room)
        options = ["--workers", "1", *resume]
        ran = subprocess.run(command(*options), cwd=mine, capture_output=True, text=True)
        assert not list(mine.rglob(".*")), "nothing half-written"
        for place in mine.glob("autograded/*/*/*.ipynb"):
            json.loads(place.read_text())
        tables = [place.stat().st_size for place in mine.glob("autograded/*/*/*.bin")]
        assert set(tables) <= {40_000}
        with closing(sqlite3.connect(mine / "gradebook.db")) as book:
            assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if ran.returncode == 0:
            break
        said.append(" ".join(ran.stderr.split()))
        assert "Make room" in said[-1]
        assert "Traceback" not in said[-1]
        assert not (mine / "r.json").exists()
        if said[-1].endswith("--resume r.journal"):
            resume = ["--resume", "r.journal"]
    assert ran.returncode == 0, said
    assert len(said) >= 3, said

    written(course)
    assert rows(url(mine)) == rows(url(course))
    results = from_json((mine / "r.json").read_text()).submissions
    students = [path.name for path in sorted((mine / "submitted").iterdir())]
    assert sorted(str(result.student) for result in results) == students


def leave_free(disk: Path, ballast: Path, room: int) -> None:
    """Fill a disk but for some kilobytes."""
    ballast.unlink(missing_ok=True)
    with ballast.open("wb") as file, suppress(OSError):
        left = max(0, shutil.disk_usage(disk).free - (room << 10))
        for _ in range(left >> 12):
            file.write(bytes(1 << 12))
            file.flush()
