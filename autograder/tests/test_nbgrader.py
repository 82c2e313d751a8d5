"""The preprocessor that nbgrader's commands call, by itself."""

import gc
import json
import os
import shutil
from html import escape

import nbformat
import pytest
from nbconvert.exporters import NotebookExporter
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets.config import PyFileConfigLoader

from cnnlab.autograder import grading_process
from cnnlab.autograder.grading_process import Grader
from cnnlab.autograder.judging.record import StaleReferences
from cnnlab.autograder.learner import JUDGE
from cnnlab.autograder.nbgrader_bridge import Judge, JudgeError
from cnnlab.autograder.nbgrader_bridge import judge as judge_module
from cnnlab.autograder.nbgrader_bridge.execute import SandboxedExecute
from cnnlab.autograder.submission import read_text
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    EXERCISES,
    NBGRADER_CONFIG,
    NOTEBOOK,
    POINTS,
    SOLVED,
    cell,
    copy_course,
    flipped,
    hand_in,
    stub,
)
from cnnlab.autograder.tests.in_process import InThisProcess, grader_here


def config(folder):
    return PyFileConfigLoader(str(folder / NBGRADER_CONFIG)).load_config()


pytestmark = pytest.mark.usefixtures("commands_on_path")


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """A course whose chapter 1 is an assignment in the gradebook."""
    folder = tmp_path_factory.mktemp("course")
    copy_course(folder)
    courses = CourseDirectory(config=config(folder))
    courses.assignment_id = CHAPTER
    GenerateAssignment(coursedir=courses, config=config(folder)).start()
    return folder


@pytest.fixture
def about(generated, tmp_path):
    """What nbgrader tells its preprocessors; with a gradebook of the test's own."""
    shutil.copy(generated / "gradebook.db", tmp_path)
    db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    return {"student": "ada", "assignment": CHAPTER, "notebook": CHAPTER, "db_url": db_url}


@pytest.fixture
def judge():
    """A judge that uses the recorded answers and no sandbox."""
    exporter = NotebookExporter()
    return Judge(parent=exporter, sandbox=False, fresh=False)


@pytest.fixture
def executed(monkeypatch):
    """The notebooks that are given to nbgrader's Execute, which runs nothing."""
    return recorded_by(Execute, monkeypatch)


@pytest.fixture
def sandboxed(monkeypatch):
    """The notebooks that are to be executed in the sandbox; none is."""
    return recorded_by(SandboxedExecute, monkeypatch)


def recorded_by(preprocessor, monkeypatch):
    notebooks = []

    def execute(self, nb, resources):
        notebooks.append(nb)
        return nb, resources

    monkeypatch.setattr(preprocessor, "preprocess", execute)
    return notebooks


def judged(judge, about, text):
    """The notebook as the judge leaves it."""
    notebook, _ = judge.preprocess(nbformat.reads(text, 4), {"nbgrader": about})
    nbformat.validate(notebook)
    return notebook


def grades(notebook):
    """The grades as nbgrader reads them, by exercise."""
    checks = {name: cell(notebook, f"check-{name}") for name in EXERCISES}
    return {name: utils.determine_grade(check)[0] for name, check in checks.items()}


def ours(text):
    """The grades that our own command gives, by exercise."""
    with Grader(sandbox=False) as grader:
        result = grader.grade(read_text(text, NOTEBOOK), None)
    return {exercise.name: exercise.score for exercise in result.exercises}


# Grade cells


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {name: stub(name) for name in EXERCISES},
        {"conv2d": flipped(), "relu": "def relu(z):\n    return z +"},
    ],
    ids=["solved", "stub", "wrong"],
)
def test_grades_are_those_of_our_own_command(judge, about, executed, changes):
    text = hand_in(**changes)

    notebook = judged(judge, about, text)

    assert grades(notebook) == ours(text)
    assert executed == []


def test_a_grade_cell_holds_the_message_and_one_number(judge, about):
    check = cell(judged(judge, about, hand_in(conv2d=flipped())), "check-conv2d")

    card, score = check.outputs
    assert (card.output_type, score.output_type) == ("display_data", "execute_result")
    assert score.data == {"text/plain": "1.4"}
    assert check.execution_count == score.execution_count
    for kind in ("text/html", "text/plain"):
        assert "You flipped the kernel" in card.data[kind]


def test_a_card_shows_one_failing_case_and_no_other_probe(judge, about):
    text = hand_in(conv2d=flipped())
    with Grader(sandbox=False) as grader:
        result = grader.grade(read_text(text, NOTEBOOK), None)
    (conv2d,) = (e for e in result.exercises if e.name == "conv2d")
    first, *others = [rung.message for rung in conv2d.rungs if not rung.passed]

    card = cell(judged(judge, about, text), "check-conv2d").outputs[0].data

    shown = conv2d.detail.call()
    assert shown in first
    assert shown.split("kernels")[0] in card["text/plain"].replace("\n", " ")
    for message in others:
        assert message not in card["text/plain"]
        assert escape(message) not in card["text/html"]
        assert message.split("conv2d(")[1].split("):")[0] not in card["text/html"]


def test_an_instructor_may_give_other_points(judge, about):
    with Gradebook(about["db_url"]) as gradebook:
        gradebook.find_graded_cell("check-conv2d", CHAPTER, CHAPTER).max_score = 80
        gradebook.db.commit()
    half = hand_in(conv2d=flipped())
    notebook = json.loads(half)
    cell(notebook, "check-conv2d")["metadata"]["nbgrader"]["points"] = 80

    assert grades(judged(judge, about, json.dumps(notebook)))["conv2d"] == 10 * ours(half)["conv2d"]


# What students may do to a notebook


def test_a_deleted_grade_cell_is_put_back_behind_its_exercise(judge, about):
    notebook = json.loads(SOLVED)
    notebook["cells"].remove(cell(notebook, "check-conv2d"))

    notebook = judged(judge, about, json.dumps(notebook))

    assert grades(notebook)["conv2d"] == 8
    ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]
    assert ids[ids.index("conv2d") + 1] == "check-conv2d"


def test_a_grade_cell_is_put_back_into_an_old_notebook(judge, about):
    notebook = json.loads(SOLVED) | {"nbformat_minor": 4}
    notebook["cells"].remove(cell(notebook, "check-relu"))
    for each in notebook["cells"]:
        del each["id"]

    assert grades(judged(judge, about, json.dumps(notebook)))["relu"] == 2


def test_no_edit_of_a_notebook_gets_it_executed(judge, about, executed):
    forged = hand_in(relu="check = lambda function: 8\ndef relu(z):\n    return 7")
    notebook = json.loads(forged)
    notebook["metadata"] = {"cnnlab": {"chapter": "ch99_mine"}}
    notebook["cells"].remove(cell(notebook, "check-relu"))
    for each in notebook["cells"]:
        each["metadata"].pop("cnnlab", None)

    after = grades(judged(judge, about, json.dumps(notebook)))

    assert after == ours(forged)
    assert executed == []


def test_a_notebook_that_cannot_be_read_gets_no_points_and_a_reason(judge, about):
    notebook = judged(judge, about, hand_in(relu="#" * (2 << 20)))

    assert set(grades(notebook).values()) == {0}
    said = cell(notebook, "check-conv2d").outputs[0].data
    assert "larger than 1 MiB" in said["text/plain"]
    assert escape(said["text/plain"]) in said["text/html"]


# Notebooks that are not ours, or only in part


def own_notebook(about, *names):
    """An instructor's notebook with tests of their own, and its text."""
    cells = []
    with Gradebook(about["db_url"]) as gradebook:
        gradebook.add_assignment("own")
        gradebook.add_notebook("mine", "own")
        for name in names:
            about_cell = {"cell_type": "code", "source": "", "checksum": "", "locked": True}
            gradebook.add_grade_cell(name, "mine", "own", max_score=8, cell_type="code")
            gradebook.add_source_cell(name, "mine", "own", **about_cell)
            metadata = {"grade": True, "grade_id": name, "points": 8, "solution": False}
            cells.append(nbformat.v4.new_code_cell("1 + 1", metadata={"nbgrader": metadata}))
    about |= {"notebook": "mine", "assignment": "own"}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


@pytest.mark.parametrize("names", [(), ("my-test",), ("check-mine",), ("check-relu", "relu")])
def test_an_instructors_own_notebook_is_executed_as_ever(judge, about, executed, names):
    notebook = judged(judge, about, own_notebook(about, *names))

    assert executed == [notebook]
    assert all(each.outputs == [] for each in notebook.cells)


@pytest.fixture
def with_own_test(about):
    """A chapter's notebook with a test of the instructor's own."""
    add_cell(about, "my-test", "code")


def add_cell(about, name, kind, solution=False):
    with Gradebook(about["db_url"]) as gradebook:
        cell_about = {"cell_type": kind, "source": "", "checksum": "", "locked": not solution}
        gradebook.add_grade_cell(name, CHAPTER, CHAPTER, max_score=1, cell_type=kind)
        gradebook.add_source_cell(name, CHAPTER, CHAPTER, **cell_about)
        if solution:
            gradebook.add_solution_cell(name, CHAPTER, CHAPTER)


@pytest.mark.usefixtures("with_own_test")
def test_a_notebook_of_ours_with_other_tests_is_executed_in_the_sandbox(
    judge, about, executed, sandboxed
):
    notebook = judged(judge, about, SOLVED)

    assert (len(executed), len(sandboxed)) == (0, 1)
    assert sum(grades(notebook).values()) == POINTS


@pytest.mark.parametrize(("kind", "runs"), [("code", 1), ("markdown", 0)])
def test_cells_that_a_person_grades_are_executed_unless_they_are_text(
    judge, about, sandboxed, kind, runs
):
    add_cell(about, "by-hand", kind, solution=True)

    assert sum(grades(judged(judge, about, SOLVED)).values()) == POINTS
    assert len(sandboxed) == runs


@pytest.mark.usefixtures("with_own_test")
def test_without_bubblewrap_nothing_is_executed_unless_told(judge, about, executed, monkeypatch):
    monkeypatch.setattr(judge_module, "available", lambda: "bubblewrap is missing.")

    with pytest.raises(JudgeError, match=r"bubblewrap is missing.*c\.Judge\.sandboxed_kernel = F"):
        judged(judge, about, SOLVED)
    assert executed == []
    judge.sandboxed_kernel = False
    judged(judge, about, SOLVED)
    assert len(executed) == 1
    assert JUDGE not in os.environ


# Failures of ours


def test_a_failure_of_ours_is_never_a_zero(judge, about, monkeypatch):
    def stale(*asked):
        raise StaleReferences("Run `cnnlab record`.")

    monkeypatch.setattr(grading_process, "recorded", stale)
    monkeypatch.setattr(judge_module, "start_judging", grader_here)
    monkeypatch.setattr(judge_module, "Pool", InThisProcess)

    with pytest.raises(JudgeError, match=r"(?s)ada.*not graded.*Run `cnnlab record`"):
        judged(judge, about, SOLVED)


def test_without_bubblewrap_nothing_is_graded_unless_told(about, monkeypatch):
    monkeypatch.setattr(judge_module, "available", lambda: "bubblewrap is missing")
    exporter = NotebookExporter()

    with pytest.raises(JudgeError, match=r"bubblewrap is missing.*c\.Judge\.sandbox = False"):
        judged(Judge(parent=exporter, fresh=False), about, SOLVED)
    judged(Judge(parent=exporter, fresh=False, sandbox=False), about, SOLVED)


def test_a_missing_sandbox_is_said_once_and_under_no_traceback(generated, monkeypatch, caplog):
    monkeypatch.setattr(judge_module, "available", lambda: "bubblewrap is missing.")
    for student in ("ada", "bob"):
        place = generated / "submitted" / student / CHAPTER / NOTEBOOK
        place.parent.mkdir(parents=True)
        place.write_text(SOLVED)
    courses = CourseDirectory(config=config(generated))
    courses.assignment_id = CHAPTER

    with pytest.raises(NbGraderException):
        Autograde(coursedir=courses, config=config(generated)).start()

    said = "\n".join(record.getMessage() for record in caplog.records)
    assert said.count("bubblewrap is missing.") == 1
    assert "Traceback" not in said


# One run


def test_all_notebooks_of_a_run_share_its_processes(about, monkeypatch):
    log = []

    class Logged(judge_module.Run):
        def __init__(self, *settings):
            log.append("opened")
            super().__init__(*settings)

        def close(self):
            log.append("closed")
            super().close()

    monkeypatch.setattr(judge_module, "Run", Logged)
    exporter = NotebookExporter()
    for _ in range(2):
        judged(Judge(parent=exporter, sandbox=False, fresh=False), about, SOLVED)
    assert log == ["opened"]
    del exporter
    gc.collect()
    assert log == ["opened", "closed"]
