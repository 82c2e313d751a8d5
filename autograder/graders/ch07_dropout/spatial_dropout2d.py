"""Chapter 7's spatial dropout: whole maps are dropped, one draw for each picture and channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch07_dropout._masks import CALLS, given, keras_raw, maps_view, seed
from cnnlab.autograder.graders.ch07_dropout._mistakes import (
    each_cell,
    fair_twists,
    keep_twists,
    rate_near,
    scale_twists,
    source_twists,
    thinned,
    with_mistake,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.ops import Array, require

Rng = np.random.Generator


def spatial_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, x: Any, rate: float, *asks: str, calls: int = 2, title: str = "", **kwargs: Any
    ) -> Probe:
        args = (x, rate, seed(rng))
        return Probe(rung, args, kwargs, title, given=given(rng, *asks, calls=calls))

    low, high = rate_near(rng, 0.25), rate_near(rng, 0.75)
    many = 3 * CALLS
    yield probe("shape", reals(rng, 2, 3, 4, 5), low, "form")
    yield probe("shape", rng.normal(size=(3, 2, 4, 3)), high, "form", title="float64")
    yield probe("robust", wholes(rng, 1, 3, 2, 4, dtype=np.int64), low, "form", title="integers")
    yield probe("shape", reals(rng, 2, 3, 2, 4), 1.0, "form", title="all is dropped")
    for rate in (0.4, 0.75):
        x = wholes(rng, 3, 1, 2, 8)
        yield probe("by-hand", x, rate, "factors", calls=many, title=f"{many} calls")
    for rate, shape in ((low, (6, 3, 4, 8)), (high, (5, 4, 3, 9)), (low, (5, 5, 5, 5))):
        title = f"{many} calls, maps compared"
        x = reals(rng, *shape)
        yield probe("structure", x, rate, "independence", calls=many, title=title)
    for rate, shape in ((high, (6, 3, 4, 8)), (rate_near(rng, 0.3), (7, 4, 2, 9))):
        title = f"{many} calls, all maps counted"
        yield probe("chance", reals(rng, *shape), rate, "share", calls=many, title=title)
    test = "factors", "all", "rng"
    for rate, shape in ((low, (4, 9, 8, 3)), (high, (2, 5, 6, 7))):
        x = reals(rng, *shape)
        yield probe("reference", x, rate, *test, title="not training", training=False)
    for dtype in (np.float32, np.float64):
        full = reals(rng, 8, 5, 6, 9, dtype=dtype)
        yield probe("reference", full, rate_near(rng, 0.4), "factors", title=dtype.__name__)
    for x in (full, reals(rng, 2, 3, 3, 4)):
        yield probe("edge-cases", x, 1.0, "factors", "none", title="all is dropped")
        yield probe("edge-cases", x, 0.0, "factors", "all", title="nothing is dropped")
    yield probe("edge-cases", x, 1, *test, title="not training, a rate of 1", training=False)
    asked = given(rng, "form")
    for rate in (-0.1, 1.25):
        yield Probe("robust", (x, rate, seed(rng)), given=asked, raises="rate")
    for wrong, title in ((x[0], "one picture without a batch"), (x[None], "five axes")):
        yield Probe("robust", (wrong, low, seed(rng)), title=title, given=asked, raises="x")
    yield probe("robust", full, low, "factors", calls=8, title="all in order")


def keras_spatial(x: Any, rate: float, rng: Any, training: bool = True, *, given: Any) -> Any:
    """Keras's ``SpatialDropout2D``."""
    raw = keras_raw("SpatialDropout2D", x, rate, rng, training, given)
    return maps_view((x, rate), raw)


def over_axes(axes: str) -> Callable[[Rng, tuple[int, ...], float], Array]:
    """One draw for each place along the axes named, of "NHWC"."""

    def draw(rng: Rng, shape: tuple[int, ...], p: float) -> Array:
        sizes = (n if axis in axes else 1 for n, axis in zip(shape, "NHWC", strict=True))
        return each_cell(rng, tuple(sizes), p)

    return draw


def maps_thinned(x: Any, *args: Any, **options: Any) -> Array:
    """`cnnlab.course.ops.dropout.spatial_dropout2d` with mistakes, as in `thinned`."""
    x = floats(x)
    require(x.ndim == 4, "x", "must have shape (N, H, W, C)", x.shape)
    return thinned(x, *args, **{"draw": over_axes("NC"), **options})[0]


_PER_PIXEL = "You draw for each pixel, so your maps get holes. Here a whole map of a picture is kept or dropped. How many draws does that take?"
_OVER_ROWS = (
    "You drop rows or columns of the picture. The maps are along the last axis: which sizes "
    "of x count the pictures and the channels?"
)
_ONE_CHOICE = (
    "All pictures of a batch lose the same maps. How many draws do N pictures with C channels take?"
)
_WHOLE_PICTURE = "Your pictures lose all of their maps or none. Every channel needs a draw of its own. What shape should your draw have?"

EXERCISE = Exercise(
    name="spatial_dropout2d",
    points={
        "shape": 0.5,
        "by-hand": 0.75,
        "structure": 2,
        "chance": 1,
        "reference": 1.25,
        "edge-cases": 0.5,
    },
    probes=spatial_probes,
    keras_reference=keras_spatial,
    numpy_op=maps_thinned,
    driver="ch07.drawn",
    describe=maps_view,
    needs=("dropout",),
    twists=(
        *(
            Twist("per-pixel", with_mistake(draw=over_axes(axes)), _PER_PIXEL)
            for axes in ("NHWC", "NHW")
        ),
        Twist("one-mask-per-batch", with_mistake(draw=over_axes("C")), _ONE_CHOICE),
        *(
            Twist("over-rows", with_mistake(draw=over_axes(axes)), _OVER_ROWS)
            for axes in ("NH", "NW")
        ),
        Twist("whole-picture", with_mistake(draw=over_axes("N")), _WHOLE_PICTURE),
        *keep_twists(),
        *fair_twists(),
        *scale_twists(),
        *source_twists(),
    ),
    hints=(
        "A map is dropped as a whole or not at all. What do N pictures with C channels each need: how many coins?",
        "Draw an array of N times C numbers, not of N × H × W × C. Which shape does it need so that NumPy spreads it over rows and columns?",
        "The draw needs one number for each picture and channel, and NumPy spreads it over rows and columns. What shape does it have?",
    ),
    rung_hints={
        "shape": "One array comes back, with x's shape. There is no mask to return. What does your function give back?",
        "by-hand": "Look at one map: it is all zeros, or all of it has grown by the same factor. Which one?",
        "structure": "Look at the zeros of one picture: a map is all zeros or has none. Are other maps gone in the next picture?",
        "chance": "Count the maps that are kept over many calls: a share of 1 − rate.",
        "reference": "Outside of training x comes back as it is, and nothing is drawn. What does your function do there?",
        "edge-cases": "At a rate of 1 there are only zeros. What do you divide by then?",
        "robust": "x must have four axes, and the rate must be from 0 to 1. Name the one that is wrong.",
    },
)
