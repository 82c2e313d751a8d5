"""The command, as people type it."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_config_path
from typer.testing import CliRunner

from cnnlab.autograder import batch
from cnnlab.autograder.judging import backends, record
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import references
from cnnlab.autograder.judging.results import (
    BatchResult,
    ExerciseResult,
    SubmissionResult,
    from_json,
)
from cnnlab.autograder.sandbox import processes
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.in_process import InThisProcess, grader_here
from cnnlab.course import cli
from cnnlab.course.cli import lab, terminal
from cnnlab.course.cli.class_table import class_tables, told_apart, what_to_know

CHAPTER = "ch01_convolution"
NOTEBOOK = f"{CHAPTER}.ipynb"
SOLVED = SOLUTIONS / CHAPTER / NOTEBOOK
EXERCISES = [exercise.name for exercise in load_chapter(CHAPTER).exercises]
POINTS = load_chapter(CHAPTER).max_score
RELEASED = SOLUTIONS.parent / "exercises" / CHAPTER / NOTEBOOK


def run(*arguments: object):
    return CliRunner().invoke(cli.app, [str(a) for a in arguments])


@pytest.fixture
def here(monkeypatch):
    """Grading without processes of its own, which take a while to start."""
    monkeypatch.setattr(batch, "start_judging", grader_here)
    monkeypatch.setattr(batch, "Pool", InThisProcess)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "lab",
        "check",
        "reset",
        "update",
        "grade",
        "report",
        "collect",
        "course",
        "export",
        "case",
        "build",
        "new",
        "new exercise",
        "new chapter",
        "record",
        "data",
    ],
)
def test_every_command_explains_itself(command):
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_grade_writes_schema_1_and_a_spreadsheet(tmp_path):
    out, table = tmp_path / "r.json", tmp_path / "r.csv"
    result = run(
        "grade", SOLVED, RELEASED, "--recorded", "--no-sandbox", "--json", out, "--csv", table
    )
    assert result.exit_code == 0, result.output
    batch = from_json(out.read_text())
    assert [s.score for s in batch.submissions] == [POINTS, 0.0]
    assert json.loads(out.read_text())["seed"] == 0
    with open(table, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(EXERCISES)
    assert rows[0]["exercise"] == EXERCISES[0]
    assert sum(float(row["score"]) for row in rows) == POINTS


def test_grade_says_which_protections_are_active():
    result = run("grade", RELEASED, "--recorded", "--no-sandbox", "--verbose")
    assert result.exit_code == 0, result.output
    assert "not protected. Learner code can read and write" in " ".join(result.output.split())


def test_grade_without_a_sandbox_refuses_and_says_what_to_do(monkeypatch):
    monkeypatch.setattr(processes, "available", lambda: "Install bubblewrap, or use --no-sandbox.")
    result = run("grade", SOLVED)
    assert result.exit_code == 2
    assert "--no-sandbox" in result.output


def test_a_wrong_chapter_name_lists_the_chapters():
    result = run("grade", SOLVED, "--chapter", "ch77", "--no-sandbox")
    assert result.exit_code == 2
    assert CHAPTER in result.output


def test_an_empty_folder_is_said(tmp_path):
    result = run("grade", tmp_path, "--no-sandbox")
    assert result.exit_code == 2
    assert "no notebook" in result.output


def test_results_that_cannot_be_written_are_said(tmp_path):
    nowhere = tmp_path / "missing" / "r.json"
    result = run("grade", RELEASED, "--recorded", "--no-sandbox", "--json", nowhere)
    assert result.exit_code == 2  # before the first submission, so no work is lost
    assert "could not be written" in result.output


def test_results_replace_old_ones_as_a_whole(tmp_path, monkeypatch):
    from cnnlab.course.cli import grade

    out = tmp_path / "r.json"
    out.write_text("last week's")
    monkeypatch.setattr(Path, "replace", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        grade.write_whole(out, ["today's"], "utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    assert out.read_text() == "last week's"


@pytest.mark.usefixtures("here")
def test_names_of_files_are_neither_markup_nor_commands_nor_formulas(tmp_path):
    odd = tmp_path / "zzz[" / "b]\x1b[2J" / "=HYPERLINK(1)"
    odd.mkdir(parents=True)
    mine = odd / "b]ch01[red].py"
    mine.write_text("def relu(z):\n    return np.maximum(z, 0)\n")
    out, table = tmp_path / "r.json", tmp_path / "@r.csv"
    result = run("grade", mine, "--recorded", "--no-sandbox", "--json", out, "--csv", table)
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert "[red]" in result.output
    (submission,) = from_json(out.read_text()).submissions
    assert (submission.path, submission.probes) == (mine.as_posix(), "recorded")
    text = table.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    assert "\x1b" not in text
    cells = [cell for row in csv.reader(text[1:].splitlines()) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_an_unreadable_file_is_a_result_not_an_error(tmp_path):
    path = tmp_path / "ch01.ipynb"
    path.write_text("{")
    result = run("grade", path, "--recorded", "--no-sandbox")
    assert result.exit_code == 0
    assert "hand it in again" in result.output


@pytest.mark.usefixtures("here")
def test_case_writes_an_answer_that_earns_the_same(tmp_path):
    mine = tmp_path / "ch01_mine.py"
    mine.write_text("def relu(z):\n    'By Quentin.'\n    return abs(z)  # quentin\n")
    told = ["--kind", "wrong", "--words", "takes the size", "--names", "absolute-value"]
    result = run("case", mine, "relu", *told, "--no-sandbox", "--to", tmp_path)
    assert result.exit_code == 0, result.output
    (written,) = tmp_path.glob("ch01_relu_*_wrong.py")
    text = written.read_text()
    assert text.startswith("# wrong: takes the size\n# names: absolute-value\n")
    assert text.endswith("\ndef relu(z):\n    return abs(z)\n")
    assert "uentin" not in text
    assert "points, absolute-value" in result.output


@pytest.mark.usefixtures("here")
def test_a_case_that_is_graded_otherwise_is_said(tmp_path):
    mine = tmp_path / "ch01_mine.py"
    mine.write_text("def relu(z):\n    '0'\n    return np.maximum(z, float(relu.__doc__))\n")
    told = ["--kind", "right", "--words", "reads its own docstring"]
    result = run("case", mine, "relu", *told, "--no-sandbox", "--to", tmp_path)
    assert result.exit_code == 1
    assert "Your own file is graded differently" in result.output


@pytest.mark.parametrize("typed", [[RELEASED, "relu"], ["ch01", "relu", RELEASED.parent.parent]])
def test_what_cannot_be_a_case_is_said_before_anything_is_asked(tmp_path, typed):
    result = run("case", *typed, "--no-sandbox", "--to", tmp_path)
    assert result.exit_code == 2
    assert "In one line" not in result.output
    assert "You have not written relu yet" in result.output
    assert not list(tmp_path.iterdir())


def test_check_says_where_i_stand(tmp_path):
    (tmp_path / CHAPTER).mkdir()
    shutil.copyfile(RELEASED, tmp_path / CHAPTER / NOTEBOOK)
    result = run("check", "--dir", tmp_path)
    assert result.exit_code == 0, result.output
    assert f"0 / {POINTS:g}" in result.output
    assert f"Next: {EXERCISES[0]}" in result.output
    shutil.copyfile(SOLVED, tmp_path / CHAPTER / NOTEBOOK)
    assert f"{POINTS:g} / {POINTS:g}" in run("check", "ch01", "--dir", tmp_path).output


def test_check_in_an_empty_folder_says_how_to_get_the_chapters(tmp_path):
    result = run("check", "--dir", tmp_path)
    assert result.exit_code == 1
    assert "cnnlab lab" in " ".join(result.output.split())  # a long path moves the line's end


def test_lab_copies_what_is_missing_and_leaves_what_is_there(tmp_path):
    mine = tmp_path / CHAPTER / NOTEBOOK
    mine.parent.mkdir()
    mine.write_text("my work")
    copied = lab.copy_missing(SOLUTIONS.parent / "exercises", tmp_path)
    assert CHAPTER not in copied
    assert {"glossary", "formulas"} <= set(copied)
    assert (tmp_path / "pages/glossary.ipynb").is_file()
    assert mine.read_text() == "my work"
    mine.unlink()
    assert CHAPTER in lab.copy_missing(SOLUTIONS.parent / "exercises", tmp_path)
    assert mine.read_bytes() == RELEASED.read_bytes()


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The commands that `cnnlab lab` would become; in an empty folder, and not as root."""
    commands = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal, "is_checkout", lambda: False)
    monkeypatch.setattr(lab, "is_root", lambda: False)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setattr(lab.os, "execv", lambda program, command: commands.append(command))
    monkeypatch.setattr(lab.subprocess, "call", lambda command: 0)
    return commands


def test_lab_adds_settings_behind_the_learners_own(tmp_path):
    own = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_CONFIG_PATH": "/elsewhere"}
    with pytest.MonkeyPatch.context() as changed:
        for name, value in own.items():
            changed.setenv(name, value)
        lab.add_settings(os.environ)
        lab.add_settings(os.environ)  # from a terminal of JupyterLab
        path = jupyter_config_path()
    assert path[:3] == ["/elsewhere", str(tmp_path), str(lab.SETTINGS)]
    settings = [file for file in lab.SETTINGS.rglob("*.json") if json.loads(file.read_text())]
    assert len(settings) == 5


@pytest.mark.parametrize(
    ("typed", "folder", "options"),
    [
        ("", "cnnlab-exercises", ""),
        ("here", "here", ""),
        ("--no-browser here", "here", "--no-browser"),
        ("--port 9000 --ip 0.0.0.0 here", "here", "--port=9000 --ip=0.0.0.0"),
        ("here --port=9000", "here", "--port=9000"),
        ("--ServerApp.token secret", "cnnlab-exercises", "--ServerApp.token secret"),
        ("here --collaborative -y", "here", "--collaborative -y"),
        ("-- --port=9000", "cnnlab-exercises", "--port=9000"),
        ("here --no-browser -- --port=9000", "here", "--port=9000 --no-browser"),
    ],
)
def test_lab_hands_options_to_jupyterlab(started, tmp_path, typed, folder, options):
    result = run("lab", *typed.split())
    assert result.exit_code == 0, result.output
    place = f"--notebook-dir={folder}"
    assert started[0][1:] == ["-m", "jupyterlab", place, *options.split()]
    assert (tmp_path / folder / CHAPTER / NOTEBOOK).exists()


@pytest.mark.parametrize("typed", ["", "-- --allow-root", "here --allow-root"])
def test_lab_as_root_allows_it_and_says_so(started, monkeypatch, typed):
    monkeypatch.setattr(lab, "is_root", lambda: True)
    result = run("lab", *typed.split())
    assert started[0].count("--allow-root") == 1
    assert ("root's rights" in result.output) == (not typed)


def test_a_fast_check_proves_no_pairs():
    result = run("build", "--check", "--fast", "--pairs")
    assert result.exit_code == 2
    assert "no pairs" in result.output


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("build ch99", CHAPTER),
        ("build --fast", "belong to --check"),
        (f"case {SOLVED} relu --chapter ch99", CHAPTER),
        (f"grade {SOLVED} --dask grader", "tcp://grader:8786"),
        ("course new --points no.toml", "--points cannot be read"),
        ("export gradescope r.json --visibility never", "visible, after_due_date"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(typed, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = run(*typed.split())
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_names_in_a_table_are_as_short_as_they_can_be():
    def named(*paths):
        found = [SubmissionResult(path, student, CHAPTER, "graded") for path, student in paths]
        return told_apart(found)

    assert named(("s/ada/a/x.ipynb", "ada"), ("s/bob/a/x.ipynb", "bob")) == ["ada", "bob"]
    assert named(("s/ada/a/x.py", "ada"), ("s/ada/a/y.py", "ada")) == ["ada/x.py", "ada/y.py"]
    assert named(("a/b/x.py", None), ("/x/c/x.py", None)) == ["b/x.py", "c/x.py"]
    assert named(("a/b/x.py", None), ("c/b/x.py", None)) == ["a/b/x.py", "c/b/x.py"]


def test_a_large_class_is_laid_out_some_hundred_at_a_time():
    found = [SubmissionResult(f"s/{i}/a/x.py", str(i), CHAPTER, "graded") for i in range(1001)]
    tables = list(class_tables(BatchResult(7, "cnnlab", {}, found, "fresh")))
    assert [table.row_count for table in tables] == [500, 500, 1]
    assert [table.title for table in tables] == ["1001 submissions, fresh probes", "", ""]


def test_what_was_not_tried_is_one_line_of_a_submission():
    def told(*states):
        exercises = [ExerciseResult(name, state) for name, state in zip("abc", states, strict=True)]
        return what_to_know(SubmissionResult("x.py", None, CHAPTER, "graded", exercises=exercises))

    assert told("failed", "not_attempted", "not_attempted") == "a: failed\nnot attempted: b, c"
    assert told("not_attempted", "not_attempted", "not_attempted") == "not attempted: everything"
    assert told("passed", "passed", "passed") == "everything passes"


@pytest.mark.parametrize("command", ["grade", "similar", "report"])
def test_a_path_that_was_mistyped_is_named_before_anything_is_done(command, tmp_path):
    (tmp_path / "submitted").mkdir()
    result = run(command, tmp_path / "submited")
    assert result.exit_code == 2
    assert "Did you mean submitted?" in " ".join(result.output.split())


def test_data_lists_what_is_embedded_with_checksums():
    result = run("data")
    assert result.exit_code == 0
    assert "photos/chelsea.png" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--backend", "numpy"), "backend must be one of tensorflow, jax, torch"),
        (("--device", "tpu"), "device must be one of cpu, gpu"),
        (("ch77",), CHAPTER),
    ],
)
def test_record_refuses_what_it_does_not_know(arguments, said):
    result = run("record", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_record_says_what_installs_a_backend(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda package: package != "jax" or None)
    result = run("record", "--backend", "jax")
    assert result.exit_code == 1
    assert "uv sync --extra backends" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--recorded", "--reference", "jax-tpu"),
            "must be one of tensorflow-cpu, jax-cpu, jax-gpu",
        ),
        (("--fresh", "--reference", "numpy-cpu"), "must be one of tensorflow, jax, torch"),
    ],
)
def test_an_unknown_reference_is_refused_with_those_that_are_known(arguments, said):
    result = run("grade", SOLVED, "--no-sandbox", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


@pytest.mark.usefixtures("here")
def test_solutions_earn_full_marks_by_every_record(tmp_path):
    for reference in references():
        out = tmp_path / f"{reference}.json"
        options = "--recorded", "--reference", reference, "--no-sandbox", "--json", out
        assert run("grade", SOLVED, *options).exit_code == 0
        assert [s.score for s in from_json(out.read_text()).submissions] == [POINTS]


def test_the_record_that_was_asked_for_is_the_one_that_judges(tmp_path, monkeypatch):
    """Its own answers, not the default ones: here they are gone, and that is no class of zeros."""
    folder = tmp_path / "references"
    shutil.copytree(record.REFERENCES, folder)
    monkeypatch.setattr(record, "REFERENCES", folder)
    record.recorded.cache_clear()
    record.answers_path(CHAPTER, "jax-cpu").unlink()
    out = tmp_path / "r.json"
    options = "--recorded", "--no-sandbox", "--json", out
    result = run("grade", SOLVED, *options, "--reference", "jax-cpu")
    assert result.exit_code == 1
    assert "references/jax-cpu/ch01.wire.gz is missing" in " ".join(result.output.split())
    assert not out.exists()
    run("grade", SOLVED, *options)
    assert [s.score for s in from_json(out.read_text()).submissions] == [POINTS]
    record.recorded.cache_clear()
