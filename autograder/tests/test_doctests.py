"""Every example in a docstring of the package runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("course", "course/demos", "autograder", "autograder/graders", "datasets")


def modules() -> list[str]:
    """The package's modules, without chapter sources, which are notebooks and never imported."""
    return [
        f"cnnlab.{folder.replace('/', '.')}.{path.stem}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).glob("*.py"))
        if path.stem != "__init__" and not (folder == "course" and path.stem.startswith("ch"))
    ]


@pytest.mark.parametrize("name", modules())
def test_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
