"""The built wheel in a clean environment: with it installed, stock nbgrader grades by our judge."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.handins import CHAPTER, EXERCISES, NOTEBOOK, POINTS, SOLVED, stub
from cnnlab.autograder.tests.handins import hand_in as notebook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("commands_on_path"),
    pytest.mark.skipif(available() is not None, reason="there is no sandbox on this machine"),
]
ROOT = SOLUTIONS.parent
CHEATED = notebook(
    **{name: stub(name) for name in EXERCISES}
    | {EXERCISES[-1]: "check = lambda f: None\n" + "\n".join(map(stub, EXERCISES))}
)
"""Every exercise is a stub, and what checks them a function that says nothing."""


def run(*command: str | Path, folder: Path) -> None:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of an environment in which the wheel of this working copy is installed.

    What it requires is found beside this test's own packages, so nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    run(sys.executable, *build, copy, folder=folder)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    install = ["-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel]
    run(sys.executable, *install, folder=folder)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return python


@pytest.fixture
def course(python, tmp_path):
    """A course of nbgrader's own making, with our notebook and two submissions."""
    run(python, "-m", "nbgrader", "quickstart", "class", folder=tmp_path)
    course = tmp_path / "class"
    source = course / "source" / CHAPTER
    source.mkdir()
    (installed,) = python.parents[1].rglob(f"cnnlab/solutions/{CHAPTER}/{NOTEBOOK}")
    shutil.copy(installed, source)
    for student, text in {"ada": SOLVED, "mallory": CHEATED}.items():
        path = course / "submitted" / student / CHAPTER / NOTEBOOK
        path.parent.mkdir(parents=True)
        path.write_text(text)
    run(python, "-m", "nbgrader", "generate_assignment", CHAPTER, folder=course)
    return course


def scores(course: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(CHAPTER)}


def test_the_package_of_the_environment_is_the_installed_one(python, tmp_path):
    said = "import cnnlab.autograder as a; print(a.__file__)"
    ran = subprocess.run([python, "-c", said], cwd=tmp_path, capture_output=True, text=True)

    assert Path(ran.stdout.strip()).is_relative_to(python.parents[1])
    assert (python.parents[1] / "etc" / "jupyter" / "nbgrader_config.json").exists()


def test_in_a_course_made_by_quickstart_a_redefined_check_earns_nothing(course, python):
    run(python, "-m", "nbgrader", "autograde", CHAPTER, folder=course)

    assert scores(course) == {"ada": POINTS, "mallory": 0}


def test_without_our_exporter_no_check_gives_points(course, python):
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.Autograde.exporter_class = 'nbconvert.exporters.NotebookExporter'\n")
    run(python, "-m", "nbgrader", "autograde", CHAPTER, folder=course)

    assert scores(course) == {"ada": 0, "mallory": 0}
    graded = course / "autograded" / "ada" / CHAPTER / NOTEBOOK
    assert "No judge is at work here" in json.dumps(json.loads(graded.read_text()))
    assert os.access(course / "gradebook.db", os.R_OK)
