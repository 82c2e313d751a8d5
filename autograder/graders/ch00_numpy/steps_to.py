"""Chapter 0's ``steps_to``: every place of a table, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import side, varied, whole
from cnnlab.autograder.graders.shared.loop_mistakes import (
    TABLE_STOPS_SHORT,
    early_returns,
    short_loops,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output

Rng = np.random.Generator


def steps_to_probes(rng: Rng) -> Iterator[Probe]:
    yield _probe(rng, "shape", 4, 6)
    yield Probe(
        "by-hand", varied(rng, ((3, 4), (1, 2)), lambda: _inside(rng)), title="a place inside"
    )
    yield _probe(rng, "by-hand", 2, 3)
    for height, width in ((7, 5), (5, 9), (6, 6), (1, 8), (8, 1)):
        yield _probe(rng, "reference", height, width)


def _inside(rng: Rng) -> tuple[tuple[int, int], tuple[int, int]]:
    height, width = side(rng), side(rng)
    return (height, width), (whole(rng, 1, height - 2), whole(rng, 1, width - 2))


def _probe(rng: Rng, rung: str, height: int, width: int) -> Probe:
    """A table of this size; in a fresh batch a larger one. A single row or column stays one."""
    larger = varied(rng, 0, lambda: whole(rng, 1, 20))
    height, width = (n + larger if n > 1 else n for n in (height, width))
    return Probe(rung, ((height, width), (int(rng.integers(height)), int(rng.integers(width)))))


def keras_steps_to(shape: tuple[int, int], place: tuple[int, int]) -> Any:
    import keras

    (height, width), (row, column) = shape, place
    down = keras.ops.absolute(keras.ops.arange(height, dtype="int32") - row)
    across = keras.ops.absolute(keras.ops.arange(width, dtype="int32") - column)
    steps = keras.ops.expand_dims(down, 1) + keras.ops.expand_dims(across, 0)
    return keras.ops.convert_to_numpy(steps).astype(np.float64)


def numpy_steps_to(shape: tuple[int, int], place: tuple[int, int]) -> Any:
    rows, columns = np.indices(shape)
    return np.abs(rows - place[0]) + 1.0 * np.abs(columns - place[1])


def _counted(rule: Callable[[Any, Any], Any]) -> Callable[[Op], Op]:
    """Steps by another rule of how many rows and columns a cell lies after the place."""

    def apply(op: Op) -> Op:
        def steps_to(shape: tuple[int, int], place: tuple[int, int]) -> Any:
            rows, columns = np.indices(shape)
            return 1.0 * rule(rows - place[0], columns - place[1])

        return steps_to

    return apply


def _beside(n: int) -> Callable[[Op], Op]:
    """Steps to the cell so many rows before the place, and as many columns."""
    return _counted(lambda down, right: np.abs(down + n) + np.abs(right + n))


def _as_counts(args: tuple[Any, ...], value: Any) -> Any:
    """Whole numbers and floats are equally good counts."""
    counts = isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
    return value.astype(np.float64) if counts else value


_ONE_WAY = "You count along one axis alone. How many steps is it to a cell in another row and another column?"

_STRAIGHT = "You measure the straight line. How many whole steps lead there?"

EXERCISE = Exercise(
    name="steps_to",
    points={"shape": 0.25, "by-hand": 0.5, "reference": 0.75},
    probes=steps_to_probes,
    keras_reference=keras_steps_to,
    numpy_op=numpy_steps_to,
    describe=_as_counts,
    twists=(
        Twist("one-way-only", _counted(lambda down, right: np.abs(down)), _ONE_WAY),
        Twist("one-way-only", _counted(lambda down, right: np.abs(right)), _ONE_WAY),
        Twist(
            "diagonal-steps",
            _counted(lambda down, right: np.maximum(np.abs(down), np.abs(right))),
            "You let a step go diagonally. Up, down, left and right are the only steps: how many lead to the next cell on a diagonal?",
        ),
        *(
            Twist("straight-line", _counted(line), _STRAIGHT)
            for line in (
                np.hypot,
                lambda down, right: np.rint(np.hypot(down, right)),
                lambda down, right: np.floor(np.hypot(down, right)),
            )
        ),
        Twist(
            "sign-kept",
            _counted(np.add),
            "Cells before the place count negative. Can a number of steps be below 0?",
        ),
        Twist(
            "sum-before-size",
            _counted(lambda down, right: np.abs(down + right)),
            "You add first and drop the sign afterward. One row up and one column to the right then cancel out. How many steps are these two?",
        ),
        *(
            Twist(
                "counts-from-one",
                _beside(n),
                "Your steps lead to the cell diagonally beside the place. Rows and columns are counted from 0, in the place and in the table. Where do you count from 1?",
            )
            for n in (1, -1)
        ),
        Twist(
            "table-transposed",
            on_output(np.transpose),
            "Rows and columns of your table are exchanged. Which index goes down: that of the rows, or that of the columns?",
        ),
        *early_returns((0, 1), (0,), (1,)),
        *short_loops(0, 1, TABLE_STOPS_SHORT),
        Twist(
            "place-swapped",
            lambda op: lambda shape, place: op(shape, place[::-1]),
            "Row and column of the place are exchanged. Which comes first in an index?",
        ),
        Twist(
            "shape-swapped",
            lambda op: lambda shape, place: op(shape[::-1], place),
            "Height and width are exchanged. Which comes first in a shape?",
        ),
    ),
    hints=(
        "Take one cell. How many rows is it away from the place, and how many columns?",
        "Make an array of zeros first. Then visit each of its places, one after another, and write its number there.",
        "np.ndindex gives every place of a shape in turn, as a tuple of row and column. Where can you use that tuple as an index?",
    ),
    rung_hints={
        "shape": "The result is a table of the given shape. What does your function return?"
    },
)
