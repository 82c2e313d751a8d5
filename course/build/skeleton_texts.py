"""What `cnnlab.course.build.skeleton` writes; words in guillemets are replaced.

The exercise asks for twice a number: the smallest that has everything an exercise needs.
"""

CELLS = '''\
# %% [markdown]
r"""
### Exercise «COUNT»: «NAME»

What is it for? A sentence, a formula, and an example by hand:

$$f(z) = 2z$$
"""


# %% exercise="«NAME»"
def «NAME»(z):
    """Twice every number.

    Parameters
    ----------
    z : array or nested list, any shape

    Returns
    -------
    array, the shape of ``z``
        Floats keep their dtype; integers and lists give float64.

    >>> «NAME»([1, -2.5])
    array([ 2., -5.])
    """
    ### BEGIN SOLUTION
    return 2.0 * np.asarray(z)
    ### END SOLUTION
'''

GRADER = '''\
"""Chapter «NUMBER»'s ``«NAME»``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def «NAME»_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3),))
    yield Probe("robust", ([1, -2],), title="a list")
    yield Probe("by-hand", (wholes(rng, 4),))
    yield Probe("by-hand", (np.array([-3, -1, 0, 1, 3], np.float32),), title="around zero")
    yield Probe("reference", (reals(rng, 3, 5, 4),))
    yield Probe("reference", (rng.normal(size=(4, 7)),), title="float64")


def keras_«NAME»(z: Any) -> Any:
    """What Keras answers; `cnnlab record` asks it."""
    import keras

    (z,) = ops.as_floats(z=z)
    return keras.ops.convert_to_numpy(keras.ops.multiply(z, 2))


def numpy_«NAME»(z: Any) -> Any:
    """The op that twists change. Move it to course/ops where a demo or a figure needs it."""
    (z,) = ops.as_floats(z=z)
    return z + z


EXERCISE = Exercise(
    name="«NAME»",
    points={"shape": 0.25, "by-hand": 0.75, "reference": 1},
    probes=«NAME»_probes,
    keras_reference=keras_«NAME»,
    numpy_op=numpy_«NAME»,
    twists=(
        Twist(
            "absolute-value",
            on_output(np.abs),
            "Negative numbers come out positive. What is twice -3?",
        ),
    ),
    hints=(
        "What becomes of a single number?",
        "The same happens to every number, whatever the shape.",
        "NumPy's arithmetic works cell by cell. A list must become an array first.",
    ),
    rung_hints={"shape": "Shape and dtype stay as they are; lists become float64."},
)
'''

TEST = '''\
"""Chapter «NUMBER»'s ``«NAME»`` as learners write it."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function


def judged(function):
    return judge_function(recorded("«CHAPTER»")["«NAME»"], function)


def in_a_loop(z):
    out = 1.0 * np.asarray(z)
    for place in np.ndindex(out.shape):
        out[place] *= 2
    return out


@pytest.mark.parametrize("function", [in_a_loop, lambda z: np.add(1.0 * np.asarray(z), z)])
def test_right_ways_to_write_it_get_full_marks(function):
    result = judged(function)
    assert (result.status, result.score) == ("passed", result.max_score)


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (lambda z: 2 * np.abs(1.0 * np.asarray(z)), ["absolute-value"]),
        (lambda z: np.square(1.0 * np.asarray(z)), []),
    ],
)
def test_a_mistake_loses_points_and_gets_its_name(function, diagnosis):
    result = judged(function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score
'''

SOURCE = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Chapter «NUMBER»: «TITLE»

Which question does this chapter answer?

Run the next cell first.
"""

# %% setup=true
import numpy as np

from cnnlab.autograder import check, hint, solution, start

start("«CHAPTER»")

# %% [markdown]
r"""
## 1. The first section
"""
'''

CHAPTER = '''\
"""Chapter «NUMBER»: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="«CHAPTER»",
    title="«TITLE»",
    exercises=(),
)
'''
