"""``cnnlab new`` in a copy of the tree: what it writes is complete, and learners have not begun."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.course.build.skeleton import SkeletonError, add_cells, new_chapter, new_exercise

ROOT = Path(__file__).resolve().parents[3]
NAME = "leaky_relu"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CNN Lab with chapter 1 alone, and in it a new exercise."""
    root = tmp_path_factory.mktemp("new") / "tree"
    left_out = shutil.ignore_patterns(
        "ch0[2-9]_*", "ch1[0-9]_*", "bench", "cases", "golden", "*.webp", "weights"
    )
    for folder in ("autograder", "course", "datasets", "exercises", "solutions"):
        shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
    for file in ("pyproject.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / file, root)
    said = cnnlab(root, "new", "exercise", NAME, "--chapter", "ch01")
    assert f"autograder/tests/graders/test_ch01_{NAME}.py" in said
    cnnlab(root, "build", "ch01")
    return root


def run(tree: Path, module: str, *arguments: object) -> str:
    """What a module of the copy prints; nothing of ours is imported from elsewhere."""
    script = tree / "course/build/from_tree.py"
    command = [sys.executable, "-P", script, tree, module, *arguments]
    done = subprocess.run([*map(str, command)], cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def cnnlab(tree: Path, *arguments: object) -> str:
    return run(tree, "cnnlab.course.cli", *arguments)


def released(tree: Path) -> Path:
    (path,) = (tree / "exercises").glob("ch01_*/*.ipynb")
    return path


def test_the_build_makes_a_stub_and_a_check_cell_at_the_end_of_the_exercises(tree):
    cells = json.loads(released(tree).read_text("utf-8"))["cells"]
    roles = [c["metadata"]["cnnlab"] for c in cells]
    names = [about["exercise"] for about in roles if about["role"] == "exercise"]
    assert names[-1] == NAME
    (stub,) = (c for c in cells if c["metadata"]["cnnlab"].get("exercise") == NAME
               and c["metadata"]["cnnlab"]["role"] == "exercise")  # fmt: skip
    assert "".join(stub["source"]).endswith("    raise NotImplementedError()")
    check = cells[cells.index(stub) + 1]
    assert check["source"][-1] == f"check({NAME})"
    assert check["metadata"]["nbgrader"]["points"] == 2


def test_what_is_written_is_formatted_and_has_no_lint(tree):
    folders = [tree / "course/chapters", tree / "autograder/graders", tree / "autograder/tests"]
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, *map(str, folders)]
        done = subprocess.run(ruff, cwd=tree, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_skeleton_is_recorded_proved_and_not_attempted(tree, tmp_path):
    """With Keras's answers: the release earns nothing yet, the solution everything."""
    (tree / "course/proved.py").write_text(RECORD_AND_PROVE)
    assert run(tree, "cnnlab.course.proved") == "[]\n"
    results = tmp_path / "results.json"
    (tree / "course/graded.py").write_text(GRADE_IN_THIS_PROCESS)
    options = "--recorded", "--no-sandbox", "--workers", 1, "--json", results
    solved = tree / "solutions" / released(tree).relative_to(tree / "exercises")
    run(tree, "cnnlab.course.graded", "grade", released(tree), solved, *options)
    stubs, full = json.loads(results.read_text("utf-8"))["submissions"]
    assert NAME in {exercise["name"] for exercise in stubs["exercises"]}
    assert {e["status"] for e in stubs["exercises"]} == {"not_attempted"}
    assert full["score"] == full["max_score"] == stubs["max_score"]
    test = f"autograder/tests/graders/test_ch01_{NAME}.py"
    assert "4 passed" in run(tree, "pytest", "-q", "-p", "no:cacheprovider", test)


GRADE_IN_THIS_PROCESS = """
from cnnlab.autograder import batch
from cnnlab.autograder.tests.in_process import InThisProcess, grader_here
from cnnlab.course.cli import app

# A process of its own would import the installed package.
batch.Pool, batch.start_judging = InThisProcess, grader_here
app()
"""

RECORD_AND_PROVE = f"""
from cnnlab.autograder.judging import keras_process, record
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.quality.proof import prove

CHAPTER = load_chapter("ch01")


class NoProcess:
    # A process of its own would import the installed graders, not those of this tree.
    engine = record.DEFAULT_ENGINE

    def answers(self, name, asked):
        return "CPU", {{e: keras_process.answers(CHAPTER[e], asked[e]) for e in asked}}


record.record(CHAPTER.name, NoProcess())
print(list(prove({{"{NAME}": record.recorded(CHAPTER.name)["{NAME}"]}}, pairs=True)))
"""


@pytest.mark.slow
def test_a_new_chapter_is_built_and_takes_its_first_exercise(tree, tmp_path):
    copy = tmp_path / "tree"
    shutil.copytree(tree, copy)
    cnnlab(copy, "new", "chapter", "ch14_residual_blocks", "--title", "Residual blocks")
    cnnlab(copy, "build", "ch14")
    cnnlab(copy, "new", "exercise", "skip", "--chapter", "ch14")
    cnnlab(copy, "build", "ch14")
    notebook = copy / "exercises/ch14_residual_blocks/ch14_residual_blocks.ipynb"
    assert "check(skip)" in notebook.read_text("utf-8")
    assert '"cnnlab.autograder.graders.ch14_residual_blocks",' in (
        copy / "pyproject.toml"
    ).read_text("utf-8")
    test_what_is_written_is_formatted_and_has_no_lint(copy)


# What it refuses, and that nothing is written then


@pytest.mark.parametrize(
    ("name", "chapter", "said"),
    [
        ("Leaky", "ch01", "NAME must be a function's name in small letters.*Received: 'Leaky'"),
        ("class", "ch01", "NAME must be a function's name"),
        ("_leaky", "ch01", "NAME must be a function's name"),
        ("relu", "ch01", "NAME must be new. Received: 'relu'"),
        (NAME, "ch77", "--chapter must be one of ch00.*Received: 'ch77'. `cnnlab new chapter`"),
        (NAME, "", "--chapter must be one of"),
    ],
)
def test_an_exercise_that_cannot_be_is_refused_by_its_argument(tree, name, chapter, said):
    before = files(tree)
    with pytest.raises(SkeletonError, match=said):
        new_exercise(tree, name, chapter)
    assert files(tree) == before


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        ("residual", "Residual blocks", "NAME must look like ch14_residual_blocks"),
        ("ch14_Residual", "Residual blocks", "NAME must look like"),
        ("ch01_residual", "Residual blocks", "NAME must have a number of its own. ch01_"),
        ("ch14_residual", " ", "--title must be one line"),
        ("ch14_residual", 'The "blocks"', "--title must be one line without quotes"),
    ],
)
def test_a_chapter_that_cannot_be_is_refused_by_its_argument(tree, name, title, said):
    before = files(tree)
    with pytest.raises(SkeletonError, match=said):
        new_chapter(tree, name, title)
    assert files(tree) == before


def files(tree: Path) -> set[Path]:
    return {path for path in tree.rglob("*") if path.suffix in (".py", ".toml")}


def test_an_exercise_of_the_source_is_not_written_twice(tree):
    source = next((tree / "course/chapters").glob("ch01_*.py")).read_text("utf-8")
    with pytest.raises(SkeletonError, match="an exercise of this chapter"):
        add_cells(source, "relu")
