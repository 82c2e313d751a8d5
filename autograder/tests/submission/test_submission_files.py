"""From files to cells: names, encodings, links; and source that is made to hurt a reader."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlab.autograder.judging.exercise import find_chapter, load_chapter
from cnnlab.autograder.submission import read, read_text
from cnnlab.autograder.submission.code import Statement
from cnnlab.autograder.tests.handins import hand_in
from cnnlab.autograder.tests.submission.notebooks import (
    CHAPTER,
    CONV2D,
    RELU,
    SETUP,
    cell,
    handed_in,
    notebook,
    run,
)

POSIX = sys.platform != "win32"


# Files, chapters, students


def test_nbgraders_tree_names_the_student(tmp_path):
    path = tmp_path / "submitted" / "ada" / "ch01_convolution" / "work.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(notebook(cell(RELU, "relu")))
    submission = read(path)
    assert submission.student == "ada"
    assert submission.chapter == "ch01_convolution"
    assert submission.path == str(path).replace(os.sep, "/")
    assert read(tmp_path / "ch01.py").student is None


@pytest.mark.parametrize(
    ("path", "said", "given", "found"),
    [
        ("x.ipynb", "ch01_convolution", None, "ch01_convolution"),
        ("ch01 (1).ipynb", "", None, "ch01_convolution"),
        ("CH01-ada.py", "", None, "ch01_convolution"),
        ("x.py", "", "ch01", "ch01_convolution"),
        ("ch99.ipynb", "ch98_none", "ch01", "ch01_convolution"),
        ("ch011.py", "", None, None),
        ("x.ipynb", "../../etc", None, None),
        ("hw/CH02_mine/x.py", "", None, "ch02_stride_padding"),
        ("ch01.ipynb", "", "ch99", None),
        ("ch01.ipynb", "", "", None),
    ],
)
def test_the_chapter_is_found(path, said, given, found):
    text = RELU if path.endswith(".py") else notebook(cnnlab={"chapter": said})
    submission = read_text(text, path, given)
    assert submission.chapter == found
    assert bool(submission.problem) == (found is None)
    assert bool(submission.exercises) == (found is not None)


@pytest.mark.parametrize(
    ("path", "said", "given", "graded", "warning"),
    [
        ("submitted/a/ch05_backprop/ch05.ipynb", "ch01_convolution", None, "ch05", "The notebook"),
        ("submitted/a/ch05_backprop/ch01.ipynb", "", None, "ch05", "The file's name"),
        ("hw/ch05/ch05.ipynb", "ch01_convolution", None, "ch05", "The notebook"),
        ("ch05.ipynb", "ch01_convolution", None, "ch05", "The notebook"),
        ("ch01/x.ipynb", "", "ch05", "ch05", "The folder"),
    ],
)
def test_what_a_file_was_handed_in_for_is_what_it_is_graded_as(path, said, given, graded, warning):
    submission = read_text(notebook(cnnlab={"chapter": said}), path, given)
    assert submission.chapter == find_chapter(graded)
    (told,) = [text for text in submission.warnings if "graded as" in text]
    assert told == f"{warning} says ch01_convolution. It was graded as {submission.chapter}."


def test_all_that_say_another_chapter_are_named_at_once():
    text = notebook(cnnlab={"chapter": "ch01_convolution"})
    submission = read_text(text, "ch03/ch01.ipynb", load_chapter("ch05"))
    assert submission.warnings[:2] == [
        "The folder says ch03_pooling. It was graded as ch05_backprop.",
        "The file's name and the notebook say ch01_convolution. It was graded as ch05_backprop.",
    ]


def test_python_files():
    plain = f"{SETUP}\n{RELU}\n{CONV2D}\nif __name__ == '__main__':\n    print(relu(1))\n"
    submission = read_text(plain, "ch01.py", CHAPTER)
    assert [d.status for d in submission.exercises.values()] == ["written", "written"]
    assert run(submission)["relu"](-1) == 0
    for mark in ("# %%", "# In[3]:", "#%% a title"):
        cut = f"# coding: utf-8\n{mark}\n{RELU}\n{mark}\ndef conv2d(:\n"
        submission = read_text(cut, "ch01.py", CHAPTER)
        assert [d.status for d in submission.exercises.values()] == ["written", "syntax_error"]


def test_jupytexts_metadata_is_read():
    text = (
        '# %% [markdown]\n# def relu(z): prose\n# %% cnnlab={"role": "demo"}\ndef relu(z): demo\n'
        '# %% nbgrader={"grade_id": "relu", "solution": true}\ndef relu(z): return 1\n'
        '# %% setup=true\nimport scipy\n# %% exercise="conv2d"\ndef conv2d(x): return x\n'
        "# %%\ndef relu(z): return 2\n"
    )
    submission = read_text(text, "ch01.py", CHAPTER)
    assert [name for name, _ in submission.cells()] == ["relu", "conv2d"]
    assert run(submission)["relu"](0) == 1


def test_nbformat_3_and_odd_shapes():
    old = {
        "worksheets": [{"cells": [{"cell_type": "code", "input": RELU}, 7, {"input": []}]}],
        "nbformat": 3,
    }
    assert read_text(json.dumps(old), "ch01.ipynb", CHAPTER).exercises["relu"].status == "written"
    odd = notebook(cell(RELU, "relu"), x=float("nan")).replace('"outputs"', '"o"')
    assert read_text(odd, "ch01.ipynb", CHAPTER).exercises["relu"].status == "written"


ENCODINGS: list[Callable[[str], bytes]] = [
    lambda text: text.replace("\n", "\r\n").encode(),
    lambda text: text.replace("\n", "\r").encode(),
    lambda text: text.encode("utf-8-sig"),
    lambda text: text.encode("latin-1"),
    lambda text: text.encode("utf-16"),
]


@pytest.mark.parametrize("encoded", ENCODINGS)
@pytest.mark.parametrize("name", ["ch01.py", "ch01.ipynb"])
def test_encodings(tmp_path, encoded, name):
    source = "# café\n" + RELU
    whole = json.loads(notebook(cell(source, "relu")))
    text = source if name.endswith(".py") else json.dumps(whole, ensure_ascii=False, indent=1)
    (tmp_path / name).write_bytes(encoded(text))
    submission = read(tmp_path / name, CHAPTER)
    assert submission.exercises["relu"].status == "written"
    assert "café" in submission.exercises["relu"].source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("<<<<<<< HEAD\n{}", "line 1, column 1 is not JSON"),
        ('{"cells": [', "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[1, 2]", "not a notebook"),
        ("{}", "has no cells"),
        ('{"cells": 3}', "has no cells"),
        ('{"cells": [' + "9" * 5000 + "]}", "impossible number"),
        (notebook(cell("x" * (2 << 20))), "Cell 1 is larger than 1 MiB"),
        (json.dumps({"cells": [{}] * 5001}), "more than 5000 cells"),
        ("[" + "{}," * 1_100_000 + "0]", "too complex"),
    ],
)
def test_what_is_no_notebook_is_said(text, said):
    submission = read_text(text, "ch01.ipynb", CHAPTER)
    assert said in submission.problem
    assert submission.exercises == {}
    assert submission.chapter == "ch01_convolution"


@pytest.mark.skipif(not POSIX, reason="links, pipes and devices are made the POSIX way")
def test_only_regular_files_are_opened(tmp_path):
    tree = tmp_path / "submitted" / "eve" / "ch01"
    tree.mkdir(parents=True)
    secret = tmp_path / "ch01.ipynb"
    secret.write_text(notebook(cell(RELU, "relu")))
    (tree / "ch01.ipynb").symlink_to(secret)
    (tree / "ch01_zero.ipynb").symlink_to("/dev/zero")
    (tree / "ch01_gone.ipynb").symlink_to("nowhere")
    os.mkfifo(tree / "ch01_pipe.ipynb")
    (tree / "ch01_folder.ipynb").mkdir()
    (tree.parent / "ch01_link").symlink_to(tmp_path)
    assert "regular" in read("/dev/zero", CHAPTER).problem
    for name in ("ch01.ipynb", "ch01_zero.ipynb", "ch01_gone.ipynb"):
        assert read(tree / name, CHAPTER).problem.startswith(f"{name} is a symbolic link")
    for name in ("ch01_pipe.ipynb", "ch01_folder.ipynb"):
        assert "not a regular file" in read(tree / name, CHAPTER).problem
    linked = read(tree.parent / "ch01_link" / "ch01.ipynb", CHAPTER)
    assert "ch01_link is a symbolic link" in linked.problem
    assert read(secret, CHAPTER).problem == ""


@pytest.mark.skipif(not POSIX, reason="Windows has no such names")
def test_odd_names(tmp_path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/ch01\xff\x1b[2J\n.py")
    Path(odd).write_text(RELU)
    submission = read(odd, CHAPTER)
    assert submission.exercises["relu"].status == "written"
    submission.path.encode("utf-8")
    for name in ("ch01\0.py", "", ".", "nowhere.py", "x" * 5000):
        assert read(name, CHAPTER).problem


def test_a_huge_file_is_refused(tmp_path):
    path = tmp_path / "ch01.ipynb"
    with open(path, "wb") as file:
        file.truncate(1 << 40)  # sparse
    assert "larger than 64 MiB" in read(path).problem


def test_another_kind_of_file_is_refused():
    assert "Hand in a notebook" in read_text("x", "ch01.docx").problem


HOSTILE = {
    "null bytes": "x = '\0'",
    "a surrogate": "x = '\ud800' +",
    "brackets": "(" * 5000 + ")" * 5000,
    "unary": "-" * 100_000 + "1",
    "terms": "1" + "+1" * 60_000,
    "attributes": "a" + ".a" * 60_000,
    "statements": "x;" * 20_000,
    "f-strings": 'f"' + "{a}" * 15_000 + '"',
    "indents": "".join(" " * i + "if 1:\n" for i in range(200)),
    "a long name": "def " + "a" * 120_000 + "(): pass",
    "spaces": " " * 120_000 + "$",
    "quotes": "'''" * 40_000 + "$",
    "escapes": "'" + "\\" * 120_000,
    "commands": "%%time\n" * 18_000 + "$",
    "questions": "a?\n" * 40_000 + "$",
    "digits": "1" * 100_000,
    "lambdas": "lambda:" * 18_000 + "1",
    "more than is parsed": "x = 1\n" * 100_000,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_source_is_an_answer_in_words_and_soon(source):
    started = time.process_time()
    for marked in ("relu", ""):
        submission = handed_in(cell(source, marked), cell(CONV2D, "conv2d"))
        assert submission.exercises["relu"].status in ("syntax_error", "missing")
        assert submission.exercises["conv2d"].status == "written"
        said = json.dumps([submission.warnings, submission.exercises["relu"].problem])
        assert len(said) < 2000
    assert time.process_time() - started < 20  # seconds; it takes less than one


def test_nesting_is_counted_before_anything_is_parsed():
    def relu(brackets: str) -> str:
        return handed_in(cell(f"{RELU}\nx = {brackets}", "relu")).exercises["relu"].status

    assert relu("[" * 95 + "]" * 95) == "syntax_error"
    assert relu("[" * 80 + "]" * 80) == "written"
    assert relu("'" + "[" * 95 + "'") == "written"
    assert relu("[[]], " * 95) == "written"


def test_many_hostile_cells_are_cut_off():
    started = time.process_time()
    submission = handed_in(*["x = (" * 20] * 4000, cell(RELU, "relu"), *["f'{a}'\n" * 500] * 500)
    assert submission.exercises["relu"].status == "written"
    assert len(submission.warnings) == 21
    assert submission.warnings[-1].startswith("And ")
    assert time.process_time() - started < 20


def test_too_much_code_is_left_out_and_said():
    lines = "x = 1\n" * 10_000
    submission = handed_in(*[lines] * 6, cell(RELU, "relu"), CONV2D)
    assert submission.warnings == ["2 cells were left out: there is too much code."]
    assert [d.status for d in submission.exercises.values()] == ["written", "written"]


def test_nothing_is_executed(tmp_path):
    flag = tmp_path / "flag"
    evil = f"open({str(flag)!r}, 'w')"
    handed_in(
        cell(f"{evil}\ndef relu(z, a={evil}):\n    pass", "relu"), f"x = {evil}", f"%run {evil}"
    )
    assert not flag.exists()


def test_of_a_file_that_was_read_nothing_stays_in_memory():
    def statements() -> int:
        gc.collect()
        return sum(isinstance(each, Statement) for each in gc.get_objects())

    read_text(hand_in(), "ch01_mine.ipynb")  # what belongs to the chapter is kept
    before = statements()
    for number in range(3):
        read_text(hand_in().replace("def relu", f"x{number} = 1\\ndef relu"), "ch01_mine.ipynb")
    assert statements() == before
