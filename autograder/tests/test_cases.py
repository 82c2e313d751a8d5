"""Answers as people write them, graded through the command; and how an answer becomes a case."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat.v4 as v4
import pytest

from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.judging.results import ExerciseResult, from_json
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.submission.case import Case, read_case, same_result, take

Results = dict[str, dict[str, ExerciseResult]]
"""The file's stem → exercise → result."""

FOLDER = Path(__file__).parent / "cases"
CASES = {path.stem: read_case(path) for path in sorted(FOLDER.glob("*.py"))}

UNFAIR: dict[str, str] = {}
"""Cases that the judge does not treat as their first lines say, and why. Who mends it strikes
them out here."""


def grade(paths: list[Path], folder: Path) -> Results:
    """What the command says of each file."""
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


def is_keras(case: Case) -> bool:
    """Whether the case is of a chapter with Keras."""
    return load_chapter(find_chapter(case.chapter)).keras


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Results]:
    """Every case of chapters with or without Keras, in each of its forms, graded in one run."""

    @cache
    def graded(keras: bool) -> Results:
        folder = tmp_path_factory.mktemp("graded")
        paths = []
        for name, case in CASES.items():
            if is_keras(case) == keras:
                notebook = as_handed_in(case, folder, f"{name}_handed_in")
                again = take(notebook, case.exercise, case.words, case.kind, case.names)
                assert not re.search("quentin|sorrel|homework", again.code, re.I)
                taken = folder / f"{name}_taken.py"
                taken.write_text(again.text)
                paths += [FOLDER / f"{name}.py", notebook, taken]
        return grade(paths, folder)

    return graded


def marks(name: str) -> list[pytest.MarkDecorator]:
    unfair = [pytest.mark.xfail(reason=UNFAIR[name], strict=True)] if name in UNFAIR else []
    return [*unfair, *([pytest.mark.slow] if is_keras(CASES[name]) else [])]


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in CASES])
def test_the_judge_is_fair(name, graded):
    case = CASES[name]
    result = graded(is_keras(case))[name][case.exercise]
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
def test_an_answer_grades_as_its_case_does(keras, graded):
    results = graded(keras)
    of_this_kind = {name: case for name, case in CASES.items() if is_keras(case) == keras}
    differing = [
        name
        for name, case in of_this_kind.items()
        if not same_result(
            results[f"{name}_handed_in"][case.exercise], results[f"{name}_taken"][case.exercise]
        )
    ]
    assert of_this_kind
    assert not differing
