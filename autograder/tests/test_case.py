"""How an answer becomes a case: what goes with it, what stays behind, and what is refused."""

from __future__ import annotations

from pathlib import Path

import nbformat.v4 as v4
import pytest

from cnnlab.autograder.submission.case import Case, read_case, take


@pytest.fixture
def handed_in(tmp_path: Path):
    """Writes cells as a notebook of chapter 1; a pair is an exercise's own cell."""

    def write(*cells: str | tuple[str, str]) -> Path:
        made = [
            v4.new_code_cell(cell)
            if isinstance(cell, str)
            else v4.new_code_cell(cell[1], metadata={"nbgrader": {"grade_id": cell[0]}})
            for cell in cells
        ]
        path = tmp_path / "ch01_mine.ipynb"
        path.write_text(v4.writes(v4.new_notebook(cells=made)))
        return path

    return write


def code(path: Path, exercise: str = "relu", *people: str) -> str:
    return take(path, exercise, "what it does", people=people).code


def test_only_what_the_answer_needs_goes_with_it(handed_in):
    path = handed_in(
        "import numpy as np\nLOW = 0.0\nHIGH = 9.0\nprint('plots')",
        "def above(z):\n    return z > LOW",
        ("correlate2d", "def correlate2d(image, kernel):\n    return image"),
        ("relu", "%timeit 1\ndef relu(z):\n    return z * above(z)\nrelu(np.ones(3))"),
    )
    assert code(path).replace("\n\n", "").splitlines() == [
        "LOW = 0.0",
        "def above(z):",
        "    return z > LOW",
        "def relu(z):",
        "    return z * above(z)",
    ]


def test_another_exercise_that_it_calls_goes_with_it(handed_in):
    path = handed_in(
        ("conv_step", "def conv_step(patch, kernel, bias):\n    return 1"),
        ("correlate2d", "def correlate2d(image, kernel):\n    return conv_step(image, kernel, 0)"),
    )
    assert code(path, "correlate2d").count("def ") == 2
    assert "correlate2d" not in code(path, "conv_step")


def test_comments_docstrings_and_remarks_stay_behind(handed_in):
    path = handed_in(
        (
            "relu",
            "'''Mine.'''\n# by me\ndef relu(z):\n    '''Doc.'''\n    'remark'\n"
            "    class Deep:\n        '''Only words.'''\n    return z * (z > 0)  # so",
        )
    )
    assert code(path) == (
        "\n\ndef relu(z):\n\n    class Deep:\n        pass\n    return z * (z > 0)\n"
    )


def test_a_text_that_is_used_stays(handed_in):
    path = handed_in("def relu(z):\n    print('below 0', z)\n    return f'{z} done' and z")
    assert "print('below 0', z)" in code(path)
    assert "f'{z} done'" in code(path)


def test_cells_stay_apart_where_that_matters(handed_in):
    path = handed_in(
        ("relu", "LOW = [0.0]\nassert LOW\ndef relu(z):\n    return z * (z > LOW[0])"),
        "def below(z):\n    return 0",
    )
    assert code(path).startswith('# %% exercise="relu"\nLOW = [0.0]\nassert LOW\n')
    future = handed_in("def above(z):\n    return z", "from __future__ import annotations\n"
                       "def relu(z):\n    return above(z)")  # fmt: skip
    assert code(future).index("# %% exercise=") < code(future).index("from __future__")


def test_a_forbidden_import_goes_with_it(handed_in):
    path = handed_in(("relu", "import scipy\ndef relu(z):\n    return scipy.relu(z)"))
    assert "import scipy" in code(path)


def test_people_are_taken_out_of_texts_and_of_made_up_names(handed_in):
    path = handed_in(
        "import max_tools\nMAX_DATA = '/home/maxine/a.npy'\nC = 'C:\\\\Users\\\\maxine\\\\a'",
        "def help_max(z, max=1):\n    return np.max(z) + max_tools.f(MAX_DATA, C)",
        "def relu(z):\n    maximum = help_max(z, max=2)\n    return f'{maximum} by Max m@x.org'",
    )
    said = code(path, "relu", "Max Muster")
    assert "np.max(z)" in said, "a library's name stays"
    assert "maximum = help_someone(z, someone=2)" in said, "names are whole words"
    assert "import someone_tools" in said
    assert "'/home/someone/a.npy'" in said
    assert "'C:\\\\Users\\\\someone\\\\a'" in said
    assert "by someone someone@example.org" in said
    assert "def relu" in code(path, "relu", "Relu Nowak"), "an exercise's name stays"


def test_the_account_and_nbgraders_folder_name_people(tmp_path, monkeypatch):
    monkeypatch.setenv("USER", "gustav")
    monkeypatch.setenv("HOME", "/somewhere/ottilie")
    path = tmp_path / "submitted" / "li-wei" / "ch01_convolution" / "ch01_convolution.py"
    path.parent.mkdir(parents=True)
    path.write_text("def relu(z):\n    return z, 'gustav and ottilie and Wei'\n")
    assert "someone and someone and someone" in code(path)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def relu(z):\n    raise NotImplementedError()", "not written relu yet"),
        ("def relu(z:", "is not Python"),
        ("x = 1", "No cell defines relu"),
    ],
)
def test_where_there_is_no_answer_it_says_why(handed_in, source, said):
    with pytest.raises(ValueError, match=said):
        code(handed_in(source))


def test_an_unknown_exercise_lists_the_chapters(handed_in):
    with pytest.raises(ValueError, match=r"one of conv_step, .* Received: 'gelu'"):
        code(handed_in("def relu(z):\n    return z"), "gelu")


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "ch01.ipynb"
    path.write_text("{")
    with pytest.raises(ValueError, match="is not a notebook"):
        code(path)


def test_what_is_written_is_read_again(tmp_path):
    case = Case("ch01", "relu", "wrong", "keeps a tenth", ("leaky", "?"), "def relu(z): ...\n")
    path = tmp_path / case.file_name
    path.write_text(case.text)
    assert read_case(path) == case
    assert path.name.startswith("ch01_relu_")
    assert case.text.startswith("# wrong: keeps a tenth\n# names: leaky, ?\ndef relu")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("relu.py", "# right: a\n# names: -\n"),
        ("ch01_relu_001_right.py", "# names: -\n"),
        ("ch01_relu_001_right.py", "# wrong: a\n# names: -\n"),
    ],
)
def test_other_files_are_no_cases(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match="must have the name and the first two lines"):
        read_case(tmp_path / name)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "fine"}, "kind must be one of right, edge, wrong"),
        ({"words": "two\nlines"}, "words must be one line"),
        ({"words": " "}, "words must be one line"),
        ({"names": ("Kernel Flipped",)}, "names must be ids of twists"),
    ],
)
def test_a_case_says_what_it_must(wrong, said):
    right = {"kind": "right", "words": "a", "names": ()}
    with pytest.raises(ValueError, match=said):
        Case("ch01", "relu", code="", **{**right, **wrong})
