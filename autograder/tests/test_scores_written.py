"""``cnnlab grade --gradebook``: what nbgrader's database and commands find afterwards."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import (
    Base,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import create_engine, insert, select

from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.results import SubmissionResult, from_json
from cnnlab.autograder.nbgrader_bridge.database import DatabaseError, url_of
from cnnlab.autograder.nbgrader_bridge.gradebook import JudgeError
from cnnlab.autograder.nbgrader_bridge.write_scores import ScoreWriter
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission.files import find_submissions
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    NOTEBOOK,
    POINTS,
    SOLVED,
    copy_course,
    flipped,
    hand_in,
    stub,
)
from cnnlab.autograder.tests.odd_handins import HAND_INS

pytestmark = [
    pytest.mark.usefixtures("commands_on_path"),
    pytest.mark.skipif(os.name != "posix", reason="these servers and signals are POSIX's"),
]
TEXT = {
    "cell_type": "markdown",
    "id": "why",
    "metadata": {
        "nbgrader": {
            "grade": True, "grade_id": "why", "locked": False, "points": 3,
            "schema_version": 3, "solution": True, "task": False,
        }
    },
    "source": "YOUR ANSWER HERE",
}  # fmt: skip
"""A text answer, which a person grades."""


def with_text(notebook: str, answer: str = "Because.") -> str:
    tree = json.loads(notebook)
    tree["cells"].append(TEXT | {"source": answer})
    return json.dumps(tree)


CLASS = {
    "ada": with_text(SOLVED),
    "bob": with_text(hand_in(conv2d=flipped())),
    "eve": with_text(hand_in(relu=stub("relu")), str(TEXT["source"])),
    "late": with_text(SOLVED),
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with chapter 1 and a text answer, and a due date that ``late`` missed."""
    folder = tmp_path_factory.mktemp("course")
    copy_course(folder)
    source = folder / "solutions" / CHAPTER / NOTEBOOK
    source.write_text(with_text(source.read_text(), str(TEXT["source"])))
    with (folder / "nbgrader_config.py").open("a") as file:
        file.write("c.Judge.fresh = False\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    nbgrader(folder, "generate_assignment", CHAPTER)
    with Gradebook(url(folder)) as gradebook:
        assignment = gradebook.find_assignment(CHAPTER)
        assignment.duedate = datetime(2026, 1, 2)
        assignment.course_id = "default_course"  # PostgreSQL demands that there is one
        gradebook.db.commit()
    for student, text in CLASS.items():
        put(folder, student, {NOTEBOOK: text.encode()})
    put(folder, "late", {"timestamp.txt": b"2026-01-03 00:00:00 UTC"})
    return folder


@pytest.fixture
def course(released: Path, tmp_path: Path) -> Path:
    return copy_of(released, tmp_path / "course")


def copy_of(course: Path, place: Path) -> Path:
    shutil.copytree(course, place, ignore=lambda *_: ["solutions", "release", "exercises"])
    return place


def put(course: Path, student: str, files: dict[str, bytes]) -> None:
    folder = course / "submitted" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def nbgrader(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def command(*options: str) -> list[str]:
    """``cnnlab grade`` as in a course's folder."""
    program = str(Path(sysconfig.get_path("scripts"), "cnnlab"))
    usual = ["submitted", "--recorded", "--no-sandbox", "--gradebook", "gradebook.db"]
    return [program, "grade", *usual, "--json", "r.json", *options]


def url(course: Path) -> str:
    return f"sqlite:///{course / 'gradebook.db'}"


def written(course: Path, gradebook: str = "") -> None:
    """Grade all that was handed in, in this process."""
    files = find_submissions([course / "submitted"])
    with ScoreWriter(gradebook or url(course), files) as scores:
        settings = Settings(fresh=False, sandbox=False, workers=1, cards=True)
        said: list[str] = []
        grade(files, settings, lambda result: said.append(scores.write(result)))
    assert said == [""] * len(files)


def rows(gradebook: str) -> dict[str, Any]:
    """All that the gradebook says of a class, without the names of its rows."""
    with Gradebook(gradebook) as book:
        db = book.db
        found: dict[str, Any] = {}
        for mine in db.scalars(select(SubmittedNotebook)):
            grades = {
                g.name: (g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
                for g in mine.grades
            }
            comments = {c.name: (c.auto_comment, c.manual_comment) for c in mine.comments}
            late = mine.late_submission_penalty, str(mine.assignment.timestamp)
            found[mine.student.id] = mine.name, grades, comments, late, bool(mine.flagged)
        for kind in (SubmittedAssignment, Grade, Comment):
            found[kind.__name__] = len(db.scalars(select(kind)).all())
        return found


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
