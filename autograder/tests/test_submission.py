"""From files to definitions: which cell counts, what must be executed, what is refused."""

from __future__ import annotations

import ast
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnnlab.autograder.exercise import Chapter, Exercise
from cnnlab.autograder.submission import Submission, read, read_text

POSIX = sys.platform != "win32"


def exercise(name: str) -> Exercise:
    return Exercise(
        name=name,
        points={"runs": 1.0},
        probes=lambda rng: [],
        reference=abs,
        correct=abs,
        twists=(),
        hints=("a", "b", "c"),
    )


CHAPTER = Chapter("ch01_convolution", "A small one", (exercise("relu"), exercise("conv2d")))

SETUP = "import numpy as np\nfrom cnnlab.autograder import start\nstart('ch01')"
RELU = "def relu(z):\n    return np.maximum(z, 0)"
CONV2D = "def conv2d(x, kernels, bias):\n    return x"
STUB = 'def relu(z):\n    """Rectify."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'


def cell(source: str, mark: str = "", role: str = "", kind: str = "code") -> dict[str, Any]:
    """A cell as the build ships it; without mark and role, one that a learner added."""
    metadata: dict[str, Any] = {}
    if mark:
        metadata["nbgrader"] = {"grade_id": mark, "solution": True, "grade": False, "locked": False}
        metadata["cnnlab"] = {"role": "exercise", "exercise": mark}
    if role:
        metadata["cnnlab"] = {"role": role}
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "metadata": metadata, "source": lines, "outputs": []}


def check_cell(name: str) -> dict[str, Any]:
    made = cell(f"check({name})", role="check")
    made["metadata"]["nbgrader"] = {"grade_id": f"check-{name}", "grade": True, "locked": True}
    return made


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def handed_in(*cells: dict[str, Any] | str) -> Submission:
    """What is read from a notebook of these cells; plain text is a learner's own cell."""
    made = [cell(c) if isinstance(c, str) else c for c in cells]
    return read_text(notebook(*made), "ch01.ipynb", CHAPTER)


def run(submission: Submission) -> dict[str, Any]:
    """The names that a worker would find defined (these sources are the tests' own)."""
    names: dict[str, Any] = {}
    exec("import math\nimport numpy as np", names)
    for _, source in submission.cells():
        exec(source, names)
    return names


# Which cell is the answer


def test_a_whole_notebook():
    submission = handed_in(
        cell("# Chapter 1", role="prose", kind="markdown"),
        cell(SETUP, role="setup"),
        cell(RELU, "relu"),
        check_cell("relu"),
        cell("plt.imshow(relu(photo))", role="demo"),
        cell(CONV2D, "conv2d"),
        check_cell("conv2d"),
    )
    assert submission.problem == ""
    assert submission.warnings == []
    assert submission.cells() == [("relu", RELU), ("conv2d", CONV2D)]
    assert {d.status for d in submission.exercises.values()} == {"written"}
    assert submission.exercises["relu"].source == RELU


@pytest.mark.parametrize(
    "source",
    [
        STUB,
        "def relu(z):\n    raise NotImplementedError",
        "def relu(z):\n    raise NotImplementedError('write me')\n\ncheck(relu)",
    ],
)
def test_an_untouched_stub_is_a_stub_and_is_not_executed(source):
    submission = handed_in(cell(source, "relu"))
    assert submission.exercises["relu"].status == "stub"
    assert submission.cells() == []


def test_a_stub_with_work_in_front_of_the_raise_is_written():
    source = "def relu(z):\n    z = z + 1\n    raise NotImplementedError()"
    assert handed_in(cell(source, "relu")).exercises["relu"].status == "written"


def test_a_syntax_error_costs_one_exercise_only():
    broken = "def relu(z):\n    for v in z\n        pass"
    submission = handed_in(cell(broken, "relu"), cell(CONV2D, "conv2d"))
    relu = submission.exercises["relu"]
    assert relu.status == "syntax_error"
    assert relu.problem == "Line 2 is not Python: expected ':'. It reads: for v in z"
    assert submission.exercises["conv2d"].status == "written"
    assert [name for name, _ in submission.cells()] == ["conv2d"]


def test_a_renamed_function_is_named():
    relu = handed_in(cell("def ReLU(z):\n    return z", "relu")).exercises["relu"]
    assert relu.status == "missing"
    assert "defines ReLU, not relu" in relu.problem


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([], "No cell defines relu"),
        ([cell("", "relu")], "is empty"),
        ([cell("x = 1", "relu")], "does not define relu"),
        ([cell(RELU, "relu", kind="markdown")], "not a code cell any more"),
    ],
)
def test_what_is_missing_is_said(cells, said):
    relu = handed_in(*cells).exercises["relu"]
    assert relu.status == "missing"
    assert said in relu.problem


@pytest.mark.parametrize("order", [1, -1])
def test_of_copied_cells_the_written_one_counts(order):
    copies = [cell(STUB, "relu"), cell(RELU, "relu")][::order]
    submission = handed_in(*copies)
    assert submission.cells() == [("relu", RELU)]
    assert any("2 cells bear the name relu" in w for w in submission.warnings)


def test_of_two_written_copies_the_last_counts():
    first, last = "def relu(z):\n    return 1", "def relu(z):\n    return 2"
    submission = handed_in(cell(first, "relu"), cell(last, "relu"))
    assert submission.cells() == [("relu", last)]
    assert "cell 2 counts" in submission.warnings[0]


def test_of_two_broken_copies_the_last_is_explained():
    submission = handed_in(cell("def relu(:", "relu"), cell("def relu(z)\n", "relu"))
    assert submission.exercises["relu"].problem.endswith("It reads: def relu(z)")


def test_a_split_cell_keeps_both_halves():
    submission = handed_in(
        cell("def positive(v):\n    return v * (v > 0)", "relu"),
        cell("def relu(z):\n    return positive(z)", "relu"),
    )
    assert run(submission)["relu"](-3) == 0


def test_metadata_lost_on_the_way_falls_back_to_the_function_name():
    submission = handed_in(SETUP, STUB, RELU, "check(relu)", CONV2D)
    assert [d.status for d in submission.exercises.values()] == ["written", "written"]
    assert run(submission)["relu"](-1) == 0


def test_metadata_lost_and_a_stub_or_a_syntax_error():
    submission = handed_in(STUB, "def conv2d(x):\n    return (")
    assert submission.exercises["relu"].status == "stub"
    assert submission.exercises["conv2d"].status == "syntax_error"


def test_an_answer_in_a_new_cell_below_the_stub_counts_with_a_warning():
    submission = handed_in(cell(STUB, "relu"), RELU)
    assert submission.exercises["relu"].status == "written"
    assert submission.warnings == ["relu: its own cell holds no answer, so cell 2 counts."]


def test_a_second_version_elsewhere_does_not_replace_the_answer():
    submission = handed_in(cell(RELU, "relu"), "def relu(z):\n    return 'an experiment'")
    assert run(submission)["relu"](-2) == 0


def test_not_even_as_part_of_a_helper():
    submission = handed_in(
        cell(RELU, "relu"),
        "relu, LIMIT = None, 1",
        cell("def conv2d(x):\n    return LIMIT", "conv2d"),
    )
    assert run(submission)["relu"](-2) == 0


def test_two_answers_in_one_cell_keep_their_names():
    submission = handed_in(cell(STUB, "relu"), cell(RELU + "\n\n" + CONV2D, "conv2d"))
    assert [name for name, _ in submission.cells()] == ["relu", "conv2d"]


def test_a_function_made_by_assignment_counts():
    submission = handed_in(cell("relu = lambda z: np.maximum(z, 0)", "relu"))
    assert submission.exercises["relu"].status == "written"


@pytest.mark.parametrize("role", ["setup", "prose", "check", "demo"])
def test_our_own_cells_are_no_answer_and_no_helper(role):
    ours = RELU + "\nLIMIT = 1"
    submission = handed_in(
        cell(ours, role=role), cell("def conv2d(x):\n    return LIMIT", "conv2d")
    )
    assert submission.exercises["relu"].status == "missing"
    assert [name for name, _ in submission.cells()] == ["conv2d"]


# What must be executed


@pytest.mark.parametrize(
    "helper",
    [
        "def positive(z):\n    return z * (z > 0)",
        "from operator import pos as positive",
        "positive = lambda z: z",
        "if np.ones(1)[0]:\n    positive = abs\nelse:\n    positive = len",
        "try:\n    positive = missing\nexcept NameError as positive_error:\n    positive = abs",
        "for positive in (abs, len, abs):\n    pass",
        "base = abs\nclass Maker:\n    step = base\n    def go(self):\n        return self.step\n"
        "positive = Maker().go()",
        "import functools\n@functools.lru_cache\ndef positive(z):\n    return z",
        "(positive, other) = abs, abs",
        "def outer():\n    global positive\n    positive = abs\npositive = None\npositive = abs",
    ],
)
def test_helpers_come_along(helper):
    answer = "def relu(z):\n    return [positive(v) for v in z]"
    submission = handed_in(helper, cell(answer, "relu"))
    assert run(submission)["relu"]([2]) == [2]


def test_plots_prints_checks_and_unused_names_stay_behind():
    submission = handed_in(
        "import matplotlib.pyplot as plt\nimport scipy\nLIMIT = 0\nphoto = load('cat')\n"
        "plt.imshow(photo)\nprint(LIMIT)\nfor a in axes:\n    a.plot()\ncheck(relu)",
        cell("def relu(z):\n    return max(z, LIMIT)\ncheck(relu)\nrelu(photo)", "relu"),
    )
    assert submission.exercises["relu"].status == "written"
    assert [" ".join(source.split()) for _, source in submission.cells()] == [
        "LIMIT = 0",
        "def relu(z): return max(z, LIMIT)",
    ]


def test_lines_keep_their_numbers():
    submission = handed_in(
        "import scipy\n\nA = 1; scipy.x; B = 2; C = 3 # é\nD = 'é'; E = A",
        cell("print('é'); x = 'é'; y = 3\ndef relu(z):\n    return B + E", "relu"),
    )
    (_, helper), (_, answer) = submission.cells()
    defined = [s for s in ast.parse(helper).body if isinstance(s, ast.Assign)]
    assert [(s.lineno, ast.unparse(s)) for s in defined] == [
        (3, "A = 1"),
        (3, "B = 2"),
        (4, "E = A"),
    ]
    assert ast.parse(answer).body[-1].lineno == 2


def test_changes_in_place_come_along():
    submission = handed_in(
        "table = {}\ntable['a'] = 1\nlist.append\ntable.update(b=2)\nother = []\nother.append(1)",
        cell("def relu(z):\n    return table", "relu"),
    )
    assert run(submission)["relu"](0) == {"a": 1, "b": 2}
    assert "other" not in run(submission)


def test_a_local_name_pulls_nothing_in():
    submission = handed_in(
        "photo = load('cat')\nstep = load('dog')",
        cell("def relu(photo):\n    step = 1\n    return [step for step in photo if step]", "relu"),
    )
    assert [name for name, _ in submission.cells()] == ["relu"]


def test_a_comprehension_over_its_own_name_reads_the_outer_one():
    submission = handed_in("v = [1, 2]", cell("def relu(z):\n    return [v for v in v]", "relu"))
    assert run(submission)["relu"](0) == [1, 2]


def test_a_global_that_a_function_sets_comes_along():
    answer = "def relu(z):\n    global count\n    count += 1\n    return count"
    assert run(handed_in("count = 4", cell(answer, "relu")))["relu"](0) == 5


def test_inner_scopes_hide_nothing_from_the_outer_one():
    submission = handed_in(
        "step = 2",
        cell("def relu(z):\n    def inner(step):\n        return step\n    return step", "relu"),
    )
    assert run(submission)["relu"](0) == 2


def test_actions_in_the_answers_own_cell_stay():
    source = "def relu(z):\n    return z\nwhile True:\n    pass"
    assert handed_in(cell(source, "relu")).cells() == [("relu", source)]


def test_helpers_that_need_an_answer_come_after_it():
    text = "import math\nTWO = 2\ndef relu(z):\n    return TWO\nTABLE = relu(0)\n" \
           "def conv2d(x):\n    return TABLE\n"  # fmt: skip
    submission = read_text(text, "ch01.py", CHAPTER)
    assert [name for name, _ in submission.cells()] == [
        "cell 1",
        "relu",
        "cell 1, part 2",
        "conv2d",
    ]
    assert run(submission)["conv2d"](0) == 2


# Imports


@pytest.mark.parametrize(
    "source",
    [
        "import scipy.signal\n" + RELU,
        "def relu(z):\n    from scipy.signal import correlate\n    return z",
        "def relu(z):\n    if z:\n        import numpy, scipy as s\n    return z",
        "from scipy import *\n" + RELU,
    ],
)
def test_a_forbidden_import_is_named(source):
    relu = handed_in(cell(source, "relu")).exercises["relu"]
    assert relu.status == "forbidden"
    assert "imports scipy" in relu.problem
    assert "import numpy and Python's standard library" in relu.problem


@pytest.mark.parametrize("module", ["cnnlab.course.ops", ".helpers", "tensorflow.math"])
def test_other_ways_to_have_it_done_are_forbidden(module):
    submission = handed_in(f"from {module} import relu as r", cell("relu = lambda z: r(z)", "relu"))
    assert submission.exercises["relu"].status == "forbidden"
    assert submission.cells() == []


def test_a_forbidden_helper_costs_only_those_who_use_it():
    submission = handed_in(
        "import jax.numpy as np\ndef fast(z):\n    import torch\n    return torch",
        cell("def relu(z):\n    return fast(z)", "relu"),
        cell("def conv2d(x, k, b):\n    return relu(x)", "conv2d"),
    )
    assert submission.exercises["relu"].status == "forbidden"
    assert submission.exercises["conv2d"].status == "written"
    assert [name for name, _ in submission.cells()] == ["conv2d"]


def test_the_prelude_and_the_standard_library_may_be_imported():
    source = "from __future__ import annotations\nimport itertools, numpy as np\n" + RELU
    submission = handed_in(
        "import numpy as np, matplotlib.pyplot as plt", cell(source, "relu"), CONV2D
    )
    assert submission.exercises["relu"].status == "written"
    assert run(submission)["relu"](-1) == 0


# Notebook commands


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\n" + RELU,
        RELU + "\n%timeit relu(3)\n!pip install it's (\nrelu?\n?relu\nfiles = !ls",
        "%%time\n" + RELU,
        "\n%%capture out\n%%time\n" + RELU,
        "def relu(z):\n    %time z = np.maximum(z, 0)\n    !echo '''\n    return max(z, 0)",
        "    " + RELU.replace("\n", "\n    "),
    ],
)
def test_notebook_commands_are_dropped(source):
    submission = handed_in(cell(source, "relu"))
    assert submission.exercises["relu"].status == "written"
    assert run(submission)["relu"](-1) == 0
    assert bool(submission.warnings) == any(c in source for c in "%!?")


def test_what_looks_like_a_command_inside_an_expression_stays():
    source = "def relu(z):\n    s = '''\n%d\n!'''\n    return (s\n        % z)\n%timeit relu(1)"
    assert run(handed_in(cell(source, "relu")))["relu"](7) == "\n7\n!"


def test_a_cell_for_another_language_defines_nothing():
    submission = handed_in("%%bash\nrm -rf x", cell("%%timeit\n" + RELU, "relu"))
    assert submission.exercises["relu"].status == "missing"


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
        ("[" + "{}," * 1_100_000 + "0]", "too much structure"),
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
    assert "larger than 20 MiB" in read(path).problem


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


def test_a_typical_notebook_takes_milliseconds():
    cells = [cell("Some prose. " * 30, role="prose", kind="markdown") for _ in range(28)]
    cells += [cell(STUB, "relu"), cell(RELU, "relu"), cell(CONV2D, "conv2d"), cell("A = 1")]
    cells += [cell("plt.imshow(photo)\n" * 10, role="demo") for _ in range(8)]
    text = notebook(*cells)
    times = []
    for _ in range(20):
        started = time.process_time()
        read_text(text, "ch01.ipynb", CHAPTER)
        times.append(time.process_time() - started)
    assert min(times) < 0.01  # seconds; one on an idle machine
