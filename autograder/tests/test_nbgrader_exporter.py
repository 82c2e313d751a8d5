"""What nbgrader is told to use, and which chapter a notebook that it brings is of."""

import json
from pathlib import Path

import pytest
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, LimitOutput
from traitlets.config import PyFileConfigLoader
from traitlets.utils.importstring import import_item

from cnnlab.autograder.judging.exercise import Chapter, load_chapter
from cnnlab.autograder.nbgrader_bridge import GradingExporter, Judge, JudgeError
from cnnlab.autograder.nbgrader_bridge import gradebook as gradebook_module
from cnnlab.autograder.nbgrader_bridge import judge as judge_module
from cnnlab.autograder.nbgrader_bridge.gradebook import chapter_of
from cnnlab.autograder.nbgrader_bridge.judge import links_in
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.handins import CHAPTER, EXERCISES, NBGRADER_CONFIG

pytestmark = pytest.mark.usefixtures("commands_on_path")


@pytest.mark.parametrize("name", [Execute, "nbgrader.preprocessors.Execute"])
def test_the_judge_takes_the_place_of_execute_alone(name):
    exporter = GradingExporter()
    exporter._preprocessors = []
    for preprocessor in (name, "nbgrader.preprocessors.LimitOutput"):
        exporter.register_preprocessor(preprocessor)

    assert [type(each) for each in exporter._preprocessors] == [Judge, LimitOutput]


def test_the_course_and_the_wheel_name_the_same_exporter():
    shipped = json.loads((Path(judge_module.__file__).parent / "nbgrader_config.json").read_text())
    name = shipped["Autograde"]["exporter_class"]

    assert import_item(name) is GradingExporter
    assert PyFileConfigLoader(str(SOLUTIONS.parent / NBGRADER_CONFIG)).load_config().Autograde == {
        "exporter_class": name
    }


def test_what_a_submitted_link_led_to_is_not_shown(tmp_path):
    course = CourseDirectory(root=str(tmp_path))
    folder = tmp_path / "submitted" / "ada" / CHAPTER
    folder.mkdir(parents=True)
    (folder / "data.csv").touch()
    (folder / "notes.txt").symlink_to(tmp_path / "gradebook.db")
    exporter = GradingExporter(parent=Autograde(coursedir=course))

    assert links_in(exporter, {"student": "ada", "assignment": CHAPTER}) == ["notes.txt"]
    assert links_in(GradingExporter(), {"student": "ada", "assignment": CHAPTER}) == []


def test_a_renamed_notebook_is_known_by_its_exercises():
    assert chapter_of("week1", set(EXERCISES)) is load_chapter(CHAPTER)
    assert chapter_of(CHAPTER, {"relu", "mine"}) is load_chapter(CHAPTER)
    assert chapter_of("week1", {"mine"}) is None
    assert chapter_of(CHAPTER, set()) is None


def test_a_notebook_of_two_possible_chapters_is_not_guessed(monkeypatch):
    relu = (load_chapter(CHAPTER)["relu"],)
    chapters = {name: Chapter(name, "", relu) for name in ("ch01_a", "ch02_b")}
    monkeypatch.setattr(gradebook_module, "chapter_names", lambda: list(chapters))
    monkeypatch.setattr(gradebook_module, "load_chapter", chapters.__getitem__)

    with pytest.raises(JudgeError, match="may be ch01_a, ch02_b: name it after its chapter"):
        chapter_of("week1", {"relu"})
    assert chapter_of("ch02_b", {"relu"}) is chapters["ch02_b"]
