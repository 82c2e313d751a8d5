"""Learner code, read as statements: what each defines, uses and imports. Nothing is executed.

Source of any kind may come in. What cannot be parsed is a `Code` with a ``problem``.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from cnnlab.autograder.judging.stubs import is_stub_source

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
    def changes(self) -> str:
        """The name whose value it changes in place, as ``table.append(1)``; or ``""``."""
        node: ast.AST = self.node
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            node = node.value.func
        elif isinstance(node, ast.Assign):
            node = node.targets[0]
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            node = node.target
        if not isinstance(node, ast.Attribute | ast.Subscript):
            return ""
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        return node.id if isinstance(node, ast.Name) else ""

    @cached_property
    def uses(self) -> frozenset[str]:
        """The names that it reads from its module, now or when its functions are called."""
        try:
            module = symtable.symtable(self.source, "cell", "exec")
            reads = frozenset(_reads(module))
            return reads | (_updated(self.node) & set(module.get_identifiers()))
        except (SyntaxError, RecursionError):  # what compiles nowhere, such as a loose nonlocal
            return frozenset()

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

    def only(self, kept: Collection[Statement]) -> str:
        """The source with every other statement blanked out; lines keep their numbers."""
        others = [s.node for s in self.statements if s not in kept and not s.is_neutral]
        if not others:
            return self.source
        lines = self.source.encode().split(b"\n")
        for node in reversed(others):
            (first, start), (last, end) = _extent(node)
            before, after = lines[first][:start], lines[last][end:]
            if after.lstrip().startswith(b";"):
                after = b"pass" + after
            lines[first : last + 1] = [b""] * (last + 1 - first)
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


def modules(nodes: Iterable[ast.AST]) -> list[str]:
    """The top-level modules that are imported anywhere in these, each once.

    Examples
    --------
    >>> modules([ast.parse("def f():\\n    import scipy.signal")])
    ['scipy']
    """
    found: dict[str, None] = {}
    for root in nodes:
        for node in ast.walk(root):
            if isinstance(node, ast.Import):
                found.update((alias.name.partition(".")[0], None) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                name = "." * node.level + (node.module or "")
                found[name if node.level else name.partition(".")[0]] = None
    return list(found)


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
        said = f"Line {error.lineno} is not Python: {shown(error.msg or '')}."
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
    found: list[ast.AST] = []
    for value in vars(node).values():
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


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
