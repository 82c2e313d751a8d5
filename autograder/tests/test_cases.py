"""Answers as people write them, graded through the command; and how an answer becomes a case."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as v4
import pytest

from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.judging.results import ExerciseResult, from_json
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.submission.case import Case, read_case, same_result, take

FOLDER = Path(__file__).parent / "cases"
CASES = {path.stem: read_case(path) for path in sorted(FOLDER.glob("*.py"))}

UNFAIR: dict[str, str] = {}
"""Cases that the judge does not treat as their first lines say, and why. Who mends it strikes
them out here."""


def grade(paths: list[Path], folder: Path) -> dict[str, dict[str, ExerciseResult]]:
    """What the command says of each file: exercise → result, by the file's stem."""
    results = folder / "results.json"
    command = [sys.executable, "-m", "cnnlab.course.cli", "grade", "--recorded"]
    command += ["--no-sandbox"] if available() else []  # takes minutes: TensorFlow for every file
    command += ["--workers", "1", "--json", str(results), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True)
    return {
        Path(s.path).stem: {e.name: e for e in s.exercises}
        for s in from_json(results.read_text()).submissions
    }


def as_handed_in(case: Case, folder: Path, name: str) -> Path:
    """The same answer in a notebook that says in many places who wrote it."""
    signed = re.sub(
        r"^(def .*\n)",
        r'\1    """Quentin Sorrel wrote this."""\n    # sorrel@example.org, /home/quentin\n',
        case.code,
        flags=re.M,
    )
    notebook = v4.new_notebook(metadata={"authors": [{"name": "Quentin Sorrel"}]})
    output = v4.new_output("stream", text="/home/quentin/work")
    notebook.cells = [
        v4.new_markdown_cell("# Homework of Quentin Sorrel"),
        v4.new_code_cell("quentin = 'Sorrel'\nprint(quentin)", outputs=[output]),
        v4.new_code_cell(
            signed, metadata={"nbgrader": {"grade_id": case.exercise, "solution": True}}
        ),
    ]
    path = folder / "submitted" / "quentin_sorrel" / case.chapter / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(v4.writes(notebook))
    return path


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, ExerciseResult]]:
    """Every case, graded in one run."""
    return grade([FOLDER], tmp_path_factory.mktemp("graded"))


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(reason=UNFAIR[name], strict=True)] if name in UNFAIR else []


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in CASES])
def test_the_judge_is_fair(name, graded):
    case = CASES[name]
    result = graded[name][case.exercise]
    assert result.status != "internal_error", result.message
    if case.kind == "right":
        assert (result.status, result.score) == ("passed", result.max_score), result.message
    elif case.kind == "edge":
        assert 0.8 * result.max_score <= result.score < result.max_score, result.message
    else:
        assert result.score < result.max_score
    assert result.diagnosis == [n for n in case.names if n != "?"], result.message


def test_what_is_unfair_is_a_case():
    assert set(UNFAIR) <= set(CASES)
    assert len({case.chapter for case in CASES.values()}) >= 10


@pytest.mark.parametrize("keras", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_answer_grades_as_its_case_does(keras, tmp_path):
    of_this_kind = {
        name: case
        for name, case in CASES.items()
        if load_chapter(find_chapter(case.chapter)).keras == keras
    }
    paths = []
    for name, case in of_this_kind.items():
        notebook = as_handed_in(case, tmp_path, f"{name}_handed_in")
        again = take(notebook, case.exercise, case.words, case.kind, case.names)
        assert not re.search("quentin|sorrel|homework", again.code, re.I)
        paths += [notebook, tmp_path / f"{name}_taken.py"]
        paths[-1].write_text(again.text)
    graded = grade(paths, tmp_path)
    differing = [
        name
        for name, case in of_this_kind.items()
        if not same_result(
            graded[f"{name}_handed_in"][case.exercise], graded[f"{name}_taken"][case.exercise]
        )
    ]
    assert of_this_kind
    assert not differing
