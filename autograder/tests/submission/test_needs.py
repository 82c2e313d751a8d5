"""What an answer needs: what fills its tables comes along, what it never uses stays behind."""

from __future__ import annotations

import time

import pytest

from cnnlab.autograder.submission import read_text
from cnnlab.autograder.tests.submission.notebooks import (
    CHAPTER,
    CONV2D,
    RELU,
    cell,
    handed_in,
    run,
)

ANSWER = "def relu(z):\n    return TAB[0]"


@pytest.mark.parametrize(
    "filled",
    [
        "TAB = {}\nfor i in range(3):\n    TAB[i] = 7",
        "TAB = {}\ni = 0\nwhile i < 3:\n    TAB[i] = 7\n    i += 1",
        "TAB = {}\nif True:\n    TAB[0] = 7",
        "TAB = {}\nwith np.errstate(all='ignore'):\n    TAB[0] = 7",
        "TAB = {}\ntry:\n    TAB[0] = 7\nfinally:\n    pass",
        "TAB = np.ones(3)\nnp.copyto(TAB, 7)",
        "TAB = np.ones(3)\nnp.add(TAB, 6, out=TAB)",
        "import random\nTAB = [7, 7]\nrandom.shuffle(TAB)",
        "TAB = []\nlist(map(TAB.append, [7]))",
        "TAB = []\n[TAB.append(v) for v in [7]]",
        "TAB = np.ones((3, 3))\nfor row in TAB:\n    row[:] = 7\nTAB = TAB[0]",
        "TAB = np.ones(3)\nflat = TAB.reshape(-1)\nflat[:] = 7",
        "TAB = {}\ndef build():\n    TAB[0] = 7\nbuild()",
        "TAB = {}\ndef inner():\n    TAB[0] = 7\ndef build():\n    inner()\nok = build()",
        "TAB = {}\ndef build():\n    global TAB\n    TAB = [7]\nbuild()",
        "TAB = {}\ndef fill(table):\n    table[0] = 7\nok = fill(TAB)",
        "TAB = {}\ndef fill(table):\n    for part in [table]:\n        part[0] = 7\n"
        "fill(table=TAB)",
        "from functools import partial\nTAB = {}\ndef fill(table):\n    table[0] = 7\n"
        "go = partial(fill, TAB)\ngo()",
        "TAB = {}\nclass Maker:\n    def fill(self):\n        TAB[0] = 7\n"
        "maker = Maker()\nmaker.fill()",
        "TAB = {}\ndef keep(f):\n    TAB[0] = f()\n    return f\n@keep\ndef seven():\n    return 7",
        "TAB = {}\ndef keep(key):\n    def wrap(f):\n        TAB[key] = f()\n        return f\n"
        "    return wrap\n@keep(0)\ndef seven():\n    return 7",
    ],
)
@pytest.mark.parametrize("same_cell", [True, False])
def test_what_fills_a_table_comes_along(filled, same_cell):
    cells = [cell(f"{filled}\n{ANSWER}", "relu")] if same_cell else [filled, cell(ANSWER, "relu")]
    submission = handed_in(*cells)
    assert submission.warnings == []
    assert run(submission)["relu"](0) == 7


@pytest.mark.parametrize(
    "idle",
    [
        "print(TAB)",
        "for v in TAB:\n    print(v)",
        "import matplotlib.pyplot as plt\nplt.bar(range(3), TAB)\nplt.show()",
        "check(relu)\nrelu(TAB)",
        "from cnnlab.course import figures\nfigures.numbers(TAB).show()",
        "def show(table):\n    print(table)\nshow(TAB)",
        "other = [TAB]\ntotal = sum(TAB)",
    ],
)
def test_what_only_looks_at_a_table_stays_behind(idle):
    submission = handed_in("TAB = [7]\n" + idle, cell(ANSWER, "relu"))
    assert [source.split() for _, source in submission.cells()] == [
        ["TAB", "=", "[7]"],
        ANSWER.split(),
    ]
    assert submission.warnings == []


def test_what_fills_a_table_stands_alone_so_that_its_error_costs_nothing_else():
    helpers = "TAB = [7]\nTAB.append(missing)\ndef unharmed(z):\n    return TAB[0]"
    submission = handed_in(helpers, cell("def relu(z):\n    return unharmed(z)", "relu"))
    assert [name for name, _ in submission.cells()] == [
        "cell 1",
        "cell 1, part 2",
        "cell 1, part 3",
        "relu",
    ]


# Imports that nothing uses


@pytest.mark.parametrize(
    "source",
    [
        "import scipy.signal\n" + RELU,
        "import tensorflow as tf, numpy\nimport torch\n" + RELU,
        "def relu(z):\n    from scipy.signal import (\n        correlate,\n    )\n"
        "    return np.maximum(z, 0)",
        "def relu(z):\n    if z: import scipy as s, math; z = z + math.pi * 0\n"
        "    return np.maximum(z, 0)",
        "from scipy import *\n" + RELU,
        "import cnnlab.course.ops\n" + RELU,
    ],
)
def test_an_import_that_nothing_uses_is_left_out_and_said(source):
    submission = handed_in(cell(source, "relu"))
    assert submission.exercises["relu"].status == "written"
    assert all("which is not used, was left out." in w for w in submission.warnings)
    assert submission.warnings
    (_, code) = submission.cells()[0]
    assert not any(name in code for name in ("scipy", "torch", "tensorflow", "cnnlab"))
    assert code.count("\n") == source.count("\n") + 1  # lines keep their numbers
    assert run(submission)["relu"](-1) == 0


def test_an_allowed_part_of_an_idle_import_stays():
    source = "import scipy, itertools\ndef relu(z):\n    return list(itertools.repeat(z, 2))"
    submission = handed_in(cell(source, "relu"))
    assert run(submission)["relu"](4) == [4, 4]


@pytest.mark.parametrize(
    "guarded",
    [
        "try:\n    import numba_of_nobody as numba\nexcept ImportError:\n    numba = None",
        "try:\n    from no_numba import numba\nexcept ModuleNotFoundError:\n    numba = None",
        "try:\n    import numba_of_nobody as numba\nexcept:\n    numba = None",
        "import contextlib\nnumba = None\nwith contextlib.suppress(ImportError):\n"
        "    import numba_of_nobody as numba",
    ],
)
def test_an_import_with_a_fallback_falls_back(guarded):
    answer = "def relu(z):\n    return z if numba is None else numba.relu(z)"
    submission = handed_in(guarded, cell(answer, "relu"))
    assert submission.exercises["relu"].status == "written"
    assert run(submission)["relu"](3) == 3


def test_the_fallback_itself_is_not_guarded():
    source = "try:\n    import scipy\nexcept ImportError:\n    import torch as scipy\n"
    submission = handed_in(cell(source + "def relu(z):\n    return scipy.relu(z)", "relu"))
    assert submission.exercises["relu"].problem.startswith("relu imports torch.")


def test_what_shows_a_table_with_a_forbidden_module_is_left_out_and_said():
    submission = handed_in("import seaborn\nTAB = [7]\nseaborn.heatmap(TAB)", cell(ANSWER, "relu"))
    assert run(submission)["relu"](0) == 7
    (said,) = submission.warnings
    assert "`seaborn.heatmap(TAB)`" in said
    assert "left out" in said


def test_a_plot_in_a_function_is_no_forbidden_import():
    source = "import matplotlib.pyplot as plt\ndef relu(z):\n    plt.plot(z)\n    return z"
    submission = handed_in(cell(source, "relu"), cell(CONV2D, "conv2d"))
    assert submission.exercises["relu"].status == "written"


# What the chapter gives


@pytest.mark.parametrize("module", ["cnnlab.course.given.ch05_backprop", "somewhere"])
def test_given_functions_may_be_imported_in_a_script(module):
    """As the notebook's set-up cell does, of which a script keeps no mark."""
    answer = "def relu_backward(dout, z):\n    return dense(dout, z, 0)\n"
    submission = read_text(f"from {module} import dense\n\n{answer}", "ch05.py")
    definition = submission.exercises["relu_backward"]
    assert definition.status == ("forbidden" if module == "somewhere" else "written")
    assert not any("import dense" in code for _, code in submission.cells())


# Names that nobody defines


def test_names_that_the_submission_does_not_define_are_asked_of_the_course():
    submission = handed_in(cell("def relu(z):\n    return cat + len(z) + np.pi + mine", "relu"))
    assert submission.course_names == {"cat", "mine"}


@pytest.mark.parametrize(
    "hostile",
    [
        "\n".join(f"def f{i}(t):\n    f{i + 1}(t)" for i in range(3000)) + "\nf0(TAB)",
        "\n".join(["x = TAB"] * 2000 + ["x[0] = TAB"] * 2000),
        "\n".join(["import x"] * 3000 + ["x(TAB)"] * 3000),
        "TAB = TAB" + ".a" * 3000 + " = 1",
    ],
)
def test_hostile_sources_take_no_time(hostile):
    text = f"# %%\nTAB = []\n# %%\n{hostile}\n# %%\n{ANSWER}\n"
    start = time.process_time()
    assert read_text(text, "ch01.py", CHAPTER).exercises["relu"].status == "written"
    assert time.process_time() - start < 10
