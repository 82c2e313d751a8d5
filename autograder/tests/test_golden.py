"""Small submissions, graded by the command, beside the results that they must give.

``pytest autograder/tests/test_golden.py -m "slow or not slow" --update-golden`` writes the results
anew. They are read in review, like code: every message that changed stands there.
"""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cnnlab.autograder import batch, grading
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.results import (
    EXERCISE_STATUSES,
    SUBMISSION_STATUSES,
    from_json,
    to_dict,
)
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.tests import golden_results
from cnnlab.autograder.tests.commands import Command
from cnnlab.autograder.tests.golden_results import GOLDEN, as_lines, as_text, compare, normalised
from cnnlab.autograder.tests.in_process import InThisProcess, grader_here
from cnnlab.course.cli import app

pytestmark = pytest.mark.skipif(available() is not None, reason=str(available()))

SOURCES = sorted(path for path in GOLDEN.iterdir() if path.suffix != ".json")
SOLUTIONS = Path(__file__).parents[2] / "solutions"
NOWHERE = GOLDEN / "ch01_not_there.ipynb"
"""A file that does not exist."""
PATHS = [*SOURCES, NOWHERE]
SPECIAL = {
    "internal_error": "ch01_right.py, graded by a judge that fails on one exercise",
    "other_chapter": "ch01_cells.ipynb, graded as chapter 2",
    "solutions": "the course's own solutions: scores, statuses and rungs",
}


def needs_keras(path: Path) -> bool:
    """Whether the chapter that a file's name begins with does."""
    chapters = [name for name in chapter_names() if path.stem.startswith(name[:4])]
    return any(load_chapter(name).keras for name in chapters)


KERAS = [path for path in PATHS if needs_keras(path)]
BY_HAND = [path for path in PATHS if path not in KERAS]


@pytest.fixture(scope="module")
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden", default=False))


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With more processes than cores: two submissions hang until their time is over."""
    return graded(BY_HAND, workers=4, folder=tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def with_keras(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return graded(KERAS, workers=1, folder=tmp_path_factory.mktemp("golden"))


def graded(paths: list[Path], workers: int, folder: Path) -> dict[str, str]:
    """Each submission's result, from one run of the command; by name."""
    with Command([*paths, "--recorded", "--workers", str(workers)], folder) as command:
        results = command.ran(patience=300).results
    assert results is not None
    tree = to_dict(results)
    names = [path.stem for path in paths]
    return {
        name: golden(tree | {"submissions": [submission]})
        for name, submission in zip(names, tree["submissions"], strict=True)
    }


def golden(tree: dict[str, Any]) -> str:
    return as_text(normalised(tree))


@pytest.mark.parametrize("name", [path.stem for path in BY_HAND])
def test_a_submission_by_hand_gets_the_golden_result(name, by_hand, update) -> None:
    compare(by_hand[name], GOLDEN / f"{name}.json", update)


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in KERAS])
def test_a_submission_with_keras_gets_the_golden_result(name, with_keras, update) -> None:
    compare(with_keras[name], GOLDEN / f"{name}.json", update)


def graded_here(*arguments: str | Path, folder: Path, code: int = 0) -> str:
    """The command, begun in this process."""
    file = folder / "results.json"
    ran = CliRunner().invoke(
        app, ["grade", *map(str, arguments), "--recorded", "--json", str(file)]
    )
    assert ran.exit_code == code, ran.output
    return golden(to_dict(from_json(file.read_text(encoding="utf-8"))))


def test_a_fault_of_ours_is_an_internal_error(tmp_path, monkeypatch, update: bool) -> None:
    """The one status that no submission should be able to bring about."""
    judge = grading.judge

    def failing(key: Any, *args: Any) -> Any:
        if key.exercise.name == "relu":
            raise ZeroDivisionError("on purpose")
        return judge(key, *args)

    monkeypatch.setattr(grading, "judge", failing)
    monkeypatch.setattr(batch, "start_judging", grader_here)
    monkeypatch.setattr(batch, "Pool", InThisProcess)
    found = graded_here(GOLDEN / "ch01_right.py", folder=tmp_path, code=1)
    compare(found, GOLDEN / "internal_error.json", update)


def test_a_notebook_graded_as_another_chapter(tmp_path, update: bool) -> None:
    found = graded_here(GOLDEN / "ch01_cells.ipynb", "--chapter", "ch02", folder=tmp_path)
    compare(found, GOLDEN / "other_chapter.json", update)


def test_what_is_left_out_of_a_result() -> None:
    assert doctest.testmod(golden_results) == (0, 2)


def test_every_status_is_among_the_golden_results() -> None:
    texts = [path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.json")]
    for status in (*SUBMISSION_STATUSES, *EXERCISE_STATUSES):
        assert any(f'"status": "{status}"' in text for text in texts), status


def test_every_golden_result_has_its_submission() -> None:
    names = {path.stem for path in GOLDEN.glob("*.json")}
    assert names == {path.stem for path in PATHS} | set(SPECIAL)
    assert len(PATHS) == len({path.stem for path in PATHS})


@pytest.mark.slow
def test_the_solved_course_gets_the_golden_results(tmp_path: Path, update: bool) -> None:
    paths = sorted(SOLUTIONS.glob("*/*.ipynb"))
    with Command([*paths, "--recorded", "--workers", "2"], tmp_path) as command:
        results = command.ran(patience=600).results
    assert results is not None
    found = {
        submission.chapter: {
            exercise.name: {
                "status": exercise.status,
                "score": exercise.score,
                "max_score": exercise.max_score,
                "rungs": {rung.id: [rung.passed, rung.points] for rung in exercise.rungs},
            }
            for exercise in submission.exercises
        }
        for submission in results.submissions
    }
    compare(as_lines(found), GOLDEN / "solutions.json", update)
