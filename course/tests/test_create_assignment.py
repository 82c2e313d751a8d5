"""nbgrader's panels for instructors in a real JupyterLab, on a course of `cnnlab course`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission.assignment import read_assignment
from cnnlab.course.build.course_root import write_course
from cnnlab.course.tests.chromium import MARKS, chromium
from cnnlab.course.tests.lab import Notebook, running

pytestmark = [*MARKS, pytest.mark.long]

CH01, CH02, CH04 = "ch01_convolution", "ch02_stride_padding", "ch04_network"
HOMEWORK = "homework1"
ASKED = (Asked(CH01, "relu", 4, 0.25), Asked(CH04, "flatten", 5), Asked(CH02, "conv2d", 20))
PANEL = """() => [...document.querySelectorAll(".nbgrader-CellWidget")].map((cell) => {
  const field = (name) => cell.querySelector(`.nbgrader-Cell${name} :is(input, select)`);
  const used = (name) => !cell.querySelector(`.nbgrader-Cell${name}`)
    .classList.contains("nbgrader-mod-uneditable");
  return [field("Type").value, used("Id") ? field("Id").value : "",
    used("Points") ? field("Points").valueAsNumber : null];
})"""
"""Type, ID and points of each cell, as the panel shows them."""


def shown(source: Path) -> list[list[object]]:
    """What the panel should show, by the notebook's metadata."""
    found: list[list[object]] = []
    for cell in json.loads(source.read_text())["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        kind = "tests" if about.get("grade") else "solution" if about.get("solution") else ""
        found.append([kind, about.get("grade_id", ""), about.get("points")])
    return found


def test_create_assignment_shows_and_changes_points_and_grading_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", programs)  # nbgrader calls alembic by its name
    monkeypatch.chdir(tmp_path)  # and reads the settings of the folder where it is started
    root, scratch = tmp_path / "course", tmp_path / "jupyter"
    write_course(root, {HOMEWORK: ASKED})
    source = root / "source" / HOMEWORK / f"{HOMEWORK}.ipynb"
    (scratch / "config_dir").mkdir(parents=True)
    settings = f"c = get_config()\nc.CourseDirectory.root = {str(root)!r}\n"
    (scratch / "config_dir" / "nbgrader_config.py").write_text(settings)
    before = json.loads(source.read_text())
    lab = ("jupyterlab", "--no-browser", f"--ServerApp.root_dir={root}")

    with running(root, scratch, lab) as server, chromium() as browser:
        page = browser.new_page()
        notebook = Notebook(page, server, f"source/{HOMEWORK}/{HOMEWORK}.ipynb")
        notebook.command("nbgrader:open-create-assignment")
        expect(page.locator(".nbgrader-CellWidget")).to_have_count(len(before["cells"]))
        assert page.evaluate(PANEL) == shown(source)
        total = page.locator(".nbgrader-TotalPointsInput")
        expect(total).to_have_value("29")
        number = next(i for i, cell in enumerate(shown(source)) if cell[1] == "check-conv2d")
        points = page.locator(".nbgrader-CellWidget").nth(number).get_by_label("Points")
        points.fill("12")
        points.press("Tab")
        expect(total).to_have_value("21")
        notebook.save()
        assert notebook.complaints == []
        page.goto(f"{server.url}formgrader/manage_assignments?token={server.token}")
        listed = page.get_by_role("link", name=HOMEWORK, exact=True)
        expect(listed).to_be_visible(timeout=60_000)

    after = json.loads(source.read_text())
    assert [c["source"] for c in after["cells"]] == [c["source"] for c in before["cells"]]
    assert after["metadata"]["cnnlab"] == before["metadata"]["cnnlab"]
    for one, other in zip(before["cells"], after["cells"], strict=True):
        assert one["metadata"]["cnnlab"] == other["metadata"]["cnnlab"]
    assignment = read_assignment(source)
    assert assignment is not None
    assert assignment.asked == (*ASKED[:2], Asked(CH02, "conv2d", 12))
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", HOMEWORK]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    place = root / "submitted" / "ada" / HOMEWORK / f"{HOMEWORK}.ipynb"
    place.parent.mkdir(parents=True)
    place.write_bytes(source.read_bytes())
    how = Settings(fresh=False, sandbox=False, workers=1, course=root)
    (result,) = grade([place], how).submissions
    assert (result.score, result.max_score) == (20, 21)
