"""From a platform's download to its grade book, as people type it."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.results import json_pieces
from cnnlab.autograder.nbgrader_bridge.database import timestamp_in
from cnnlab.autograder.tests.handins import CHAPTER, NOTEBOOK, POINTS, hand_in, stub
from cnnlab.autograder.tests.report.classes import batch
from cnnlab.autograder.tests.report.classes import hand_in as result_of
from cnnlab.course import cli


def run(*arguments: object):
    return CliRunner().invoke(cli.app, [str(a) for a in arguments])


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def test_from_canvas_and_back(tmp_path):
    download, tree, results = tmp_path / "d.zip", tmp_path / "submitted", tmp_path / "r.json"
    with zipfile.ZipFile(download, "w") as archive:
        archive.writestr(f"lovelaceada_3143_20001_{NOTEBOOK}", hand_in())
        archive.writestr("doejohn_LATE_99_20002_mine.ipynb", hand_in(relu=stub("relu")))
        archive.writestr("doejohn_LATE_99_20002_old.ipynb", "{}")
        archive.writestr("doejohn_LATE_99_20003_notes.pdf", "x")
    said = run("collect", download, "--assignment", CHAPTER, "--to", tree)
    assert said.exit_code == 0
    assert "doejohn_99 handed in 2 notebooks" in said.output
    assert "Late, by Canvas, which does not say how late: doejohn_99." in said.output
    assert (tree / "lovelaceada_3143" / CHAPTER / NOTEBOOK).read_text() == hand_in()
    assert {p.name for p in (tree / "doejohn_99" / CHAPTER).iterdir()} == {
        "mine.ipynb",
        "old.ipynb",
    }

    assert run("grade", tree, "--recorded", "--no-sandbox", "--json", results).exit_code == 0
    table, written = tmp_path / "canvas.csv", tmp_path / "import.csv"
    table.write_text(
        "\ufeffStudent,ID,SIS Login ID,Section,Chapter 1 (5)\n"
        f'    Points Possible,,,,{POINTS}\n"Lovelace, Ada",3143,ada,A,\n"Doe, John",99,john,A,\n'
    )
    said = run(
        "export", "canvas", results, "--table", table, "--column", "chapter 1", "-o", written
    )
    assert said.exit_code == 0, said.output
    ada, john = rows(written)[2:]
    assert float(ada[-1]) == POINTS
    assert 0 < float(john[-1]) < POINTS


def test_the_time_of_gradescope_is_the_one_that_counts(tmp_path):
    metadata = "submission_1:\n  :submitters:\n  - :sid: '7'\n  :created_at: {}\n"
    for time, options in (("2026-01-01 01:30:00.5 +02:00", ()), ("2026-01-02", ("--replace",))):
        with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
            archive.writestr("e/submission_metadata.yml", metadata.format(time))
            archive.writestr("e/submission_1/ch01.ipynb", "1")
            archive.writestr("e/submission_1/timestamp.txt", "2020-01-01 00:00:00 UTC")
        collect = ("collect", tmp_path / "d.zip", "--assignment", CHAPTER, "--to", tmp_path / "s")
        assert run(*collect, *options).exit_code == 0
        assert timestamp_in(tmp_path / "s" / "7" / CHAPTER) == datetime(2025, 12, 31, 23, 30)


def test_a_second_download_replaces_only_where_it_may(tmp_path):
    tree, folder = tmp_path / "submitted", tmp_path / "d"
    (folder / "ada").mkdir(parents=True)
    mine, target = folder / "ada" / "x.ipynb", tree / "ada" / CHAPTER / NOTEBOOK
    collect = ("collect", folder, "--assignment", CHAPTER, "--to", tree)
    for text, options, there in (
        ("1", (), "1"),
        ("1", (), "1"),
        ("2", (), "1"),
        ("2", ("--replace",), "2"),
    ):
        mine.write_text(text)
        said = run(*collect, *options)
        assert said.exit_code == 0
        assert target.read_text() == there
        assert ("is there and differs" in said.output) == (text != there)


def test_two_files_of_one_name_are_both_kept(tmp_path):
    for part in ("a", "b"):
        (tmp_path / "d" / "ada" / part).mkdir(parents=True)
        (tmp_path / "d" / "ada" / part / "x.ipynb").write_text(part)
    said = run("collect", tmp_path / "d", "--assignment", CHAPTER, "--to", tmp_path / "s")
    assert "2 notebooks" in said.output
    files = sorted((tmp_path / "s" / "ada" / CHAPTER).iterdir())
    assert [(f.name, f.read_text()) for f in files] == [("x-2.ipynb", "b"), ("x.ipynb", "a")]


@pytest.mark.parametrize("assignment", ["../x", "a/b", "..", ""])
def test_an_assignment_is_one_folder(assignment, tmp_path):
    said = run("collect", tmp_path, "--assignment", assignment, "--to", tmp_path / "s")
    assert said.exit_code == 2
    assert "one folder's name" in said.output


def test_an_assignment_that_the_course_does_not_have_is_refused(tmp_path):
    (tmp_path / "source" / CHAPTER).mkdir(parents=True)
    (tmp_path / "d" / "ada").mkdir(parents=True)
    (tmp_path / "d" / "ada" / "x.ipynb").write_text("1")
    collect = ("collect", tmp_path / "d", "--to", tmp_path / "submitted", "--assignment")
    said = run(*collect, "ch01")
    assert said.exit_code == 2
    assert CHAPTER in said.output
    assert not (tmp_path / "submitted").exists()
    assert run(*collect, CHAPTER).exit_code == 0


def test_a_download_without_a_notebook_is_said(tmp_path):
    said = run("collect", tmp_path, tmp_path / "no.zip", "--assignment", CHAPTER, "--to", tmp_path)
    assert said.exit_code == 2
    assert "there is no" in said.output
    assert "no notebook" in said.output


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "results.json"
    evil = result_of("=HYPERLINK(0)", relu="stub")
    path.write_text("".join(json_pieces(batch(result_of("ada"), evil))), encoding="utf-8")
    return path


def test_a_spreadsheet_of_students_obeys_nobody(results, tmp_path):
    out = tmp_path / "grades.csv"
    assert run("export", "csv", results, "-o", out).exit_code == 0
    assert [row[0] for row in rows(out)] == ["student", "'=HYPERLINK(0)", "ada"]
    assert run("export", "csv", results, "-o", out, "--exercises").exit_code == 0
    assert len(rows(out)) == 1 + 2 * len(load_chapter(CHAPTER).exercises)


def test_moodles_worksheet_may_part_its_columns_by_semicolons(results, tmp_path):
    table, out = tmp_path / "w.csv", tmp_path / "out.csv"
    table.write_text(
        "Identifier;Username;Grade;Maximum Grade;Last modified (grade)\n"
        f'Participant 7;ada;;"{POINTS:g},00";-\n'
    )
    said = run("export", "moodle", results, "--table", table, "-o", out)
    assert said.exit_code == 0, said.output
    assert rows(out)[1][2] == f"{POINTS:g}"
    assert "HYPERLINK" in said.output  # is not in the table


def test_report_writes_pages_and_says_where(results, tmp_path):
    said = run("report", results, "-o", tmp_path / "report")
    assert said.exit_code == 0
    assert "Learners' pages: 2" in said.output
    assert (tmp_path / "report" / "index.html").exists()
    (tmp_path / "report" / "mine.txt").write_text("")
    assert run("report", results, "-o", tmp_path / "report").exit_code == 1
    assert run("report", tmp_path / "no.json").exit_code == 2
    assert run("report", tmp_path / "report" / "mine.txt").exit_code == 2


def test_gradescope_gets_one_students_results(results, tmp_path):
    out = tmp_path / "gs.json"
    export = ("export", "gradescope", results, "-o", out)
    for unclear in ((), ("--student", "eve"), ("--student", "ada", "--chapter", "ch02")):
        said = run(*export, *unclear)
        assert said.exit_code == 1
        assert "must be one of" in said.output
        assert not out.exists()
    assert run(*export, "--student", "ada").exit_code == 0
    assert json.loads(out.read_text())["score"] == POINTS


def test_files_without_a_students_name_are_one_students_only_where_that_is_said(tmp_path):
    results, out = tmp_path / "r.json", tmp_path / "gs.json"
    files = result_of(None, "s/ada.py", relu="stub"), result_of(None, "s/eve.py")
    results.write_text("".join(json_pieces(batch(*files))), encoding="utf-8")
    export = ("export", "gradescope", results, "-o", out)
    assert "--student must be one of ada, eve" in run(*export).output
    assert run(*export, "--student", "ada").exit_code == 0
    assert json.loads(out.read_text())["score"] == files[0].score
    assert run(*export, "--one-student").exit_code == 0
    assert "2 files were handed in (ada.py, eve.py)" in json.loads(out.read_text())["output"]


def test_a_table_of_ours_is_not_called_as_nbgraders_is(results, monkeypatch):
    monkeypatch.chdir(results.parent)
    assert run("export", "csv", results).exit_code == 0
    assert not Path("grades.csv").exists()  # which `nbgrader export` writes


def test_gradescopes_results_never_replace_those_of_the_class(results, monkeypatch):
    monkeypatch.chdir(results.parent)
    before = results.read_bytes()
    said = run("export", "gradescope", "results.json")  # the default for --output is this name
    assert said.exit_code == 2
    assert "--output" in said.output
    assert results.read_bytes() == before


@pytest.mark.parametrize("verb", ["csv", "canvas", "moodle", "gradescope", "autograder"])
def test_every_export_explains_itself(verb):
    said = run("export", verb, "--help")
    assert said.exit_code == 0
    assert "Examples" in said.output


def test_nothing_is_written_where_nobody_is_found_and_never_over_what_was_exported(tmp_path):
    results, table = tmp_path / "r.json", tmp_path / "export.csv"
    results.write_text("".join(json_pieces(batch(result_of("ada")))))
    table.write_text(
        "Identifier,Email address,Grade,Maximum Grade,Last modified (grade)\n"
        "Participant 7,x@y.z,,10,\n"
    )
    ours = ("export", "moodle", results, "--table", table, "-o")
    said = run(*ours, tmp_path / "upload.csv")
    assert said.exit_code == 1
    assert "Nobody of these results is in" in said.output
    assert not (tmp_path / "upload.csv").exists()
    before = table.read_text()
    said = run(*ours, table)
    assert said.exit_code == 2
    assert "choose another name" in " ".join(said.output.split())
    assert table.read_text() == before
