"""Whatever is handed in, the reader answers in words: thousands of malformed submissions."""

from __future__ import annotations

import ast
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.autograder.submission import Submission, read, read_text
from cnnlab.autograder.submission.code import parse
from cnnlab.autograder.tests.submission.notebooks import (
    CHAPTER,
    CONV2D,
    RELU,
    SETUP,
    STUB,
    cell,
    check_cell,
    notebook,
)

STATUSES = {"written", "stub", "missing", "syntax_error", "forbidden"}


pytestmark = pytest.mark.fuzz


def fuzz(examples: int) -> settings:
    """So many examples, none of which may hang."""
    return settings(
        max_examples=examples,
        deadline=timedelta(seconds=60),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        database=None,
    )


def assert_answered(submission: Submission) -> None:
    """Either a problem, or a status for every exercise; and all of it can be written down."""
    if submission.problem:
        assert submission.exercises == {}
        assert submission.cells() == []
    else:
        assert submission.exercises.keys() == {"relu", "conv2d"}
    for definition in submission.exercises.values():
        assert definition.status in STATUSES
        assert bool(definition.problem) == (definition.status != "written")
    names = [name for name, _ in submission.cells()]
    assert len(set(names)) == len(names)
    written = [d.name for d in submission.exercises.values() if d.status == "written"]
    assert {n for n in names if not n.startswith("cell ")} == set(written)
    for _, source in submission.cells():
        ast.parse(source)
    said = [submission.problem, submission.warnings, submission.cells(), submission.path]
    json.dumps(
        [said, [vars(d) for d in submission.exercises.values()]], ensure_ascii=False
    ).encode()


# Bytes and JSON


@pytest.mark.parametrize("name", ["ch01.ipynb", "ch01.py"])
def test_random_bytes(tmp_path, name):
    path = tmp_path / name

    @fuzz(400)
    @given(st.binary(max_size=300))
    def check(data: bytes) -> None:
        path.write_bytes(data)
        assert_answered(read(path, CHAPTER))

    check()


# fmt: off
WORDS = st.sampled_from([
    "cells", "worksheets", "metadata", "nbgrader", "cnnlab", "chapter", "grade_id", "role",
    "exercise", "relu", "conv2d", "cell_type", "code", "markdown", "source", "input", "solution",
    "locked", "demo", "setup", "ch01",
])
# fmt: on
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | WORDS
    | st.sampled_from([RELU, STUB, CONV2D, "\ud800", "\0", "%%time\n", ""])
    | st.text(st.characters(exclude_categories=()), max_size=10)
)
SMALL = (
    LEAVES
    | st.lists(LEAVES, max_size=3)
    | st.dictionaries(WORDS | st.text(max_size=3), LEAVES, max_size=3)
)
JSON = SMALL | st.lists(SMALL, max_size=3) | st.dictionaries(WORDS, SMALL, max_size=3)


@fuzz(400)
@given(JSON)
def test_any_json(raw):
    assert_answered(read_text(json.dumps(raw), "ch01.ipynb", CHAPTER))


@fuzz(250)
@given(st.lists(st.dictionaries(WORDS, JSON, max_size=4), max_size=3), JSON)
def test_any_json_among_the_cells(cells, metadata):
    raw = {"cells": [cell(RELU, "relu"), *cells], "metadata": metadata}
    submission = read_text(json.dumps(raw), "ch01.ipynb", CHAPTER)
    assert_answered(submission)
    assert submission.exercises


# A good notebook, damaged

GOOD = notebook(
    cell(SETUP, role="setup"),
    cell("import math\nPAD = 1\n%matplotlib inline\ndef helper(z):\n    return z + PAD"),
    cell(RELU.replace("z,", "helper(z),"), "relu"),
    check_cell("relu"),
    cell("table = {}\ntable['a'] = 1; print(table)"),
    cell("def conv2d(x, kernels, bias):\n    return table[relu(x)]\ncheck(conv2d)", "conv2d"),
    check_cell("conv2d"),
    cell("plt.imshow(conv2d(photo))", role="demo"),
    cnnlab={"chapter": "ch01_convolution"},
)


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a JSON tree."""
    found: list[tuple[Any, Any]] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        found += [(node, key) for key in keys]
        stack += [node[key] for key in keys if isinstance(node[key], dict | list)]
    return found


def damage(data: st.DataObject, tree: Any) -> None:
    """Drop, replace or copy one thing somewhere in the tree."""
    spots = places(tree)
    if not spots:
        return
    container, key = data.draw(st.sampled_from(spots))
    how = data.draw(st.sampled_from(["drop", "replace", "copy"]))
    if how == "drop":
        del container[key]
    elif how == "replace":
        container[key] = data.draw(SMALL)
    else:
        other, place = data.draw(st.sampled_from(spots))
        container[key] = json.loads(json.dumps(other[place]))


@fuzz(400)
@given(st.data())
def test_a_damaged_notebook(data):
    tree = json.loads(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        damage(data, tree)
    assert_answered(read_text(json.dumps(tree), "ch01.ipynb", CHAPTER))


@fuzz(300)
@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.text(max_size=5))
def test_a_file_damaged_in_transfer(start, length, instead):
    text = GOOD[:start] + instead + GOOD[start + length :]
    assert_answered(read_text(text, "ch01.ipynb", CHAPTER))


# Source

# fmt: off
FRAGMENTS = st.sampled_from([
    "def relu(z):", "def conv2d(x):\n    return x\n", "class relu:", "lambda: ", "@x", "return z",
    "raise NotImplementedError", "if 1:", "else:", "try:", "except E as e:", "with a as b:",
    "for x in x:", "match x:\n case [*y]:", "global x", "import scipy", "from math import *",
    "x = 1", "x: int", "x.append(1)", "x[0] = 2", "f'{x!r:{y}}'", "...", "*", ",", ";", "(", ")",
    "[", "'", '"""', "#", "\\", "?", "!ls", "%time ", "%%time\n", "\n", "\n    ", "\t", "\f",
    "\x00", "é", "\ud800",
])
# fmt: on


@fuzz(450)
@given(st.lists(FRAGMENTS, max_size=12).map("".join), st.sampled_from(["relu", "conv2d", ""]))
def test_any_source(source, mark):
    text = notebook(cell(source, mark), cell(CONV2D, "conv2d"))
    submission = read_text(text, "ch01.ipynb", CHAPTER)
    assert_answered(submission)
    assert_answered(read_text(source + "\n# %%\n" + CONV2D, "ch01.py", CHAPTER))


STATEMENTS = st.sampled_from(
    ["x = 1", "é = 'é€'", "print('''a\nb''')", "y = (1,\n     2)", "pass", "s = 'a;b'", "del_ = 2"]
)
BLOCKS = st.sampled_from(["@f\n@g\ndef h(a):\n    return a", "if x:\n    y = 1\nelse:\n    y = 2"])
LINES = st.lists(STATEMENTS, min_size=1, max_size=4).map("; ".join) | BLOCKS


@fuzz(400)
@given(
    st.integers(0, (1 << 16) - 1),
    st.lists(LINES | st.just("# é"), min_size=1, max_size=5).map("\n".join),
)
def test_blanking_out_leaves_the_others_as_they_were(choice, source):
    code = parse(1, source)
    kept = [s for place, s in enumerate(code.statements) if choice >> place & 1]
    found = [n for n in ast.parse(code.only(kept)).body if not isinstance(n, ast.Pass)]
    wanted = [s.node for s in kept if not isinstance(s.node, ast.Pass)]
    assert [ast.dump(n) for n in found] == [ast.dump(n) for n in wanted]
    assert [n.lineno for n in found] == [n.lineno for n in wanted]
