"""The mutation score: how many small changes of a right solution still get full marks.

Every operator, number, comparison, index, slice, axis and argument of the chapter's own
solutions is changed, one at a time, and each mutant is graded like a learner's submission. A
mutant that keeps full marks is either equivalent (listed with the reason in
``graders/chNN_name.equivalent.toml``) or a hole in the ladder.

    python -m cnnlab.autograder.mutation            # every chapter
    python -m cnnlab.autograder.mutation ch01 ch02

Operators come from Cosmic Ray; those for arrays (slices, axes, swapped names and arguments)
are our own.
"""

from __future__ import annotations

import ast
import copy
import difflib
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cnnlab.autograder.answerkey import AnswerKey
from cnnlab.autograder.exercise import GRADERS, Chapter, chapter_names, find_chapter, load_chapter
from cnnlab.autograder.grading import plain_version
from cnnlab.autograder.judge import judge
from cnnlab.autograder.record import recorded
from cnnlab.autograder.sandbox import available
from cnnlab.autograder.session import Session, open_workers

SECONDS = 2.0
"""What a mutant may take for one call: far more than a right solution does."""


@dataclass(frozen=True)
class Mutant:
    """A changed solution; ``change`` is the changed lines, before and after."""

    exercise: str
    source: str
    change: str


@dataclass
class Score:
    """A chapter's mutation score.

    ``survivors`` kept full marks without a reason; ``stale`` are listed reasons that no mutant
    needs any more.
    """

    chapter: str
    killed: int = 0
    equivalent: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.killed + self.equivalent + len(self.survivors)

    def __str__(self) -> str:
        return (
            f"{self.chapter}: {self.total} mutants, {self.killed} lose points, "
            f"{self.equivalent} equivalent, {len(self.survivors)} survive"
        )


def measure(name: str, tell: Callable[[str], None] = lambda text: None) -> Score:
    """Grade every mutant of a chapter's solutions, in the sandbox where there is one."""
    chapter, keys = load_chapter(name), recorded(name)
    reasons = equivalent_mutants(name)
    score, used = Score(name), set()
    with open_workers(keras=chapter.keras, walls=available() is None) as workers:
        for exercise in chapter.exercises:
            for mutant in mutants(exercise.name, plain_version(name, exercise.name)):
                with workers.session() as session:
                    survives = keeps_full_marks(mutant, chapter, keys[exercise.name], session)
                if not survives:
                    score.killed += 1
                elif mutant.change in reasons.get(exercise.name, {}):
                    score.equivalent += 1
                    used.add((exercise.name, mutant.change))
                else:
                    score.survivors.append(mutant)
                    tell(f"{exercise.name} keeps full marks:\n{mutant.change}\n")
    listed = {(e, change) for e, changes in reasons.items() for change in changes}
    score.stale = [f"{e}: {change}" for e, change in sorted(listed - used)]
    return score


def keeps_full_marks(mutant: Mutant, chapter: Chapter, key: AnswerKey, session: Session) -> bool:
    """Grade one mutant."""
    cells = [(need, plain_version(chapter.name, need)) for need in key.exercise.needs]
    cells.append((mutant.exercise, mutant.source))
    session.define(cells, chapter.prelude, chapter.imports, drivers=chapter.drivers)
    driver = key.exercise.driver
    result = judge(key, session.call(mutant.exercise, key.requests, SECONDS, driver))
    return result.score == result.max_score


def equivalent_mutants(name: str) -> dict[str, dict[str, str]]:
    """Exercise → change → why it changes nothing that a caller could see."""
    path = GRADERS / f"{name}.equivalent.toml"
    if not path.exists():
        return {}
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        exercise: {entry["change"].strip(): entry["why"] for entry in entries}
        for exercise, entries in listed.items()
    }


def mutants(exercise: str, source: str) -> Iterator[Mutant]:
    """Every different mutant of a function's source.

    Docstrings and the words of error messages are left alone: nobody is graded for them.
    """
    plain = ast.unparse(without_words(ast.parse(source)))
    seen = {plain}
    for mutated in [*_cosmic_ray(plain), *_array_mutants(plain)]:
        if mutated not in seen:
            seen.add(mutated)
            yield Mutant(exercise, mutated, difference(plain, mutated))


def without_words(tree: ast.Module) -> ast.Module:
    """The module without docstrings, and with error messages that compute nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args = [_plain_text(argument) for argument in node.exc.args]
    return tree


def _plain_text(message: ast.expr) -> ast.expr:
    """An f-string with its values left out; anything else as it is."""
    if not isinstance(message, ast.JoinedStr):
        return message
    parts = [p.value if isinstance(p, ast.Constant) else "…" for p in message.values]
    return ast.Constant("".join(map(str, parts)))


def difference(before: str, after: str) -> str:
    """The lines that differ, marked ``-`` and ``+``."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return "\n".join(f"{line[0]} {line[2:].strip()}" for line in lines if line[0] in "-+")


def _cosmic_ray(source: str) -> Iterator[str]:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    # These two need a comma-separated list of names to work on.
    for name in operator_names():
        if "VariableReplacer" in name or "VariableInserter" in name:
            continue
        occurrence = 0
        while (mutated := mutate_code(source, get_operator(name)(), occurrence)) is not None:
            occurrence += 1
            if _parses(mutated):
                yield mutated


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


Change = Callable[[ast.AST], Iterator[ast.AST]]


def _array_mutants(source: str) -> Iterator[str]:
    """One mutant for every change that `_CHANGES` proposes for any node."""
    tree = ast.parse(source)
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - {"np", "math"})
    for position, node in enumerate(ast.walk(tree)):
        for replacement in (r for change in _CHANGES for r in change(node)):
            yield _replaced(tree, position, replacement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            for other in _neighbours(node.id, names):
                yield _replaced(tree, position, ast.Name(other, ast.Load()))


def _neighbours(name: str, names: list[str]) -> list[str]:
    """Names that a tired person would write instead: the ones next to it in the alphabet,
    and those that differ in one letter (``kh``, ``kw``)."""
    at = names.index(name)
    close = names[max(at - 1, 0) : at] + names[at + 1 : at + 2]
    twins = [n for n in names if len(n) == len(name) and sum(map(str.__ne__, n, name)) == 1]
    return list(dict.fromkeys(close + twins))


def _slice_bounds(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                fewer = copy.copy(node)
                setattr(fewer, bound, None)
                yield fewer


def _swapped_elements(node: ast.AST) -> Iterator[ast.AST]:
    """Neighbours change places: in a tuple (an index, a shape, axes) and among arguments."""
    attribute = {ast.Tuple: "elts", ast.Call: "args"}.get(type(node))
    items = getattr(node, attribute) if attribute else []
    for i in range(len(items) - 1):
        swapped = copy.copy(node)
        setattr(swapped, str(attribute), [*items[:i], items[i + 1], items[i], *items[i + 2 :]])
        yield swapped


def _dropped_keywords(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call):
        for i in range(len(node.keywords)):
            fewer = copy.copy(node)
            fewer.keywords = node.keywords[:i] + node.keywords[i + 1 :]
            yield fewer


def _dropped_statements(node: ast.AST) -> Iterator[ast.AST]:
    """``x += y`` becomes ``x = y``; an ``if`` that raises goes."""
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=node.lineno)
    if isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise):
        yield ast.Pass()


_CHANGES: tuple[Change, ...] = (
    _slice_bounds,
    _swapped_elements,
    _dropped_keywords,
    _dropped_statements,
)


def _replaced(tree: ast.Module, position: int, replacement: ast.AST) -> str:
    """The source with the node at this position of `ast.walk` replaced."""
    new = copy.deepcopy(tree)
    target = list(ast.walk(new))[position]
    for parent in ast.walk(new):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, replacement)
            elif isinstance(value, list) and any(item is target for item in value):
                setattr(parent, name, [replacement if i is target else i for i in value])
    return ast.unparse(ast.fix_missing_locations(new))


def main(arguments: list[str]) -> int:
    """Print every chapter's score; exit code 1 if a mutant survives or a reason is stale."""
    names = [find_chapter(a) for a in arguments] or chapter_names()
    scores = [measure(name, print) for name in names]
    for score in scores:
        print(score)
        for change in score.stale:
            print(f"  no mutant needs this reason any more: {change}")
    return int(any(score.survivors or score.stale for score in scores))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
