"""Which of a document's cells is the answer to an exercise, and what to say where none is."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from cnnlab.autograder.submission.cells import Cell, Document
from cnnlab.autograder.submission.code import Code, Statement, shown


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
class Choice:
    """The cell that counts as an exercise's answer."""

    definition: Definition
    code: Code | None = None
    own: bool = False
    """The cell has the exercise's name, so that all of it is the answer."""
    needed: set[Statement] = field(default_factory=set)

    @property
    def runs(self) -> bool:
        return self.definition.status == "written"


def choose(
    name: str, codes: list[Code], marked: list[Code], document: Document, warnings: list[str]
) -> Choice:
    """The cell that answers an exercise: of those with its name, else of all others; the last."""
    mine = set(marked)
    others = [code for code in codes if code not in mine]
    broken = [code for code in marked if code.problem]
    found = _last_written(name, marked)
    if found is None and not broken:
        found = _last_written(name, others)
        if found and marked:
            warnings.append(f"{name}: its own cell holds no answer, so cell {found.cell} counts.")
    elif len(marked) > 1:
        counts = found or broken[-1]
        warnings.append(f"{len(marked)} cells have the name {name}; cell {counts.cell} counts.")
    if found:
        written = Definition(name, "written", "", found.source, note=_rest(name, found, document))
        return Choice(written, found, found in marked)
    begun = [code for code in marked if _begins(name, code) and _rest(name, code, document)]
    if begun:
        last = begun[-1]
        problem = _rest(name, last, document)
        return Choice(Definition(name, "syntax_error", problem, last.source))
    if broken:
        last = broken[-1]
        return Choice(Definition(name, "syntax_error", last.problem, last.source))
    return Choice(_unwritten(name, marked, others, document))


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
