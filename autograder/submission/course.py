"""What the course's own cells made: a learner's function may use ``cat``, so the judge sends it.

Which names there are is read from the chapter's notebook of ours, never from a submission. Values
are computed by running our cells, those alone that a name needs, in a process of their own.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.sandbox.lifeline import end_with_parent
from cnnlab.autograder.sandbox.stand_ins import DISPLAYS
from cnnlab.autograder.sandbox.values import Unsupported
from cnnlab.autograder.sandbox.wire import decode, encode
from cnnlab.autograder.submission.code import Code, Statement, parse
from cnnlab.autograder.submission.needs import Needs, defined_in, used_names

NOTEBOOKS = Path(__file__).parent.parent.parent / "solutions"
SECONDS = 120
"""How long our own cells may take to make a value."""
MAX_SIZE = 16 * 2**20
"""Bytes of one value that is sent."""


_standing_in = 0


def standing_in() -> bool:
    """Whether the course's functions run in place of those that the learner has kept."""
    return _standing_in > 0


@contextmanager
def course_stands_in() -> Iterator[None]:
    """Whatever is judged meanwhile, in any thread, depends on nothing that the learner has kept."""
    global _standing_in
    _standing_in += 1
    try:
        yield
    finally:
        _standing_in -= 1


@dataclass(frozen=True)
class Given:
    """What is defined beside a submission's own code.

    Parameters
    ----------
    values : dict of str to tree
        Arrays, numbers, texts, and lists, tuples and dictionaries of these.
    absent : frozenset of str
        Names of what cannot be sent: models, functions, and what was made with the learner's
        own functions.
    imports : str
        Source: imports of what only shows things.
    """

    values: dict[str, Any] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    imports: str = ""


@cache
def run_later(chapter: str) -> frozenset[str]:
    """The exercises of a chapter whose kept answers other chapters run.

    Our notebooks say so, where they call `cnnlab.autograder.own`.

    Examples
    --------
    >>> sorted(run_later("ch04_network"))
    ['count_macs', 'count_parameters', 'dense', 'softmax']
    """
    trees = (ast.parse(c) for name in chapter_names() for c in course_cells(name) if "own(" in c)
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    asked = [call.args for call in calls if ast.unparse(call.func) == "own"]
    return frozenset(
        ast.unparse(args[-1] if len(args) > 2 else args[0]).strip("'").rpartition(".")[2]
        for args in asked
        if chapter.startswith(ast.literal_eval(args[1]))
    )


@cache
def course_cells(chapter: str) -> tuple[str, ...]:
    """The source of our cells in a chapter's notebook, those with exercises and checks aside."""
    path = NOTEBOOKS / chapter / f"{chapter}.ipynb"
    if not path.exists():
        return ()
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    ours = [c for c in cells if c["metadata"].get("cnnlab", {}).get("role") in ("setup", "demo")]
    return tuple("".join(c["source"]) for c in ours if c["cell_type"] == "code")


@cache
def _course(chapter: str) -> tuple[Needs, tuple[Code, ...]]:
    codes = tuple(parse(i, source) for i, source in enumerate(course_cells(chapter)))
    statements = [statement for code in codes for statement in code.statements]
    return Needs(statements, exercises={e.name for e in load_chapter(chapter).exercises}), codes


def made_by_course(chapter: str, name: str) -> set[Statement]:
    """The statements of our cells that make what has this name; none where it is not ours."""
    needs, _ = _course(chapter)
    if name not in needs.definers or name in defined_in(load_chapter(chapter).prelude):
        return set()
    return needs.closure([*needs.definers[name], *needs.changers.get(name, ())])


def needs_learner(chapter: str, statements: set[Statement]) -> bool:
    """Whether these statements of ours call the learner's own functions."""
    return bool(
        used_names(statements) & {exercise.name for exercise in load_chapter(chapter).exercises}
    )


def shows(statements: set[Statement]) -> bool:
    """Whether this is an import of what only shows things."""
    return bool(statements) and all(
        s.is_import and all(i.module in DISPLAYS for i in s.imports) for s in statements
    )


@lru_cache(maxsize=256)
def course_values(chapter: str, names: frozenset[str]) -> Given:
    """What our cells made of these names; names that are not ours are left out."""
    values: dict[str, Any] = {}
    absent, shown = [], []
    for name in sorted(names):
        made = made_by_course(chapter, name)
        if not made:
            continue
        if shows(made):
            shown += [statement.source for statement in made]
        elif not is_data(chapter, name, made):
            absent.append(name)
        else:
            try:
                values[name] = _value(chapter, name)
            except (Unsupported, OSError, subprocess.SubprocessError):
                absent.append(name)
    return Given(values, frozenset(absent), "\n".join(dict.fromkeys(shown)))


def is_data(chapter: str, name: str, made: set[Statement]) -> bool:
    """Whether our cells give it a value by themselves, which may be one that can be sent."""
    known = _course(chapter)[0].definers[name]
    return not needs_learner(chapter, made) and any(
        not s.is_import and not s.is_definition for s in known
    )


@cache
def _value(chapter: str, name: str) -> Any:
    """What our cells give this name, as it comes from a process that runs them."""
    program = "from cnnlab.autograder.submission import course; course.main()"
    command = [sys.executable, "-P", "-c", program, chapter, name]  # -P: see `Pool`
    done = subprocess.run(
        command, capture_output=True, timeout=SECONDS, check=True, start_new_session=True
    )
    if len(done.stdout) > MAX_SIZE:
        raise Unsupported("more than the judge sends")
    return decode(done.stdout)


def main() -> None:
    """Write a value to standard output; ``sys.argv`` names the chapter and what is wanted."""
    end_with_parent()
    chapter, name = sys.argv[1:]
    out, sys.stdout = sys.stdout, sys.stderr  # our cells print
    made = made_by_course(chapter, name)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with course_stands_in():
        for number, code in enumerate(_course(chapter)[1]):
            here = made & set(code.statements)
            if here:
                exec(compile(code.only(here), f"<cell {number}>", "exec"), namespace)
    out.buffer.write(encode(namespace[name]))
