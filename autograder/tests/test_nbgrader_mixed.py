"""Our exercises and an instructor's own cells in one notebook, through nbgrader's own commands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.tests.handins import CHAPTER, EXERCISES, NOTEBOOK, POINTS, copy_course, stub
from cnnlab.autograder.tests.test_nbgrader_repair import nbgrader

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("commands_on_path"),
    pytest.mark.skipif(available() is not None, reason="there is no sandbox on this machine"),
]
TOKEN = f"cnnlab-attack-{os.getpid()}"
OWN_TEST = """points = 0
if negative(np.array([2.0])) == -2:
    points = 1.5
if negative(np.array([])).size == 0:
    points += 1
points"""
"""Worth 4 points."""
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 1])\nplt.show()"
ATTACK = """
import pathlib, sqlite3, subprocess, sys
daemon = '''
import sqlite3, sys, time
for _ in range(6000):
    time.sleep(0.1)
    try:
        with sqlite3.connect(f"file:{sys.argv[1]}?mode=rw", uri=True) as gradebook:
            gradebook.execute("UPDATE grade SET manual_score = 8")
    except sqlite3.Error:
        pass
'''
place = BOOK
alone = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
subprocess.Popen([sys.executable, "-c", daemon, place, TOKEN], start_new_session=True, **alone)
"""
"""Leaves a process behind that rewrites the gradebook again and again."""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Chapter 1 with cells of the instructor's own, as an assignment in a gradebook."""
    folder = tmp_path_factory.mktemp("course")
    copy_course(folder)
    path = folder / "solutions" / CHAPTER / NOTEBOOK
    notebook = json.loads(path.read_text())
    notebook["cells"] += [
        own_cell("negative", "def negative(z):\n    ### BEGIN SOLUTION\n    return -z\n    "
                 "### END SOLUTION", solution=True),
        own_cell("my-test", OWN_TEST, grade=True, locked=True, points=4),
        own_cell("my-plot", "### BEGIN SOLUTION\n" + PLOT + "\n### END SOLUTION",
                 grade=True, solution=True, points=3),
    ]  # fmt: skip
    path.write_text(json.dumps(notebook))
    settle(folder, "c.Judge.fresh = False")
    ran = nbgrader(folder, "generate_assignment", CHAPTER)
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def course(generated, tmp_path):
    shutil.copytree(generated, tmp_path / "course")
    return tmp_path / "course"


def own_cell(name: str, source: str, **marks: Any) -> dict[str, Any]:
    """A code cell as nbgrader's "Create Assignment" makes it."""
    nbgrader = {"grade": False, "solution": False, "locked": False, "task": False} | marks
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"nbgrader": nbgrader | {"grade_id": name, "schema_version": 3}},
        "outputs": [],
        "source": source,
    }


def settle(course: Path, line: str) -> None:
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(line + "\n")


def hand_in(course: Path, student: str, **answers: str) -> None:
    """The released notebook with these sources in the cells of these names."""
    released = json.loads((course / "release" / CHAPTER / NOTEBOOK).read_text())
    solved = json.loads((course / "solutions" / CHAPTER / NOTEBOOK).read_text())
    sources = {grade_id(c): "".join(c["source"]) for c in solved["cells"]} | answers
    for cell in released["cells"]:
        if grade_id(cell) in sources and "solution" in marks(cell) and marks(cell)["solution"]:
            cell["source"] = sources[grade_id(cell)]
    path = course / "submitted" / student / CHAPTER / NOTEBOOK
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(released))


def marks(cell: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return found


def grade_id(cell: dict[str, Any]) -> str:
    return str(marks(cell).get("grade_id", ""))


def hand_in_attack(course: Path, student: str = "mallory") -> None:
    stubs = {name: stub(name) for name in EXERCISES}
    settings = f"BOOK, TOKEN = {str(course / 'gradebook.db')!r}, {TOKEN!r}\n"
    forged = "\ncheck = lambda f: None\ndef negative(z):\n    raise ValueError"
    attack = stubs[EXERCISES[0]] + "\n" + settings + ATTACK + forged
    hand_in(course, student, **stubs | {EXERCISES[0]: attack, "negative": forged})


def grades(course: Path) -> dict[str, dict[str, float]]:
    """What the gradebook says: student → cell → points."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            s.student.id: {grade.name: grade.score for n in s.notebooks for grade in n.grades}
            for s in gradebook.assignment_submissions(CHAPTER)
        }


def attackers() -> list[int]:
    """The processes that the attack left behind."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if TOKEN.encode() in path.read_bytes():
                found.append(int(path.parts[2]))
        except OSError:
            continue
    return found


def test_own_cells_work_and_an_attack_on_the_gradebook_gets_nothing(course):
    hand_in(course, "ada")
    hand_in_attack(course)
    hand_in(course, "zoe", relu=stub("relu"))

    ran = nbgrader(course, "autograde", CHAPTER)
    time.sleep(1)

    assert ran.returncode == 0, ran.stderr
    assert "SAWarning" not in ran.stderr
    assert attackers() == []
    scores = grades(course)
    ours = {f"check-{name}" for name in EXERCISES}
    assert sum(scores["ada"][name] for name in ours) == POINTS
    assert sum(scores["zoe"][name] for name in ours) == POINTS - scores["ada"]["check-relu"]
    assert {student: each["my-test"] for student, each in scores.items()} == {
        "ada": 2.5,
        "mallory": 0,
        "zoe": 2.5,
    }
    assert set(scores["mallory"].values()) == {0.0}
    for student in ("ada", "zoe"):
        assert len(pictures_of(course, student, "my-plot")) == 1


def test_formgraders_buttons_work_and_what_is_graded_by_hand_is_seen(course):
    hand_in(course, "ada")
    with Formgrader(course) as formgrader:
        ran = formgrader.ask("POST", f"api/submission/{CHAPTER}/ada/autograde")
        assert ran["success"], ran
        (listed,) = formgrader.ask("GET", f"api/submitted_notebooks/{CHAPTER}/{CHAPTER}")
        (picture,) = pictures_of(course, "ada", "my-plot")
        assert picture in formgrader.page(f"submissions/{listed['id']}/")
        query = f"?submission_id={listed['id']}"
        (plot,) = (
            grade
            for grade in formgrader.ask("GET", f"api/grades{query}")
            if grade["name"] == "my-plot"
        )
        assert plot["needs_manual_grade"]
        formgrader.ask("PUT", f"api/grade/{plot['id']}", {"manual_score": 2.5})
        comments = {c["name"]: c["id"] for c in formgrader.ask("GET", f"api/comments{query}")}
        formgrader.ask("PUT", f"api/comment/{comments['my-plot']}", {"manual_comment": "Neat."})
        ran = formgrader.ask("POST", f"api/assignment/{CHAPTER}/ada/generate_feedback")
        assert ran["success"], ran
    assert grades(course)["ada"]["my-plot"] == 2.5
    page = (course / "feedback" / "ada" / CHAPTER / f"{CHAPTER}.html").read_text()
    assert "Neat." in page
    assert picture in page

    before = grades(course)
    shutil.rmtree(course / "autograded")
    command = [Path(sysconfig.get_path("scripts"), "cnnlab"), "grade", "submitted", "--recorded"]
    subprocess.run([*command, "--gradebook", "gradebook.db"], cwd=course, check=True)
    assert grades(course) == before
    assert before["ada"]["my-test"] == 2.5
    assert pictures_of(course, "ada", "my-plot") == [picture]


def pictures_of(course: Path, student: str, name: str) -> list[str]:
    """The pictures that a cell shows in the graded notebook."""
    graded = json.loads((course / "autograded" / student / CHAPTER / NOTEBOOK).read_text())
    (cell,) = (c for c in graded["cells"] if grade_id(c) == name)
    return [
        o["data"]["image/png"].strip() for o in cell["outputs"] if "image/png" in o.get("data", {})
    ]


class Formgrader:
    """A Jupyter server in a course's folder, asked as formgrader's buttons ask it."""

    def __init__(self, course: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        options = {
            "ServerApp.port": self._port,
            "ServerApp.root_dir": course,
            "IdentityProvider.token": TOKEN,
        }
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            cwd=course,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Formgrader:
        until = time.monotonic() + 120
        while True:
            try:
                self.page("")
                return self
            except OSError:
                assert time.monotonic() < until
                assert self._process.poll() is None
                time.sleep(0.2)

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait()

    def page(self, path: str, method: str = "GET", body: Any = None) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/formgrader/{path}",
            data=None if method == "GET" else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            said: bytes = answer.read()
        return said.decode()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return json.loads(self.page(path, method, body))


def test_outside_the_sandbox_that_attack_would_have_won(course):
    """What the test above rests on: the attack is a real one."""
    settle(course, "c.Judge.sandboxed_kernel = False")
    hand_in_attack(course)

    ran = nbgrader(course, "autograde", CHAPTER)
    try:
        assert ran.returncode == 0, ran.stderr
        time.sleep(1)
        assert attackers()
        assert grades(course)["mallory"]["check-relu"] == 8
    finally:
        for pid in attackers():
            os.kill(pid, signal.SIGKILL)
