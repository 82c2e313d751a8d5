"""Assignments with exercises and points of the instructor's, by both ways of grading."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import determine_grade
from traitlets.config import PyFileConfigLoader

from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.results import BatchResult, from_json, json_pieces
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.nbgrader_bridge import GradingExporter, Judge, JudgeError
from cnnlab.autograder.nbgrader_bridge.asked import asked_in
from cnnlab.autograder.nbgrader_bridge.course_root import root_of
from cnnlab.autograder.nbgrader_bridge.gradebook import KnownCell
from cnnlab.autograder.report.classbook import class_book
from cnnlab.autograder.report.pages import pages
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import read
from cnnlab.autograder.submission.assignment import (
    AssignmentError,
    assignment_of,
    course_root,
    read_assignment,
)
from cnnlab.autograder.tests.handins import cell, flipped, stub
from cnnlab.course.build.course_root import write_course

pytestmark = pytest.mark.usefixtures("commands_on_path")

CH01, CH02, CH04 = "ch01_convolution", "ch02_stride_padding", "ch04_network"
HOMEWORK = "homework1"
ASKED = {
    CH01: (Asked(CH01, "conv2d", 10), Asked(CH01, "relu", 3, 0.1), Asked(CH01, "design_kernel", 0)),
    HOMEWORK: (Asked(CH01, "relu", 4), Asked(CH04, "flatten", 5), Asked(CH02, "conv2d", 20)),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with two assignments, and what students handed in."""
    root = tmp_path_factory.mktemp("course")
    write_course(root, ASKED)
    for student, (name, changed, _) in CASES.items():
        path = root / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(hand_in(root, name, changed))
    return root


@pytest.fixture(scope="module")
def by_command(course):
    """Student → result, as it is written and read again."""
    paths = sorted((course / "submitted").glob("*/*/*.ipynb"))
    settings = Settings(fresh=False, sandbox=False, workers=1, course=course_root(paths))
    batch = from_json("".join(json_pieces(grade(paths, settings))))
    return {result.student: result for result in batch.submissions}


def hand_in(course: Path, name: str, changed: dict[str, str]) -> str:
    """A notebook's text: solved, but for these cells."""
    notebook = json.loads((course / "source" / name / f"{name}.ipynb").read_text())
    for exercise, code in changed.items():
        cell(notebook, exercise)["source"] = code
    for each in notebook["cells"]:  # what learners' files say of points
        if "points" in each["metadata"].get("nbgrader", {}):
            each["metadata"]["nbgrader"]["points"] = 1000
            each["metadata"]["cnnlab"]["robust"] = 0.9
    return json.dumps(notebook)


ROBUST_RELU = """
def relu(z):
    z = np.asarray(z)
    return np.maximum(z if z.dtype.kind == "f" else z.astype(np.float64), 0)
"""
CASES = {
    "right": (CH01, {}, (10, 2.7, 0)),
    "named": (CH01, {"conv2d": flipped()}, (1.75, 2.7, 0)),
    "robust": (CH01, {"relu": ROBUST_RELU}, (10, 3, 0)),
    "stub": (CH01, {name: stub(name) for name in ("conv2d", "relu", "conv_step")}, (0, 0, 0)),
    "needs": (CH01, {name: stub(name) for name in ("conv_step", "correlate2d")}, (10, 2.7, 0)),
    "mixed": (HOMEWORK, {}, (4, 5, 20)),
    "mixed, wrong": (HOMEWORK, {"relu": stub("relu"), "flatten": "def flatten(:"}, (0, 0, 20)),
    "mistaken": (HOMEWORK, {"relu": "def relu(z):\n    return np.abs(z)\n"}, (0.5, 5, 20)),
}


def scores(result) -> tuple[float, ...]:
    return tuple(exercise.score for exercise in result.exercises)


def test_the_command_gives_what_the_instructor_asks_for(by_command):
    assert {s: scores(r) for s, r in by_command.items()} == {s: c[2] for s, c in CASES.items()}
    for student, (name, _, expected) in CASES.items():
        result = by_command[student]
        assert [exercise.name for exercise in result.exercises] == [e.name for e in ASKED[name]]
        assert (result.score, result.chapter) == (sum(expected), name)
        assert result.max_score == sum(each.points for each in ASKED[name])
        chapters = [exercise.chapter for exercise in result.exercises]
        assert chapters == [e.chapter if name == HOMEWORK else "" for e in ASKED[name]]


@pytest.mark.slow
def test_nbgrader_gives_the_same(course, by_command):
    config = PyFileConfigLoader(str(course / "nbgrader_config.py")).load_config()
    for name in ASKED:
        directory = CourseDirectory(config=config)
        directory.assignment_id = name
        GenerateAssignment(coursedir=directory, config=config).start()
    exporter = GradingExporter(parent=Autograde(coursedir=CourseDirectory(config=config)))
    judge = Judge(parent=exporter, sandbox=False, fresh=False)
    db_url = f"sqlite:///{course / 'gradebook.db'}"
    for student, (name, changed, _) in CASES.items():
        about = {"student": student, "assignment": name, "notebook": name, "db_url": db_url}
        handed_in = nbformat.reads(hand_in(course, name, changed), 4)
        notebook, _ = judge.preprocess(handed_in, {"nbgrader": about})
        found = []
        for each in ASKED[name]:
            check = cell(notebook, f"check-{each.name}")
            check.metadata.nbgrader.points = each.points  # as nbgrader overwrites them
            found.append(determine_grade(check)[0])
        assert tuple(found) == scores(by_command[student]), student


def test_the_file_of_another_name_and_points_from_create_assignment(course, tmp_path):
    text = hand_in(course, CH01, {})
    shutil.copytree(course / "source", tmp_path / "source")
    path = tmp_path / "source" / CH01 / f"{CH01}.ipynb"
    notebook = json.loads(path.read_text())
    cell(notebook, "check-conv2d")["metadata"]["nbgrader"]["points"] = 50
    path.write_text(json.dumps(notebook))
    handed_in = tmp_path / "submitted" / "ada" / CH01 / f"{CH01}-Copy1.ipynb"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_text(text)

    settings = Settings(fresh=False, sandbox=False, workers=1, course=tmp_path)
    (result,) = grade([handed_in], settings).submissions

    assert (result.score, result.max_score) == (52.7, 53)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (f"submitted/ada/{CH01}/{CH01}.ipynb", CH01),
        (f"submitted/ada/{CH01}/unzipped/mine.ipynb", CH01),
        (f"submitted/ada/{CH01}/{HOMEWORK}.ipynb", CH01),
        (f"submitted/ada/{HOMEWORK}/{HOMEWORK} (1).ipynb", HOMEWORK),
        (f"submitted/{HOMEWORK}.ipynb", None),
        (f"elsewhere/{HOMEWORK}-ada.ipynb", HOMEWORK),
        ("elsewhere/mine.ipynb", None),
        ("elsewhere/ch01.ipynb", None),
    ],
)
def test_which_assignment_a_file_is(course, place, expected):
    found = assignment_of(course, course / place)

    assert (found and found.name) == expected


def test_in_a_course_of_one_assignment_other_files_are_not_taken_for_it(tmp_path):
    write_course(tmp_path, {HOMEWORK: ASKED[HOMEWORK]})

    assert assignment_of(tmp_path, tmp_path / f"{CH01}.ipynb") is None
    assert assignment_of(tmp_path, tmp_path / "submitted" / "ada" / HOMEWORK / "x.ipynb")


def test_what_the_gradebook_still_has_and_the_source_has_no_more_is_not_executed(course):
    source = course / "source" / CH01 / f"{CH01}.ipynb"
    names = ("conv2d", "relu", "correlate2d")
    cells = {
        f"check-{name}": KnownCell(
            f"check-{name}", "code", f"check({name})", "", True, grade=True, points=7
        )
        for name in names
    }
    with pytest.raises(JudgeError, match=r"has correlate2d in .*generate_assignment ch01_"):
        asked_in(source, CH01, cells)
    del cells["check-correlate2d"]

    found, checks = asked_in(source, CH01, cells)

    assert found is not None
    assert found.asked == (Asked(CH01, "conv2d", 7), Asked(CH01, "relu", 7, 0.1))
    assert checks == [*cells.values()]
    without, _ = asked_in(None, CH01, cells)
    assert without is not None
    assert without.asked == (Asked(CH01, "conv2d", 7), Asked(CH01, "relu", 7))


def test_a_learner_cannot_bring_a_course_along(course, tmp_path):
    mine = tmp_path / "submitted" / "mallory" / CH01
    shutil.copytree(course / "source", mine / "source")
    nested = mine / "submitted" / "x" / CH01 / f"{CH01}.ipynb"
    nested.parent.mkdir(parents=True)
    nested.touch()

    alone = shutil.copytree(mine, tmp_path / "downloads" / "mallory")  # graded by its name
    for path in (tmp_path / "submitted", mine, nested, alone):
        assert course_root([path]) is None
    assert root_of(nested) is None
    assert read(nested).student is None, "it is nobody else's"
    with pytest.raises(ValueError, match=r"--course must be a folder with source/"):
        course_root([mine], tmp_path)
    (tmp_path / "source").mkdir()
    for path in (tmp_path / "submitted", mine, nested):
        assert course_root([path]) == tmp_path
    assert course_root([tmp_path]) is None, "it may be a learner's; --course says that it is not"
    assert course_root([tmp_path], tmp_path) == tmp_path
    assert assignment_of(tmp_path, nested) is None, "the true source asks for nothing"


def test_a_source_that_is_not_clear_is_an_error_with_a_remedy(course, tmp_path):
    notebook = json.loads((course / "source" / HOMEWORK / f"{HOMEWORK}.ipynb").read_text())
    del cell(notebook, "check-conv2d")["metadata"]["cnnlab"]["chapter"]
    path = tmp_path / "week1.ipynb"
    path.write_text(json.dumps(notebook))

    with pytest.raises(AssignmentError, match=r"ch01.* and ch02.*exercise conv2d.*cnnlab"):
        read_assignment(path)
    path.write_text("{")
    with pytest.raises(AssignmentError, match="cannot be read"):
        read_assignment(path)


def test_the_report_of_a_mixed_assignment_knows_its_mistakes(by_command):
    result = by_command["mistaken"]
    assert result.exercises[0].diagnosis == ["absolute-value"]

    found = dict(pages(class_book([("week1", BatchResult(0, "", {}, [result]))])))

    assert "An example of this mistake" in found["learners/mistaken.html"]
    assert HOMEWORK in found["index.html"]
