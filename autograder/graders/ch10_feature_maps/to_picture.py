"""Chapter 10's to_picture: a feature map as grey levels, between its percentiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, floor
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, side, varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops import Array, feature_maps

Rng = np.random.Generator


def to_picture_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 4, 6),))
    yield Probe("robust", ([[1, 2], [3, 5]],), title="lists")
    for rung, shape, number in (("shape", (3, 5), 2.0), ("by-hand", (2, 3), 7.0)):
        number = varied(rng, number, lambda: whole(rng, 1, 200) / 4)
        flat = np.full(shape, number, np.float32)
        yield Probe(rung, (flat,), title=f"every number {number:g}")
    shape = varied(rng, (3, 2), lambda: (side(rng), side(rng)))
    yield Probe("by-hand", (np.zeros(shape, np.float32),), title="zeros only")
    two = varied(
        rng, [0, 4], lambda: [whole(rng, -20, 20), whole(rng, 21, 60)][:: rng.choice([-1, 1])]
    )
    yield Probe("by-hand", (np.array([two], float),), title="two numbers")
    yield Probe("structure", (100 + rng.normal(size=(7, 5)),), title="all far above 0")
    yield Probe("structure", (rng.normal(size=(6, 6)) - 50,), title="all far below 0")
    yield Probe("reference", (rng.normal(size=(20, 30)),), title="float64")
    yield Probe("reference", (rng.normal(size=(25, 25)).astype(np.float32),), title="float32")
    yield Probe("reference", (np.maximum(rng.normal(size=(18, 14)), 0),), title="after a ReLU")
    outlier = rng.normal(size=(15, 15))
    outlier[3, 4], outlier[9, 2] = 1e3, -1e3
    yield Probe("edge-cases", (outlier,), title="two outliers")
    n = varied(rng, 16, lambda: whole(rng, 14, 20))
    row, column, number = varied(
        rng, (5, 5, 9.0), lambda: (whole(rng, 1, 12), whole(rng, 1, 12), whole(rng, 1, 80) / 4)
    )
    lonely = np.zeros((n, n))
    lonely[row, column] = number
    yield Probe("edge-cases", (lonely,), title="a single cell that is not 0", quiet=True)
    number = varied(rng, -3.0, lambda: -whole(rng, 1, 200) / 4)
    below = np.full((4, 4), number)
    yield Probe("edge-cases", (below,), title=f"every number {number:g}", quiet=True)
    yield Probe("robust", (reals(rng, 3, 4, 2),), title="three axes", raises="feature_map")
    yield Probe("robust", (reals(rng, 6),), title="one axis", raises="feature_map")
    yield Probe("robust", (reals(rng, 3, 4),), title="two axes")


def keras_to_picture(feature_map: Any) -> Any:
    """Between percentiles in float64, read from the numbers in Keras's order.

    ``keras.ops.quantile`` of equal numbers is off by a rounding on some backends, so that a grey
    picture would not be known for one.
    """
    import keras

    values = np.asarray(feature_map, np.float64)
    ordered = keras.ops.convert_to_numpy(keras.ops.sort(keras.ops.reshape(values, -1)))
    low, high = (_percentile(ordered, share) for share in (0.01, 0.99))
    if low == high:
        return np.full(values.shape, 128, np.uint8)
    clipped = keras.ops.clip((values - low) / (high - low), 0, 1)
    return keras.ops.convert_to_numpy(keras.ops.round(255 * clipped)).astype(np.uint8)


def _percentile(ordered: Any, share: float) -> float:
    """Between the two neighbours that the share lies between; exact where they are equal."""
    at = share * (len(ordered) - 1)
    before, after = ordered[floor(at)], ordered[ceil(at)]
    return float(before + (after - before) * (at - floor(at)))


def _percentiles(values: Array) -> tuple[Any, Any]:
    low, high = np.percentile(values, [1, 99])
    return low, high


def _between(low: float, high: float) -> Callable[[Array], tuple[Any, Any]]:
    def ends(values: Array) -> tuple[Any, Any]:
        first, last = np.percentile(values, [low, high])
        return first, last

    return ends


def _of_256(values: Array) -> tuple[Any, Any]:
    """White a little early: 256 for 255 in the scale."""
    low, high = _percentiles(values)
    return low, low + (high - low) * 255 / 256


def _extremes(values: Array) -> tuple[Any, Any]:
    return values.min(), values.max()


def _spread(times: float, middle: float) -> Callable[[Array], tuple[Any, Any]]:
    """Black and white where ``times`` standard deviations off the mean come to 0 and 255."""

    def ends(values: Array) -> tuple[Any, Any]:
        low = values.mean() - values.std() * middle / times
        return low, low + values.std() * 255 / times

    return ends


def _clip(levels: Array) -> Array:
    return np.clip(levels, 0, 255)


def _cut(levels: Array) -> Array:
    """Without decimals, as a conversion to integers does it."""
    return levels


def drawn(
    feature_map: Any,
    *,
    before: Callable[[Array], Array] = lambda values: values,
    ends: Callable[[Array], tuple[Any, Any]] = _percentiles,
    flat: float | None = 128,
    small: float = 0,
    fit: Callable[[Array], Array] = _clip,
    whole: Callable[[Array], Array] = np.rint,
) -> Array:
    """`feature_maps.to_picture` with other steps on the way: without any, it is that function.

    Parameters
    ----------
    before : array → array
        What is done to the numbers first.
    ends : array → (low, high)
        What becomes black, and what becomes white.
    flat : float or None
        The level of a map whose ends are the same; None: it is computed like any other.
    small : float
        What is added to the divisor.
    fit, whole : array → array
        What is done with levels beyond 0 … 255, and with decimals.
    """
    feature_maps.to_picture(feature_map)  # raises where the shape is wrong
    values = before(np.asarray(feature_map, np.float64))
    low, high = ends(values)
    if flat is not None and low == high:
        return np.full(values.shape, flat, np.uint8)
    with np.errstate(all="ignore"):
        return whole(fit(255 * ((values - low) / (high - low + small)))).astype(np.uint8)


_DIVIDES = "On a map whose numbers are all the same you divide by nearly 0, and it comes out black. Such a map shows nothing. Which gray should it be?"
_WRAPS = (
    "Numbers beyond the percentiles leave the range 0 to 255, and uint8 starts again at the other "
    "end: the brightest cells come out dark. What should happen to them before the conversion?"
)
_CLIPS_NEGATIVES = "You set everything below 0 to 0 first. Black belongs to the 1st percentile, wherever that lies. What happens to a map that is all negative?"
_EXTREMES = "You stretch from the smallest to the largest number. One outlier then makes all others the same gray. Which two numbers are safer ends?"
_MEAN = "You go by the mean and the standard deviation. Then the map decides how much is black or white. Which two percentiles should be the ends?"
_TRUNCATES = "You cut the decimals off. Which whole number is nearest to a level of 99.9?"
_OTHER = (
    "Your ends are other percentiles than the ones asked for. Which two does the description name?"
)
UNGUARDED = ({"flat": None}, {"flat": None, "small": 1e-7})
"""Ways to divide where a map may be the same everywhere."""

SPREADS = (_spread(25.5, 127.5), _spread(64, 128))
"""A tenth or a quarter of the range for each standard deviation, as in well-known examples."""


EXERCISE = Exercise(
    name="to_picture",
    points={"shape": 0.5, "by-hand": 1, "structure": 0.5, "reference": 2, "edge-cases": 0.5},
    probes=to_picture_probes,
    keras_reference=keras_to_picture,
    numpy_op=drawn,
    twists=(
        *(Twist("divides-by-zero", with_mistake(**way), _DIVIDES) for way in UNGUARDED),
        *(
            Twist("wraps-around", with_mistake(fit=lambda v: v, whole=whole), _WRAPS)
            for whole in (np.rint, _cut, lambda v: np.rint(v).astype(np.int64))
        ),
        Twist(
            "clips-negatives",
            with_mistake(before=lambda values: np.maximum(values, 0)),
            _CLIPS_NEGATIVES,
        ),
        Twist("stretches-to-the-extremes", with_mistake(ends=_extremes), _EXTREMES),
        *(
            Twist(
                "stretches-to-the-extremes",
                with_mistake(ends=_extremes, whole=_cut, **way),
                _EXTREMES,
            )
            for way in UNGUARDED
        ),
        *(
            Twist("mean-and-spread", with_mistake(ends=ends, whole=whole, **way), _MEAN)
            for ends in SPREADS
            for whole in (np.rint, _cut)
            for way in ({}, {"flat": None}, {"flat": 127})
        ),
        Twist("truncates", with_mistake(whole=_cut), _TRUNCATES),
        *(
            Twist("other-percentiles", with_mistake(ends=_between(low, 100 - low)), _OTHER)
            for low in (5, 2, 10, 0.5)
        ),
        Twist(
            "percentiles-as-shares",
            with_mistake(ends=_between(0.01, 0.99)),
            "Both of your ends lie near the smallest number. np.percentile counts from 0 to 100. Which two numbers does it need?",
        ),
        Twist(
            "times-256",
            with_mistake(ends=_of_256),
            "You multiply by 256. There are 256 levels, and the first one is 0. Which one is the last?",
        ),
    ),
    hints=(
        "A picture has 256 gray levels. Which number of the map should become black, and which white?",
        "NumPy finds percentiles. What is below the one is black, and what is above the other is white. What should happen in between?",
        "Between them it is a straight line: subtract, divide, clip to 0…1, times 255, round, uint8. And before you divide: can the divisor be 0?",
    ),
    rung_hints={
        "by-hand": "Where both percentiles are the same, every pixel is a middle gray. What does your function give there?",
        "shape": "The result has the map's shape and dtype uint8. What are the shape and dtype of yours?",
        "robust": "One map has two axes. Name feature_map in the message.",
    },
)
