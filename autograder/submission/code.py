"""Learner code, read as statements: what each defines, uses and imports. Nothing is executed.

Source of any kind may come in. What cannot be parsed is a `Code` with a ``problem``.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cnnlab.autograder.judging.stubs import is_stub_source
from cnnlab.autograder.submission.effects import Effects, effects

MAX_PARSED = 128 << 10
"""Characters in a cell that is parsed; CPython takes seconds for some that are longer."""
MAX_NESTING = 90
"""Brackets inside brackets."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IMPORTS = (ast.Import, ast.ImportFrom)

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|\'\'\'(?:\\.|[^\\])*?(?:\'\'\'|\Z)'
    r'|"(?:\\.|[^"\\\n])*+"?|\'(?:\\.|[^\'\\\n])*+\'?'
    r"|#[^\n]*+|\\\n|[()\[\]{}\n]",
    re.DOTALL,
)
_MAGIC = re.compile(
    r"(?P<indent>[ \t]*+)(?P<magic>[%!?](?:\\\n|[^\n])*+"  # %timeit f(x), !pip, ?f
    r"|\w[\w.]*+\?{1,2}[ \t]*+(?=\n|\Z)"  # f?
    r"|[^\W\d][\w., \t]*+=[ \t]*+[%!](?:\\\n|[^\n])*+)"  # files = !ls
)
_CELL_MAGIC = re.compile(r"\s*+%%(\w+)[^\n]*+")
_RUN_AS_PYTHON = {"time", "capture", "prun"}


@dataclass(eq=False)
class Statement:
    """One statement at the top level of a cell."""

    node: ast.stmt
    source: str
    may_import: bool = True
    """Whether the word ``import`` is in its cell at all; if not, there is nothing to search."""

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names that it gives a value."""
        if isinstance(self.node, _DEFINITIONS):
            return frozenset([self.node.name])
        return frozenset(_bound(self.node))

    @cached_property
    def effects(self) -> Effects:
        """What running it does to what other statements made."""
        return effects([self.node])

    @cached_property
    def inner_effects(self) -> Effects:
        """The same, its functions' bodies included: what calling them may do."""
        return effects([self.node], inside=True)

    @cached_property
    def uses(self) -> frozenset[str]:
        """The names that it reads from its module, now or when its functions are called."""
        try:
            module = symtable.symtable(self.source, "cell", "exec")
            reads = frozenset(_reads(module))
            return reads | (_updated(self.node) & set(module.get_identifiers()))
        except (SyntaxError, RecursionError):  # what compiles nowhere, such as a loose nonlocal
            return frozenset()

    @cached_property
    def imports(self) -> tuple[Imported, ...]:
        """What it imports, see `imports`."""
        return tuple(imports(self.node)) if self.may_import else ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that stand anywhere in it, other than to be given a value."""
        return frozenset(
            node.id
            for node in ast.walk(self.node)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)
        )

    @property
    def is_owned(self) -> bool:
        """Whether it is ``conv2d = own(conv2d, …)``, in whose place the prelude's stands."""
        call = self.node.value if isinstance(self.node, ast.Assign) else None
        return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "own"

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, _DEFINITIONS)

    @property
    def is_import(self) -> bool:
        return isinstance(self.node, _IMPORTS)

    @property
    def is_star(self) -> bool:
        return isinstance(self.node, ast.ImportFrom) and self.node.names[0].name == "*"

    @property
    def is_expression(self) -> bool:
        return isinstance(self.node, ast.Expr)

    @property
    def is_neutral(self) -> bool:
        """A docstring or a ``from __future__``: these must stay where they are."""
        node = self.node
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant)
        return isinstance(node, ast.ImportFrom) and node.module == "__future__"

    def is_stub(self) -> bool:
        """Whether it defines a function that is not written yet."""
        return is_stub_source(self.node)


@dataclass(eq=False)
class Code:
    """One cell, parsed.

    Parameters
    ----------
    cell : int
        The cell's number.
    source : str
        Python, with as many lines as the learner sees: what was dropped left its line.
    statements : list of Statement
    problem : str
        Why it could not be parsed, as a sentence; or ``""``.
    dropped : list of str
        Notebook commands such as ``%matplotlib inline``, which are not Python.
    """

    cell: int
    source: str
    statements: list[Statement] = field(default_factory=list)
    problem: str = ""
    dropped: list[str] = field(default_factory=list)

    def only(
        self, kept: Collection[Statement], replaced: Mapping[ast.stmt, str] | None = None
    ) -> str:
        """The source with every other statement blanked out; lines keep their numbers.

        ``replaced`` gives other text, of one line, to statements anywhere inside those.
        """
        edits: list[tuple[ast.stmt, str]] = [
            (s.node, "") for s in self.statements if s not in kept and not s.is_neutral
        ]
        for statement in kept:
            inner = ast.walk(statement.node) if replaced else ()
            edits += [(n, (replaced or {})[n]) for n in inner if n in (replaced or {})]  # type: ignore[misc, index]
        if not edits:
            return self.source
        lines = self.source.encode().split(b"\n")
        for node, text in sorted(edits, key=lambda edit: _extent(edit[0]), reverse=True):
            (first, start), (last, end) = _extent(node)
            before, after = lines[first][:start], lines[last][end:]
            lines[first : last + 1] = [b""] * (last + 1 - first)
            if text:
                after = text.encode() + after
                last = first
            elif after.lstrip().startswith(b";"):
                after = b"pass" + after
            lines[last] = after
            lines[first] = before + lines[first]
        return b"\n".join(lines).decode().rstrip() + "\n"


def parse(cell: int, source: str) -> Code:
    """A cell's statements. Notebook commands are dropped, as Jupyter keeps them from Python.

    Examples
    --------
    >>> parse(1, "%matplotlib inline\\nx = 1").source
    'pass\\nx = 1'
    >>> parse(1, "x = (1").problem
    "Line 1 is not Python: '(' was never closed. It reads: x = (1"
    """
    code = Code(cell, source)
    tree, code.problem = _tree(source)
    if tree is None and len(source) <= MAX_PARSED:
        cleaned, dropped = _without_magics(_dedented(source))
        if cleaned != source:
            again, problem = _tree(cleaned)
            code = Code(cell, cleaned, problem=problem, dropped=dropped)
            tree = again
    if tree is not None:
        may_import = "import" in code.source
        lines = code.source.encode().split(b"\n")  # an AST counts columns in bytes
        code.statements = [Statement(n, _segment(n, lines), may_import) for n in tree.body]
    return code


def _extent(node: ast.stmt) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a statement begins, decorators included, and ends: line from 0, byte in it."""
    first, start = node.lineno - 1, node.col_offset
    if isinstance(node, _DEFINITIONS) and node.decorator_list:
        first, start = node.decorator_list[0].lineno - 1, 0
    return (first, start), ((node.end_lineno or node.lineno) - 1, node.end_col_offset or 0)


def _segment(node: ast.stmt, lines: list[bytes]) -> str:
    """A statement's own source."""
    (first, start), (last, end) = _extent(node)
    if first == last:
        return lines[first][start:end].decode()
    return b"\n".join([lines[first][start:], *lines[first + 1 : last], lines[last][:end]]).decode()


@dataclass(frozen=True)
class Imported:
    """One name that an import statement defines, and the top-level module that it comes from."""

    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    module: str
    guarded: bool
    """Whether the code goes on where there is no such module: ``try: import numba``."""

    @property
    def name(self) -> str:
        whole = isinstance(self.node, ast.ImportFrom)
        return self.alias.asname or (
            self.alias.name if whole else self.alias.name.partition(".")[0]
        )


def imports(root: ast.AST) -> Iterator[Imported]:
    """What is imported anywhere in a statement.

    >>> [(i.name, i.module) for i in imports(ast.parse("def f():\\n    import scipy.signal as s"))]
    [('s', 'scipy')]
    """
    stack: list[tuple[ast.AST, bool]] = [(root, False)]
    while stack:
        node, guarded = stack.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(node, alias, alias.name.partition(".")[0], guarded)
        elif isinstance(node, ast.ImportFrom):
            name = "." * node.level + (node.module or "")
            module = name if node.level else name.partition(".")[0]
            yield from (Imported(node, alias, module, guarded) for alias in node.names)
        tried = node.body if _catches_import_error(node) else []  # type: ignore[attr-defined]
        for child in ast.iter_child_nodes(node):
            stack.append((child, guarded or any(child is each for each in tried)))


def _catches_import_error(node: ast.AST) -> bool:
    if isinstance(node, ast.Try):
        caught = [handler.type for handler in node.handlers]
        if None in caught:
            return True
    elif isinstance(node, ast.With):  # contextlib.suppress(ImportError)
        caught = [item.context_expr for item in node.items]
    else:
        return False
    names = {n.id for each in caught if each for n in ast.walk(each) if isinstance(n, ast.Name)}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def shown(text: str, size: int = 80) -> str:
    """Text from anybody, short and printable."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:size])
    return clean + "…" if len(text) > size else clean


def _tree(source: str) -> tuple[ast.Module | None, str]:
    if len(source) > MAX_PARSED:
        return None, f"This code is longer than {MAX_PARSED >> 10} KiB. Shorten it."
    if _too_deep(source):
        return None, f"This code has brackets more than {MAX_NESTING} deep. Make it simpler."
    try:
        return ast.parse(source), ""
    except SyntaxError as error:
        if not error.lineno:
            return None, f"This is not Python: {shown(error.msg or '')}."
        lines = source.split("\n")
        text = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
        said = f"Line {error.lineno} is not Python: {shown(error.msg or '').rstrip('?')}."
        return None, f"{said} It reads: {shown(text.strip())}" if text.strip() else said
    except (RecursionError, MemoryError):
        return None, "This code is nested too deeply. Make it simpler."
    except ValueError as error:  # null bytes
        return None, f"This is not Python: {shown(str(error))}."


def _too_deep(source: str) -> bool:
    if source.count("(") + source.count("[") + source.count("{") <= MAX_NESTING:
        return False
    depth = 0
    for token in _TOKEN.finditer(source):
        if token[0] in ("(", "[", "{"):
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif token[0] in (")", "]", "}"):
            depth = max(0, depth - 1)
    return False


def _dedented(source: str) -> str:
    """Jupyter takes the indentation of a cell's first line from all its lines."""
    indent = re.match(r"(?:[ \t]*+\n)*+([ \t]++)(?=\S)", source)
    if not indent:
        return source
    return "\n".join(line.removeprefix(indent[1]) for line in source.split("\n"))


def _without_magics(source: str) -> tuple[str, list[str]]:
    """The source with ``pass`` for every notebook command at a statement's start."""
    dropped: list[str] = []
    start = 0
    while magic := _CELL_MAGIC.match(source, start):
        dropped.append(shown(magic[0].strip(), 40))
        start = magic.end() if magic[1] in _RUN_AS_PYTHON else len(source)
    source = "\n" * source.count("\n", 0, start) + source[start:]
    pieces, done, position, depth, at_start = [], 0, 0, 0, True
    while True:
        if at_start and depth == 0 and (found := _MAGIC.match(source, position)):
            dropped.append(shown(found["magic"].strip(), 40))
            pieces += [source[done:position], found["indent"], "pass", "\n" * found[0].count("\n")]
            done = position = found.end()
        token = _TOKEN.search(source, position)
        if token is None:
            return "".join([*pieces, source[done:]]), dropped
        position = token.end()
        depth = max(0, depth + (token[0] in ("(", "[", "{")) - (token[0] in (")", "]", "}")))
        at_start = token[0] == "\n"


# Names


def _bound(statement: ast.AST) -> set[str]:
    """The names that a statement binds in its own scope."""
    found: set[str] = set()
    stack = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, _DEFINITIONS):
            found.add(node.name)
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                found.add(node.id)
        elif isinstance(node, _IMPORTS):
            found.update(a.asname or a.name.partition(".")[0] for a in node.names)
        elif not isinstance(node, (*_COMPREHENSIONS, ast.Lambda)):
            found.update(_names_in_fields(node))
            stack.extend(_children(node))
    return found


def _names_in_fields(node: ast.AST) -> list[str]:
    """Names that a node binds without an `ast.Name`: ``except … as e``, ``case [*rest]``."""
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    return []


def _children(node: ast.AST) -> list[ast.AST]:
    """A node's own parts. (Others hang a ``parent`` on nodes that all trees share.)"""
    return list(ast.iter_child_nodes(node))


def _reads(table: symtable.SymbolTable, *, outer: bool = True) -> Iterator[str]:
    """The names that a scope and those inside it read from the module.

    In the module itself and in a class body, a name that is bound may be read first.
    """
    outer = outer or table.get_type() == "class"
    for symbol in table.get_symbols():
        # `is_global` alone takes a function that is called "top" for a module.
        outside = symbol.is_declared_global() or (symbol.is_global() and not symbol.is_local())
        if symbol.is_declared_global() or (symbol.is_referenced() and (outer or outside)):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _reads(child, outer=False)


def _updated(node: ast.AST) -> set[str]:
    """The names that ``x += 1`` reads; a symbol table lists them as assigned alone."""
    changes = (each.target for each in ast.walk(node) if isinstance(each, ast.AugAssign))
    return {target.id for target in changes if isinstance(target, ast.Name)}
