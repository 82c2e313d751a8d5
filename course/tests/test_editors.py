"""Editors and type checkers find the working copy under its installed names.

An editable installation maps ``cnnlab.course`` to ``course/`` in Python code, which no editor
executes. So ``.editors/cnnlab/`` links to the folders, and pyproject.toml tells Pyright (which
Pylance and most other editors run) and mypy to look there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jedi
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["autograder", "course", "datasets"]
UNRESOLVED = "[import-not-found]", "[import-untyped]", "[import]"
"""How mypy's lines end about what an editor underlines in an import."""

pytestmark = pytest.mark.skipif(
    not (ROOT / ".editors/cnnlab/course").is_dir(),
    reason="git has not made links here (on Windows: git config core.symlinks true)",
)


def mypy(folder: Path, *packages: str) -> list[str]:
    """What mypy says of packages, by the settings of this folder."""
    options = ["--no-color-output", "--no-error-summary", "--cache-dir", os.devnull]
    names = [option for name in packages for option in ("-p", f"cnnlab.{name}")]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *names], cwd=folder, capture_output=True, text=True
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.stdout.splitlines()


def look_up(code: str) -> jedi.Script:
    """A file with this code, as an editor sees it that knows the folder of links."""
    project = jedi.Project(ROOT, added_sys_path=[str(ROOT / ".editors")], smart_sys_path=False)
    return jedi.Script(code, path=ROOT / "autograder/unsaved.py", project=project)


@pytest.mark.parametrize(
    ("code", "file"),
    [
        ("from cnnlab.course import ops; ops.conv2d", "course/ops/convolution.py"),
        ("from cnnlab.autograder.judging.judge import judge", "autograder/judging/judge.py"),
        ("from cnnlab.datasets.load import photo", "datasets/load.py"),
        ("import cnnlab.course.cli.build", "course/cli/build.py"),
    ],
)
def test_go_to_definition_ends_in_the_working_copy(code: str, file: str) -> None:
    found = look_up(code).goto(1, len(code), follow_imports=True)
    assert [Path(name.module_path).resolve() for name in found] == [ROOT / file]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("from cnnlab.course.", "demos"),
        ("from cnnlab.course import ops; ops.correl", "correlate2d"),
        ("from cnnlab.datasets.load import pho", "photo"),
        ("from cnnlab.autograder.quality.", "mutation"),
    ],
)
def test_names_are_completed(code: str, name: str) -> None:
    assert name in [found.name for found in look_up(code).complete(1, len(code))]


def test_pyright_and_mypy_look_into_the_same_folder() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    (folder,) = tools["pyright"]["extraPaths"]
    assert tools["mypy"]["mypy_path"] == f"$MYPY_CONFIG_FILE_DIR/{folder}"
    links = (path for path in (ROOT / folder / "cnnlab").iterdir() if path.is_symlink())
    linked = {path.name: path.resolve() for path in links}
    assert linked == {name: ROOT / name for name in PACKAGES}


def test_a_new_file_is_found_and_a_wrong_name_is_not(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".editors", tmp_path / ".editors", symlinks=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "course/figures").mkdir(parents=True)
    (tmp_path / "autograder").mkdir()
    (tmp_path / "course/figures/new.py").write_text("def drawn() -> int:\n    return 1\n")
    uses = "from cnnlab.course.figures.new import drawn\nx: str = drawn()\n"
    (tmp_path / "autograder/uses.py").write_text(uses + "import cnnlab.course.figures.gone\n")
    wrong_type, *missing = mypy(tmp_path, "autograder")
    assert 'expression has type "int", variable has type "str"' in wrong_type
    assert "cnnlab.course.figures.gone" in missing[0]
    assert "[import-not-found]" in missing[0]


@pytest.mark.slow
def test_every_import_of_the_working_copy_is_resolved() -> None:
    """Of tests and benches, too; what is shipped has no other complaint either."""
    said = [line for line in mypy(ROOT, *PACKAGES) if ": error: " in line]
    assert [line for line in said if line.endswith(UNRESOLVED)] == []
    assert [line for line in said if "/tests/" not in line and "/bench/" not in line] == []
