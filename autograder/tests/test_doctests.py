"""Every example in a docstring of the package runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("course", "autograder", "datasets")
OTHERS = {"tests", "bench", "chapters"}


def modules() -> list[str]:
    """The package's modules with examples; chapter sources are notebooks and never imported."""
    return [
        "cnnlab." + ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not OTHERS & set(path.relative_to(ROOT).parts) and ">>> " in path.read_text("utf-8")
    ]


@pytest.mark.parametrize("name", modules())
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
