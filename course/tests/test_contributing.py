"""What CONTRIBUTING and README say about the repository: every path exists, and the map is true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnlab.course import cli

ROOT = Path(cli.__file__).parents[2]
PLACEHOLDERS = {"chNN_name": "ch[0-9][0-9]_*", "chNN": "ch[0-9][0-9]", "…": "*", "NAME": "*"}
ELSEWHERE = {"submitted/", ".uv/bin/uv", "text/plain"}
"""What instructors and the first command make, and a type of output: no paths of ours."""
APART = ("course/_moved.py", "course/light.py", "course/markers.py", "course/palette.py")
"""What the map leaves out, besides tests and benches: names for old notebooks, three helpers."""


# Paths


def _paths(text: str) -> list[str]:
    """The paths in backticks: what has a slash, or the name of a Python file."""
    words = [word for code in re.findall(r"`([^`\n]+)`", text) for word in code.split()]
    paths = [w for w in words if re.fullmatch(r"[\w.…-]*/[\w./…-]*|[\w…-]+\.py", w)]
    return [path for path in paths if path not in ELSEWHERE]


def _exists(path: str) -> bool:
    """Whether a path from the root leads somewhere; a bare file name may be in any folder."""
    for placeholder, pattern in PLACEHOLDERS.items():
        path = path.replace(placeholder, pattern)
    if "/" not in path:
        folders = (ROOT / folder for folder in ("autograder", "course", "datasets"))
        return any(any(folder.rglob(path)) for folder in folders)
    return any(ROOT.glob(path))


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "README.md"])
def test_every_path_exists(document):
    paths = _paths((ROOT / document).read_text("utf-8"))
    assert len(paths) > 4
    assert [path for path in paths if not _exists(path)] == []


def test_a_path_that_leads_nowhere_is_found():
    text = "`autograder/walls.py`, `course/cli/`, `nowhere.py`, `pytest course/gone`"
    assert [path for path in _paths(text) if not _exists(path)] == [
        "autograder/walls.py",
        "nowhere.py",
        "course/gone",
    ]


# The map


def _map() -> tuple[dict[str, str], set[tuple[str, str]]]:
    """The Mermaid picture: which box each module is in, and the arrows."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    (picture,) = re.findall(r"```mermaid\n(.+?)```", text, re.S)
    boxes: dict[str, str] = {}
    for box, folder, names in re.findall(r'^  (\w+)\["(\w+): ?([\w, ]*)', picture, re.M):
        for name in names.split(", "):
            boxes[f"{folder}.{name}".strip(".")] = box
    arrows = re.findall(r"^  (\w+) --> ([\w &]+)$", picture, re.M)
    return boxes, {(one, other) for one, others in arrows for other in others.split(" & ")}


def _sources() -> Iterator[Path]:
    for folder in ("autograder", "course", "datasets"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if not {"tests", "bench"} & set(parts) and "/".join(parts) not in APART:
                yield path


def _imported(path: Path) -> Iterator[str]:
    """Our modules that a file imports, without ``cnnlab``: ``autograder.judging.judge``."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "cnnlab":
            for alias in node.names:
                yield f"{node.module}.{alias.name}".partition(".")[2]
        elif isinstance(node, ast.Import):
            yield from (a.name[7:] for a in node.names if a.name.startswith("cnnlab."))


def _box(module: str, boxes: dict[str, str]) -> str | None:
    """The box of a module. What the autograder's package gives out itself is `learner`'s."""
    folder, name = module.split(".")[:2]
    place = ROOT / folder / name
    if folder == "autograder" and (name == "__init__" or not _is_module(place)):
        name = "learner"
    return boxes.get(f"{folder}.{name}") or boxes.get(folder)


def _is_module(place: Path) -> bool:
    return place.is_dir() or place.with_suffix(".py").exists()


def _imports(boxes: dict[str, str]) -> set[tuple[str, str]]:
    found = set()
    for path in _sources():
        own = _box(".".join(path.relative_to(ROOT).with_suffix("").parts), boxes)
        for module in _imported(path):
            if "/".join(module.split(".")[:2]) + ".py" not in APART:
                found.add((own, _box(module, boxes)))
    return {(one, other) for one, other in found if one != other}


def _reached(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The arrows, and those that follow from two of them."""
    reached = set(arrows)
    while more := {(a, d) for a, b in reached for c, d in reached if b == c} - reached:
        reached |= more
    return reached


def test_the_map_is_true():
    boxes, arrows = _map()
    imports = _imports(boxes)
    assert None not in {box for arrow in imports for box in arrow}, "a module is in no box"
    assert arrows <= imports
    assert _reached(arrows) == _reached(imports)


def test_the_map_has_no_circle():
    _, arrows = _map()
    assert not any(one == other for one, other in _reached(arrows))
