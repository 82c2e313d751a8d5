"""An assignment's notebook, made of the chapters' notebooks with solutions.

Either a whole chapter, in which exercises that were not chosen stay as practice, without points;
or a worksheet with exercises of several chapters.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.worth import Asked
from cnnlab.autograder.submission.code import parse
from cnnlab.autograder.submission.needs import GIVEN, Needs
from cnnlab.autograder.submission.solutions import SOLUTIONS, solution_source

_OFFER = re.compile(r"[.,]?\s+`solution\(\w+\)`\s+shows\s+one\s+way\s+to\s+do\s+it")
_START = re.compile(r"^start\(([^)]*)\)", re.MULTILINE)
_OUR_OWN = ("from cnnlab.course", "from cnnlab.datasets")
_LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^/)]+)/[^)]*\)")


class AssignmentRefused(ValueError):
    """These exercises cannot stand in one notebook; the message says why."""


@cache
def solved(chapter: str) -> NotebookNode:
    """A chapter's notebook with solutions, as it is installed; not to be changed."""
    return nbformat.read(SOLUTIONS / chapter / f"{chapter}.ipynb", as_version=4)


def notebook(
    name: str, asked: Sequence[Asked], solutions: bool = True, others: Collection[str] = ()
) -> NotebookNode:
    """The notebook of an assignment, for nbgrader's ``source/``.

    Parameters
    ----------
    name : str
        The assignment's. If it is the chapter's, all its text stays; else it is a worksheet.
    asked : sequence of Asked
        The exercises that give points.
    solutions : bool
        Whether `solution` shows solutions.
    others : collection of str
        Assignments that it may lead to, as chapters do.

    Raises
    ------
    AssignmentRefused
        Two functions in it would have one name.
    """
    whole = {each.chapter for each in asked} == {name}
    made = _chapter(name) if whole else _worksheet(name, asked)
    worth = {each.name: each for each in asked}
    for cell in made.cells:
        own = cell.metadata.get("cnnlab", {})
        if own.get("role") == "check":
            _set_points(cell, worth.get(own["exercise"]))
        elif own.get("role") == "prose":
            cell.source = _LINK.sub(lambda link: _kept(link, others), cell.source)
    made.metadata["cnnlab"] = {**made.metadata.get("cnnlab", {}), "solutions": solutions}
    if not solutions:
        _without_solutions(made)
    nbformat.validate(made)
    return made


def _kept(link: re.Match[str], others: Collection[str]) -> str:
    return link[0] if link[2] in others else link[1]


def _set_points(cell: NotebookNode, asked: Asked | None) -> None:
    """Give a check its points; one that was not asked for is no grade cell any more."""
    if asked is None:
        cell.metadata.pop("nbgrader", None)
        return
    points = asked.points
    cell.metadata.nbgrader["points"] = int(points) if points == int(points) else points
    cell.metadata.cnnlab["chapter"] = asked.chapter
    if asked.robust is not None:
        cell.metadata.cnnlab["robust"] = asked.robust


def _without_solutions(made: NotebookNode) -> None:
    """Take the offer of solutions out: of the set-up, and of what the text says."""
    for cell in made.cells:
        if cell.metadata.get("cnnlab", {}).get("role") == "setup":
            cell.source = re.sub(r"\bsolution, (?=start\b)", "", cell.source)
            cell.source = _START.sub(_keeping_solutions, cell.source)
        elif cell.cell_type == "markdown":
            cell.source = _OFFER.sub("", cell.source)


def _keeping_solutions(start: re.Match[str]) -> str:
    if start[1].endswith("\n"):
        return f"start({start[1]}    solutions=False,\n)"
    return f"start({start[1]}, solutions=False)"


# A whole chapter


def _chapter(chapter: str) -> NotebookNode:
    return nbformat.from_dict(_copy(solved(chapter)))


def _copy(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _copy(value) for key, value in tree.items()}
    return [_copy(item) for item in tree] if isinstance(tree, list) else tree


# A worksheet


def _worksheet(name: str, asked: Sequence[Asked]) -> NotebookNode:
    """A title, one set-up cell, and for each exercise its section of the chapter."""
    chosen = list(_with_practice(asked))
    _refuse_clashes(chosen)
    titles = dict.fromkeys(load_chapter(chapter).title for chapter, _ in chosen)
    graded = {(each.chapter, each.name) for each in asked}
    sections = [cell for place in chosen for cell in _section(*place, place in graded)]
    about = f"From: {', '.join(titles)}. Run the next cell first."
    title = _prose(f"# {name.replace('_', ' ')}\n\n{about}")
    cells = [title, _setup(chosen, sections), *sections]
    for number, cell in enumerate(cells):
        cell["id"] = f"{cell.metadata.cnnlab.role}-{number}"
    made = nbformat.v4.new_notebook(cells=cells, metadata=_copy(solved(chosen[0][0]).metadata))
    del made.metadata["cnnlab"]
    made.nbformat, made.nbformat_minor = 4, 5
    return made


def _with_practice(asked: Sequence[Asked]) -> Iterator[tuple[str, str]]:
    """Chapter and name of each exercise, after those that its solution may call."""
    seen: set[tuple[str, str]] = set()

    def add(chapter: str, name: str) -> Iterator[tuple[str, str]]:
        if (chapter, name) not in seen:
            seen.add((chapter, name))
            for need in load_chapter(chapter)[name].needs:
                yield from add(chapter, need)
            yield chapter, name

    for each in asked:
        yield from add(each.chapter, each.name)


def _refuse_clashes(chosen: Sequence[tuple[str, str]]) -> None:
    """One notebook has one function of a name."""
    names: dict[str, str] = {}
    for chapter, exercise in chosen:
        if exercise in names:
            raise AssignmentRefused(
                f"{names[exercise]}::{exercise} and {chapter}::{exercise} have the same name. One "
                "notebook can hold one of them: make two assignments."
            )
        names[exercise] = chapter
    given: dict[str, str] = {}
    for chapter, name in [(c, n) for c, exercise in chosen for n in _given_to(c, exercise)]:
        other = names.get(name) or given.get(name, chapter)
        if other != chapter:
            raise AssignmentRefused(
                f"{chapter} hands out a function {name}, and {other} has another one of this "
                "name. One notebook can hold one of them: make two assignments."
            )
        given[name] = chapter


def _given_to(chapter: str, exercise: str) -> list[str]:
    """The functions that the chapter hands out and that this exercise's solution uses."""
    used = {
        n.id
        for n in ast.walk(ast.parse(solution_source(chapter, exercise)))
        if isinstance(n, ast.Name)
    }
    return sorted(used & _handed_out(chapter).keys())


@cache
def _handed_out(chapter: str) -> dict[str, str]:
    """Name → module of what a chapter's set-up imports from `cnnlab.course.given`."""
    return {
        alias.asname or alias.name: str(node.module)
        for node in _imports(chapter)
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(GIVEN)
        for alias in node.names
    }


def _imports(chapter: str, first: bool = False) -> Iterator[ast.Import | ast.ImportFrom]:
    """What a chapter's set-up imports, or only its first cell, which starts the chapter."""
    for cell in solved(chapter).cells:
        role = cell.metadata.get("cnnlab", {}).get("role")
        if role == "setup" and ("start(" in cell.source or not first):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node


def _setup(chosen: Sequence[tuple[str, str]], cells: Sequence[NotebookNode]) -> NotebookNode:
    """What learners and these cells use of the chapters' imports, and of what they hand out."""
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    lines: dict[str, dict[str, None]] = {}
    for chapter in dict.fromkeys(chapter for chapter, _ in chosen):
        for node in _imports(chapter, first=True):
            begin = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
            for alias in node.names:
                if (alias.asname or alias.name) in used or not begin.startswith(_OUR_OWN):
                    key = begin if begin != "import " else f"import {alias.name}"
                    lines.setdefault(key, {})[ast.unparse(alias)] = None
    for chapter, name in [(c, n) for c, exercise in chosen for n in _given_to(c, exercise)]:
        lines.setdefault(f"from {_handed_out(chapter)[name]} import ", {})[name] = None
    imports = [
        begin + ", ".join(names) if begin.startswith("from ") else f"import {', '.join(names)}"
        for begin, names in lines.items()
    ]
    started = [f'"{chapter[:4]}::{exercise}"' for chapter, exercise in chosen]
    start = f"start({', '.join(started)})"
    if len(start) > 80:
        start = "\n    ".join(["start(", *(f"{each}," for each in started)]) + "\n)"
    source = "\n".join(imports) + f"\n\n{start}"
    return new_code_cell(source, metadata={"cnnlab": {"role": "setup"}})


def _prose(text: str) -> NotebookNode:
    return new_markdown_cell(text, metadata={"cnnlab": {"role": "prose"}})


def _section(chapter: str, exercise: str, graded: bool) -> Iterator[NotebookNode]:
    """An exercise's own section: its text, the box of a puzzle, the exercise and its check."""
    cells = solved(chapter).cells
    (at,) = (
        i
        for i, c in enumerate(cells)
        if c.metadata.cnnlab == {"role": "exercise", "exercise": exercise}
    )
    begin = max(
        i
        for i in range(at)
        if re.match(r"#+ ", cells[i].source) and cells[i].cell_type == "markdown"
    )
    note = (
        ""
        if graded
        else "\n\n*This one is for practice: other exercises may call it. It gives no points.*"
    )
    heading = f"## {exercise}\n\n*{load_chapter(chapter).title}*{note}"
    text = "\n\n".join(c.source for c in cells[begin:at] if c.cell_type == "markdown")
    yield _prose("\n\n".join(filter(None, [heading, text.partition("\n")[2].strip()])))
    for cell in cells[begin:at]:
        if cell.cell_type == "code" and cell.source.startswith("broken_"):
            yield new_code_cell(
                _by_itself(chapter, cell.source), metadata={"cnnlab": {"role": "demo"}}
            )
    for cell in cells[at : at + 2]:
        copy = nbformat.from_dict(_copy(cell))
        copy.metadata.cnnlab["chapter"] = chapter
        yield copy


def _by_itself(chapter: str, source: str) -> str:
    """A box's cell, or only its first line where the rest needs what earlier cells made."""
    imports = "\n".join(ast.unparse(node) for node in _imports(chapter))
    statements = parse(0, source).statements
    known = Needs([*parse(1, imports).statements, *statements])
    first = source.splitlines()[0]
    return first if known.unknown(set(statements)) else source
