"""What of a notebook must be executed for an answer, and what is refused."""

from __future__ import annotations

import ast

import pytest

from cnnlab.autograder.submission import read_text
from cnnlab.autograder.submission.code import parse
from cnnlab.autograder.tests.submission.notebooks import (
    CHAPTER,
    CONV2D,
    RELU,
    cell,
    handed_in,
    run,
)

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


def test_the_names_inside_a_function_called_top_are_its_own():
    code = parse(1, "def top(x):\n    order = sorted(x)\n    return order[: len(x)]")
    (statement,) = code.statements
    assert statement.uses == {"sorted", "len"}


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
        "import scipy.signal\ndef relu(z):\n    return scipy.signal.correlate(z, z)",
        "def relu(z):\n    from scipy.signal import correlate\n    return correlate(z, z)",
        "def relu(z):\n    if z:\n        import numpy, scipy as s\n    return s",
        "from scipy import *\ndef relu(z):\n    return signal.correlate(z, z)",
        "try:\n    import scipy\nexcept ZeroDivisionError:\n    pass\nrelu = scipy.relu",
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
