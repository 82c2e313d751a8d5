"""``cnnlab grade --gradebook``: what nbgrader's database and commands find afterwards."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import (
    Base,
    Gradebook,
)
from sqlalchemy import create_engine, insert, select

from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.results import SubmissionResult, from_json
from cnnlab.autograder.nbgrader_bridge.database import DatabaseError, url_of
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError
from cnnlab.autograder.nbgrader_bridge.write_scores import ScoreWriter
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission.files import find_submissions
from cnnlab.autograder.tests.graded_course import (
    CLASS,
    command,
    copy_of,
    course,
    nbgrader,
    put,
    released,
    rows,
    url,
    with_text,
    written,
)
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    NOTEBOOK,
    POINTS,
    hand_in,
)
from cnnlab.autograder.tests.odd_handins import HAND_INS

pytestmark = [
    pytest.mark.usefixtures("commands_on_path"),
    pytest.mark.skipif(os.name != "posix", reason="these servers and signals are POSIX's"),
]
__all__ = ["course", "released"]  # fixtures


def test_an_sqlite_file_needs_no_url_and_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"no gradebook in .*generate_assignment"):
        url_of(str(tmp_path / "gradebook.db"))
    (tmp_path / "gradebook.db").touch()
    assert url_of(str(tmp_path / "gradebook.db")) == url(tmp_path)


@pytest.mark.slow
def test_whatever_is_handed_in_both_ways_of_grading_say_the_same(course: Path) -> None:
    for student, case in HAND_INS.items():
        put(course, student, case.files)
    other = copy_of(course, course.parent / "other")

    ran = subprocess.run(command("--workers", "2"), cwd=course, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert f"0 of {len(CLASS) + len(HAND_INS)} graded, about " in ran.stderr
    nbgrader(other, "autograde", CHAPTER)

    ours, theirs = rows(url(course)), rows(url(other))
    assert {k: v for k, v in ours.items() if v != theirs[k]} == {}
    assert ours == theirs
    assert ours["late"][3] == (POINTS, "2026-01-03 00:00:00")
    assert ours["ada"][1]["why"] == (None, None, None, True)
    assert ours["eve"][1]["why"] == (0, None, None, False)
    assert ours["eve"][2]["why"] == ("No response.", None)
    results = from_json((course / "r.json").read_text()).submissions
    assert {r.student for r in results} == CLASS.keys() | HAND_INS.keys()
    for result in results:
        checks = {k: v[0] for k, v in ours[result.student][1].items() if k.startswith("check-")}
        assert sum(checks.values()) == pytest.approx(result.score), result.student
        case = HAND_INS.get(str(result.student))
        if case is None:
            continue
        assert case.score in (None, result.score), (result.student, result.message)
        for graded in (course, other):
            place = graded / "autograded" / str(result.student) / CHAPTER / NOTEBOOK
            assert case.said in json.dumps(json.loads(place.read_text())), result.student


@pytest.mark.slow
def test_what_people_gave_stays_and_feedback_comes_from_nbgrader(course: Path) -> None:
    written(course)
    with Gradebook(url(course)) as book:
        relu = book.find_grade("check-relu", CHAPTER, CHAPTER, "ada")
        relu.manual_score, relu.needs_manual_grade = 1.5, False
        book.find_grade("check-conv2d", CHAPTER, CHAPTER, "bob").extra_credit = 0.5
        book.find_comment("why", CHAPTER, CHAPTER, "ada").manual_comment = "Well thought."
        book.find_submission_notebook(CHAPTER, CHAPTER, "eve").flagged = True
        book.db.commit()
    kept = rows(url(course))

    written(course)
    written(course)

    again = rows(url(course))
    assert kept["ada"][1].pop("check-relu") == (2, 1.5, None, False)
    assert again["ada"][1].pop("check-relu") == (2, 1.5, None, True)  # as nbgrader: look again
    assert again == kept
    nbgrader(course, "generate_feedback", CHAPTER)
    pages = {
        student: (course / "feedback" / student / CHAPTER / f"{CHAPTER}.html").read_text()
        for student in CLASS
    }
    assert "You flipped the kernel" in pages["bob"]
    assert "Well thought." in pages["ada"]


@pytest.mark.slow
def test_after_a_kill_the_gradebook_is_that_of_an_undisturbed_run(course: Path) -> None:
    for number in range(8):
        own = f"def relu(z):\n    return z + {number}"
        put(course, f"s{number}", {NOTEBOOK: with_text(hand_in(relu=own)).encode()})
    other = copy_of(course, course.parent / "other")
    run = subprocess.Popen(
        command("--workers", "2"), cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 300
        while len(list(course.glob("autograded/*/*/*.ipynb"))) < 4 and run.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == -9
    assert not (course / "r.json").exists()

    ran = subprocess.run(command("--resume", "r.journal"), cwd=course, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    written(other)

    assert rows(url(course)) == rows(url(other))
    assert len(list(course.glob("autograded/*/*/*.ipynb"))) == len(CLASS) + 8


# PostgreSQL


class Server:
    """Debian's PostgreSQL, in a folder of its own, over a socket there."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        self._programs, self._folder = found[-1].parent, folder
        self.url = f"postgresql://teacher@/postgres?host={folder}"
        self._user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
        if self._user:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._run("initdb", "-A", "trust", "-U", "teacher", "--no-sync")

    def start(self) -> None:
        options = f"-k {self._folder} -c listen_addresses='' -F"
        self._run("pg_ctl", "start", "-w", "-o", options, "-l", str(self._folder / "log"))

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", self._folder / "data", *arguments],
            check=True,
            cwd="/",
            user=self._user,
            stdout=subprocess.DEVNULL,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    if not list(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")):
        pytest.skip("there is no PostgreSQL on this machine")
    pytest.importorskip("psycopg")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.mark.slow
def test_postgresql_takes_the_same_and_may_be_restarted(course: Path, server: Server) -> None:
    copy_database(url(course), url_of(server.url))
    written(course)
    expected = rows(url(course))

    written(course, server.url)
    assert rows(url_of(server.url)) == expected

    later = threading.Timer(1.0, server.start)
    files = find_submissions([course / "submitted"])
    with ScoreWriter(server.url, files) as scores:
        results = grade(files, Settings(fresh=False, sandbox=False, workers=1)).submissions
        scores.write(results[0])
        server.stop()
        later.start()
        for result in results[1:]:
            scores.write(result)
        later.join()
    assert rows(url_of(server.url)) == expected


def copy_database(source: str, target: str) -> None:
    """A gradebook with another database, as nbgrader would have made it there."""
    there = create_engine(target)
    Base.metadata.create_all(there)
    with create_engine(source).connect() as old, there.begin() as new:
        for table in Base.metadata.sorted_tables:
            if found := [dict(row) for row in old.execute(select(table)).mappings()]:
                new.execute(insert(table), found)
    there.dispose()


def test_what_cannot_be_written_is_left_out_and_the_others_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(ScoreWriter, "__init__", lambda self: None)
    writer = ScoreWriter()
    path = tmp_path / "submitted" / "ada" / "hw" / "n.ipynb"
    writer._known, writer.failed = {"hw": {"n": {}}}, []
    writer._files = lambda folder, names: {"n": path}

    def fails(*_: object) -> None:
        raise JudgeError("no kernel starts")

    writer._graded = fails
    result = SubmissionResult(str(path), "ada", CHAPTER, "graded")
    assert writer.write(result).endswith("could not be executed: no kernel starts")
    assert writer.failed == [str(path)]
    other = SubmissionResult(str(path).replace("hw", "mine"), "ada", CHAPTER, "graded")
    assert writer.write(other) == "the gradebook knows no assignment mine"
    assert writer.failed == [str(path)]
