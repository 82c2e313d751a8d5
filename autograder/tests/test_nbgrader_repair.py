"""Submitted notebooks that nbgrader stumbles over."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from cnnlab.autograder.nbgrader_bridge.gradebook import KnownCell
from cnnlab.autograder.nbgrader_bridge.repair import repaired
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.tests.handins import CHAPTER, NOTEBOOK, POINTS, SOLVED, cell, copy_course

KNOWN = {
    each["metadata"]["nbgrader"]["grade_id"]: KnownCell(
        each["metadata"]["nbgrader"]["grade_id"],
        "code",
        "".join(each["source"]),
        "0" * 32,
        locked=each["metadata"]["nbgrader"]["locked"],
        grade=each["metadata"]["nbgrader"]["grade"],
        solution=each["metadata"]["nbgrader"]["solution"],
        points=each["metadata"]["nbgrader"].get("points"),
    )
    for each in json.loads(SOLVED)["cells"]
    if "nbgrader" in each["metadata"]
}
Notebook = dict[str, Any]


def marks(notebook: Notebook, name: str) -> dict[str, Any]:
    """What a cell says of itself to nbgrader."""
    found: dict[str, Any] = cell(notebook, name)["metadata"]["nbgrader"]
    return found


# Each breaks a notebook in one way. The comment says what nbgrader alone does with it.


def copied_check(notebook: Notebook) -> None:  # ends the run: SchemaTooOldError
    check = cell(notebook, "check-relu")
    notebook["cells"].insert(0, copy.deepcopy(check))


def copied_answer(notebook: Notebook) -> None:  # likewise
    answer = copy.deepcopy(cell(notebook, "relu"))
    answer["source"] = "def relu(z):\n    return z"
    notebook["cells"].insert(1, answer)


def empty_metadata(notebook: Notebook) -> None:  # likewise
    cell(notebook, "check-relu")["metadata"]["nbgrader"] = {}


def old_metadata(notebook: Notebook) -> None:  # likewise
    marks(notebook, "check-relu")["schema_version"] = 1


def metadata_to_come(notebook: Notebook) -> None:  # ends the run: SchemaTooNewError
    marks(notebook, "check-relu")["schema_version"] = 4


def no_version(notebook: Notebook) -> None:  # ends the run
    del marks(notebook, "relu")["schema_version"]


def no_grade_id(notebook: Notebook) -> None:  # this notebook fails
    del marks(notebook, "check-relu")["grade_id"]


def strange_grade_id(notebook: Notebook) -> None:
    marks(notebook, "check-relu")["grade_id"] = ["check-relu"]


def metadata_of_another_type(notebook: Notebook) -> None:
    cell(notebook, "check-relu")["metadata"]["nbgrader"] = ["grade"]


def invented_cell(notebook: Notebook) -> None:
    wish = copy.deepcopy(cell(notebook, "check-relu"))
    wish["metadata"]["nbgrader"] |= {"grade_id": "check-wish", "points": 100}
    notebook["cells"].append(wish)


def more_points(notebook: Notebook) -> None:
    marks(notebook, "check-relu")["points"] = "many"


def check_as_markdown(notebook: Notebook) -> None:
    check = cell(notebook, "check-relu")
    check |= {"cell_type": "markdown", "attachments": {}}
    del check["outputs"], check["execution_count"]


def no_metadata_at_all(notebook: Notebook) -> None:
    for each in notebook["cells"]:
        each["metadata"] = {}


def equal_cell_ids(notebook: Notebook) -> None:
    for each in notebook["cells"]:
        each["id"] = "same"


def strange_cell_ids(notebook: Notebook) -> None:
    for each, name in zip(notebook["cells"], (None, 7, "a b", "", "x" * 65), strict=False):
        each["id"] = name


def no_cell_ids(notebook: Notebook) -> None:
    for each in notebook["cells"]:
        del each["id"]


def strange_outputs(notebook: Notebook) -> None:
    cell(notebook, "relu")["outputs"] = [{"output_type": "dance"}]


def half_a_character(notebook: Notebook) -> None:
    cell(notebook, "relu")["source"] += ["\n# \ud83d"]


def strange_metadata_of_the_notebook(notebook: Notebook) -> None:
    notebook["metadata"] = {"kernelspec": "python3", "language_info": 3}


BREAKS: list[Callable[[Notebook], None]] = [
    copied_check,
    copied_answer,
    empty_metadata,
    old_metadata,
    metadata_to_come,
    no_version,
    no_grade_id,
    strange_grade_id,
    metadata_of_another_type,
    invented_cell,
    more_points,
    check_as_markdown,
    no_metadata_at_all,
    equal_cell_ids,
    strange_cell_ids,
    no_cell_ids,
    strange_outputs,
    half_a_character,
    strange_metadata_of_the_notebook,
]


def broken(damage: Callable[[Notebook], None]) -> str:
    """The solved notebook's text, broken in one way."""
    notebook = json.loads(SOLVED)
    damage(notebook)
    return json.dumps(notebook)


@pytest.mark.parametrize("damage", BREAKS)
def test_a_broken_notebook_is_valid_again_and_each_cell_is_there_once(damage):
    given = nbformat.from_dict(json.loads(broken(damage)))
    notebook, _ = repaired(given, KNOWN)

    nbformat.validate(notebook)
    json.dumps(notebook).encode()
    named = [c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata]
    assert all(each == KNOWN[each.grade_id].metadata for each in named)
    names = [each.grade_id for each in named]
    assert len(names) == len(set(names))
    lost = set(KNOWN) - set(names)
    assert not {name for name in lost if KNOWN[name].locked}
    assert lost == set() or damage is no_metadata_at_all
    sources = ["".join(c["source"]) for c in given["cells"]]
    assert [c.source for c in notebook.cells] == [s.replace("\ud83d", "?") for s in sources]


@pytest.mark.parametrize("damage", [copied_check, old_metadata, strange_outputs])
def test_a_repair_is_said(damage):
    assert len(repaired(nbformat.from_dict(json.loads(broken(damage))), KNOWN)[1]) == 1


def test_a_sound_notebook_is_left_as_it_is():
    given = nbformat.reads(SOLVED, 4)
    notebook, changes = repaired(given, KNOWN)

    assert changes == []
    for before, after in zip(given.cells, notebook.cells, strict=True):
        before.metadata.pop("nbgrader", None)
        after.metadata.pop("nbgrader", None)
    assert notebook == given


def test_of_two_answers_the_later_one_counts_as_in_nbgrader():
    notebook, _ = repaired(nbformat.from_dict(json.loads(broken(copied_answer))), KNOWN)

    assert "return z" not in cell(notebook, "relu")["source"].splitlines()[-1]


# Through nbgrader's own commands


@pytest.mark.slow
@pytest.mark.usefixtures("commands_on_path")
@pytest.mark.skipif(available() is not None, reason="there is no sandbox on this machine")
def test_no_notebook_ends_the_run_for_those_after_it(tmp_path):
    copy_course(tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as file:
        file.write("c.Judge.fresh = False\n")
    texts = {"a-first": SOLVED, "z-last": SOLVED, "no-json": "{", "no-cells": "{}"}
    texts |= {f"m-{damage.__name__}".replace("_", "-"): broken(damage) for damage in BREAKS}
    for student, text in texts.items():
        path = tmp_path / "submitted" / student / CHAPTER / NOTEBOOK
        path.parent.mkdir(parents=True)
        path.write_text(text)

    for student, link in {"linked": "the file", "linked-too": "its folder"}.items():
        folder = tmp_path / "submitted" / student / CHAPTER
        if link == "the file":
            folder.mkdir(parents=True)
            (folder / NOTEBOOK).symlink_to(tmp_path / "solutions" / CHAPTER / NOTEBOOK)
        else:
            folder.parent.mkdir()
            folder.symlink_to(tmp_path / "solutions" / CHAPTER)
    assert nbgrader(tmp_path, "generate_assignment", CHAPTER).returncode == 0
    run = nbgrader(tmp_path, "autograde", CHAPTER)

    scores = recorded_scores(tmp_path)
    not_graded = ("no-json", "no-cells", "linked", "linked-too")
    unreadable = {name: scores.pop(name, 0.0) for name in not_graded}
    assert unreadable == dict.fromkeys(unreadable, 0.0)
    assert scores == dict.fromkeys(texts.keys() - unreadable, POINTS)
    assert run.returncode != 0  # nobody overlooks those that were not graded
    for link in (f"linked/{CHAPTER}/{NOTEBOOK}", f"linked-too/{CHAPTER}"):
        assert f"submitted/{link} is a symbolic link" in run.stderr
    assert "second 'check-relu'" in run.stderr


def nbgrader(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of nbgrader's commands where an instructor would."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def recorded_scores(folder: Path) -> dict[str, float]:
    """What the gradebook holds: student → points."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(CHAPTER)}
