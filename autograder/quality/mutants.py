"""Mutants: a right solution with one thing changed.

Every operator, number, comparison, index, slice, axis, name and argument, one at a time.
Operators come from Cosmic Ray; those for arrays (slices, axes, swapped names and arguments)
are our own.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True)
class Mutant:
    """A changed solution; ``change`` is the changed lines, before and after."""

    exercise: str
    source: str
    change: str


def mutants(exercise: str, source: str) -> Iterator[Mutant]:
    """Every different mutant of a function's source; those that cost least to make come first.

    Docstrings and the words of error messages are left alone: nobody is graded for them.
    """
    plain = ast.unparse(without_words(ast.parse(source)))
    seen = {plain}
    for mutated in chain(_array_mutants(plain), _cosmic_ray(plain)):
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


_INVERSE: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Div(),
    ast.Div: ast.Mult(),
}


def _inverted_updates(node: ast.AST) -> Iterator[ast.AST]:
    """``x += y`` becomes ``x -= y``; Cosmic Ray leaves these alone."""
    if isinstance(node, ast.AugAssign) and type(node.op) in _INVERSE:
        yield ast.AugAssign(node.target, _INVERSE[type(node.op)], node.value)


_CHANGES: tuple[Change, ...] = (
    _slice_bounds,
    _swapped_elements,
    _dropped_keywords,
    _dropped_statements,
    _inverted_updates,
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
