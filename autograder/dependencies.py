"""What a result depends on, of our own files: the judge, an exercise's grader, and their imports.

A fingerprint is a text that changes when any of it does. So after a mend of one grader, only its
exercise is judged again. Imports are followed as they are written, within CNN Lab: a name that a
grader uses must come from somewhere. What is installed besides is among a batch's conditions.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from cnnlab.autograder.judging.exercise import Chapter, Exercise, load_chapter
from cnnlab.autograder.judging.questions import as_tree
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.sandbox.wire import encode
from cnnlab.autograder.submission.course import made_by_course, shows
from cnnlab.autograder.submission.solutions import solution_source

ROOT = Path(__file__).parents[1]
"""The folder of the package `cnnlab`."""
JUDGES = tuple(
    f"autograder/{name}"
    for name in (
        *("batch.py", "grading.py", "grading_process.py"),
        *("judging", "sandbox", "submission"),
    )
)
"""What judges every exercise; of drivers, each exercise names its own."""
DRIVERS = "cnnlab.autograder.sandbox.drivers"
GRADERS = "cnnlab.autograder.graders"


@cache
def of_chapter(name: str) -> str:
    """The fingerprint of what all exercises of a chapter depend on."""
    chapter = load_chapter(name)
    files = [path for top in JUDGES for path in _python(ROOT / top) if "drivers" not in path.parts]
    frame = [name, chapter.prelude, sorted(chapter.imports), chapter.seconds, chapter.keras]
    return _digest([_files(files), frame])


def of_exercises(name: str, reference: str | None) -> dict[str, str]:
    """Exercise → the fingerprint of what it depends on besides; of a chapter by its full name.

    Parameters
    ----------
    name : str
    reference : str or None
        The record whose answers count; None for fresh probes.
    """
    chapter = load_chapter(name)
    return {e.name: _of_exercise(name, e.name, reference) for e in chapter.exercises}


@cache
def _of_exercise(name: str, exercise: str, reference: str | None) -> str:
    chapter = load_chapter(name)
    modules = [f"{GRADERS}.{name}.{exercise}"]
    if driver := chapter[exercise].driver:
        modules.append(f"{DRIVERS}.{driver.rpartition('.')[0]}")
    needed = [solution_source(name, need) for need in _all_needs(chapter, chapter[exercise])]
    asked = b""
    if reference is not None and not chapter[exercise].puzzle:  # a puzzle states its answers
        key = recorded(name, reference)[exercise]
        asked = encode([[as_tree(probe) for probe in key.probes], key.expected])
    return _digest([_files(closure(modules)), needed, hashlib.sha256(asked).hexdigest()])


def _all_needs(chapter: Chapter, exercise: Exercise) -> list[str]:
    """The exercises that a solution may call, those that these may call too."""
    found: dict[str, None] = {}
    stack = list(exercise.needs)
    while stack:
        need = stack.pop()
        if need not in found:
            found[need] = None
            stack += chapter[need].needs
    return sorted(found)


@lru_cache(maxsize=256)
def of_values(chapter: str, names: frozenset[str]) -> str:
    """The fingerprint of our own cells that make what has these names; others are left out."""
    made = [made_by_course(chapter, name) for name in sorted(names)]
    sources = [sorted(s.source for s in statements) for statements in made if not shows(statements)]
    modules = [m for source in sources for text in source for m in _imports(ast.parse(text))]
    return _digest([sources, _files(closure(modules))])


# Files


def closure(modules: Iterable[str]) -> list[Path]:
    """The files of these modules, and of all of ours that they import, directly or not.

    Parameters
    ----------
    modules : iterable of str
        As ``cnnlab.course.ops``; what is no module of CNN Lab is left out.
    """
    found: dict[Path, None] = {}
    stack = list(modules)
    while stack:
        path = _file(stack.pop())
        if path is not None and path not in found:
            found[path] = None
            stack += _imported(path)
    return sorted(found)


def _file(module: str) -> Path | None:
    first, *rest = module.split(".")
    if first != "cnnlab" or not rest:
        return None
    place = ROOT.joinpath(*rest)
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def _imported(path: Path) -> tuple[str, ...]:
    return tuple(_imports(ast.parse(path.read_bytes())))


def _imports(tree: ast.AST) -> Iterator[str]:
    """The modules that a source imports; of a package only where a name is its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if _file(inside) else node.module or ""


def _python(top: Path) -> list[Path]:
    return [top] if top.is_file() else sorted(top.rglob("*.py"))


@cache
def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(paths: Iterable[Path]) -> list[list[str]]:
    return [[path.relative_to(ROOT).as_posix(), _content(path)] for path in paths]


def _digest(tree: object) -> str:
    return hashlib.sha256(json.dumps(tree).encode()).hexdigest()
