"""Docstrings of ops and graders in numpydoc's form: what comes in, its shape, an example."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OPS = sorted((ROOT / "course/ops").glob("*.py"))
GRADERS = sorted((ROOT / "autograder/graders").rglob("*.py"))
ORDER = ["Parameters", "Returns", "Yields", "Raises", "Notes", "Examples"]


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Every function of a file that has a docstring, and that."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield node, text


def sections(text: str) -> dict[str, str]:
    """Heading → what stands below it; the summary has the heading ``""``.

    >>> sections("Twice." + chr(10) + "Returns" + chr(10) + "-------" + chr(10) + "int")
    {'': 'Twice.\\n', 'Returns': 'int'}
    """
    parts = re.split(r"^([A-Z]\w+)\n-{4,}\n", text, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], [parts[0], *parts[2::2]], strict=True))


def described(parameters: str) -> dict[str, str]:
    """Parameter → what stands behind its colon."""
    lines = re.findall(r"^(\w[\w, ]*?)(?: : (.*))?$", parameters, flags=re.MULTILINE)
    return {name: kind for names, kind in lines for name in names.split(", ")}


@pytest.mark.parametrize("paths", [OPS, GRADERS], ids=["ops", "graders"])
def test_examples_stand_under_their_heading_and_sections_in_order(paths: list[Path]) -> None:
    for function, text in (found for path in paths for found in functions(path)):
        found = sections(text)
        assert ">>>" not in "".join(found[name] for name in found if name != "Examples"), (
            f"{function.name} has an example without the heading Examples"
        )
        headings = [name for name in found if name in ORDER]
        assert headings == sorted(headings, key=ORDER.index), function.name


@pytest.mark.parametrize("path", OPS, ids=label)
def test_a_public_op_describes_what_it_takes_and_the_shape_of_arrays(path: Path) -> None:
    for function in ast.parse(path.read_text("utf-8")).body:
        if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
            continue
        text = ast.get_docstring(function)
        assert text, f"{function.name} has no docstring"
        arguments = [*function.args.args, *function.args.kwonlyargs]
        said = described(sections(text).get("Parameters", ""))
        assert set(said) == {each.arg for each in arguments}, function.name
        for name, kind in said.items():
            if kind.startswith(("array", "ndarray")):
                assert "shape" in kind, f"{function.name}: {name} has no shape"
