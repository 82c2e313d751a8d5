"""An answer as a case: what somebody wrote, and not who wrote it.

A case is a ``.py`` file that is graded like any other. Its name and its first two lines say what
it is, so that tests can hold the judge to it:

``ch01_conv2d_417_right.py``::

    # right: all windows at once, and one einsum
    # names: -

A **right** answer earns full marks and no diagnosis. An **edge** is a right idea that misses one
corner: it keeps four fifths. A **wrong** one loses points. The second line holds the diagnosis that
is true of it: ids of twists, ``?`` where no twist exists yet, ``-`` for none.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.results import ExerciseResult
from cnnlab.autograder.submission import read
from cnnlab.autograder.submission.code import parse

KINDS = ("right", "edge", "wrong")
NOBODY = "someone"
"""What replaces a person's name."""

_FILE = re.compile(r"(ch\d\d)_(\w+)_(\d{3})_(right|edge|wrong)\.py")
_HEADER = re.compile(r"# (right|edge|wrong): (.+)\n# names: (.+)\n")
_HOME = re.compile(r"((?:/home|[/\\]Users)[/\\]+)[^/\\]+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_ACCOUNTS = {"admin", "home", "jovyan", "root", "runner", "student", "user", "users"}
"""Accounts that say nothing about a person."""


@dataclass(frozen=True)
class Case:
    """An answer to one exercise, and what is true of it.

    Parameters
    ----------
    chapter, exercise : str
        ``ch01`` or the chapter's full name, and the function's name.
    kind : str
        One of `KINDS`.
    words : str
        In one line, what the answer does.
    names : tuple of str
        Ids of the twists that it should be named with; ``("?",)`` where it should be named and
        no twist exists yet.
    code : str
    """

    chapter: str
    exercise: str
    kind: str
    words: str
    names: tuple[str, ...]
    code: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: {self.kind!r}")
        if not self.words.strip() or "\n" in self.words:
            raise ValueError(f"words must be one line. Received: {self.words!r}")
        if bad := [name for name in self.names if not re.fullmatch(r"\?|[a-z0-9-]+", name)]:
            raise ValueError(f"names must be ids of twists, or ?. Received: {bad[0]!r}")

    @property
    def file_name(self) -> str:
        """The number is the code's own, so that two people need not agree on one."""
        number = int.from_bytes(hashlib.sha256(self.code.encode()).digest()) % 1000
        return f"{self.chapter[:4]}_{self.exercise}_{number:03}_{self.kind}.py"

    @property
    def text(self) -> str:
        """The file's content."""
        names = ", ".join(self.names) or "-"
        return f"# {self.kind}: {self.words}\n# names: {names}\n{self.code}"


def read_case(path: Path) -> Case:
    """Read a case's file.

    Raises
    ------
    ValueError
        Its name or its first two lines are not those of a case.
    """
    text = path.read_text(encoding="utf-8")
    file, header = _FILE.fullmatch(path.name), _HEADER.match(text)
    if file is None or header is None or file[4] != header[1]:
        raise ValueError(f"{path.name} must have the name and the first two lines of a case.")
    names = () if header[3] == "-" else tuple(header[3].split(", "))
    return Case(file[1], file[2], header[1], header[2], names, text[header.end() :])


def take(
    path: Path,
    exercise: str,
    words: str,
    kind: str = "right",
    names: Iterable[str] = (),
    chapter: str | None = None,
    people: Iterable[str] = (),
) -> Case:
    """Make a case of an answer in a notebook or a ``.py`` file. Nothing is executed.

    Parameters
    ----------
    path : Path
    exercise : str
    words, kind, names
        As in `Case`.
    chapter : str, optional
        As in `cnnlab.autograder.submission.read`.
    people : iterable of str
        Names that must not be in it, besides those of the account and of nbgrader's tree.

    Raises
    ------
    ValueError
        The file cannot be read, or holds no such answer; the message says why.
    """
    submission = read(path, chapter, only=exercise)
    if submission.problem or submission.chapter is None:
        raise ValueError(f"{path.name}: {submission.problem}")
    if exercise not in submission.exercises:
        known = ", ".join(e.name for e in load_chapter(submission.chapter).exercises)
        raise ValueError(f"exercise must be one of {known}. Received: {exercise!r}")
    pieces = submission.cells()
    if not pieces:
        said = submission.exercises[exercise].problem
        raise ValueError(f"There is no answer to make a case of. {said}")
    accounts = [os.environ.get(name, "") for name in ("USER", "USERNAME", "LOGNAME")]
    names_of_people = [*accounts, Path("~").expanduser().name, submission.student or "", *people]
    code = _joined(pieces, set(submission.exercises), names_of_people)
    return Case(submission.chapter, exercise, kind, words, tuple(names), code)


def same_result(one: ExerciseResult, other: ExerciseResult) -> bool:
    """Whether two results are the same, messages and times aside: those name lines."""
    return _essence(one) == _essence(other)


def _essence(result: ExerciseResult) -> tuple[object, ...]:
    rungs = [(rung.id, rung.passed) for rung in result.rungs]
    return result.status, result.score, result.diagnosis, rungs


# The code


def _joined(pieces: list[tuple[str, str]], exercises: set[str], people: Iterable[str]) -> str:
    """The pieces of an answer as one file, each without what says nothing to a computer.

    They stay cells where that matters: where an exercise's own cell does more than define, all
    of it is run because of its mark; and a cell may begin with ``from __future__``.
    """
    bare = [(name, parse(0, _bare(source)).statements) for name, source in pieces]
    statements = [statement for _, kept in bare for statement in kept]
    namer = _Namer(people, exercises, [statement.node for statement in statements])
    apart = any(statement.is_neutral or not statement.binds for statement in statements)
    text, imported = "", set()
    for name, kept in bare:
        if apart:
            text += f'# %% exercise="{name}"\n' if name in exercises else "# %%\n"
        for statement in kept:
            line = ast.unparse(namer.visit(statement.node))
            if line not in imported:
                defines = isinstance(statement.node, ast.FunctionDef | ast.ClassDef)
                text += "\n\n" * defines + line + "\n"
            if statement.is_import and not apart:
                imported.add(line)
    return text


class _Bare(ast.NodeTransformer):
    """Takes out texts that nothing reads: docstrings, and comments written as such."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        had_body = bool(getattr(node, "body", None))
        node = super().generic_visit(node)
        if had_body and not node.body and not isinstance(node, ast.Module):  # type: ignore[attr-defined]
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node


def _bare(source: str) -> str:
    tree = _Bare().visit(ast.parse(source))
    tree.body = [node for node in tree.body if not isinstance(node, ast.Pass)]
    return ast.unparse(tree)


class _Namer(ast.NodeTransformer):
    """Takes people's names out of texts, and out of names that the learner made up.

    Parameters
    ----------
    people : iterable of str
        As they may be written; each word of three letters or more counts.
    public : set of str
        Names that must stay: the exercises'.
    nodes : list of ast.stmt
        All the code: only names that it defines itself are changed, not those of libraries.
    """

    def __init__(self, people: Iterable[str], public: set[str], nodes: list[ast.stmt]) -> None:
        words = {w.lower() for name in people for w in re.findall(r"[^\W\d_]{3,}", name)}
        known = "|".join(map(re.escape, sorted(words - _ACCOUNTS)))
        self._person = re.compile(rf"(?<![^\W\d_])({known})(?![^\W\d_])", re.I) if known else None
        names, attributes = set(), set()
        for node in (node for statement in nodes for node in ast.walk(statement)):
            names |= _bound(node)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                attributes.add(node.attr)
        self._names, self._attributes = names - public, attributes

    def visit(self, node: ast.AST) -> ast.AST:
        own = self._attributes if isinstance(node, ast.Attribute) else self._names
        for field, value in ast.iter_fields(node):
            if isinstance(value, str) and value in own and not isinstance(node, ast.Constant):
                setattr(node, field, self._nameless(value))
            elif isinstance(value, list) and all(isinstance(item, str) for item in value):
                value[:] = [self._nameless(v) if v in own else v for v in value]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = _MAIL.sub(f"{NOBODY}@example.org", _HOME.sub(rf"\1{NOBODY}", node.value))
            node.value = self._nameless(text)
        return self.generic_visit(node)

    def _nameless(self, text: str) -> str:
        return self._person.sub(NOBODY, text) if self._person else text


def _bound(node: ast.AST) -> set[str]:
    """The names that this node binds, children aside; and the module that it imports from."""
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.alias):
        return {node.asname or node.name}
    fields = () if isinstance(node, ast.keyword) else ("name", "arg", "module")
    found = [getattr(node, field, None) for field in fields]
    return {name for name in found if isinstance(name, str)}
