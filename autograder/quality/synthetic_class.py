"""A class to test on: made-up learners whose notebooks hold the kinds of answers that people write.

    python -m cnnlab.autograder.quality.synthetic_class ch01 --size 200 --seed 1 --to DIR

It writes ``DIR/submitted/STUDENT/CHAPTER/…`` and ``DIR/truth.json``, which says of each file and
each function what it is. A learner is drawn from the seed and a number alone: who makes a larger
class finds the smaller one in it.

Learners differ in how much they get right. Mistakes differ in how often they are made: a few are
made by many, as in real classes, and many by one or two. Now and then a mistake changes nothing:
then the answer is right.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import random
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.quality.mutants import mutants, without_words
from cnnlab.autograder.submission.case import read_case
from cnnlab.autograder.submission.solutions import SOLUTIONS, solution_source

CASES = Path(__file__).parent.parent / "tests" / "cases"
"""Answers as people write them; not in an installed wheel, which then does without."""
MISTAKES = 24
"""Different mistakes in one exercise."""

RIGHT = {"as taught": 5.0, "without words": 3.0, "as people write it": 2.0}
WRONG = {
    "mistake": 49.0,
    "two mistakes": 8.0,
    "wrong, as people write it": 10.0,
    "stub": 18.0,
    "no Python": 4.0,
    "stops with an error": 6.0,
    "gone": 2.0,
    "hostile": 3.0,
}
FILES = {
    "as released": 88.0,
    "another file name": 3.0,
    "cells without names": 2.0,
    "answers twice": 2.0,
    "answers split": 2.0,
    "Latin-1": 1.0,
    "cut off": 1.0,
    "empty": 1.0,
}
"""What becomes of an answer, and of a file, and how often, in parts of their sums."""

HOSTILE = {
    "never ends": "while True: pass",
    "takes all memory": "return bytearray(1 << 45)",
    "leaves the process": "import os\nos._exit(0)",
    "calls itself": "def again(): return again()\nreturn again()",
    "prints without end": "for _ in range(10**6): print('x' * 100)\nreturn 0",
}


@dataclass(frozen=True)
class Answers:
    """What may be written in an exercise's cell: kind → sources, the most frequent first.

    Parameters
    ----------
    name : str
    head : str
        The cell down to where the solution begins.
    cell : str
        The whole cell, with its solution.
    """

    name: str
    head: str
    cell: str
    known: Mapping[str, tuple[str, ...]]

    def draw(self, kind: str, rng: random.Random) -> str:
        """A cell's source of this kind."""
        if kind in self.known:
            known = self.known[kind]
            return known[min(int(rng.paretovariate(0.7)) - 1, len(known) - 1)]
        written = {
            "as taught": self.cell,
            "stub": self._body("# YOUR CODE HERE\nraise NotImplementedError()"),
            "no Python": self.cell.replace("def ", "def", 1),
            "stops with an error": self._body("return undefined_name"),
        }
        if kind == "hostile":
            return self._body(HOSTILE[rng.choice(sorted(HOSTILE))])
        if kind == "two mistakes":
            first = self.draw("mistake", rng)
            return rng.choice(_mutants(self.name, first, MISTAKES) or (first,))
        return written[kind]

    def _body(self, body: str) -> str:
        return f"{self.head}{textwrap.indent(body, '    ').strip()}\n"


@cache
def answers(chapter: str) -> dict[str, Answers]:
    """What may be written in each cell of a chapter."""
    cells = _cells(_notebook(chapter))
    found = {}
    for exercise in load_chapter(chapter).exercises:
        name, cell = exercise.name, "".join(cells[exercise.name]["source"])
        plain = solution_source(chapter, name)
        changed = [*_mutants(name, plain)]
        random.Random(f"{chapter} {name}").shuffle(changed)
        right, wrong = _cases(chapter, name)
        known = {
            "without words": (ast.unparse(without_words(ast.parse(plain))) + "\n",),
            "mistake": tuple(changed[:MISTAKES]) or (cell,),
            "as people write it": right or (cell,),
            "wrong, as people write it": wrong or tuple(changed[:1]) or (cell,),
        }
        found[name] = Answers(name, cell.split("### BEGIN SOLUTION")[0], cell, known)
    return found


@cache
def _mutants(exercise: str, source: str, most: int | None = None) -> tuple[str, ...]:
    return tuple(mutant.source for mutant in islice(mutants(exercise, source), most))


def _cases(chapter: str, exercise: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Right and other answers as people write them."""
    paths = sorted(CASES.glob(f"{chapter[:4]}_{exercise}_[0-9]*.py"))
    cases = [read_case(path) for path in paths]
    right = tuple(case.code for case in cases if case.kind == "right")
    return right, tuple(case.code for case in cases if case.kind != "right")


@cache
def _notebook(chapter: str) -> dict[str, Any]:
    path = SOLUTIONS / chapter / f"{chapter}.ipynb"
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def _cells(notebook: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The cells that nbgrader knows, by name."""
    named = (
        (cell["metadata"].get("nbgrader", {}).get("grade_id"), cell) for cell in notebook["cells"]
    )
    return {name: cell for name, cell in named if name}


# A learner


@dataclass(frozen=True)
class Learner:
    """Somebody made up.

    Parameters
    ----------
    student : str
        The name of the folder.
    file : str
        What is odd about the file, a key of `FILES`.
    kinds : dict of str to str
        Exercise → what its function is, a key of `RIGHT` or `WRONG`.
    name : str
        The file's name.
    data : bytes
    """

    student: str
    file: str
    kinds: dict[str, str]
    name: str
    data: bytes


def learner(chapter: str, seed: int, number: int, hostile: bool = True) -> Learner:
    """The learner of this number in the class of this seed."""
    rng = random.Random(f"{chapter} {seed} {number}")
    ability = rng.betavariate(3, 1.5)
    notebook, kinds = copy.deepcopy(_notebook(chapter)), {}
    cells = _cells(notebook)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    for name, known in answers(chapter).items():
        kinds[name] = kind = _pick(RIGHT if rng.random() < ability else WRONG, rng)
        if kind == "hostile" and not hostile:
            kinds[name] = kind = "stub"
        if kind == "gone":
            notebook["cells"].remove(cells[name])
        else:
            cells[name]["source"] = known.draw(kind, rng)
    file = _pick(FILES, rng)
    student = f"{'zoë' if number % 10 == 9 else 'student'}{number:05}"
    name = f"{chapter}-Copy1.ipynb" if file == "another file name" else f"{chapter}.ipynb"
    return Learner(student, file, kinds, name, _written(notebook, file, list(kinds)))


def _pick(weights: Mapping[str, float], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _written(notebook: dict[str, Any], file: str, names: list[str]) -> bytes:
    """The notebook's bytes, with what is odd about this file."""
    answered = [cell for name, cell in _cells(notebook).items() if name in names]
    if file == "cells without names":
        for cell in answered:
            del cell["metadata"]["nbgrader"]
    if file == "answers twice":
        notebook["cells"] += copy.deepcopy(answered)
        for number, cell in enumerate(notebook["cells"]):
            cell["id"] = f"cell-{number}"
    if file == "answers split":
        _split(notebook, answered)
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    if file == "Latin-1":
        return text.encode("latin-1", "replace")
    data = text.encode("utf-8")
    return {"cut off": data[: len(data) // 2], "empty": b""}.get(file, data)


def _split(notebook: dict[str, Any], answered: list[dict[str, Any]]) -> None:
    """Move each answer into a cell without a name before it; its own cell gives it its name."""
    for number, cell in enumerate(answered):
        helper = copy.deepcopy(cell)
        helper["metadata"], helper["id"] = {}, f"helper-{number}"
        name = cell["metadata"]["nbgrader"]["grade_id"]
        helper["source"] = "".join(cell["source"]).replace(f"def {name}(", f"def my_{name}(")
        cell["source"] = f"{name} = my_{name}\n"
        notebook["cells"].insert(notebook["cells"].index(cell), helper)


def write_class(
    folder: Path, chapter: str, size: int, seed: int = 0, hostile: bool = True
) -> list[Path]:
    """Write a class; returns its files, one for each learner.

    Parameters
    ----------
    folder : Path
        Gets ``submitted/`` and ``truth.json``.
    chapter : str
        Its full name.
    size, seed : int
    hostile : bool
        Whether some answers waste time and memory: most of what it takes to grade the class.
    """
    truth, paths = {}, []
    for number in range(size):
        drawn = learner(chapter, seed, number, hostile)
        path = folder / "submitted" / drawn.student / chapter / drawn.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn.data)
        truth[drawn.student] = {"file": drawn.file, "exercises": drawn.kinds}
        paths.append(path)
    told = json.dumps({"chapter": chapter, "seed": seed, "learners": truth}, indent=1)
    (folder / "truth.json").write_text(told + "\n", encoding="utf-8")
    return paths


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Write a class to test on.")
    parser.add_argument("chapter", help="such as ch01")
    parser.add_argument("--size", type=int, default=200, help="learners")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tame", action="store_true", help="stubs in place of hostile answers")
    parser.add_argument("--to", type=Path, default=Path("class"), help="the folder")
    options = parser.parse_args()
    chapter = find_chapter(options.chapter)
    paths = write_class(options.to, chapter, options.size, options.seed, not options.tame)
    print(f"{len(paths)} learners: {options.to / 'submitted'}")


if __name__ == "__main__":
    main()
