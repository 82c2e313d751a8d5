"""A box can be called, and nothing that a notebook shows of it gives its mistake away."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
import traceback

import numpy as np
import pytest

from cnnlab.autograder import box, live
from cnnlab.autograder.display.box import Box, BoxError
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter

BOXES = [
    pytest.param(Box(chapter, exercise.name), exercise.puzzle, id=f"{chapter[:4]}-{exercise.name}")
    for chapter in chapter_names()
    for exercise in load_chapter(chapter).exercises
    if exercise.puzzle
]


@pytest.fixture
def started(monkeypatch):
    monkeypatch.setattr(live, "state", live.LiveState())
    live.begin("ch01")


def test_a_box_is_called_as_its_function(started):
    broken = box("relu")
    z = np.array([-1.0, 0.5, 3.0])
    assert broken(z).tolist() == broken(z=z).tolist() == [0.0, 0.5, 1.0]
    assert z.tolist() == [-1.0, 0.5, 3.0]


def test_a_box_that_no_puzzle_has_is_refused(started):
    with pytest.raises(ValueError, match="expose_sigmoid"):
        box("sigmoid")


@pytest.mark.parametrize(("made", "puzzle"), BOXES)
def test_nothing_that_python_shows_names_the_mistake(made, puzzle):
    shown = [str(made), repr(type(made)), " ".join(dir(made)), pickle.dumps(made).decode("latin-1")]
    shown += [str(inspect.signature(made)), inspect.getsource(type(made)), str(made.__doc__)]
    names = sorted(puzzle.choices)
    lines = "\n".join(shown).splitlines()
    assert [n for n in names if any(line.strip().startswith(f"{n}:") for line in lines)] == names
    rest = "\n".join(line for line in lines if not line.startswith("  "))
    assert puzzle.mistake not in rest
    with pytest.raises(TypeError):
        inspect.getsource(made)
    for attribute in ("__code__", "__closure__", "__wrapped__", "__name__", "__dict__", "func"):
        assert not hasattr(made, attribute)
    held = [getattr(made, slot) for slot in type(made).__slots__]
    assert all(isinstance(value, str) and puzzle.mistake not in value for value in held)


@pytest.mark.parametrize(("made", "puzzle"), BOXES)
def test_the_card_lists_every_name_alike(made, puzzle):
    card = made._repr_html_()
    rows = card.split("<dt ")[1:]
    assert [row.split(">")[1].split("<")[0] for row in rows] == sorted(puzzle.choices)
    assert len({row.split('"')[1] for row in rows}) == 1
    assert puzzle.name in card


def test_an_error_comes_without_the_lines_that_raised_it(started):
    with pytest.raises(BoxError, match="the function in the box stops with an error") as caught:
        box("correlate2d")(np.ones((1, 1)), np.ones((2, 2)))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    text = "".join(traceback.format_exception(caught.value))
    assert "/graders/" not in text.replace("\\", "/")
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)][1:]
    assert [frame.f_code.co_name for frame in frames] == ["__call__"]
    assert set(frames[0].f_locals) == {"self", "args", "kwargs", "value", "problem"}


def test_a_box_by_hand_needs_no_keras():
    program = (
        "import sys, numpy as np\n"
        "from cnnlab.autograder import box, check, start\n"
        "start('ch01')\n"
        "def expose_relu(): return 'capped-at-one', box('relu')(np.array([5.0])) + 1\n"
        "assert check(expose_relu).score == 2, check(expose_relu)\n"
        "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
