"""Batches: every submission gets a result, in order, whatever is in it and whatever dies."""

from __future__ import annotations

import json
from multiprocessing import active_children
from pathlib import Path
from typing import ClassVar

import pytest

from cnnlab.autograder import batch, submission
from cnnlab.autograder.batch import grade
from cnnlab.autograder.grading_process import Grader
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.results import SubmissionResult, to_dict
from cnnlab.autograder.pool import Pool, Task, lost
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission import Submission, read
from cnnlab.autograder.submission.files import find_submissions
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.handins import (
    CHAPTER,
    EXERCISES,
    NOTEBOOK,
    POINTS,
    cell,
    flipped,
    hand_in,
    source,
    stub,
)
from cnnlab.autograder.tests.in_process import InThisProcess
from cnnlab.autograder.tests.sandbox.deadly import Deadly

PLAIN = Settings(fresh=False, sandbox=False, workers=1)


def graded(folder: Path, text: str, settings: Settings = PLAIN) -> SubmissionResult:
    path = folder / NOTEBOOK
    path.write_text(text)
    (result,) = grade([path], settings).submissions
    return result


def statuses(result: SubmissionResult) -> dict[str, str]:
    return {exercise.name: exercise.status for exercise in result.exercises}


ALL_PASS = dict.fromkeys(EXERCISES, "passed")


def test_the_solved_notebook_gets_full_marks_and_the_released_one_none(tmp_path):
    solved = SOLUTIONS / CHAPTER / NOTEBOOK
    released = SOLUTIONS.parent / "exercises" / CHAPTER / NOTEBOOK
    full, stubs = grade([solved, released], PLAIN).submissions
    assert (full.status, full.score, full.max_score) == ("graded", POINTS, POINTS)
    assert (stubs.status, stubs.score, stubs.max_score) == ("graded", 0.0, POINTS)
    assert set(statuses(stubs).values()) == {"not_attempted"}


@pytest.mark.parametrize(
    ("relu", "status", "said"),
    [
        ("def relu(z):\n    return max(z, 0", "error", "never closed"),
        ("def relu(z):\n    z = np.maximum(z, 0)", "failed", "is the return missing"),
        ("def relu(z):\n    return [max(v, 0) for v in z]", "failed", ""),
        ("def relu(z):\n    return np.maximum(z, 0).astype(np.float16)", "failed", "float16"),
        ("def relu(z):\n    return np.maximum(z, 0) * np.nan", "failed", "nan"),
        ("def relu(z):\n    return z / undefined", "error", "NameError"),
        ("def relu(z):\n    while True: pass", "timeout", "too long"),
        ("def relu(z):\n    import keras\n    return keras.ops.relu(z)", "forbidden", "keras"),
        ("def relu(z):\n    import os\n    os._exit(0)", "crashed", "died"),
        ("def rectify(z):\n    return np.maximum(z, 0)", "missing", "rectify"),
    ],
)
def test_one_bad_function_has_a_named_status_and_costs_only_itself(
    tmp_path, monkeypatch, relu, status, said
):
    chapter = load_chapter(CHAPTER)
    quick = type(chapter)(**{**vars(chapter), "seconds": 1.5})
    monkeypatch.setattr(submission, "chapter_as_asked", lambda name, asked: quick)
    path = tmp_path / NOTEBOOK
    path.write_text(hand_in(relu=relu))
    with Grader(sandbox=False) as grader:
        result = grader.grade(read(path), None)
    assert statuses(result) == ALL_PASS | {"relu": status}
    (exercise,) = (e for e in result.exercises if e.name == "relu")
    assert said in exercise.message
    assert result.score == POINTS - exercise.max_score + exercise.score
    assert exercise.score < exercise.max_score


def test_a_deleted_cell_is_missing_and_a_copied_one_is_read_once(tmp_path):
    notebook = json.loads(hand_in())
    gone, copied = cell(notebook, "relu"), cell(notebook, "conv2d")
    notebook["cells"].remove(gone)
    notebook["cells"].append(copied)
    result = graded(tmp_path, json.dumps(notebook))
    assert statuses(result) == ALL_PASS | {"relu": "missing"}
    assert any("conv2d" in warning for warning in result.warnings)


@pytest.mark.parametrize("text", ["{", "", "[]", '{"cells": 3}', "\0", '{"nbformat": 4}'])
def test_what_is_no_notebook_is_unreadable_with_a_sentence(tmp_path, text):
    result = graded(tmp_path, text)
    assert result.status == "unreadable"
    assert result.score == 0.0
    assert result.message.endswith(".")


def test_a_notebook_without_exercises_has_them_missing(tmp_path):
    empty = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    result = graded(tmp_path, empty)
    assert set(statuses(result).values()) == {"missing"}


def test_a_learners_function_that_fails_is_replaced_where_another_needs_it(tmp_path):
    """conv2d calls conv_step; that one is wrong, so the plain version stands in."""
    calls = source("conv2d").replace(
        "np.sum(patch * kernels[:, :, :, f]) + bias[f]",
        "conv_step(patch, kernels[:, :, :, f], bias[f])",
    )
    assert "conv_step(patch" in calls
    wrong = "def conv_step(patch, kernel, bias):\n    return 0.0"
    result = graded(tmp_path, hand_in(conv2d=calls, conv_step=wrong))
    assert statuses(result) == ALL_PASS | {"conv_step": "failed"}
    untouched = graded(tmp_path, hand_in(conv2d=calls, conv_step=stub("conv_step")))
    assert statuses(untouched) == ALL_PASS | {"conv_step": "not_attempted"}


def test_python_files_and_folders_are_found_and_hidden_ones_are_not(tmp_path):
    for name in ("a/ch01_x.py", "a/.ipynb_checkpoints/ch01.ipynb", "a/b/ch01.ipynb", "a/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "loop").symlink_to(tmp_path / "a")
    found = find_submissions([tmp_path / "a", tmp_path / "nowhere.ipynb"])
    names = [p.relative_to(tmp_path).as_posix() for p in found]
    assert names == ["a/ch01_x.py", "a/b/ch01.ipynb", "nowhere.ipynb"]


def test_a_plain_python_file_is_graded_by_its_name(tmp_path):
    path = tmp_path / "ch01_mine.py"
    path.write_text("import numpy as np\n\n" + source("relu"))
    (result,) = grade([path], PLAIN).submissions
    assert result.chapter == CHAPTER
    assert statuses(result)["relu"] == "passed"
    assert statuses(result)["conv2d"] == "missing"


def test_processes_give_the_results_of_one_process_in_the_same_order(tmp_path):
    paths = []
    for i, text in enumerate([hand_in(), hand_in(conv2d=flipped()), "{", hand_in(relu="x = 1")]):
        (tmp_path / str(i)).mkdir()
        paths.append(tmp_path / str(i) / NOTEBOOK)
        paths[-1].write_text(text)
    alone = to_dict(grade(paths, PLAIN))
    shared = to_dict(grade(paths, Settings(fresh=False, sandbox=False, workers=2)))
    assert without_seconds(alone) == without_seconds(shared)
    assert [s["status"] for s in alone["submissions"]] == [
        "graded",
        "graded",
        "unreadable",
        "graded",
    ]
    assert alone["submissions"][1]["exercises"][2]["diagnosis"] == ["kernel-flipped"]


def without_seconds(tree):
    if isinstance(tree, dict):
        return {k: without_seconds(v) for k, v in tree.items() if k != "seconds"}
    return [without_seconds(v) for v in tree] if isinstance(tree, list) else tree


def test_a_process_that_dies_takes_its_submission_with_it_and_no_other():
    names = ["a", "b", "deadly", "c", "deadly", "d"]
    tasks = [(i, Task(Submission(name, None, CHAPTER), None)) for i, name in enumerate(names)]
    before = set(active_children())  # another test may have left some
    with Pool(2, Deadly) as pool:
        results = dict(pool.grade(tasks))
    assert [results[i].path for i in range(len(names))] == names
    for result in results.values():
        if result.path == "deadly":
            assert set(statuses(result).values()) == {"internal_error"}
            assert "the process that graded it died" in result.message
        else:
            assert result.score == 1.0
    assert set(active_children()) <= before


class FailsAtFirst:
    """Fails with every submission that it sees for the first time."""

    seen: ClassVar[list[str]] = []

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> FailsAtFirst:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def grade(self, submission: Submission, *_: object) -> SubmissionResult:
        self.seen.append(submission.path)
        if self.seen.count(submission.path) == 1 or submission.path == "ch01_never.py":
            return lost(submission, "no memory")
        return SubmissionResult(submission.path, None, CHAPTER, "graded", score=1.0)


def test_what_failed_on_our_side_is_graded_once_more_at_the_end(monkeypatch):
    monkeypatch.setattr(batch, "start_judging", FailsAtFirst)
    monkeypatch.setattr(batch, "Pool", InThisProcess)
    names = ["ch01_a.py", "ch01_never.py", "ch01_b.py"]
    told: list[str] = []
    results = grade([Path(name) for name in names], PLAIN, lambda r: told.append(r.path))
    assert FailsAtFirst.seen == [*names, *names]
    assert told == names
    assert [r.score for r in results.submissions] == [1.0, 0.0, 1.0]
    assert [r.failed_here for r in results.submissions] == [False, True, False]


@pytest.mark.slow  # test_record.py asks Keras for fresh probes, without the command
@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_fresh_probes_fail_an_answer_learnt_by_heart(tmp_path):
    """A function that knows every recorded answer to relu, and nothing else."""
    from cnnlab.autograder.judging.record import recorded

    key = recorded(CHAPTER)["relu"]
    pairs = [(repr(list(map(repr, _flat(p.args[0])))), e.tolist(), str(e.dtype))
             for p, e in zip(key.probes, key.expected, strict=True)]  # fmt: skip
    learnt = (
        "def relu(z):\n"
        "    flat = repr([repr(float(v)) for v in np.ravel(np.asarray(z, float))])\n"
        f"    for known, answer, dtype in {pairs!r}:\n"
        "        if known == flat:\n"
        "            return np.array(answer, dtype)\n"
    )
    by_record = graded(tmp_path, hand_in(relu=learnt), Settings(fresh=False, workers=1))
    assert statuses(by_record)["relu"] == "passed"
    by_fresh = graded(tmp_path, hand_in(relu=learnt), Settings(fresh=True, seed=99, workers=1))
    (exercise,) = (e for e in by_fresh.exercises if e.name == "relu")
    assert exercise.status != "passed"
    assert exercise.score <= 0.5
    assert {k: v for k, v in statuses(by_fresh).items() if k != "relu"} == {
        k: v for k, v in ALL_PASS.items() if k != "relu"
    }


def _flat(z):
    import numpy as np

    return [float(v) for v in np.ravel(np.asarray(z, float))]
