"""A whole course with nbgrader's own commands, from a fresh copy to its grades."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from cnnlab.autograder import batch
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    EXERCISES,
    NOTEBOOK,
    POINTS,
    SOLVED,
    copy_course,
    flipped,
    hand_in,
    source,
)

pytestmark = pytest.mark.usefixtures("commands_on_path")


@pytest.mark.slow
@pytest.mark.skipif(available() is not None, reason="there is no sandbox on this machine")
def test_a_course_from_a_fresh_copy_to_its_grades(tmp_path):
    copy_course(tmp_path)
    worked_in = tmp_path / "exercises" / CHAPTER / NOTEBOOK
    worked_in.write_text(hand_in(relu="def relu(z):\n    return 'my own work'"))
    before = worked_in.read_bytes()

    nbgrader(tmp_path, "generate_assignment", CHAPTER)
    submissions = {
        "solved": SOLVED,
        "stub": (tmp_path / "release" / CHAPTER / NOTEBOOK).read_text(),
        "flipped": hand_in(conv2d=flipped()),
    }
    paths = [tmp_path / "submitted" / student / CHAPTER / NOTEBOOK for student in submissions]
    for path, text in zip(paths, submissions.values(), strict=True):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    for command in ("autograde", "generate_feedback"):
        nbgrader(tmp_path, command, CHAPTER)
    nbgrader(tmp_path, "export")

    own = batch.grade(paths, Settings(fresh=False, sandbox=False, workers=1)).submissions
    expected = {r.student: {f"check-{e.name}": e.score for e in r.exercises} for r in own}
    totals = [round(sum(scores.values()), 2) for scores in expected.values()]
    assert totals == [POINTS, 0, POINTS - 6.6]
    assert recorded_grades(tmp_path) == expected
    assert f",{POINTS - 6.6},{POINTS}" in (tmp_path / "grades.csv").read_text()
    assert worked_in.read_bytes() == before
    pages = {
        student: (tmp_path / "feedback" / student / CHAPTER / f"{CHAPTER}.html").read_text()
        for student in submissions
    }
    assert "You flipped the kernel" in pages["flipped"]
    assert "relu is not written yet" in pages["stub"]
    for name in EXERCISES:
        solution = source(name).split("### BEGIN SOLUTION")[1].split("### END")[0]
        for line in filter(lambda line: len(line) > 20, map(str.strip, solution.splitlines())):
            assert line in html_text(pages["solved"])  # the student's own
            assert line not in html_text(pages["stub"])


def recorded_grades(folder: Path) -> dict[str, dict[str, float]]:
    """What the gradebook holds: student → grade cell → points."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {
            s.student.id: {grade.name: grade.score for n in s.notebooks for grade in n.grades}
            for s in gradebook.assignment_submissions(CHAPTER)
        }


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run one of nbgrader's commands where an instructor would."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def html_text(page: str) -> str:
    """What a page says, without the tags that colour its code."""
    parts: list[str] = []
    parser = HTMLParser()
    parser.handle_data = parts.append  # type: ignore[method-assign]
    parser.feed(page)
    return "".join(parts)
