"""A light installation, without Keras: by-hand chapters work, the others say what to install."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.autograder import batch, live, settings
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.in_process import InThisProcess, grader_here
from cnnlab.course import cli, light
from cnnlab.course.cli import terminal

pytest_plugins = ["pytester"]

BY_HAND, KERAS = "ch01_convolution", "ch10_feature_maps"
POINTS = f"{load_chapter(BY_HAND).max_score:g}"


def solved(chapter: str) -> Path:
    return SOLUTIONS / chapter / f"{chapter}.ipynb"


@pytest.fixture
def no_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light, "find_spec", lambda name: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A learner's folder, with a chapter of either kind solved."""
    for chapter in (BY_HAND, KERAS):
        (tmp_path / chapter).mkdir()
        shutil.copy(solved(chapter), tmp_path / chapter)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    return result.exit_code, " ".join(result.output.split())


def test_a_full_installation_has_nothing_to_say() -> None:
    assert light.keras_missing() is None
    light.require_keras()


@pytest.mark.parametrize("lacking", ["keras", "tensorflow"])
def test_either_missing_is_said(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    monkeypatch.setattr(light, "find_spec", lambda name: name != lacking or None)
    assert light.keras_missing() == light.REMEDY
    with pytest.raises(light.KerasMissing, match=r"uv sync.*cnnlab\[keras\]"):
        light.require_keras()


def test_importing_keras_in_a_notebook_shows_the_sentence_alone(no_keras: None) -> None:
    with pytest.raises(light.KerasMissing) as raised:
        runpy.run_path(str(terminal.COURSE / "networks" / "quiet.py"))
    assert raised.value._render_traceback_() == [str(raised.value)] == [light.REMEDY]


def test_start_says_it(no_keras: None) -> None:
    with pytest.raises(light.KerasMissing):
        live.begin(KERAS)
    assert live.begin(BY_HAND)


def test_check_leaves_keras_chapters_out(no_keras: None, folder: Path) -> None:
    code, said = run("check", "--dir", folder)
    assert code == 0
    assert f"{POINTS} / {POINTS}" in said
    assert said.count(KERAS) == 1
    assert said.endswith(f"Left out: {KERAS}. {light.REMEDY}")


def test_pytest_skips_keras_chapters(
    no_keras: None, folder: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_inprocess("-p", "cnnlab", "-rs", str(folder))
    by_hand, keras = (
        sum(2 + len(exercise.points) for exercise in load_chapter(name).exercises)
        for name in (BY_HAND, KERAS)
    )
    advised = len(load_chapter(BY_HAND).exercises)  # each solution, beyond its exercise
    result.assert_outcomes(passed=by_hand - advised, skipped=keras + advised)
    result.stdout.fnmatch_lines([f"SKIPPED *{KERAS}.ipynb: Keras and TensorFlow are not *"])
    result.stdout.fnmatch_lines([f"{BY_HAND}: {POINTS} / {POINTS} points"])


def test_grading_says_it_and_gives_no_zero(no_keras: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "start_judging", grader_here)
    monkeypatch.setattr(batch, "Pool", InThisProcess)  # others would find Keras
    plain = settings.Settings(fresh=False, sandbox=False, workers=1)
    by_hand, keras = batch.grade([solved(BY_HAND), solved(KERAS)], plain).submissions
    assert by_hand.score == by_hand.max_score
    assert keras.message == light.REMEDY
    assert {e.status for e in keras.exercises} == {"internal_error"}


def test_fresh_probes_need_keras(no_keras: None) -> None:
    code, said = run("grade", solved(BY_HAND), "--fresh", "--no-sandbox")
    assert code == 1
    assert said.endswith(f"Keras answers fresh probes. {light.REMEDY} Or use --recorded.")


def test_several_files_need_keras_or_the_recorded_answers(
    no_keras: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    two = solved(BY_HAND), solved("ch02_stride_padding")
    code, said = run("grade", *two, "--no-sandbox")
    assert code == 1
    assert said.endswith(f"Keras answers fresh probes. {light.REMEDY} Or use --recorded.")
    code, said = run("grade", *two, "--no-sandbox", "--recorded")
    assert code == 0
    assert "2 submissions, recorded probes" in said


def test_versions_name_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("keras", "tensorflow"):
            raise settings.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(settings, "version", version)
    assert settings.versions() == {"cnnlab": "1.0", "numpy": "1.0"}
