"""A course of one exercise, for the tests of the build."""

import os
from pathlib import Path

import nbformat

from cnnlab.course.build import release_path, solution_path

SOURCE_PATH = "course/chapters/ch01_tiny.py"
GRADER_PATH = "autograder/graders/ch01_tiny/__init__.py"
EXERCISE = release_path("ch01_tiny")
SOLUTION = solution_path("ch01_tiny")

GRADER = """
import numpy as np

from cnnlab.autograder.judging.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output

relu = Exercise(
    name="relu",
    points={"by-hand": 1.5, "reference": 2.0},
    probes=lambda rng: [Probe("by-hand", (np.array([-1.0, 2.0]),))],
    keras_reference=lambda z: np.maximum(z, 0),
    numpy_op=lambda z: np.maximum(z, 0),
    twists=(Twist("absolute-value", on_output(np.abs), "You took the size."),),
    hints=("Concept.", "Closer.", "Detail."),
)
CHAPTER = Chapter(name="NAME", title="Tiny", exercises=(relu,))
"""

SOURCE = '''# ---
# jupyter:
#   kernelspec:
#     display_name: Some other kernel
#     name: other
# ---

# %% [markdown]
r"""
# A tiny chapter

What is below zero does not pass: $\\max(z, 0)$.
"""

# %% setup=true
import numpy as np

from cnnlab.autograder import check, hint, solution, start

start("NAME")

# %% [markdown]
"""
## Rectify

Write it.
"""


# %% exercise="relu"
def relu(z):
    """Keep what is above zero."""
    ### BEGIN SOLUTION
    passes = np.asarray(z) > 0
    return np.asarray(z) * passes
    ### END SOLUTION


# %% [markdown]
"""
## Look at it
"""

# %% tags=["wide"]
# %matplotlib inline
print(relu.__name__)
'''


def add_chapter(root: Path, name: str) -> None:
    for path, text in (
        (root / f"course/chapters/{name}.py", SOURCE),
        (root / f"autograder/graders/{name}/__init__.py", GRADER),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("NAME", name), encoding="utf-8")


def edit(path: Path, old: str, new: str) -> None:
    """A later edit: Python takes what it compiled of a file of the same size and second."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    later = path.stat().st_mtime + 2
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, (later, later))


def cells(path: Path) -> dict[str, nbformat.NotebookNode]:
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts and "__pycache__" not in path.parts
    }


def learn(root: Path) -> bytes:
    """Write something into the exercise, as a learner does, and give back the file."""
    edit(root / EXERCISE, "raise NotImplementedError()", "return abs(z)")
    return (root / EXERCISE).read_bytes()
