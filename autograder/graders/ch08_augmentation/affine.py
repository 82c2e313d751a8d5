"""Chapter 8's affine warp: pictures turned and enlarged, by inverse mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import axes_probes, floats
from cnnlab.autograder.graders.ch08_augmentation._warping import (
    PLACE_TWISTS,
    READINGS,
    places,
    read_by_keras,
)
from cnnlab.autograder.graders.shared.draws import impulse, reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops import Array, augmentation
from cnnlab.course.ops.augmentation import bilinear, sources

Rng = np.random.Generator


def affine_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, x: Array, degrees: float, zoom: float, title: str = "") -> Probe:
        return Probe(rung, (x, degrees, zoom), title=title, terms=500)

    yield probe("shape", reals(rng, 2, 3, 4, 2), 30.0, 1.5)
    yield probe("shape", reals(rng, 1, 4, 3, 1, dtype=np.float64), -10.0, 1.0, "float64")
    small = wholes(rng, 1, 3, 3, 1)
    yield probe("by-hand", small, 0.0, 1.0, "as it is")
    yield probe("by-hand", small, 90.0, 1.0, "a quarter turn")
    yield probe("by-hand", wholes(rng, 1, 2, 2, 1), 90.0, 1.0, "a quarter turn of four pixels")
    yield probe("by-hand", wholes(rng, 1, 1, 3, 1), 0.0, 2.0, "one row, twice as large")
    yield probe("by-hand", wholes(rng, 1, 1, 4, 1), 0.0, 0.5, "one row, half as large")
    row, column = varied(rng, (3, 7), lambda: (whole(rng, 2, 4), whole(rng, 6, 7)))
    left, right = varied(rng, (30, 20), lambda: (whole(rng, 15, 40), whole(rng, 15, 40)))
    dot = impulse(1, 7, 9, 1, at=(0, row, column, 0))
    yield probe("structure", dot, float(left), 1.0, "a dot on the right")
    yield probe("structure", dot, float(-right), 0.8, "a dot on the right, smaller")
    yield probe("structure", reals(rng, 2, 5, 5, 2), 0.0, 1.3, "no turn")
    yield probe("structure", reals(rng, 4, 4, 4, 4), 17.0, 1.0, "every side 4")
    for degrees, zoom in ((12.5, 1.0), (-33.0, 1.25), (40.0, 0.7), (7.0, 1.6)):
        yield probe("reference", reals(rng, 2, 7, 8, 3), degrees, zoom)
    yield probe("reference", reals(rng, 3, 9, 6, 2), -14.5, 0.9)
    yield probe("reference", rng.normal(size=(2, 6, 9, 3)), 21.0, 1.1, "float64")
    yield probe("edge-cases", reals(rng, 2, 4, 6, 2), 180.0, 1.0, "half a turn")
    yield probe("edge-cases", reals(rng, 1, 5, 4, 2), 365.0, 1.0, "more than a whole turn")
    yield probe("edge-cases", reals(rng, 2, 6, 5, 1), 25.0, 0.2, "very small")
    yield probe("edge-cases", reals(rng, 2, 1, 1, 3), 45.0, 3.0, "pictures of one pixel")
    x = reals(rng, 2, 3, 4, 3)
    for zoom in (0.0, -1.5):
        yield Probe("robust", (x, 10.0, zoom), title=f"zoom {zoom:g}", raises="zoom")
    yield from axes_probes(x, 10.0, 1.2)


def keras_affine(x: Any, degrees: float, zoom: float) -> Array:
    """Keras's ``map_coordinates`` at the places that the inverse of the matrix says.

    ``affine_transform`` and the layers compute those places in float32 and so are right to five
    or six digits only; the tests compare with them.
    """
    x = floats(x)
    return read_by_keras(x, *places(x.shape[1:3], degrees, zoom))


def warped(
    x: Any,
    degrees: float,
    zoom: float,
    *,
    angle: Callable[[float], float] = np.radians,
    centre: Callable[[int, int], tuple[float, float] | None] = lambda height, width: None,
    resize: Callable[[float], float] = lambda zoom: zoom,
    read: Callable[[Array, Array, Array], Array] = bilinear,
    scatter: Callable[[Array], Array] | None = None,
) -> Array:
    """`affine` with mistakes: without any, it is that function."""
    x = augmentation.batch(x)
    if zoom <= 0:
        raise ValueError(f"zoom must be above 0. Received: {zoom}")
    size, middle = x.shape[1:3], centre(*x.shape[1:3])
    if scatter is None:
        return read(x, *sources(size, angle(degrees), resize(zoom), middle))
    # Forwards is backwards with the opposite angle and size.
    targets = sources(size, -angle(degrees), 1 / resize(zoom), middle)
    return _scattered(x, *(scatter(place[0]).astype(int) for place in targets))


def _scattered(x: Array, rows: Array, columns: Array) -> Array:
    """Every pixel put where it goes; a later one wins."""
    out = np.zeros_like(x)
    for i, j in np.ndindex(*rows.shape):
        if 0 <= rows[i, j] < x.shape[1] and 0 <= columns[i, j] < x.shape[2]:
            out[:, rows[i, j], columns[i, j]] = x[:, i, j]
    return out


_FORWARD = "You send every pixel to its new place. Some places then get two pixels and others none: holes. Go the other way: ask for every pixel of the result where it comes from."

EXERCISE = Exercise(
    name="affine",
    points={"shape": 0.25, "by-hand": 1, "structure": 1, "reference": 2.25, "edge-cases": 0.5},
    probes=affine_probes,
    keras_reference=keras_affine,
    numpy_op=warped,
    needs=("inverse_map", "bilinear"),
    twists=(
        *(
            Twist("forward-mapping", with_mistake(scatter=scatter), _FORWARD)
            for scatter in (np.rint, lambda place: np.floor(place + 0.5), np.trunc)
        ),
        *PLACE_TWISTS,
        *(Twist(name, with_mistake(read=read), says) for name, read, says in READINGS),
        Twist(
            "rows-and-columns-swapped",
            with_mistake(read=lambda x, rows, columns: bilinear(x, columns, rows)),
            "Rows and columns have changed places. Which of them does inverse_map give first, and which does bilinear take first?",
        ),
    ),
    hints=(
        "Take one pixel of the result. Where in the old picture was what it shows?",
        "There are three steps back: subtract the middle, undo the zoom and the turn, add the middle. Which sign does a turn back need, where rows count down?",
        "A place between pixels has four neighbors. Each neighbor counts more the nearer it is, along rows and along columns. What does one count that lies outside?",
    ),
    rung_hints={
        "shape": "The result has the shape of x, with all four axes. What is the shape of yours?",
        "by-hand": "Draw three by three pixels on paper and turn the paper a quarter, against the clock. What is at the top left now?",
        "structure": "A single dot: where is its new place, and how much of it do the four pixels around that place get?",
        "edge-cases": "Places far outside: are your indices still inside of the array when you read them?",
        "robust": "A zoom of 0 or less is no size. Name zoom, and x where it has not four axes.",
    },
)
