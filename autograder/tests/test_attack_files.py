"""Hostile files in the submission folder: each gets a result, and their neighbours theirs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path

import psutil
import pytest

from cnnlab.autograder.batch import grade
from cnnlab.autograder.judging.keras_process import KerasProcess
from cnnlab.autograder.judging.results import SubmissionResult, from_json
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission.files import find_submissions
from cnnlab.autograder.tests.handins import CHAPTER, NOTEBOOK, hand_in

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and names are POSIX's")
SANDBOX = shutil.which("bwrap") is not None


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def _deep(path: Path) -> None:
    path.write_text('{"cells": ' + "[" * 10**6 + "]" * 10**6 + "}")


def _long_cell(path: Path) -> None:
    path.write_text(hand_in(relu="x" * (3 << 20)))


def _many_cells(path: Path) -> None:
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "x"}] * 10**5}))


def _expansion(path: Path) -> None:
    """A number that takes forever to convert, were it converted."""
    path.write_text('{"cells": [' + "9" * 10**6 + "]}")


def _secret(path: Path) -> Path:
    """What a link may not bring in: somebody else's full marks."""
    secret = path.parents[3] / "solved.ipynb"
    secret.write_text(hand_in())
    return secret


ATTACKS: dict[str, Callable[[Path], object]] = {
    "link to a file": lambda path: path.symlink_to(_secret(path)),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a pipe that nobody writes": lambda path: os.mkfifo(path),
    "a folder of that name": lambda path: path.mkdir(),
    "a terabyte": lambda path: _sparse(path, 1 << 40),
    "deep JSON": _deep,
    "a long cell": _long_cell,
    "cells without number": _many_cells,
    "a number of a million digits": _expansion,
    "null bytes": lambda path: path.write_bytes(bytes(10**6)),
    "half a notebook": lambda path: path.write_text(hand_in()[:20_000]),
    "a zip": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(1000)),
}
NAMES = [
    "ch01_..\\..\\..\\escaped.ipynb",
    "ch01_new\nline.ipynb",
    "ch01_\x1b[2Jwipe.ipynb",
    "ch01_$(touch witness).ipynb",
    "ch01_'; DROP TABLE grades; --.ipynb",
    "ch01_<script>alert(1)<.ipynb",
    "ch01_" + "x" * 200 + ".ipynb",
    os.fsdecode(b"ch01_\xff\xfe.ipynb"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder: honest learners, hostile files, and files of hostile names."""
    course = tmp_path_factory.mktemp("course")
    submitted = course / "submitted"
    for student in ("aaron", "zoe"):
        _folder(submitted, student).joinpath(NOTEBOOK).write_text(hand_in())
    for number, attack in enumerate(ATTACKS.values()):
        attack(_folder(submitted, f"eve{number:02}") / NOTEBOOK)
    for number, name in enumerate(NAMES):
        _folder(submitted, f"mallory{number}").joinpath(name).write_text(hand_in())
    linked = submitted / "trent"
    linked.mkdir()
    (linked / CHAPTER).symlink_to(submitted / "aaron" / CHAPTER)
    return course


def _folder(submitted: Path, student: str) -> Path:
    folder = submitted / student / CHAPTER
    folder.mkdir(parents=True)
    return folder


def snapshot(course: Path) -> list[str]:
    return sorted(str(path) for path in course.rglob("*"))


@pytest.fixture(scope="module")
def results(course: Path) -> dict[str, list[SubmissionResult]]:
    """Everything in the folder, graded; by student."""
    ensure_running()  # multiprocessing's own process, which stays until this one ends
    before = snapshot(course), set(_processes())
    files = find_submissions([course / "submitted"])
    batch = grade(files, Settings(fresh=False, sandbox=SANDBOX, workers=1))
    assert snapshot(course) == before[0]  # nothing was written, moved or removed
    assert not set(_processes()) - before[1]
    found: dict[str, list[SubmissionResult]] = {}
    for result in batch.submissions:
        found.setdefault(result.student or "", []).append(result)
    return found


def _processes() -> list[int]:
    return [child.pid for child in psutil.Process().children(recursive=True)]


@pytest.mark.parametrize("student", ["aaron", "zoe"])
def test_honest_neighbours_keep_their_score(results, student):
    (result,) = results[student]
    assert (result.status, result.score) == ("graded", result.max_score)


@pytest.mark.parametrize("number", range(len(ATTACKS)), ids=list(ATTACKS))
def test_a_hostile_file_is_unreadable_with_a_reason(results, number):
    found = results.get(f"eve{number:02}", [])
    if list(ATTACKS)[number] == "a folder of that name":
        assert found == []  # an empty folder holds no submission
        return
    (result,) = found
    assert (result.status, result.score) == ("unreadable", 0.0)
    assert 10 < len(result.message) < 500
    json.dumps(result.message).encode()


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_hostile_name_is_only_a_name(results, number):
    (result,) = results[f"mallory{number}"]
    assert (result.status, result.score) == ("graded", result.max_score)
    result.path.encode()  # can be written down, whatever bytes the name is made of


def test_a_linked_folder_brings_nothing_in(results):
    for result in results.get("trent", []):
        assert (result.status, result.score) == ("unreadable", 0.0)


# The folder where the command is called

SHADOWS = ("multiprocessing", "pickle", "tempfile", "json", "numpy", "keras", "sitecustomize")
"""Modules that our processes import, the first ones before any code of ours could prevent it."""


class NothingAnswers:
    """In the place of an `Engine`: its process imports what each does, and ends at once."""

    def missing(self) -> None:
        return None

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def __str__(self) -> str:
        return "nothing-cpu"


@pytest.mark.slow
def test_modules_beside_what_was_handed_in_shadow_none_of_ours(tmp_path: Path) -> None:
    """Instructors grade in the folder that they unzipped: ``cnnlab grade .``."""
    folder = tmp_path / "unzipped"
    folder.mkdir()
    witness = tmp_path / "witness"
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(f"open({str(witness)!r}, 'a').write('{name} ')\n")
    # `blur` comes from the course's own cells, which run in a process of ours.
    honest = "def relu(z):\n    blur.sum()\n    return np.maximum(1.0 * np.asarray(z), 0)\n"
    (folder / "ch01_ada.py").write_text(honest)
    program = [Path(sysconfig.get_path("scripts"), "cnnlab"), "grade", "ch01_ada.py", "--recorded"]
    options = ["--workers", "1", "--json", tmp_path / "results.json"]
    subprocess.run([*program, *options, *([] if SANDBOX else ["--no-sandbox"])], cwd=folder)
    with (
        contextlib.chdir(folder),
        KerasProcess(NothingAnswers()) as keras,  # type: ignore[arg-type]
        pytest.raises(RuntimeError, match="nothing"),
    ):
        keras.answers(CHAPTER, {})
    assert not witness.exists(), witness.read_text()
    (result,) = from_json((tmp_path / "results.json").read_text()).submissions
    assert next(e.status for e in result.exercises if e.name == "relu") == "passed"
