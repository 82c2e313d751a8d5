"""Chapter 6's notebooks graded whole: in the sandbox, and by `pytest` as learners run it."""

from __future__ import annotations

import json

import pytest

from cnnlab.autograder.batch import grade
from cnnlab.autograder.sandbox.processes import available
from cnnlab.autograder.settings import Settings
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.handins import cell

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

CHAPTER = "ch06_cats_dogs"
NOTEBOOK = f"{CHAPTER}.ipynb"
SOLVED = (SOLUTIONS / CHAPTER / NOTEBOOK).read_text(encoding="utf-8")


def hand_in(**replaced: tuple[str, str]) -> str:
    """The solved notebook, with a text replaced in some exercises' cells."""
    notebook = json.loads(SOLVED)
    for name, (old, new) in replaced.items():
        found = cell(notebook, name)
        text = "".join(found["source"])
        assert old in text
        found["source"] = text.replace(old, new).splitlines(keepends=True)
    return json.dumps(notebook)


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_fresh_probes_in_the_sandbox(tmp_path):
    wrong = hand_in(
        build_cnn=('"sigmoid"', '"softmax"'),
        compile_cnn=("model.compile(", "import os\n    os._exit(1)\n    model.compile("),
        smooth=("/ (1 - weight**t)", ""),
    )
    paths = [tmp_path / name / NOTEBOOK for name in ("right", "wrong")]
    for path, text in zip(paths, (SOLVED, wrong), strict=True):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    right, wronged = grade(paths, Settings(fresh=True, workers=1)).submissions
    assert (right.status, right.score) == ("graded", right.max_score), right
    found = {e.name: (e.status, e.diagnosis) for e in wronged.exercises if not e.passed}
    assert found == {
        "build_cnn": ("failed", ["softmax-on-one-unit"]),
        "compile_cnn": ("crashed", []),
        "smooth": ("failed", ["starts-at-zero"]),
    }


def test_pytest_grades_it_in_a_plain_child(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    text = hand_in(compile_cnn=("binary_crossentropy", "categorical_crossentropy"))
    (pytester.path / NOTEBOOK).write_text(text, encoding="utf-8")
    result = pytester.runpytest_inprocess("-p", "cnnlab")
    result.assert_outcomes(passed=44, failed=1, skipped=8)
    result.stdout.fnmatch_lines(
        ["*compile_cnn: loss*", "Your loss is made for many classes*", "*ch06_cats_dogs: * points"]
    )
