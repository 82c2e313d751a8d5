"""What of a document answers each exercise, what that needs and imports, and what is executed."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cnnlab.autograder.judging.exercise import Chapter
from cnnlab.autograder.sandbox.stand_ins import DISPLAYS
from cnnlab.autograder.submission.answer_cells import Choice, Definition, choose
from cnnlab.autograder.submission.cells import Document
from cnnlab.autograder.submission.code import (
    MAX_PARSED,
    Code,
    Imported,
    Statement,
    parse,
    shown,
)
from cnnlab.autograder.submission.needs import Needs, defined_in, used_names
from cnnlab.autograder.submission.own_modules import Beside, loading, nothing_beside, own_modules

MAX_CODE = 256 << 10
"""Characters of learner code that are parsed in one submission."""
MAX_LONE = 20
"""Statements of one helper cell that are executed each by itself."""


@dataclass
class Answers:
    """Every exercise's definition, and the code to execute, in order: (name, source)."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    cells: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    course_names: set[str] = field(default_factory=set)
    """Names that this code uses and nothing in it defines: the course's own cells may."""


def find_answers(
    chapter: Chapter, document: Document, only: str = "", beside: Beside = nothing_beside
) -> Answers:
    """Find each exercise of the chapter in the document, and what it needs.

    An exercise is the cell that has its name as nbgrader's ``grade_id``; where that holds no
    answer, the last cell that defines the function. With ``only``, the cells to execute are those
    of one exercise, whether it may run or not, and of those that it uses. ``beside`` gives the
    modules that were handed in with the document.
    """
    answers = Answers()
    allowed = _allowed(chapter)
    code = [cell.source for cell in document.cells if cell.kind == "code" and not cell.ours]
    modules = own_modules(code, beside, allowed)
    chapter = replace(chapter, imports=chapter.imports | modules.keys())
    names = [exercise.name for exercise in chapter.exercises]
    codes, marked = _parsed(document, {*names}, answers.warnings)
    choices = {n: choose(n, codes, marked[n], document, answers.warnings) for n in names}
    needs = _follow(choices, codes, chapter)
    for name, choice in choices.items():
        _check_imports(choice, chapter, needs)
        answers.definitions[name] = choice.definition
        left_out = choice.definition.left_out
        answers.warnings += [f"{name}: {each} was left out." for each in left_out]
    running = {name: choice for name, choice in choices.items() if choice.runs}
    if only:
        running = _used_by(only, choices)
    needed = {statement for choice in running.values() for statement in choice.needed}
    idle = {} if only else _without_idle(needed, chapter)
    answers.cells = [piece for code in codes for piece in _pieces(code, running, needed, idle)]
    if any(i.module in modules for s in needed for i in s.imports):
        answers.cells[:0] = loading(modules, allowed)
    answers.course_names = needs.unknown(needed)
    return answers


def _parsed(
    document: Document, names: set[str], warnings: list[str]
) -> tuple[list[Code], dict[str, list[Code]]]:
    """The learner's cells, and those of them that have an exercise's name."""
    learners = [
        cell
        for cell in document.cells
        if not cell.ours and (cell.kind == "code" or cell.mark in names)
    ]
    codes: list[Code] = []
    marked: dict[str, list[Code]] = defaultdict(list)
    left, skipped = MAX_CODE, 0
    for cell in sorted(learners, key=lambda cell: cell.mark not in names):  # answers first
        if left < len(cell.source) <= MAX_PARSED:
            skipped += 1
            continue
        left -= len(cell.source) if len(cell.source) <= MAX_PARSED else 0
        code = parse(cell.number, cell.source)
        if cell.kind != "code":
            if not any(cell.mark in s.binds for s in code.statements):
                continue  # a text, and not the answer
            said = f"Cell {cell.number}, the answer of {cell.mark}, is no code cell any more"
            warnings.append(f"{said}; it was read as one.")
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


# What it needs


def _follow(choices: dict[str, Choice], codes: list[Code], chapter: Chapter) -> Needs:
    """Find the statements that each answer needs, in whatever cell they are."""
    statements = [
        statement
        for code in codes
        for statement in code.statements
        # A second version of an exercise must not replace the one that counts.
        if all(choices[name].code is code for name in statement.binds & choices.keys())
    ]
    stars = [s for s in statements if s.is_star]
    needs = Needs(statements, defined_in(chapter.prelude), choices, _allowed(chapter))
    strangers = [(s, handed) for s in statements if (handed := needs.handed_out(s))]
    for name, choice in choices.items():
        if choice.code is None:
            continue
        choice.needed = needs.closure([*stars, *_roots(name, choice, needs)])
        used = {n for s in choice.needed for n in s.uses} if strangers else set()
        choice.definition.left_out += [
            f"`{shown(s.source.splitlines()[0], 60)}`, which calls what may not be imported,"
            for s, handed in strangers
            if handed & used and s not in choice.needed
        ]
    return needs


def _used_by(name: str, choices: dict[str, Choice]) -> dict[str, Choice]:
    """An exercise's answer, and those of the exercises that it uses."""
    if name not in choices:
        return {}
    found: dict[str, Choice] = {}
    stack = [name]
    while stack:
        choice = choices[used := stack.pop()]
        if used not in found and choice.code and (choice.runs or used == name):
            found[used] = choice
            stack += [n for s in choice.needed for n in s.uses if n in choices]
    return found


def _roots(name: str, choice: Choice, needs: Needs) -> Iterator[Statement]:
    """The statements that are an answer by themselves."""
    for statement in choice.code.statements if choice.code else ():
        defines = name in statement.binds
        # A loop, an assert: part of the answer, unless it changes what is not here.
        acts = not statement.binds and not statement.is_expression
        if defines or (choice.own and acts and needs.filled(statement) <= {name}):
            yield statement


# What may be imported


def _check_imports(choice: Choice, chapter: Chapter, needs: Needs) -> None:
    """Mark an answer as forbidden where it uses what the chapter does not allow.

    An import that nothing uses does no harm, wherever it stands: it is left out. One that goes
    on where there is no such module, ``try: import numba``, finds none.
    """
    definition = choice.definition
    if choice.code is None or not choice.runs:
        return
    used = used_names(choice.needed)
    found = [i for s in choice.needed for i in s.imports]
    missing = {i.module for i in found if i.guarded and i.module not in _allowed(chapter)}
    definition.fallbacks = sorted(shown(module, 40) for module in missing)
    bad = {i.module for i in found if _is_forbidden(i, chapter) and i.name in used}
    stars = {i.module for i in found if _is_forbidden(i, chapter) and i.alias.name == "*"}
    if stars and needs.unknown(choice.needed):
        bad |= stars
    if bad:
        definition.status = "forbidden"
        may = ", ".join(sorted(chapter.imports))
        said = " and ".join(shown(name, 40) for name in sorted(bad)[:3])
        definition.problem = (
            f"{definition.name} imports {said}. "
            f"In this chapter you may import {may} and Python's standard library."
        )
    elif choice.own:
        idle = [i for s in choice.code.statements for i in s.imports]
        names = sorted({i.module for i in idle if _is_forbidden(i, chapter)})
        definition.left_out += [
            f"the import of {shown(name, 40)}, which is not used," for name in names
        ]


def _is_forbidden(found: Imported, chapter: Chapter) -> bool:
    return not found.guarded and found.module not in _allowed(chapter)


def _allowed(chapter: Chapter) -> frozenset[str]:
    return chapter.imports | sys.stdlib_module_names | DISPLAYS


def _without_idle(statements: set[Statement], chapter: Chapter) -> dict[ast.stmt, str]:
    """What stands for import statements whose forbidden modules nothing uses."""
    replaced: dict[ast.stmt, str] = {}
    for statement in statements:
        found = statement.imports
        for node in {i.node for i in found if _is_forbidden(i, chapter)}:
            kept = [i.alias for i in found if i.node is node and not _is_forbidden(i, chapter)]
            reduced = ast.Import(kept) if kept else ast.Pass()
            replaced[node] = ast.unparse(reduced)
    return replaced


# What is executed


def _pieces(
    code: Code,
    running: dict[str, Choice],
    needed: set[Statement],
    replaced: dict[ast.stmt, str],
) -> Iterator[tuple[str, str]]:
    """A cell's statements that some answer needs, under the names of those they belong to."""
    here = {name: choice for name, choice in running.items() if choice.code is code}
    own = next((name for name, choice in here.items() if choice.own), "")
    pieces: list[tuple[str, set[Statement]]] = []
    lone: set[Statement] = set()
    for statement in code.statements:
        if statement not in needed:
            continue
        owner = next((name for name in here if name in statement.binds), own)
        same = [kept for name, kept in (pieces if owner else pieces[-1:]) if name == owner]
        if not owner and not statement.binds and len(lone) < MAX_LONE:
            lone.add(statement)  # it fills a table; if it fails, the others run all the same
            same = []
        if same and not same[0] & lone:
            same[0].add(statement)
        else:
            pieces.append((owner, {statement}))
    helpers = 0
    for owner, kept in pieces:
        helpers += not owner
        part = f", part {helpers}" if helpers > 1 else ""
        yield owner or f"cell {code.cell}{part}", code.only(kept, replaced)
