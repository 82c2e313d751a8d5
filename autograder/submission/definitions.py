"""Which of a document's cells answers which exercise, and what must be executed for it."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from cnnlab.autograder.judging.exercise import Chapter
from cnnlab.autograder.submission.cells import Document
from cnnlab.autograder.submission.code import MAX_PARSED, Code, Statement, modules, parse, shown

MAX_CODE = 256 << 10
"""Characters of learner code that are parsed in one submission."""


@dataclass
class Definition:
    """What a submission holds of one exercise.

    Parameters
    ----------
    name : str
    status : str
        ``"written"``, ``"stub"``, ``"missing"``, ``"syntax_error"`` or ``"forbidden"``.
    problem : str
        A sentence for the learner, where there is nothing to run; or ``""``.
    source : str
        The cell that defines it, without notebook commands.
    """

    name: str
    status: str
    problem: str = ""
    source: str = ""


@dataclass
class Answers:
    """Every exercise's definition, and the code to execute, in order: (name, source)."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    cells: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find_answers(chapter: Chapter, document: Document, only: str = "") -> Answers:
    """Find each exercise of the chapter in the document, and what it needs.

    An exercise is the cell that has its name as nbgrader's ``grade_id``; where that holds no
    answer, the last cell that defines the function. With ``only``, the cells to execute are those
    of one exercise, whether it may run or not, and of those that it uses.
    """
    answers = Answers()
    codes, marked = _parsed(document, {e.name for e in chapter.exercises}, answers.warnings)
    choices = {
        exercise.name: _choose(exercise.name, codes, marked[exercise.name], document, answers)
        for exercise in chapter.exercises
    }
    _follow(choices, codes, chapter)
    for name, choice in choices.items():
        _check_imports(choice, chapter)
        answers.definitions[name] = choice.definition
    running = {name: choice for name, choice in choices.items() if choice.runs}
    if only:
        running = _used_by(only, choices)
    needed = {statement for choice in running.values() for statement in choice.needed}
    answers.cells = [piece for code in codes for piece in _pieces(code, running, needed)]
    return answers


@dataclass
class _Choice:
    """The cell that counts as an exercise's answer."""

    definition: Definition
    code: Code | None = None
    own: bool = False
    """The cell has the exercise's name, so that all of it is the answer."""
    needed: set[Statement] = field(default_factory=set)

    @property
    def runs(self) -> bool:
        return self.definition.status == "written"


def _parsed(
    document: Document, names: set[str], warnings: list[str]
) -> tuple[list[Code], dict[str, list[Code]]]:
    """The learner's cells, and those of them that have an exercise's name."""
    learners = [cell for cell in document.cells if cell.kind == "code" and not cell.ours]
    codes: list[Code] = []
    marked: dict[str, list[Code]] = defaultdict(list)
    left, skipped = MAX_CODE, 0
    for cell in sorted(learners, key=lambda cell: cell.mark not in names):  # answers first
        if left < len(cell.source) <= MAX_PARSED:
            skipped += 1
            continue
        left -= len(cell.source) if len(cell.source) <= MAX_PARSED else 0
        code = parse(cell.number, cell.source)
        codes.append(code)
        if cell.mark in names:
            marked[cell.mark].append(code)
        elif code.problem:
            warnings.append(f"Cell {cell.number} was left out. {code.problem}")
        if code.dropped:
            said = ", ".join(f"`{line}`" for line in code.dropped[:3])
            more = ", …" if len(code.dropped) > 3 else ""
            warnings.append(f"Cell {cell.number}: left out notebook commands ({said}{more}).")
    if skipped:
        warnings.append(f"{skipped} cells were left out: there is too much code.")
    return sorted(codes, key=lambda code: code.cell), marked


# Which cell an exercise is


def _choose(
    name: str, codes: list[Code], marked: list[Code], document: Document, answers: Answers
) -> _Choice:
    mine = set(marked)
    others = [code for code in codes if code not in mine]
    broken = [code for code in marked if code.problem]
    found = _last_written(name, marked)
    if found is None and not broken:
        found = _last_written(name, others)
        if found and marked:
            answers.warnings.append(
                f"{name}: its own cell holds no answer, so cell {found.cell} counts."
            )
    elif len(marked) > 1:
        counts = found or broken[-1]
        answers.warnings.append(
            f"{len(marked)} cells have the name {name}; cell {counts.cell} counts."
        )
    if found:
        return _Choice(Definition(name, "written", "", found.source), found, found in marked)
    if broken:
        last = broken[-1]
        return _Choice(Definition(name, "syntax_error", last.problem, last.source))
    return _Choice(_unwritten(name, marked, others, document))


def _last_written(name: str, codes: list[Code]) -> Code | None:
    """The last cell that defines the name, and not as a stub."""
    for code in reversed(codes):
        bindings = [s for s in code.statements if name in s.binds]
        if bindings and not bindings[-1].is_stub():
            return code
    return None


def _unwritten(name: str, marked: list[Code], others: list[Code], document: Document) -> Definition:
    """A stub, nothing, or something close to an answer."""
    for code in [*marked, *others]:
        if any(name in s.binds for s in code.statements):
            return Definition(name, "stub", f"You have not written {name} yet.", code.source)
    for code in others:
        if code.problem and re.search(rf"^[ \t]*+(?:async )?def {name}\b", code.source, re.M):
            return Definition(name, "syntax_error", code.problem, code.source)
    if marked:
        return Definition(name, "missing", _instead(name, marked[-1]), marked[-1].source)
    for cell in document.cells:
        if cell.mark == name and cell.kind != "code":
            problem = (
                f"The cell of {name} is not a code cell any more. Select it, press Esc and "
                "then Y, and hand it in again."
            )
            return Definition(name, "missing", problem)
    return Definition(
        name,
        "missing",
        f"No cell defines {name}. Copy your work into a fresh notebook of this chapter.",
    )


def _instead(name: str, code: Code) -> str:
    """What is in an exercise's cell that does not define the exercise."""
    found = [
        s.node.name
        for s in code.statements
        if isinstance(s.node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    if found:
        names = " and ".join(shown(other, 40) for other in found[:3])
        return f"The cell of {name} defines {names}, not {name}. Give the function its old name."
    if not code.source.strip():
        return f"The cell of {name} is empty. Write the function {name} there."
    return f"The cell of {name} does not define {name}. Write the function {name} there."


# What it needs


def _follow(choices: dict[str, _Choice], codes: list[Code], chapter: Chapter) -> None:
    """Find the statements that each answer needs, in whatever cell they are."""
    prelude = _prelude(chapter.prelude)
    definers: dict[str, list[Statement]] = defaultdict(list)
    stars: list[Statement] = []
    changes: list[Statement] = []
    for code in codes:
        for statement in code.statements:
            mine = statement.binds & choices.keys()
            if any(choices[name].code is not code for name in mine):
                continue  # a second version of an exercise must not replace the one that counts
            if statement.is_star and not _forbidden([statement], chapter):
                stars.append(statement)
            if statement.changes:
                changes.append(statement)
            for name in _gives(statement, prelude) - mine:
                definers[name].append(statement)
    for statement in changes:
        known = definers.get(statement.changes, [])
        if any(not s.is_import for s in known):
            known.append(statement)
    for name, choice in choices.items():
        if choice.code is not None:
            choice.needed = _closure([*stars, *_roots(name, choice.code, own=choice.own)], definers)


def _used_by(name: str, choices: dict[str, _Choice]) -> dict[str, _Choice]:
    """An exercise's answer, with its cell's imports, and those of the exercises that it uses."""
    if name not in choices:
        return {}
    if choices[name].own and (code := choices[name].code):  # an import may be why it must not run
        choices[name].needed.update(s for s in code.statements if s.is_import)
    found: dict[str, _Choice] = {}
    stack = [name]
    while stack:
        choice = choices[used := stack.pop()]
        if used not in found and choice.code and (choice.runs or used == name):
            found[used] = choice
            stack += [n for s in choice.needed for n in s.uses if n in choices]
    return found


@cache
def _prelude(source: str) -> dict[str, str]:
    return _targets(ast.parse(source).body)


def _gives(statement: Statement, prelude: dict[str, str]) -> set[str]:
    """The names that it defines, without those that learner code finds defined anyway."""
    if not statement.is_import:
        return set(statement.binds)
    targets = _targets([statement.node])
    return {name for name, target in targets.items() if prelude.get(name) != target}


def _targets(nodes: Iterable[ast.stmt]) -> dict[str, str]:
    """What each imported name stands for: ``{"np": "numpy"}``."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found[name] = alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                source = "." * node.level + (node.module or "")
                found[alias.asname or alias.name] = f"{source}:{alias.name}"
    return found


def _roots(name: str, code: Code, *, own: bool) -> Iterator[Statement]:
    """The statements that are an answer by themselves."""
    for statement in code.statements:
        defines = name in statement.binds
        # A loop, an assert: part of the answer, unless it changes what is not here.
        acts = not statement.binds and not statement.is_expression
        if defines or (own and acts and statement.changes in ("", name)):
            yield statement


def _closure(roots: list[Statement], definers: dict[str, list[Statement]]) -> set[Statement]:
    """These statements, and all that define a name which they use."""
    found: set[Statement] = set()
    names: set[str] = set()
    stack = roots
    while stack:
        statement = stack.pop()
        if statement in found:
            continue
        found.add(statement)
        if definers:
            fresh = {n for n in statement.uses if n in definers} - names
            names |= fresh
            stack += [definer for name in fresh for definer in definers[name]]
    return found


# What may be imported


def _check_imports(choice: _Choice, chapter: Chapter) -> None:
    """Mark an answer as forbidden where it imports what the chapter does not use."""
    if choice.code is None or not choice.runs:
        return
    statements = set(choice.needed)
    if choice.own:
        statements.update(choice.code.statements)
    if bad := _forbidden(statements, chapter):
        definition = choice.definition
        definition.status = "forbidden"
        may = ", ".join(sorted(chapter.imports))
        definition.problem = (
            f"{definition.name} imports {' and '.join(shown(name, 40) for name in bad[:3])}. "
            f"In this chapter you may import {may} and Python's standard library."
        )


def _forbidden(statements: Iterable[Statement], chapter: Chapter) -> list[str]:
    allowed = chapter.imports | sys.stdlib_module_names
    nodes = [statement.node for statement in statements if statement.may_import]
    return sorted(name for name in modules(nodes) if name not in allowed)


# What is executed


def _pieces(
    code: Code, running: dict[str, _Choice], needed: set[Statement]
) -> Iterator[tuple[str, str]]:
    """A cell's statements that some answer needs, under the names of those they belong to."""
    here = {name: choice for name, choice in running.items() if choice.code is code}
    own = next((name for name, choice in here.items() if choice.own), "")
    pieces: list[tuple[str, set[Statement]]] = []
    for statement in code.statements:
        if statement not in needed:
            continue
        owner = next((name for name in here if name in statement.binds), own)
        same = [kept for name, kept in (pieces if owner else pieces[-1:]) if name == owner]
        if same:
            same[0].add(statement)
        else:
            pieces.append((owner, {statement}))
    helpers = 0
    for owner, kept in pieces:
        helpers += not owner
        part = f", part {helpers}" if helpers > 1 else ""
        yield owner or f"cell {code.cell}{part}", code.only(kept)
