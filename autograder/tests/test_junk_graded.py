"""Notebooks full of junk, graded by the command, by pytest and by nbgrader: all get a result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import NotebookExporter
from nbgrader import utils
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.results import SubmissionResult, from_json
from cnnlab.autograder.nbgrader_bridge import Judge
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.submission.assignment import CHECK
from cnnlab.autograder.tests.handins import cell
from cnnlab.autograder.tests.junk import BODIES, handed_in, spread
from cnnlab.course.cli import app

pytest_plugins = ["pytester"]
SLOW = pytest.mark.slow
CHAPTERS = [  # a sample of chapter 1 in every run; all of it, and the others, take minutes
    pytest.param("ch01_convolution", "sample"),
    *(
        pytest.param(name, "all", marks=pytest.mark.long if load_chapter(name).keras else SLOW)
        for name in chapter_names()
    ),
]
EXPECTED = ("failed", "error")
"""What an exercise that returns or raises junk may be called."""


@pytest.fixture(autouse=True)
def nothing_of_ours_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What fails on our side is in the log, though the learner sees the plainer form."""
    caplog.set_level(logging.WARNING, logger="cnnlab")
    yield
    assert [record.getMessage() for record in caplog.records if record.name == "cnnlab"] == []


def assert_sensible(result: SubmissionResult, where: str) -> None:
    """No exercise of a notebook full of junk passes, and each has a result in words."""
    assert result.status == "graded", where
    assert len(result.exercises) == len(load_chapter(str(result.chapter)).exercises), where
    for exercise in result.exercises:
        assert exercise.status in EXPECTED, f"{where}: {exercise.name}, {exercise.message}"
        if not exercise.name.startswith("expose_"):  # any input may happen to expose a mistake
            assert exercise.score <= 0.6 * exercise.max_score, f"{where}: {exercise.name}"
        assert exercise.message, f"{where}: {exercise.name}"
        assert "Traceback" not in exercise.message, f"{where}: {exercise.name}"


@pytest.mark.skipif(available() is not None, reason=str(available()))
@pytest.mark.parametrize(("chapter", "kinds"), CHAPTERS)
def test_the_command_grades_junk(chapter: str, kinds: str, tmp_path: Path) -> None:
    """One notebook for each kind of junk."""
    labels = list(BODIES)[:: 5 if kinds == "sample" else 1]
    paths = [tmp_path / f"{i:02}.ipynb" for i in range(len(labels))]
    for path, label in zip(paths, labels, strict=True):
        path.write_text(handed_in(chapter, [label]), encoding="utf-8")

    options = ["--recorded", "--workers", "1", "--json", str(tmp_path / "results.json")]
    ran = CliRunner().invoke(app, ["grade", *map(str, paths), *options])

    assert ran.exit_code == 0, ran.output
    results = from_json((tmp_path / "results.json").read_text(encoding="utf-8"))
    for label, result in zip(labels, results.submissions, strict=True):
        assert_sensible(result, label)


@pytest.mark.parametrize(("chapter", "kinds"), CHAPTERS)
def test_pytest_runs_junk(
    chapter: str, kinds: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kinds of junk spread over few notebooks; each starts a process of its own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    notebooks = 1 if kinds == "sample" else 3
    for number, (text, _) in enumerate(spread(chapter, notebooks)):
        folder = pytester.mkdir(str(number))
        (folder / f"{chapter}.ipynb").write_text(text, encoding="utf-8")

    ran = pytester.runpytest_inprocess("-p", "cnnlab")

    outcomes, said = ran.parseoutcomes(), ran.stdout.str()
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    assert "errors" not in outcomes
    assert "INTERNALERROR" not in said
    assert "Traceback" not in said
    for exercise in load_chapter(chapter).exercises:
        assert said.count(f"\n  {exercise.name}: ") == notebooks


@pytest.fixture
def judged(tmp_path: Path) -> Callable[[str, str], nbformat.NotebookNode]:
    """Hands a chapter's notebook to our preprocessor as nbgrader does."""
    db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    judge = Judge(parent=NotebookExporter(), sandbox=False, fresh=False)

    def judged(chapter: str, text: str) -> nbformat.NotebookNode:
        about = {"student": "ada", "assignment": chapter, "notebook": chapter, "db_url": db_url}
        return judge.preprocess(nbformat.reads(text, 4), {"nbgrader": about})[0]

    return judged


def assigned(chapter: str, folder: Path) -> None:
    """A gradebook that holds the chapter as an assignment."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment(chapter)
        gradebook.add_notebook(chapter, chapter)
        for exercise in load_chapter(chapter).exercises:
            place = (CHECK + exercise.name, chapter, chapter)
            text = f"check({exercise.name})"
            source = {"cell_type": "code", "source": text, "checksum": "", "locked": True}
            gradebook.add_grade_cell(*place, max_score=exercise.max_score, cell_type="code")
            gradebook.add_source_cell(*place, **source)


@pytest.mark.usefixtures("commands_on_path")
@pytest.mark.parametrize(("chapter", "kinds"), CHAPTERS)
def test_nbgrader_grades_junk(
    chapter: str,
    kinds: str,
    tmp_path: Path,
    judged: Callable[[str, str], nbformat.NotebookNode],
) -> None:
    """Every kind of junk, spread over the exercises of as many notebooks as it takes."""
    assigned(chapter, tmp_path)
    for text, labels in spread(chapter, 3 if kinds == "sample" else None):
        notebook = judged(chapter, text)
        nbformat.validate(notebook)
        for exercise, label in zip(load_chapter(chapter).exercises, labels, strict=True):
            check = cell(notebook, CHECK + exercise.name)
            card, _ = check.outputs
            score, most = utils.determine_grade(check)
            where = f"{exercise.name}: {label}"
            assert score is not None, where
            assert 0 <= score <= 0.6 * most, where
            assert "Traceback" not in card.data["text/plain"] + card.data["text/html"], where
            assert "<script>alert" not in card.data["text/html"], where
