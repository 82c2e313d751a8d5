"""What pyproject.toml declares is what the code imports; exceptions stand there, with reasons."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "pyproject.toml"


def complaints(project: Path) -> str:
    """What deptry says of our imports beside a pyproject.toml; empty where all is well."""
    command = [sys.executable, "-m", "deptry", str(ROOT), "--config", str(project), "--no-ansi"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if run.returncode == 0 else run.stdout + run.stderr


UNTRUE = [
    ('"rich>=13.9"', '"rich>=13.9", "joblib>=1.4"', "'joblib' defined as a dependency but not"),
    ('"pooch>=1.8",', "", "'pooch' imported but"),
    ('"keras>=3.10", ', "", "'keras' imported but it is a transitive dependency"),
]
"""What is declared, what instead, and what is said of it."""


def test_declared_and_imported_are_the_same() -> None:
    assert complaints(PROJECT) == ""


def test_what_is_not_true_is_named(tmp_path: Path) -> None:
    text = PROJECT.read_text(encoding="utf-8")
    for declared, instead, _ in UNTRUE:
        assert declared in text
        text = text.replace(declared, instead)
    changed = tmp_path / "pyproject.toml"
    changed.write_text(text, encoding="utf-8")
    said = complaints(changed)
    assert [complaint for *_, complaint in UNTRUE if complaint not in said] == []
