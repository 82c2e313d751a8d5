"""Functions that nobody expects: they return junk, raise it, or do something odd.

Each kind is the body of a function, so that it can be called here and written into a notebook.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.autograder.tests.handins import cell

RETURNED = {
    "None": "None",
    "True": "True",
    "a huge int": "10**400",
    "a negative zero": "-0.0",
    "nan": "float('nan')",
    "inf": "float('inf')",
    "complex": "1j",
    "text": "'four'",
    "a surrogate": "'\\udcff'",
    "markup": "'<script>alert(1)</script>'",
    "bytes": "b'\\x00'",
    "an empty list": "[]",
    "a ragged list": "[[1, 2], [3]]",
    "a deep list": "functools.reduce(lambda inner, _: [inner], range(25), [])",
    "a list of None": "[None, None]",
    "an empty tuple": "()",
    "a tuple of arrays": "(np.ones(2), np.ones((2, 2)))",
    "a long tuple": "tuple(range(1000))",
    "an empty dict": "{}",
    "a dict with other keys": "{1: 2, 'a': None}",
    "a set": "{1, 2}",
    "a range": "range(3)",
    "a function": "len",
    "a class": "int",
    "a slice": "slice(1)",
    "Ellipsis": "...",
    "NotImplemented": "NotImplemented",
    "a fraction": "fractions.Fraction(1, 3)",
    "a decimal": "decimal.Decimal('NaN')",
    "a date": "datetime.date(2020, 1, 1)",
    "an array of objects": "np.array([None, 'a'], object)",
    "an array of texts": "np.array(['a', 'b'])",
    "an array of dates": "np.array(['2020-01-01'], 'datetime64[D]')",
    "an array of records": "np.zeros(2, [('a', 'i4'), ('b', 'f8')])",
    "an array without axes": "np.array(3.0)",
    "an empty array": "np.zeros((0, 3))",
    "an array of nan": "np.full((2, 2), np.nan)",
    "an array of float16": "np.ones((2, 3), np.float16)",
    "an array of complex": "np.ones((2, 2), complex)",
    "an array of bools": "np.ones((2, 2), bool)",
    "a masked array": "np.ma.masked_array([1.0, 2.0], mask=[True, False])",
    "a matrix": "np.asmatrix(np.eye(2))",
    "a view that goes backwards": "np.arange(6.0)[::-2]",
    "twelve axes": "np.ones((1,) * 12)",
    "a generator": "(i for i in range(3))",
    "its arguments": "args",
    "itself in a list": "[args, kwargs]",
}
RAISED = ("KeyError()", "ValueError('\\x00')", "AssertionError('<b>')", "RecursionError('deep')")
BODIES = {label: f"return {value}" for label, value in RETURNED.items()}
BODIES |= {error: f"raise {error}" for error in RAISED}
IMPORTS = "import datetime\nimport decimal\nimport fractions\nimport functools\n"


def source(name: str, label: str) -> str:
    """A function of this name that does one kind of junk."""
    return f"{IMPORTS}\ndef {name}(*args, **kwargs):\n    {BODIES[label]}\n"


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every kind, as a function of this process."""
    for label in BODIES:
        namespace: dict[str, Any] = {"np": np}
        exec(source("function", label), namespace)
        yield label, namespace["function"]


def handed_in(chapter: str, labels: list[str]) -> str:
    """The chapter's notebook with these kinds of junk spread over its exercises."""
    notebook = copy.deepcopy(_solved(chapter))
    for exercise, label in zip(load_chapter(chapter).exercises, cycle(labels)):
        written = cell(notebook, exercise.name)
        written["source"] = source(exercise.name, label).splitlines(keepends=True)
    return json.dumps(notebook)


def spread(chapter: str, notebooks: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """So many notebooks of a chapter, each exercise with another kind of junk; or as many as it
    takes for every kind. Yields each notebook's text and its kinds, by exercise.

    Chapters begin with different kinds, so that all occur where each has few notebooks.
    """
    per_notebook = len(load_chapter(chapter).exercises)
    kinds = list(BODIES)
    count = -(-len(kinds) // per_notebook) if notebooks is None else notebooks
    endless = islice(cycle(kinds), 7 * int(chapter[2:4]), None)
    for _ in range(count):
        labels = list(islice(endless, per_notebook))
        yield handed_in(chapter, labels), labels


def _solved(chapter: str) -> dict[str, Any]:
    path = SOLUTIONS / chapter / f"{chapter}.ipynb"
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook
