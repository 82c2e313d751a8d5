"""A course with a small class, graded into nbgrader's database: for the tests of that."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select

from cnnlab.autograder.batch import grade
from cnnlab.autograder.nbgrader_bridge.write_scores import ScoreWriter
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission.files import find_submissions
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    NOTEBOOK,
    SOLVED,
    copy_course,
    flipped,
    hand_in,
    stub,
)

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
