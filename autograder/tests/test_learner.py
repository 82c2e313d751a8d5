"""start, check, hint, solution: which exercise is meant, and what nbgrader reads of a check."""

import math
import subprocess
import sys
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnnlab.autograder import check, hint, live, solution, start
from cnnlab.autograder.display import show
from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.learner import JUDGE
from cnnlab.autograder.submission.solutions import solution_source
from cnnlab.course import ops

CHAPTER = load_chapter("ch01_convolution")


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch):
    """A course of one chapter, none started and no hint told, whatever other tests did."""
    monkeypatch.setattr(live, "state", live.LiveState())
    monkeypatch.setattr(live, "chapter_names", lambda: [CHAPTER.name])


@pytest.fixture
def notebook(monkeypatch):
    """The namespace of a pretended notebook."""
    names: dict[str, Any] = {}
    kernel = SimpleNamespace(user_ns=names, kernel=object())
    monkeypatch.setattr(show, "shell", lambda: kernel)
    monkeypatch.setattr(live, "shell", lambda: kernel)
    return names


def stub():
    def relu(z):
        raise NotImplementedError()

    return relu


def right():
    def relu(z):
        return ops.relu(z)

    return relu


def absolute():
    def relu(z):
        return np.abs(1.0 * np.asarray(z))

    return relu


# start


def test_start_takes_the_beginning_of_a_name_and_says_what_there_is(capsys):
    start("ch01")
    said = capsys.readouterr().out
    assert live.state.chapter == "ch01_convolution"
    assert all(word in said for word in ("Convolution", "check(f)", "hint(f)", "solution(f)"))


@pytest.mark.parametrize("name", ["ch99", "", "convolution"])
def test_start_with_a_wrong_name_lists_the_chapters(name):
    with pytest.raises(ValueError, match="ch01_convolution"):
        start(name)
    assert live.state.chapter is None


# check


@pytest.mark.parametrize("exercise", CHAPTER.exercises, ids=lambda e: e.name)
def test_the_courses_own_solutions_pass(exercise):
    namespace: dict[str, Any] = {"np": np, "math": math}
    for need in (*exercise.needs, exercise.name):
        exec(solution_source("ch01_convolution", need), namespace)
    found = check(namespace[exercise.name])
    assert found.passed
    assert bool(found)
    assert float(found) == exercise.max_score


def test_a_named_mistake_and_its_card():
    found = check(absolute())
    assert found.result.diagnosis == ["absolute-value"]
    assert not found
    assert "Negative numbers come out positive" in repr(found)
    assert "Negative numbers come out positive" in found._repr_html_()


def test_an_untouched_stub_is_calm_and_brings_the_first_hint():
    found = check(stub())
    assert found.result.status == "not_attempted"
    assert CHAPTER["relu"].hints[0] in repr(found)
    assert "✗" not in repr(found)


def test_what_is_passed_must_be_a_function():
    with pytest.raises(TypeError, match=r"check\(relu\)\. Received: str"):
        check("relu")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"without calling it.*Received: ndarray"):
        check(np.zeros(3))  # type: ignore[call-overload]


def test_an_unknown_name_suggests_the_nearest():
    def conv_2d(x, kernels, bias): ...

    with pytest.raises(ValueError, match=r"Did you mean 'conv2d'\? Received: 'conv_2d'"):
        check(conv_2d)
    with pytest.raises(ValueError, match=r"The exercises are conv_step.*Received: '<lambda>'"):
        check(lambda z: z)


def test_a_notebook_of_several_chapters_says_where_each_name_belongs(notebook):
    notebook["conv2d"] = notebook["relu"] = None
    start("ch01::relu", "ch02::conv2d")

    assert live.find("conv2d", by_name=True).chapter == "ch02_stride_padding"
    assert live.find("relu", by_name=True).chapter == "ch01_convolution"
    notebook |= {"relu": right(), "conv2d": lambda *arguments: None}
    assert [each.result.name for each in check().checks] == ["relu", "conv2d"]
    with pytest.raises(ValueError, match=r"ch01_convolution has the exercises .*'pad2d'"):
        start("ch01::pad2d")


def test_a_graded_course_may_keep_its_solutions_to_itself(capsys):
    start("ch01", solutions=False)

    assert "solution" not in capsys.readouterr().out
    shown = str(solution("relu", anyway=True))
    assert "solutions are not shown" in shown
    assert "return" not in shown
    told = [str(hint("relu")) for _ in range(5)]
    assert "all hints once more" in told[-1]
    assert not any("solution(" in each for each in told)


def test_a_name_of_several_chapters_needs_start(monkeypatch):
    both = ["ch01_convolution", "ch02_stride_padding"]
    monkeypatch.setattr(live, "chapter_names", lambda: both)
    monkeypatch.setattr(live, "_exercises", lambda chapter: ["relu"])
    with pytest.raises(ValueError, match=r"ch01_convolution, ch02_stride_padding.*start\('ch01"):
        check(right())
    live.state.chapter = "ch01_convolution"
    assert check(right()).passed


def test_prints_are_kept_for_the_card_and_warnings_are_silent(capsys):
    def relu(z):
        print("z is", np.shape(z))
        print("trouble", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return np.abs(1.0 * np.asarray(z))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = check(relu)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")
    shown = np.shape(found.result.detail.probe.args[0])
    assert found.printed == f"z is {shown}\ntrouble\n"
    assert f"z is {shown}" in repr(found)


def test_a_warning_that_is_forbidden_is_told_and_not_shown(capsys):
    def sigmoid(z):
        return 1 / (1 + np.exp(-1.0 * np.asarray(z)))

    start("ch04")
    found = check(sigmoid)
    assert found.result.diagnosis == ["overflows"]
    assert "NumPy warned: overflow encountered in exp" in repr(found)
    assert capsys.readouterr().err == ""


def test_prints_are_those_of_the_call_that_is_shown_also_when_it_was_made_small():
    def relu(z):
        print("z is", np.shape(z))
        return ops.relu(z) + (np.ndim(z) == 3)

    found = check(relu)
    args = found.result.detail.probe.args
    assert all(args is not probe.args for probe in recorded(CHAPTER.name)["relu"].probes)
    assert found.printed == f"z is {np.shape(args[0])}\n"


def test_the_learners_stop_button_works(capsys):
    def relu(z):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(relu)
    print("still here")
    assert capsys.readouterr().out == "still here\n"


def test_check_without_a_function_checks_the_notebook(notebook):
    notebook.update(relu=right(), conv2d=stub(), x=3, relu_twice=absolute())
    start("ch01")
    found = check()
    assert [c.result.name for c in found.checks] == ["conv2d", "relu"]
    assert found.score == 2.0
    assert "Together 2 / 10 points" in repr(found)
    assert "<details>" in found._repr_html_()


def test_check_without_a_function_or_anything_defined(notebook):
    assert "No function of an exercise is defined yet" in repr(check())


def test_check_without_a_function_outside_a_notebook():
    with pytest.raises(RuntimeError, match=r"Pass one: check\(conv2d\)"):
        check()


# hint


def test_hints_begin_with_the_mistake_and_end_with_the_solution():
    said = [hint(absolute()).text for _ in range(6)]
    assert said[0].startswith("Negative numbers come out positive.")
    assert "4 more hints: call hint(relu) again." in said[0]
    for text, expected in zip(said[2:5], CHAPTER["relu"].hints, strict=True):
        assert text.startswith(expected)
    assert "1 more hint:" in said[3]
    assert "solution(relu)" in said[4]
    assert "solution(relu)" not in said[3]
    assert all(h in said[5] for h in CHAPTER["relu"].hints)


def test_a_hint_does_not_repeat_the_card(notebook):
    notebook["relu"] = stub()
    check(stub())
    assert hint("relu").text.startswith(CHAPTER["relu"].hints[1])
    notebook["relu"] = absolute()
    check(absolute())
    rung = CHAPTER["relu"].rung_hints.get("by-hand")
    assert not hint().text.startswith("Negative numbers come out positive.")
    assert rung is None or rung in live.state.hints_given[CHAPTER.name, "relu"]


def test_a_hint_for_nothing_says_what_there_is():
    start("ch01")
    check(right())
    for said in (hint().text, solution().text):
        assert all(exercise.name in said for exercise in CHAPTER.exercises)


def test_a_new_mistake_is_spoken_of_first():
    hint(absolute())

    def relu(z):
        return [max(v, 0) for v in np.ravel(z).tolist()]

    assert hint(relu).text.startswith(CHAPTER["relu"].rung_hints["shape"])


def test_a_stub_gets_the_concept_first_and_a_name_is_enough():
    assert hint(stub()).text.startswith(CHAPTER["relu"].hints[0])
    assert hint("relu").text.startswith(CHAPTER["relu"].hints[1])


def test_a_name_finds_the_function_in_the_notebook(notebook):
    notebook["relu"] = absolute()
    assert hint("relu").text.startswith("Negative numbers come out positive.")


def test_no_hint_where_everything_passes():
    assert "nothing left" in hint(right()).text


def test_hint_for_an_unknown_name():
    with pytest.raises(ValueError, match="Did you mean 'conv2d'"):
        hint("conv2")


# solution


def test_solution_asks_for_a_try_first():
    assert "Try it first" in repr(solution(stub()))
    assert "Try it first" in repr(solution("relu"))
    assert "def relu" not in repr(solution(stub()))


@pytest.mark.parametrize("target", [absolute(), "relu"])
def test_the_solution_is_source_without_markers_and_right(target):
    source = repr(solution(target, anyway=True))
    assert "SOLUTION" not in source
    namespace: dict[str, Any] = {"np": np}
    exec(source, namespace)
    assert check(namespace["relu"]).passed


def test_a_solution_is_fenced_so_that_no_docstring_ends_it():
    shown = show.Source("f", 'def f():\n    """```inner```"""')
    text = shown._repr_markdown_()
    assert text.splitlines()[2] == "````python"
    assert text.splitlines()[-1] == "````"


# The package


def test_importing_the_four_names_loads_nothing_but_the_standard_library_and_us():
    program = (
        "import sys; before = set(sys.modules)\n"
        "from cnnlab.autograder import start, check, hint, solution\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*loaded - sys.stdlib_module_names)\n"
        "start('ch01')\n"
        "def relu(z): raise NotImplementedError\n"
        "repr(check(relu)), check(relu)._repr_html_()\n"
        "print(*{'tensorflow', 'keras', 'matplotlib', 'pandas'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first == "cnnlab"
    assert last == ""


def test_the_package_has_no_other_names():
    import cnnlab.autograder as package

    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        package.chek  # noqa: B018


@pytest.mark.parametrize(
    ("setting", "score"),
    [
        ({"NBGRADER_EXECUTION": "autograde"}, 0.0),
        ({"NBGRADER_EXECUTION": "autograde", JUDGE: "1"}, 2.0),
        ({"NBGRADER_EXECUTION": "validate"}, 2.0),
    ],
)
def test_where_nbgrader_grades_without_a_judge_a_check_gives_no_points(
    notebook, monkeypatch, setting, score
):
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    notebook["relu"] = right()

    for found in (check(right()), check()):
        assert found._repr_mimebundle_() == {"text/plain": str(score)}
        assert bool(found) == (score > 0)
        assert ("No judge is at work" in found._repr_html_()) == (score == 0)


def test_a_terminal_shows_text():
    assert check(right())._repr_mimebundle_() == {}
