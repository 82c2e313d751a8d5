"""What a statement changes in place, by itself or through the functions that it calls.

An AST says no more than which names may be changed. So this errs on one side: a statement that
may fill a table counts as one that does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_TAKES_OUT = {"pop", "popitem", "setdefault"}
"""Methods that change their object although their result is what is used."""
CHANGING_BUILTINS = frozenset({"delattr", "exec", "filter", "map", "next", "setattr"})
"""Builtins that may change their arguments, or call what does."""


@dataclass(frozen=True)
class Call:
    """A call: the name it begins with, and the names in its arguments.

    ``unused`` says that nobody takes the result, so that the call is there for what it does.
    """

    function: str
    arguments: frozenset[str]
    unused: bool


@dataclass
class Effects:
    """What some code does to what other code made.

    Parameters
    ----------
    changed : set of str
        Names whose value it changes in place, as in ``table.append(1)`` or ``table[0] = 1``.
    calls : list of Call
    aliases : dict of str to set of str
        Names that may stand for a part of others, as ``row`` in ``for row in table``.
    """

    changed: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    aliases: dict[str, set[str]] = field(default_factory=dict)

    def with_aliases(self, names: Iterable[str]) -> set[str]:
        """These names, and those that they stand for."""
        found: set[str] = set()
        stack = list(names)
        while stack:
            if (name := stack.pop()) not in found:
                found.add(name)
                stack += self.aliases.get(name, ())
        return found


def effects(nodes: Iterable[ast.AST], *, inside: bool = False) -> Effects:
    """The effects of running these; with ``inside``, those of their functions' bodies as well.

    >>> effects(ast.parse("for row in table: row[0] = fill(other)").body).changed >= {"row"}
    True
    """
    found = Effects()
    unused: set[ast.AST] = set()
    for node in _executed(nodes, inside):
        if isinstance(node, ast.Expr):
            unused.update(n for n in ast.walk(node) if isinstance(n, ast.Call))
        elif isinstance(node, ast.Call):
            _add_call(found, node, node in unused)
        elif isinstance(node, ast.Attribute | ast.Subscript):
            if not isinstance(node.ctx, ast.Load):
                found.changed.add(root(node))
        elif isinstance(node, ast.AugAssign):
            found.changed.add(root(node.target))
        elif isinstance(node, ast.Global):
            found.changed.update(node.names)
        else:
            _add_aliases(found, node)
        for decorator in getattr(node, "decorator_list", ()):
            calls = Call(root(decorator), names_in([decorator]) | {_name(node)}, False)
            found.calls.append(calls)
    found.changed = found.with_aliases(found.changed - {""})
    return found


def _name(node: ast.AST) -> str:
    return str(getattr(node, "name", ""))


def _executed(nodes: Iterable[ast.AST], inside: bool) -> Iterator[ast.AST]:
    """Every node that runs, the outer ones first."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, FUNCTIONS) and not inside:
            arguments = node.args
            stack += [*arguments.defaults, *filter(None, arguments.kw_defaults)]
            stack += getattr(node, "decorator_list", [])
        else:
            stack.extend(ast.iter_child_nodes(node))


def _add_call(found: Effects, node: ast.Call, unused: bool) -> None:
    name = root(node.func)
    if isinstance(node.func, ast.Attribute) and (unused or node.func.attr in _TAKES_OUT):
        found.changed.add(name)
    found.changed.update(root(k.value) for k in node.keywords if k.arg == "out")
    handed = names_in([*node.args, *(keyword.value for keyword in node.keywords)])
    found.calls.append(Call(name, handed, unused))


def _add_aliases(found: Effects, node: ast.AST) -> None:
    targets: list[ast.AST] = []
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        targets, value = [node.target], names_in([node.iter])
    elif isinstance(node, ast.withitem) and node.optional_vars:
        targets, value = [node.optional_vars], names_in([node.context_expr])
    elif isinstance(node, ast.Assign):
        targets, value = list(node.targets), frozenset([root(node.value)])
    for target in targets:
        for name in names_in([target]):
            found.aliases.setdefault(name, set()).update(value - {"", name})


def root(node: ast.AST) -> str:
    """The name that an expression begins with: ``a`` in ``a.b[0].c(1)``; or ``""``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def names_in(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Every name that stands anywhere in these."""
    return frozenset(n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name))


def parameters(node: ast.AST) -> set[str]:
    """The names of the parameters of every function in this node."""
    return {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
