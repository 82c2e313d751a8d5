"""Chapter 8's ``inverse_map``: where the pixels of a turned and enlarged picture come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._warping import PLACE_TWISTS, places
from cnnlab.autograder.graders.shared.draws import side, varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops import Array, require
from cnnlab.course.ops.augmentation import sources

Rng = np.random.Generator
Size = tuple[int, int]


def map_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, size: Size, degrees: float, zoom: float, title: str = "") -> Probe:
        return Probe(rung, (size, degrees, zoom), title=title, terms=4)

    def sized(height: int, width: int) -> Size:
        return varied(rng, (height, width), lambda: (side(rng), side(rng)))

    def angle() -> float:
        return whole(rng, 10, 80) / 2 * (-1) ** whole(rng, 0, 1)

    row = varied(rng, 3, lambda: whole(rng, 4, 40))
    yield probe("shape", sized(3, 4), 30.0, 1.5)
    yield probe("by-hand", sized(2, 3), 0.0, 1.0, "as it is")
    yield probe("by-hand", sized(3, 3), 90.0, 1.0, "a quarter turn")
    yield probe("by-hand", (1, row), 0.0, 2.0, "one row, twice as large")
    yield probe("by-hand", (1, row + 1), 0.0, 0.5, "one row, half as large")
    yield probe("structure", (side(rng), 5), 0.0, whole(rng, 9, 15) / 8, "no turn")
    yield probe("structure", (5, side(rng)), angle(), 1.0, "no zoom")
    yield probe("structure", (6, side(rng)), angle(), 1.0, "no zoom")
    yield probe("structure", (side(rng),) * 2, angle(), 1.25, "a square")
    for zoom in (0.75, 1.25, 1.5, 2.5):
        yield probe("reference", (side(rng), side(rng) + 9), angle(), zoom)
    yield probe("edge-cases", sized(4, 6), 180.0, 1.0, "half a turn")
    yield probe("edge-cases", sized(5, 4), 365.0, 1.0, "more than a whole turn")
    yield probe("edge-cases", (1, 1), angle(), 3.0, "a picture of one pixel")
    yield probe("edge-cases", (9, 1), angle(), 0.5, "a picture of one column")
    for zoom in (0.0, -1.5):
        yield Probe("robust", ((3, 4), 10.0, zoom), title=f"zoom {zoom:g}", raises="zoom")
    yield Probe("robust", ((3, 4), 10, 2), title="whole numbers", terms=4)


def mapped(
    size: Size,
    degrees: float,
    zoom: float,
    *,
    angle: Callable[[float], float] = np.radians,
    centre: Callable[[int, int], tuple[float, float] | None] = lambda height, width: None,
    resize: Callable[[float], float] = lambda zoom: zoom,
) -> tuple[Array, Array]:
    """`inverse_map` with mistakes: without any, it is that function."""
    require(zoom > 0, "zoom", "must be above 0", zoom)
    rows, columns = sources(size, angle(degrees), resize(zoom), centre(*size))
    return rows[0], columns[0]


def _where_it_goes(op: Op) -> Op:
    """Forward is backward with the opposite angle and size."""
    return lambda size, degrees, zoom, **how: op(size, -degrees, 1 / zoom, **how)


def _about_the_middle(op: Op) -> Op:
    def mistaken(size: Size, *args: Any, **how: Any) -> Any:
        rows, columns = op(size, *args, **how)
        return rows - (size[0] - 1) / 2, columns - (size[1] - 1) / 2

    return mistaken


def _one_after_the_other(first: str) -> Callable[[Op], Op]:
    """The second coordinate is turned with the first one's new value in the place of the old."""

    def apply(op: Op) -> Op:
        def mistaken(size: Size, degrees: float, zoom: float) -> tuple[Array, Array]:
            middle = (size[0] - 1) / 2, (size[1] - 1) / 2
            down, right = (at - m for at, m in zip(np.indices(size), middle, strict=True))
            cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
            rows, columns = (at - m for at, m in zip(op(size, degrees, zoom), middle, strict=True))
            if first == "rows":
                columns = (cos * right - sin * zoom * rows) / zoom
            else:
                rows = (cos * down + sin * zoom * columns) / zoom
            return rows + middle[0], columns + middle[1]

        return mistaken

    return apply


EXERCISE = Exercise(
    name="inverse_map",
    points={"shape": 0.25, "by-hand": 0.5, "structure": 0.5, "reference": 0.5, "edge-cases": 0.25},
    probes=map_probes,
    keras_reference=places,
    numpy_op=mapped,
    twists=(
        Twist(
            "forward-mapping",
            _where_it_goes,
            "You compute where each pixel goes. Here you are asked where it comes from. Which turn and which zoom undo the given ones?",
        ),
        *PLACE_TWISTS,
        Twist(
            "order-swapped",
            on_output(lambda at: (at[1], at[0])),
            "You return the columns first. In which order does the description name them?",
        ),
        Twist(
            "middle-not-added-back",
            _about_the_middle,
            "Your places are counted from the middle of the picture. From where do an array's rows and columns count?",
        ),
        Twist(
            "middle-zoomed-too",
            lambda op: (
                lambda size, degrees, zoom: tuple(at / zoom for at in op(size, degrees, 1.0))
            ),
            "You divide by the zoom after the middle was added back, so the middle itself moves. Which of the two steps comes first?",
        ),
        *(
            Twist(
                "overwrites-one-coordinate",
                _one_after_the_other(first),
                "You turn one of the two coordinates and then use its new value for the other. Both turns need the old ones. What must you keep?",
            )
            for first in ("rows", "columns")
        ),
    ),
    hints=(
        "Take one pixel of the result. Where in the old picture was what it shows?",
        "There are three steps back: subtract the middle, undo the zoom and the turn, add the middle. Which sign does a turn back need, where rows count down?",
        "The rows as a column of numbers and the columns as a row give all pixels at once, by broadcasting. What is the middle of the rows 0 to H − 1?",
    ),
    rung_hints={
        "shape": "There are two arrays, rows and columns, both of shape (H, W). What does your function return?",
        "by-hand": "Draw three by three pixels on paper and turn the paper a quarter, against the clock. What is at the top left now, and where was it?",
        "structure": "Rows and columns have their own middle, and both have the same zoom. Which of them does your formula mix up?",
        "edge-cases": "A picture of one pixel has its middle at 0. What do you subtract there?",
        "robust": "A zoom of 0 or less is no size. Name zoom in a ValueError.",
    },
)
