"""Later chapters run what the learner wrote; marks never depend on it."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent import futures
from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.autograder import check, live, own_code, start
from cnnlab.autograder.display import show
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.kept import find, keep
from cnnlab.autograder.own_code import own, whose_code
from cnnlab.autograder.submission.solutions import SOLUTIONS, solution_source
from cnnlab.course.ops import evaluation

CH01, CH02, CH04 = "ch01_convolution", "ch02_stride_padding", "ch04_network"


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """A pretended kernel in a learner's folder: cells run, and are remembered."""
    running = SimpleNamespace(
        user_ns={"np": np, "check": check},
        kernel=object(),
        execution_count=1,
        history_manager=SimpleNamespace(input_hist_raw=[""]),
    )
    for module in (show, live, own_code):
        monkeypatch.setattr(module, "shell", lambda: running)
    monkeypatch.setattr(live, "state", live.LiveState())
    monkeypatch.setattr(own_code, "_in_use", {})
    monkeypatch.setattr(own_code, "_purse", own_code._Purse())

    def open_chapter(name):
        (tmp_path / name).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / name)
        running.history_manager.input_hist_raw[:] = [""]
        start(name)
        running.history_manager.input_hist_raw[:] = [""]

    def run(cell):
        running.history_manager.input_hist_raw.append(cell)
        running.execution_count += 1
        exec(cell, running.user_ns)

    running.open, running.run = open_chapter, run
    return running


def courses_relu(z):
    return np.maximum(z, 0)


courses_relu.__name__ = "relu"


def saved(kernel, source, name="relu", chapter=CH01):
    """Keep source in the way of a check, and be in chapter 4 afterwards."""
    kernel.open(chapter)
    keep(own_code.Path.cwd(), chapter, name, [(name, source)])
    kernel.open(CH04)


# From the check to the later chapter


def test_full_marks_are_kept_with_their_helpers_and_run_later(kernel):
    kernel.open(CH01)
    kernel.run("CALLS = []\ndef cut(z):\n    CALLS.append(len(z))\n    return z * (z > 0)")
    kernel.run("def relu(z):\n    return cut(z)")
    found = check(kernel.user_ns["relu"])
    assert found.passed
    assert found.notes == ("Later chapters can now run your relu.",)
    assert check(kernel.user_ns["relu"]).notes == ()  # said once
    kernel.open(CH04)
    mine = own(courses_relu, "ch01")
    assert mine.function.__globals__["CALLS"] != []  # judged by itself, once
    assert find(own_code.Path.cwd(), CH01, "relu").proven
    mine.function.__globals__["CALLS"].clear()
    z = np.array([[-1.0, 2.0], [3.0, -4.0]])
    np.testing.assert_array_equal(mine(z), [[0, 2], [3, 0]])
    assert mine.function.__globals__["CALLS"][-1] == 2
    assert "relu: yours, from chapter 1 (" in mine.line
    assert "It answered the only call." in mine.line


def test_only_what_a_later_chapter_runs_is_announced(kernel):
    kernel.open(CH01)
    kernel.run(solution_source(CH01, "conv_step"))
    found = check(kernel.user_ns["conv_step"])
    assert found.passed
    assert found.notes == ()
    assert find(own_code.Path.cwd(), CH01, "conv_step")


def test_a_passed_card_says_what_is_next(kernel, monkeypatch):
    kernel.open(CH01)
    kernel.run("def relu(z):\n    return z * (z > 0)")
    names = [exercise.name for exercise in load_chapter(CH01).exercises]
    after = names[names.index("relu") + 1]
    found = check(kernel.user_ns["relu"])
    assert f"Next in this chapter: {after}." in repr(found)
    place = own_code.Path.cwd()
    for name in names[1:]:
        keep(place, CH01, name, [(name, "...")])
    assert str(check(kernel.user_ns["relu"]).step) == f"Next in this chapter: {names[0]}."
    keep(place, CH01, names[0], [(names[0], "...")])
    found = check(kernel.user_ns["relu"])
    assert "done. Next: chapter 2, " in repr(found)
    assert "<a href" not in found._repr_html_()  # that chapter is not there
    (place.parent / CH02).mkdir()
    (place.parent / CH02 / f"{CH02}.ipynb").write_text("")
    link = f'<a href="../{CH02}/{CH02}.ipynb"'
    assert link in check(kernel.user_ns["relu"])._repr_html_()
    monkeypatch.setattr(live, "keras_missing", lambda: "Install it.")
    found = live.next_step(place.parent.parent, "ch05_backprop", "train_step")
    assert str(found).startswith("Next in this chapter: expose_")  # nobody's folder: in order
    last = load_chapter("ch14_training").exercises[-1].name
    found = live.next_step(place.parent.parent, "ch14_training", last)
    assert found is None  # chapter 15 needs Keras


def test_a_function_of_a_keras_chapter_that_needs_no_keras_runs_without_it(kernel, monkeypatch):
    saved(kernel, solution_source("ch06_cats_dogs", "smooth"), "smooth", "ch06_cats_dogs")
    monkeypatch.setitem(sys.modules, "keras", None)  # an import of it fails
    mine = own(evaluation.smooth, "ch06")
    assert mine.function is not None, mine.why
    np.testing.assert_allclose(mine(np.array([1.0, 3.0])), evaluation.smooth([1.0, 3.0]))
    assert mine.calls == 1


def test_less_than_full_marks_is_not_kept(kernel):
    kernel.open(CH01)
    kernel.run("def relu(z):\n    return abs(z)")
    assert check(kernel.user_ns["relu"]).notes == ()
    assert check(kernel.user_ns["relu"]).step is None
    assert find(own_code.Path.cwd(), CH01, "relu") is None


def test_what_needs_the_chapters_own_cells_is_not_kept(kernel):
    kernel.open(CH01)
    kernel.user_ns["cat"] = 0
    kernel.run("def relu(z):\n    return np.maximum(z, cat)")
    assert check(kernel.user_ns["relu"]).passed
    assert find(own_code.Path.cwd(), CH01, "relu") is None


def test_a_folder_that_cannot_be_written_to_is_said(kernel, monkeypatch):
    def refuse(*about):
        raise PermissionError(13, "Permission denied")

    kernel.open(CH01)
    monkeypatch.setattr(live, "keep", refuse)
    kernel.run("def relu(z):\n    return np.maximum(z, 0)")
    found = check(kernel.user_ns["relu"])
    assert found.passed
    assert found.notes == ("relu could not be kept for later chapters: Permission denied.",)


def test_arguments_that_the_courses_has_built_in(kernel):
    kernel.open(CH02)
    for name in ("output_size", "same_padding", "pad2d", "conv2d"):
        kernel.run(solution_source(CH02, name))
    assert check(kernel.user_ns["conv2d"]).passed
    kernel.open(CH04)

    def conv2d(x, kernels, bias):
        raise AssertionError("the course's is asked for the time of one picture alone")

    mine = own(conv2d, "ch02", padding="same")
    mine.course = lambda *args: time.sleep(0.05)
    x, kernels = np.ones((2, 4, 4, 1)), np.ones((3, 3, 1, 1))
    assert mine(x, kernels, np.zeros(1)).shape == (2, 4, 4, 1)


# Where the course's goes on


def test_without_a_saved_one_the_courses_runs_and_says_how_to_change_that(kernel):
    kernel.open(CH04)
    mine = own(courses_relu, "ch01")
    assert mine(np.array([-1, 1])).tolist() == [0, 1]
    assert mine.line == (
        "relu: the course's. Yours runs here once check(relu) in chapter 1 has given it full marks."
    )


def test_outside_a_course_folder(kernel, monkeypatch, tmp_path):
    saved(kernel, "def relu(z):\n    return np.maximum(z, 0)")
    monkeypatch.chdir(tmp_path)
    assert "not in a folder of the course" in own(courses_relu, "ch01").line


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def relu(z):\n    return abs(z)", "does not earn full marks by itself"),
        ("def relu(z:\n", "Your saved file stops with SyntaxError"),
        ("import no_such_module", "stops with ModuleNotFoundError"),
        ("raise SystemExit", "stops with SystemExit"),
        ("other = 3", "defines no relu"),
        ("relu = 3", "defines no relu"),
    ],
)
def test_what_is_no_right_answer_does_not_run(kernel, source, said):
    saved(kernel, source)
    mine = own(courses_relu, "ch01")
    assert mine.function is None
    assert said in mine.line
    assert "check(relu) in chapter 1" in mine.line
    assert mine(np.array([-1, 1])).tolist() == [0, 1]


def test_a_file_without_end_is_stopped(kernel, monkeypatch):
    monkeypatch.setattr(own_code, "LIMIT", 0.2)
    saved(kernel, "while True:\n    len('')")
    assert "does not come to its end" in own(courses_relu, "ch01").line


def wrapped(function, course=courses_relu):
    """A function in use, as if it had been kept."""
    kept = SimpleNamespace(chapter=CH01, exercise="relu", day="1 May 2026")
    mine = own_code.Own(course, {}, kept, function)
    own_code._in_use["relu"] = mine
    return mine


def test_an_error_is_no_end_and_is_told(kernel):
    def stops(z):
        raise IndexError("no such row")

    mine = wrapped(stops)
    x = np.array([[-1.0, 1.0]])
    assert mine(x).tolist() == mine(x).tolist() == [[0, 1]]
    assert "It stopped with IndexError: no such row. The course's went on." in mine.line


def test_a_slow_one_runs_on_one_picture_and_the_courses_goes_on(kernel, monkeypatch):
    monkeypatch.setattr(own_code, "LIMIT", 2.0)
    seen = []

    def slow(z):
        seen.append(len(z))
        time.sleep(0.06 * len(z))
        return courses_relu(z)

    mine = wrapped(slow)
    begin = time.perf_counter()
    assert mine(np.ones((1000, 4))).shape == (1000, 4)
    assert time.perf_counter() - begin < 2
    assert seen == [1]
    assert mine(np.ones((5, 4))).shape == (5, 4)  # fits into the time
    assert seen == [1, 5]
    assert "It answered 1 of 2 calls. It takes 0." in whose_code().text


def test_a_cell_has_so_many_seconds_for_slow_functions_and_the_next_has_them_again(
    kernel, monkeypatch
):
    monkeypatch.setattr(own_code, "LIMIT", 0.3)
    mine = wrapped(lambda z: time.sleep(0.1))
    for _ in range(20):
        mine(np.ones((1, 4)))
    assert 1 <= mine.calls <= 3
    before = mine.calls
    kernel.execution_count += 1
    mine(np.ones((1, 4)))
    assert mine.calls == before + 1


def test_an_endless_one_is_stopped_once_and_not_tried_again(kernel, monkeypatch):
    monkeypatch.setattr(own_code, "LIMIT", 0.3)

    def endless(z):
        while True:
            len("")

    mine = wrapped(endless)
    mine(np.ones((3, 4)))
    assert "One picture took more than 0.3 s" in mine.line
    kernel.execution_count += 1
    begin = time.perf_counter()
    mine(np.ones((3, 4)))
    assert time.perf_counter() - begin < 0.1


def test_a_quick_one_is_never_stopped_by_the_clock_of_slow_ones(kernel, monkeypatch):
    monkeypatch.setattr(own_code, "LIMIT", 0.05)

    def course(z):
        time.sleep(0.02)

    mine = wrapped(lambda z: time.sleep(0.03), course)
    for _ in range(6):
        mine(np.ones((2, 4)))
    assert (mine.calls, mine.passed_on) == (6, 0)


def test_what_it_prints_stays_inside(kernel, capsys):
    wrapped(lambda z: print("debugging"))(np.ones((2, 4)))
    assert capsys.readouterr().out == ""


def test_functions_of_the_chapter_itself_are_named_too(kernel):
    def flatten(x):
        raise NotImplementedError()

    text = whose_code(flatten, courses_relu).text
    assert text == "flatten: not written yet.\n\nrelu: yours, from this chapter."


def test_the_set_up_may_run_twice(kernel):
    kernel.open(CH04)
    mine = own(own(courses_relu, "ch01"), "ch01")
    assert mine.course is courses_relu
    assert whose_code().text.count("relu:") == 1


# No mark depends on it

IN_A_THREAD = """
def predict(x, weights):
    with futures.ThreadPoolExecutor() as threads:
        return threads.submit(really, x, weights).result()
"""


def test_a_check_knows_the_courses_functions_alone_in_every_thread(kernel):
    kernel.open(CH04)
    predict = solution_source(CH04, "predict").replace("def predict(", "def really(") + IN_A_THREAD
    exec(own_code.load_chapter(CH04).prelude, kernel.user_ns)
    kernel.user_ns["futures"] = futures
    for name in ("flatten", "sigmoid", "softmax", "dense"):
        kernel.run(solution_source(CH04, name))
    kernel.run(predict)
    wrong = wrapped(lambda *args, **kwargs: 7, kernel.user_ns["conv2d"])
    kernel.user_ns["conv2d"] = wrong
    assert wrong(np.zeros((1, 4, 4, 1)), 0, 0) == 7
    assert check(kernel.user_ns["predict"]).passed
    assert not own_code.standing_in()


def test_a_by_hand_chapters_functions_come_without_tensorflow(tmp_path):
    (tmp_path / CH04).mkdir()
    (tmp_path / CH01).mkdir()
    source = "def relu(z):\n    return np.maximum(z, 0)"
    keep(tmp_path / CH01, CH01, "relu", [("relu", source)])
    program = (
        "import sys\nfrom cnnlab.autograder import own\n"
        "def relu(z): return z\n"
        "print(own(relu, 'ch01').line)\n"
        "print({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / CH04, capture_output=True, text=True
    )
    assert done.stdout.startswith("relu: yours"), done.stderr
    assert done.stdout.endswith("set()\n")


# The chapters themselves


@pytest.mark.slow
def test_chapters_1_to_4_run_from_top_to_bottom_with_the_learners_functions(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    said = {}
    for chapter in (CH01, CH02, "ch03_pooling", CH04):
        (tmp_path / chapter).mkdir()
        book = nbformat.read(SOLUTIONS / chapter / f"{chapter}.ipynb", as_version=4)
        place = {"metadata": {"path": str(tmp_path / chapter)}}
        NotebookClient(book, timeout=300, kernel_name="python3", resources=place).execute()
        cells = [c for c in book.cells if c.cell_type == "code"]
        said[chapter] = [
            output.data["text/plain"]
            for cell in cells
            if "whose_code(" in cell.source
            for output in cell.outputs
        ]
        checks = [c for c in cells if c.source.endswith(")") and "\ncheck(" in c.source]
        assert len(checks) == len(load_chapter(chapter).exercises)
        marks = [c.outputs[-1].data["text/plain"] for c in checks]
        assert list(map(float, marks)) == [float(c.metadata.nbgrader.points) for c in checks]
    at_first, at_the_end = said[CH04]
    for name, number in {"relu": 1, "conv2d": 2, "max_pool2d": 3, "trace_shapes": 3}.items():
        assert f"{name}: yours, from chapter {number} (" in at_first
    assert at_the_end.count(" It answered ") == 4
    assert "predict: yours, from this chapter." in at_the_end
    for name in ("output_size", "same_padding"):
        assert f"{name}: yours, from chapter 2 (" in said["ch03_pooling"][0]
