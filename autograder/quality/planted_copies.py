"""Copies planted in a made-up class: does `cnnlab similar` find them, and nothing else?

    python -m cnnlab.autograder.quality.planted_copies ch01 --size 200 --copies 20 --seeds 3

A copy has another's code with new names for its variables, other comments and other empty lines.
The learners of `synthetic_class` draw their answers from a few, so honest ones are equal, too. Here
each writes his answer in a style of his own: sums the other way round, ``while`` for ``for``,
intermediate results with names. All honest learners still have the same few algorithms.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.quality.synthetic_class import learner
from cnnlab.autograder.report.similarity import Pair, compare
from cnnlab.autograder.submission import Submission, read_text

COMMENTS = ("here it begins", "one step", "sum of the window", "as in the text", "now the result")
WORDS = ("res", "tmp", "val", "acc", "arr", "cur", "part", "item", "left", "size", "start", "end")


class _Renamed(ast.NodeTransformer):
    """Other names for the variables of each function; parameters keep theirs, calls use them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names: dict[str, str] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        own = {
            n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        kept = {argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)}
        for name in sorted(own - kept):
            self._names.setdefault(name, f"{self._rng.choice(WORDS)}{len(self._names)}")
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)


def disguised(source: str, rng: random.Random) -> str:
    """The same code with other names, comments and empty lines; what is no Python as it is."""
    try:
        tree = _Renamed(rng).visit(ast.parse(source))
    except SyntaxError:
        return source
    lines = []
    for line in ast.unparse(tree).split("\n"):
        if rng.random() < 0.2:
            lines.append("")
        if rng.random() < 0.2:
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}# {rng.choice(COMMENTS)}")
        lines.append(line)
    return "\n".join(lines) + "\n"


class _Styled(ast.NodeTransformer):
    """The same computation, written in one of many ways."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._made = 0

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if self._rng.random() < 0.5:
            return node
        before = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.Assign([node.target], ast.BinOp(before, node.op, node.value))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        other = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
        if len(node.ops) > 1 or type(node.ops[0]) not in other or self._rng.random() < 0.5:
            return node
        return ast.Compare(node.comparators[0], [other[type(node.ops[0])]()], [node.left])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Add | ast.Mult) or self._rng.random() < 0.5:
            return node
        return ast.BinOp(node.right, node.op, node.left)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """``np.sum(a)`` as ``a.sum()``."""
        self.generic_visit(node)
        of_numpy = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "np"
        methods = ("sum", "max", "min", "mean", "reshape", "transpose", "dot")
        if not of_numpy or not node.args or node.func.attr not in methods:  # type: ignore[attr-defined]
            return node
        if self._rng.random() < 0.5:
            return node
        attribute = ast.Attribute(node.args[0], node.func.attr, ast.Load())  # type: ignore[attr-defined]
        return ast.Call(attribute, node.args[1:], node.keywords)

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        simple = isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call)
        if not simple or ast.unparse(node.iter.func) != "range" or self._rng.random() < 0.7:  # type: ignore[attr-defined]
            return node
        name, stop = ast.unparse(node.target), ast.unparse(node.iter.args[-1])  # type: ignore[attr-defined]
        loop = ast.parse(f"{name} = 0\nwhile {name} < {stop}:\n    {name} += 1").body
        loop[1].body[:0] = node.body  # type: ignore[attr-defined]
        return loop

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        return self._in_steps(node)

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.stmt]:
        return self._in_steps(node)

    def _in_steps(self, node: Any) -> ast.AST | list[ast.stmt]:
        """With names for some of the intermediate results."""
        self.generic_visit(node)
        inner = (
            [n for n in ast.walk(node.value or node) if isinstance(n, _STEPS)] if node.value else []
        )
        first: list[ast.stmt] = []
        for part in inner:
            if part is not node.value and self._rng.random() < 0.25:
                self._made += 1
                name = f"step{self._made}"
                first.append(ast.Assign([ast.Name(name, ast.Store())], part))
                node = _Replaced(part, name).visit(node)
                break
        return [*first, node]


_STEPS = (ast.Call, ast.BinOp, ast.Subscript)


class _Replaced(ast.NodeTransformer):
    """A name in the place of a part."""

    def __init__(self, part: ast.AST, name: str) -> None:
        self._part, self._name = part, name

    def visit(self, node: ast.AST) -> Any:
        if node is self._part:
            return ast.Name(self._name, ast.Load())
        return super().visit(node)


def styled(source: str, rng: random.Random) -> str:
    """The same function as somebody else would write it; what is no Python as it is."""
    try:
        tree = _Styled(rng).visit(ast.parse(source))
    except SyntaxError:
        return source
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def rewritten(
    chapter: str, data: bytes, how: Callable[[str, random.Random], str], rng: random.Random
) -> bytes:
    """A notebook with its answers rewritten; what is no notebook as it is."""
    try:
        notebook = json.loads(data)
    except ValueError:
        return data
    names = {exercise.name for exercise in load_chapter(chapter).exercises}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in names:
            cell["source"] = how("".join(cell["source"]), rng)
    return json.dumps(notebook).encode()


@dataclass(frozen=True)
class Class:
    """Submissions, and the pairs of learners of whom one has copied."""

    submissions: list[Submission]
    planted: set[frozenset[str]]


def planted_class(chapter: str, size: int, copies: int, seed: int, own: bool = True) -> Class:
    """A class of ``size`` honest learners, and ``copies`` more who have each copied from one.

    With ``own``, honest learners write in a style of their own.
    """
    rng = random.Random(f"planted {chapter} {seed}")
    honest = [learner(chapter, seed, number, hostile=False) for number in range(size)]
    data = {who.student: who.data for who in honest}
    if own:
        data = {name: rewritten(chapter, raw, styled, rng) for name, raw in data.items()}
    planted = set()
    whole = [who.student for who in honest if who.file == "as released"]
    for number, original in enumerate(rng.sample(whole, copies)):
        data[f"copy{number:05}"] = rewritten(chapter, data[original], disguised, rng)
        planted.add(frozenset((original, f"copy{number:05}")))
    return Class(
        [
            read_text(raw.decode("utf-8", "replace"), f"submitted/{name}/{chapter}/{chapter}.ipynb")
            for name, raw in data.items()
        ],
        planted,
    )


def named(pairs: Sequence[Pair]) -> set[frozenset[str]]:
    """The pairs of learners that were found."""
    return {
        frozenset((a, b))
        for pair in pairs
        for a in pair.one.learners
        for b in pair.other.learners
        if a != b
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", help="such as ch01")
    parser.add_argument("--size", type=int, default=200, help="honest learners")
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    chapter = find_chapter(given.chapter)
    for own in (True, False):
        for seed in range(given.seeds):
            drawn = planted_class(chapter, given.size, given.copies, seed, own)
            found = named(compare(drawn.submissions))
            hits = len(found & drawn.planted)
            styles = "own styles" if own else "answers from a few"
            print(f"{styles}, seed {seed}: {len(found)} pairs, {hits} of {given.copies} copies")


if __name__ == "__main__":
    main()
