"""What an answer needs: the statements, wherever they stand, that make and fill what it uses."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from cnnlab.autograder.sandbox.stand_ins import DISPLAYS
from cnnlab.autograder.submission.code import Statement
from cnnlab.autograder.submission.effects import CHANGING_BUILTINS, Call, parameters, root

GIVEN = "cnnlab.course.given."
"""From where notebooks import the functions of the prelude."""
MAX_DEPTH = 30
"""How far functions that call functions are followed."""


class Needs:
    """The statements that may run, by the names that they define and change.

    Parameters
    ----------
    statements : iterable of Statement
        In their order.
    prelude : Mapping of str to str
        What is defined anyway, see `imported`.
    exercises : Collection of str
        The functions that are judged; calling them changes nothing that counts.
    allowed : Collection of str
        Top-level modules that may be imported.
    """

    def __init__(
        self,
        statements: Iterable[Statement],
        prelude: Mapping[str, str] | None = None,
        exercises: Collection[str] = (),
        allowed: Collection[str] = sys.stdlib_module_names,
    ) -> None:
        self.prelude = dict(prelude or {})
        self.exercises = frozenset(exercises)
        self._allowed = frozenset(allowed)
        self._there = {*self.prelude, *dir(builtins), "display", "get_ipython", "__file__"}
        self.definers: dict[str, list[Statement]] = defaultdict(list)
        self.changers: dict[str, list[Statement]] = defaultdict(list)
        self._by_calling: dict[str, tuple[set[str], bool]] = {}
        every = list(statements)
        for statement in every:
            for name in self._gives(statement):
                self.definers[name].append(statement)
        self._learn_kinds()
        for statement in every:
            for name in self.filled(statement) - statement.binds:
                self.changers[name].append(statement)

    def _gives(self, statement: Statement) -> Iterable[str]:
        """The names that it defines, without those that learner code finds defined anyway."""
        if not statement.is_import:
            kept = self.prelude if statement.is_owned else ()
            return statement.binds - self.exercises - set(kept)
        targets = imported([statement.node])
        return [name for name, target in targets.items() if not self._is_there(name, target)]

    def _is_there(self, name: str, target: str) -> bool:
        """Whether an import brings what the prelude defines: a module, or a given function."""
        return self.prelude.get(name) == target or (
            name in self.prelude and target.startswith(GIVEN)
        )

    def _learn_kinds(self) -> None:
        """What is known of every name, once: files with thousands of statements come in, too."""
        self._modules = set(self.prelude) - self.definers.keys()
        self._functions: set[str] = set()
        self._fillers = (set(self.prelude) | CHANGING_BUILTINS) - self.definers.keys()
        self._strangers: set[str] = set()
        self._stands_for: dict[str, set[str]] = {}
        for name, known in self.definers.items():
            targets = [imported([s.node]).get(name, "") for s in known if s.is_import]
            tops = {re.split("[.:]", target)[0] for target in targets}
            if len(targets) == len(known):
                self._modules.add(name)
            if tops - DISPLAYS - {"cnnlab"}:  # what shows things fills nothing
                fills = tops <= self._allowed
                (self._fillers if fills else self._strangers).add(name)  # as `np.copyto`
            if all(isinstance(s.node, ast.FunctionDef) for s in known):
                self._functions.add(name)
            self._stands_for[name] = {n for s in known for n in s.effects.with_aliases([name])}

    def closure(self, roots: Iterable[Statement]) -> set[Statement]:
        """These statements, and all that define or change what they use."""
        found: set[Statement] = set()
        names: set[str] = set()
        stack = list(roots)
        while stack:
            statement = stack.pop()
            if statement in found:
                continue
            found.add(statement)
            for name in statement.uses - names:
                names.add(name)
                stack += [*self.definers.get(name, ()), *self.changers.get(name, ())]
        return found

    def unknown(self, statements: Iterable[Statement]) -> set[str]:
        """Names that these use, and that neither learner code nor the prelude defines."""
        used = {name for statement in statements for name in statement.uses}
        return {n for n in used if n not in self.definers} - self.exercises - self._there

    def filled(self, statement: Statement) -> set[str]:
        """The names whose value a statement changes, or may change; no modules."""
        effects = statement.effects
        found = effects.changed.union(*(self._changed_by(call) for call in effects.calls))
        found = effects.with_aliases(found)
        found = found.union(*(self._stands_for.get(name, ()) for name in found))
        return found - self._modules - self.exercises

    def handed_out(self, statement: Statement) -> set[str]:
        """The names that it hands to modules which may not be imported; they may fill them."""
        calls = [c for c in statement.effects.calls if c.unused and c.function in self._strangers]
        found = {name for call in calls for name in call.arguments}
        return found - self._functions - self._modules - self._strangers

    def _changed_by(self, call: Call) -> set[str]:
        """The names that a call changes, where it stands."""
        changed, fills = self._when_called(call.function)
        return changed | self._filled_by(call, fills)

    def _filled_by(self, call: Call, fills: bool) -> set[str]:
        """Those of its arguments that a call changes."""
        if fills or (call.unused and call.function in self._fillers):
            return set(call.arguments - self._functions)
        return set()

    def _when_called(self, name: str, depth: int = 0) -> tuple[set[str], bool]:
        """What calling this changes: names of the notebook, and whether also its arguments."""
        if name in self._by_calling or depth > MAX_DEPTH or name in self.exercises:
            return self._by_calling.get(name, (set(), False))
        self._by_calling[name] = set(), False  # what is not known yet, where functions recurse
        changed: set[str] = set()
        fills = False
        for statement in self.definers.get(name, ()):
            inner = statement.inner_effects
            own = set(inner.changed)
            called = [] if statement.is_import else list(inner.calls)
            if not statement.is_definition:  # go = partial(fill, table)
                called += [Call(n, statement.uses, False) for n in statement.uses - {name}]
            for call in called:
                also, fill = self._when_called(call.function, depth + 1)
                changed |= also
                own |= self._filled_by(call, fill)
            own = inner.with_aliases(own)
            fills = fills or bool(own & parameters(statement.node))
            changed |= own & statement.uses
        self._by_calling[name] = changed, fills
        return changed, fills


def imported(nodes: Iterable[ast.stmt]) -> dict[str, str]:
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


def used_names(statements: Iterable[Statement]) -> frozenset[str]:
    """The names that stand anywhere in these, other than to be given a value."""
    return frozenset().union(*(statement.names for statement in statements))


def defined_in(source: str) -> dict[str, str]:
    """What a prelude defines: each import as `imported` says it, each function as itself."""
    body = ast.parse(source).body
    functions = {n.name: n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    values = {root(target) for n in body if isinstance(n, ast.Assign) for target in n.targets}
    return {name: name for name in values} | functions | imported(body)
