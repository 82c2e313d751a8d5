"""Which of a document's cells answers which exercise, and what must be executed for it."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cnnlab.autograder.judging.exercise import Chapter
from cnnlab.autograder.sandbox.stand_ins import DISPLAYS
from cnnlab.autograder.submission.cells import Cell, Document
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
    left_out : list of str
        What of the learner's code does not run for it: "the import of tqdm, which is not used".
    fallbacks : list of str
        Modules that it uses where they are, and that are not there: ``try: import numba``.
    note : str
        A sentence for the learner, should the answer turn out to be wrong; or ``""``.
    """

    name: str
    status: str
    problem: str = ""
    source: str = ""
    left_out: list[str] = field(default_factory=list)
    fallbacks: list[str] = field(default_factory=list)
    note: str = ""


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
    codes, marked = _parsed(document, {e.name for e in chapter.exercises}, answers.warnings)
    choices = {
        exercise.name: _choose(exercise.name, codes, marked[exercise.name], document, answers)
        for exercise in chapter.exercises
    }
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
        written = Definition(name, "written", "", found.source, note=_rest(name, found, document))
        return _Choice(written, found, found in marked)
    begun = [code for code in marked if _begins(name, code) and _rest(name, code, document)]
    if begun:
        last = begun[-1]
        problem = _rest(name, last, document)
        return _Choice(Definition(name, "syntax_error", problem, last.source))
    if broken:
        last = broken[-1]
        return _Choice(Definition(name, "syntax_error", last.problem, last.source))
    return _Choice(_unwritten(name, marked, others, document))


def _begins(name: str, code: Code) -> bool:
    """Whether a cell holds the function's head."""
    return bool(re.search(rf"^[ \t]*+(?:async )?def {name}\b", code.source, re.M))


def _rest(name: str, code: Code, document: Document) -> str:
    """What to say where the function goes on in the next cell; or ``""``.

    An answer that was split with Ctrl+Shift+Minus leaves its second half indented.
    """
    following = [cell for cell in document.cells if cell.number > code.cell]
    if not following or not _is_indented(following[0]):
        return ""
    rest = following[0]
    begins_loop = re.match(r"\s*(?:for|while)\b", rest.source)
    return (
        f"Your {'loop' if begins_loop else 'code'} is in cell {rest.number}, outside of {name}. "
        f"Select cells {code.cell} and {rest.number}, and press Shift+M to make them one."
    )


def _is_indented(cell: Cell) -> bool:
    source = cell.source if cell.kind == "code" and not cell.ours else ""
    return bool(re.match(r"(?:[ \t]*+\n)*+[ \t]++[^\s#]", source))


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
        if code.problem and _begins(name, code):
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


def _follow(choices: dict[str, _Choice], codes: list[Code], chapter: Chapter) -> Needs:
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


def _used_by(name: str, choices: dict[str, _Choice]) -> dict[str, _Choice]:
    """An exercise's answer, and those of the exercises that it uses."""
    if name not in choices:
        return {}
    found: dict[str, _Choice] = {}
    stack = [name]
    while stack:
        choice = choices[used := stack.pop()]
        if used not in found and choice.code and (choice.runs or used == name):
            found[used] = choice
            stack += [n for s in choice.needed for n in s.uses if n in choices]
    return found


def _roots(name: str, choice: _Choice, needs: Needs) -> Iterator[Statement]:
    """The statements that are an answer by themselves."""
    for statement in choice.code.statements if choice.code else ():
        defines = name in statement.binds
        # A loop, an assert: part of the answer, unless it changes what is not here.
        acts = not statement.binds and not statement.is_expression
        if defines or (choice.own and acts and needs.filled(statement) <= {name}):
            yield statement


# What may be imported


def _check_imports(choice: _Choice, chapter: Chapter, needs: Needs) -> None:
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
    running: dict[str, _Choice],
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
