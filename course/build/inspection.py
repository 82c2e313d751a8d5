"""What a chapter ships, inspected: is the grader complete, does the release give anything away?"""

from __future__ import annotations

import ast
import re
import symtable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import nbformat

from cnnlab.autograder.judging.exercise import Chapter
from cnnlab.autograder.judging.stubs import is_stub_source
from cnnlab.autograder.submission.code import parse
from cnnlab.course.build.source import SourceError, cells_of, find_function, solution_lines

MARKS = (
    "BEGIN SOLUTION",
    "END SOLUTION",
    "BEGIN HIDDEN TESTS",
    "END HIDDEN TESTS",
    "BEGIN MARK SCHEME",
    "END MARK SCHEME",
    "autograder/references",
    "autograder.references",
)
"""What no released notebook may contain: nbgrader's marks, and where the answers are."""

SHORTEST = 12
"""Solution lines with fewer characters than this (spaces aside) give nothing away."""

_SAYS_NOTHING = re.compile(
    r"(import|from)\b.*"
    r"|(else|try|finally):"
    r"|for \w+ in (range\()?[\w.]+\)?:"
    r"|\w+(, \w+)* = \w+\.shape(\[.*\])?"
    r"|raise ValueError\("
)


def of_grader(chapter: Chapter) -> list[str]:
    """What a grader lacks: each exercise has three hints, a twist and points."""
    problems = []
    where = f"autograder/graders/{chapter.name}"
    for exercise in chapter.exercises:
        if sum(bool(hint.strip()) for hint in exercise.hints) != 3 or len(exercise.hints) != 3:
            problems.append(f"{where}: exercise {exercise.name!r} must have three hints. Add them.")
        if not exercise.twists:
            problems.append(f"{where}: exercise {exercise.name!r} has no twist. Name one mistake.")
        if exercise.max_score <= 0:
            problems.append(f"{where}: exercise {exercise.name!r} gives no points. Set them.")
    return problems


def of_release(chapter: Chapter, solution: bytes, release: bytes) -> list[str]:
    """What a released notebook gives away or lacks.

    Parameters
    ----------
    chapter : Chapter
        Its grader.
    solution, release : bytes
        The chapter's two notebooks, as the bytes of their files.
    """
    where = f"exercises/{chapter.name}/{chapter.name}.ipynb"
    try:
        solved = nbformat.reads(solution.decode(), as_version=4)
        released = nbformat.reads(release.decode(), as_version=4)
        nbformat.validate(released)
    except ValueError as error:
        return [f"{where} is not a notebook ({str(error)[:80]}). Run `cnnlab build`."]
    return [
        *_exercises(chapter, released, where),
        *_setup(chapter, released),
        *_given_away(solved, released, where),
        *_imports(released, where),
        *_outputs(released, where),
    ]


def _exercises(chapter: Chapter, released: nbformat.NotebookNode, where: str) -> list[str]:
    problems = []
    cells = {c.metadata["cnnlab"]["exercise"]: c for c in cells_of(released, "exercise")}
    checks = {c.metadata["cnnlab"]["exercise"] for c in cells_of(released, "check")}
    graded = [exercise.name for exercise in chapter.exercises]
    for name in graded:
        if name not in cells:
            problems.append(
                f"course/chapters/{chapter.name}.py has no cell for exercise {name!r} of its "
                f'grader. Write one that begins # %% exercise="{name}".'
            )
    for name, cell in cells.items():
        if name not in graded:
            problems.append(f"{where}: exercise {name!r} is not in the grader. Add it there.")
        if name not in checks:
            problems.append(f"{where}: exercise {name!r} has no check cell. Run `cnnlab build`.")
        problems += _stub(name, cell.source, where)
    return problems


def _stub(name: str, source: str, where: str) -> list[str]:
    try:
        function = find_function(name, source)
    except SourceError as error:
        return [f"{where}: {error}"]
    if function is None or not is_stub_source(function):
        problem = f"{where}: exercise {name!r} is not a bare stub. "
        return [problem + "Put the whole body, below the docstring, inside the solution region."]
    return []


TOOLS = {"start", "check", "hint", "solution"}
"""What a learner types in every chapter, so that every set-up cell must import it."""


def _setup(chapter: Chapter, released: nbformat.NotebookNode) -> list[str]:
    where = f"course/chapters/{chapter.name}.py"
    call = re.compile(rf"^start\(['\"]{chapter.name}['\"]\)", re.MULTILINE)
    cells = [cell for cell in cells_of(released, "setup") if call.search(cell.source)]
    if len(cells) != 1:
        wanted = f'start("{chapter.name}")'
        return [f"{where} must have one cell that calls {wanted}: mark it # %% setup=true."]
    imported = {
        name.name
        for node in ast.walk(ast.parse(cells[0].source))
        if isinstance(node, ast.ImportFrom) and node.module == "cnnlab.autograder"
        for name in node.names
    }
    missing = ", ".join(sorted(TOOLS - imported))
    return [f"{where}: the set-up cell must import {missing} from cnnlab.autograder."] * bool(
        missing
    )


def _given_away(
    solved: nbformat.NotebookNode, released: nbformat.NotebookNode, where: str
) -> list[str]:
    lines = {
        _tight(line): (cell.metadata["cnnlab"]["exercise"], line)
        for cell in cells_of(solved, "exercise")
        for line in solution_lines(cell.source)
        if not _SAYS_NOTHING.fullmatch(line) and len(_tight(line)) >= SHORTEST
    }
    problems = []
    for cell in released.cells:
        for mark in MARKS:
            if mark in cell.source:
                problems.append(f"{where}: cell {_name(cell)} says {mark!r}. Take it out.")
        shown = [re.sub(r"\s+", "", line) for line in cell.source.splitlines()]
        for tight, (exercise, line) in lines.items():
            if any(tight in text for text in shown):
                problems.append(
                    f"{where}: cell {_name(cell)} shows a line of the solution of "
                    f"{exercise!r}: {line!r}. Say it differently."
                )
    return problems


def _tight(line: str) -> str:
    """A line as it is looked for: without spaces, so that a new layout does not hide it."""
    return re.sub(r"\s+", "", re.sub(r"^return\b", "", line))


def _outputs(released: nbformat.NotebookNode, where: str) -> list[str]:
    return [
        f"{where}: cell {_name(cell)} has outputs. Run `cnnlab build`."
        for cell in released.cells
        if cell.get("outputs") or cell.get("execution_count")
    ]


def _name(cell: nbformat.NotebookNode) -> str:
    return repr(cell.get("id", cell.source[:30]))


def _imports(released: nbformat.NotebookNode, where: str) -> list[str]:
    """What cells import from CNN Lab, and CNN Lab does not have."""
    problems = []
    for number, cell in enumerate(c for c in released.cells if c.cell_type == "code"):
        for statement in parse(number, cell.source).statements:
            node = statement.node
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnnlab."):
                problems += [
                    f"{where}: cell {_name(cell)} imports {name.name} from {node.module}, "
                    "which does not have it. Correct the name, or `git add` the file."
                    for name in node.names
                    if not _offers(str(node.module), name.name)
                ]
    return problems


def _offers(module: str, name: str) -> bool:
    """Whether a module binds a name or holds a submodule of it; the module is not executed."""
    found = _spec(module)
    if found is None:
        return False
    if found.origin and found.origin.endswith(".py"):
        table = symtable.symtable(Path(found.origin).read_text("utf-8"), found.origin, "exec")
        known = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
        if name in known or "__getattr__" in known:
            return True
    return _spec(f"{module}.{name}") is not None


def _spec(module: str) -> ModuleSpec | None:
    try:
        return find_spec(module)
    except ModuleNotFoundError:
        return None
