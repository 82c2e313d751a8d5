"""The commands that documents name exist, and the version is stated once."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnlab.course import cli

ROOT = Path(cli.__file__).parents[2]
DOCUMENTS = [".pre-commit-config.yaml", ".github/ISSUE_TEMPLATE/unfair.yml", "CHANGELOG.md"]
COMMAND = re.compile(r"\bcnnlab (case|build|grade|record|data|check)\b([^`\n]*)")


def test_the_version_heads_the_changes():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    headings = re.findall(r"^## (\S+?),? ", (ROOT / "CHANGELOG.md").read_text("utf-8") + " ", re.M)
    assert headings[0] == version


@pytest.mark.parametrize("file", DOCUMENTS)
def test_commands_in_documents_exist(file):
    commands = COMMAND.findall((ROOT / file).read_text("utf-8"))
    assert commands
    for command, arguments in commands:
        said = CliRunner().invoke(cli.app, [command, "--help"], env={"COLUMNS": "200"})
        assert said.exit_code == 0
        for option in re.findall(r"--[a-z-]+", arguments):
            assert option in said.output, f"cnnlab {command} {option}"


def test_the_workflow_runs_what_everybody_runs():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    (script,) = re.findall(r"run: bash (\S+)", workflow)
    assert (ROOT / script).is_file()


def test_every_test_that_is_long_by_its_name_exists():
    source = (ROOT / "conftest.py").read_text(encoding="utf-8")
    (node,) = (
        n
        for n in ast.parse(source).body
        if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "LONG"
    )
    for start in ast.literal_eval(node.value):
        file, _, name = start.partition("::")
        texts = [path.read_text(encoding="utf-8") for path in ROOT.glob(f"*/tests/**/{file}")]
        assert any(f"def {name.partition('[')[0]}" in text for text in texts), start
