"""Chapter 0's ``outer_table``: a new axis of length 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.loop_mistakes import (
    TABLE_STOPS_SHORT,
    early_returns,
    short_loops,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Fails, Op, Twist, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def outer_table_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 4), reals(rng, 6)))
    yield Probe("by-hand", (wholes(rng, 2), wholes(rng, 3)))
    yield Probe("by-hand", (wholes(rng, 3), wholes(rng, 1)), title="one column")
    yield Probe("reference", (reals(rng, 7), reals(rng, 5)))
    yield Probe("reference", (rng.normal(size=4), rng.normal(size=4)), title="a square table")
    yield Probe("reference", (rng.normal(size=1), rng.normal(size=6)), title="one row")
    yield Probe("robust", ([1, 2], [3, 4, 5]), title="lists")


def keras_outer_table(down: Any, across: Any) -> Any:
    import keras

    down, across = ops.as_floats(down=down, across=across)
    return keras.ops.convert_to_numpy(keras.ops.outer(down, across))


def numpy_outer_table(down: Any, across: Any) -> Any:
    down, across = ops.as_floats(down=down, across=across)
    return np.array([[d * a for a in across] for d in down], across.dtype)


def _by(combine: Callable[[Any, Any], Any]) -> Callable[[Op], Op]:
    """Both as float arrays, put together in another way."""
    return lambda op: lambda down, across: combine(*ops.as_floats(down=down, across=across))


def _place_by_place(down: Any, across: Any) -> Any:
    try:
        return down * across
    except ValueError as error:
        raise Fails(str(error)) from error


EXERCISE = Exercise(
    name="outer_table",
    points={"shape": 0.15, "by-hand": 0.35, "reference": 0.5},
    probes=outer_table_probes,
    keras_reference=keras_outer_table,
    numpy_op=numpy_outer_table,
    twists=(
        Twist(
            "table-transposed",
            on_output(np.transpose),
            "Your rows and columns are exchanged. Which of the two vectors should run down the table?",
        ),
        Twist(
            "added-instead",
            _by(lambda down, across: down[:, None] + across),
            "Your table holds sums. Which operation should stand in each cell?",
        ),
        Twist(
            "summed-up",
            _by(lambda down, across: down.sum() * across),
            "Your table has lost its rows: they are added up. What should row 0 hold by itself?",
        ),
        Twist(
            "flattened",
            on_output(np.ravel),
            "The numbers are right, but they stand in one long row. How many axes has a table?",
        ),
        Twist(
            "place-by-place",
            _by(_place_by_place),
            "You multiply number by number, as if both vectors lay side by side. Each number of one must meet each of the other: which of the two should stand upright?",
        ),
        *early_returns((0, 1), (0,), (1,)),
        *short_loops(0, 1, TABLE_STOPS_SHORT),
        Twist(
            "decimals-cut-off",
            on_output(np.trunc),
            "Your table can hold whole numbers only, so the decimals are cut off. Which kind of numbers should it be made for?",
        ),
    ),
    hints=(
        "Draw a times table for two numbers down the side and three across the top. Which two numbers meet in a cell?",
        "A vector that stands upright has the shape (n, 1). What does NumPy do when (n, 1) meets (m,)?",
        "Indexing with None adds an axis of length 1 at that place. Which of the two vectors needs it, and on which side?",
    ),
    rung_hints={
        "shape": "As many rows as the first vector has numbers, as many columns as the second. What is your shape?"
    },
)
