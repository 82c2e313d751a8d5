"""``cnnlab course``: what it writes, what it refuses, and what it leaves alone."""

from __future__ import annotations

import builtins
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.submission.assignment import read_assignment
from cnnlab.autograder.submission.code import parse
from cnnlab.autograder.submission.needs import Needs
from cnnlab.course import cli
from cnnlab.course.build.assignment import notebook
from cnnlab.course.build.points import Points, read_points

CH01, CH02 = "ch01_convolution", "ch02_stride_padding"
POINTS = """
robust = 0.1
[ch01]
conv2d = 10
relu = { points = 3, robust = 0 }
[ch02]
pad2d = 2.5
"""


def run(*arguments: object):
    return CliRunner().invoke(cli.app, ["course", *map(str, arguments)])


def asked(root: Path, name: str = CH01) -> list[tuple[str, str, float, float | None]]:
    found = read_assignment(root / "source" / name / f"{name}.ipynb")
    assert found is not None
    return [(each.chapter[:4], each.name, each.points, each.robust) for each in found.asked]


def test_chosen_exercises_with_other_points(tmp_path):
    (tmp_path / "points.toml").write_text(POINTS)
    root = tmp_path / "cnn"

    ran = run(root, "--exercises", "ch01::conv2d,ch01::relu", "--exercises", "ch02::pad2d",
              "--points", tmp_path / "points.toml")  # fmt: skip

    assert ran.exit_code == 0, ran.output
    assert asked(root) == [("ch01", "conv2d", 10, 0.1), ("ch01", "relu", 3, 0)]
    assert asked(root, CH02) == [("ch02", "pad2d", 2.5, 0.1)]
    page = (root / "README.md").read_text()
    assert f"nbgrader generate_assignment {CH01}" in page
    assert "{{" not in page + (root / "nbgrader_config.py").read_text()
    made = json.loads((root / "source" / CH01 / f"{CH01}.ipynb").read_text())
    practice = [c for c in made["cells"] if c["metadata"]["cnnlab"].get("exercise") == "conv_step"]
    assert ["nbgrader" in cell["metadata"] for cell in practice] == [True, False]


def test_assignments_are_added_and_what_is_there_stays(tmp_path):
    run(tmp_path, "--chapters", "ch01")
    first = tmp_path / "source" / CH01 / f"{CH01}.ipynb"
    first.write_bytes(mine := first.read_bytes().replace(b"Convolution", b"My convolution", 1))

    run(tmp_path, "--chapters", "ch01,ch02")

    assert first.read_bytes() == mine
    assert f"`{CH02}`" in (tmp_path / "README.md").read_text()
    (tmp_path / "README.md").write_text("my own page")
    ran = run(tmp_path, "--exercises", "ch02::pad2d,ch01::relu", "--assignment", "homework1")
    assert "README.md, which was there" in ran.output
    assert (tmp_path / "README.md").read_text() == "my own page"
    assert [name for _, name, _, _ in asked(tmp_path, "homework1")] == ["pad2d", "relu"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--exercises", "ch01::conv2d,ch02::conv2d", "--assignment", "x"), "have the same name"),
        (("--exercises", "ch01::relu,ch05::train_step", "--assignment", "x"), "hands out a func"),
        (("--exercises", "conv2d"), "ch01::conv2d, ch02::conv2d"),
        (("--exercises", "ch01::softmax"), "exercises must be among"),
        (("--chapters", "ch99"), "chapter must be one of"),
        (("--assignment", "../x"), "a folder's name"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(tmp_path, options, said):
    ran = run(tmp_path / "cnn", *options)

    assert ran.exit_code == 2
    assert said in " ".join(ran.output.split())
    assert not (tmp_path / "cnn").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ch01]\nconv2 = 3", "has the exercises .*'conv2'"),
        ("[ch01]\nconv2d = -1", "ch01.conv2d must be 0, or from"),
        ("[ch01]\nconv2d = 1.005", "two decimals"),
        ("[ch01]\nconv2d = { pionts = 1 }", "points and robust.*'pionts'"),
        ("robust = 1", "robust must be a share"),
        ("ch01 = 3", r"must be a table, \[ch01\]"),
        ("[ch01\n", "points.toml"),
    ],
)
def test_a_points_file_says_where_it_is_wrong(tmp_path, text, said):
    path = tmp_path / "points.toml"
    path.write_text(text)

    with pytest.raises(ValueError, match=said):
        read_points(path)


def test_without_solutions_no_notebook_offers_one():
    for chapter in chapter_names():
        worth = [Points().of(chapter, e.name) for e in load_chapter(chapter).exercises]

        made = notebook(chapter, worth, solutions=False)

        assert made.metadata.cnnlab.solutions is False
        text = "\n".join(cell.source for cell in made.cells)
        assert f'start("{chapter}", solutions=False)' in text
        assert "solution(" not in text, chapter
        assert "import box, check, hint, start" in text or "import check, hint, start" in text


@pytest.mark.parametrize("chapter", chapter_names())
def test_a_worksheet_defines_all_that_its_own_cells_use(chapter):
    worth = [Points().of(chapter, e.name) for e in load_chapter(chapter).exercises]

    made = notebook("worksheet", worth, solutions=False)

    assert "solutions=False" in made.cells[1].source
    code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
    statements = parse(1, code).statements
    assert Needs(statements).unknown(set(statements)) - {*dir(builtins)} == set()
    assert [each.name for each in worth] == [
        c.metadata.cnnlab.exercise for c in made.cells if "points" in c.metadata.get("nbgrader", {})
    ]
