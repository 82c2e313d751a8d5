"""Chapter 15's calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch15_your_photographs._answers import answered
from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output, with_mistake
from cnnlab.course.ops import Array, require
from cnnlab.course.ops.calibration import answers

Rng = np.random.Generator


def probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, count: int, classes: int, *bins: int, title: str = "") -> Probe:
        return Probe(rung, (*answered(rng, count, classes), *bins), title=title)

    yield probe("shape", 30, 3)
    yield probe("shape", 30, 3, 7)
    two = varied(
        rng,
        (np.array([0, 1]), np.array([[0.875, 0.125], [0.625, 0.375]])),
        lambda: _pairs(rng, 1),
    )
    yield Probe("by-hand", (*two, 2), title="two pictures, two bins")
    four = varied(
        rng,
        (
            np.array([0, 1, 1, 0]),
            np.array([[0.875, 0.125], [0.3125, 0.6875], [0.6875, 0.3125], [0.1875, 0.8125]]),
        ),
        lambda: _pairs(rng, 2),
    )
    yield Probe("by-hand", (*four, 4), title="four pictures, four bins")
    yield probe("structure", 50, 3, 5, title="five bins")
    yield probe("structure", 60, 4, 8, title="four classes, eight bins")
    yield probe("structure", 40, 2, 1, title="one bin")
    yield probe("reference", 400, 5, title="400 pictures, ten bins")
    yield probe("reference", 200, 2, 15, title="two classes, 15 bins")
    labels, p = answered(rng, 20, 3)
    p[[2, 5, 9]] = np.eye(3)[[0, 2, 1]]
    labels[[2, 5]] = 0, 1
    yield Probe("edge-cases", (labels, p, 5), title="some have probability 1")
    bins = varied(rng, 10, lambda: whole(rng, 3, 40))
    yield Probe("edge-cases", (labels[[2, 5]], p[[2, 5]], bins), title="all have probability 1")
    labels, p = answered(rng, 25, 2)
    many = varied(rng, 40, lambda: _on_edges(rng, p))
    yield Probe("edge-cases", (labels, p, many), title="more bins than pictures")
    yield Probe("robust", (labels.tolist(), p.tolist(), 4), title="lists")
    yield Probe("robust", (labels, p, 4), title="all in order")
    yield Probe("robust", (labels[1:], p, 4), title="a label too few", raises="labels")
    yield Probe("robust", (labels, p[:, 0], 4), title="one number each", raises="probabilities")
    yield Probe("robust", (labels, p, 0), title="no bins", raises="bins")


def _on_edges(rng: Rng, p: Array) -> int:
    """How many bins; some answers are now just as sure as a bin begins, and keep their class.

    The number is a power of 2, so that every way to compute an edge gives the same float.
    """
    bins = int(2 ** rng.integers(5, 8))
    some = rng.choice(len(p), 6, replace=False)
    edges = rng.integers(bins // 2 + 1, bins, len(some)) / bins
    first = p[some, 0] > 0.5
    p[some] = np.where(first, [edges, 1 - edges], [1 - edges, edges]).T
    return bins


def _pairs(rng: Rng, quarters: int) -> tuple[Array, Array]:
    """Pictures of two classes: in each of the upper quarters, one right and one wrong answer."""
    lowest = np.repeat([24, 16][:quarters], 2)
    sure = (lowest + rng.integers(1, 8, 2 * quarters)) / 32
    said = rng.integers(0, 2, 2 * quarters)
    right = np.tile([True, False], quarters)
    p = np.where(np.arange(2) == said[:, None], sure[:, None], 1 - sure[:, None])
    return np.where(right, said, 1 - said), p


def three(args: tuple[Any, ...], value: Any) -> Any:
    """What is compared: three rows, also where they are lists, and counts of any width."""
    if not isinstance(value, tuple | list) or len(value) != 3:
        return value
    rows = [np.asarray(row) if isinstance(row, list | tuple) else row for row in value]
    count = rows[2]
    if isinstance(count, np.ndarray) and count.dtype.kind in "iuf" and not np.any(count % 1):
        rows[2] = count.astype(np.int64)
    return tuple(rows)


def keras_calibration(labels: Array, probabilities: Array, bins: int = 10) -> Any:
    """Sums by Keras's one-hot rows of bins."""
    from keras import ops

    p = np.asarray(probabilities)
    sure = ops.max(p, axis=-1)
    right = ops.cast(ops.equal(ops.argmax(p, axis=-1), np.asarray(labels)), p.dtype)
    place = ops.minimum(ops.cast(ops.floor(sure * bins), "int32"), bins - 1)
    rows = ops.one_hot(place, bins, dtype="float64")
    count = ops.convert_to_numpy(ops.sum(rows, axis=0))
    sums = [ops.convert_to_numpy(ops.matmul(ops.cast(v, "float64"), rows)) for v in (sure, right)]
    empty = count == 0
    means = [np.where(empty, np.nan, each / np.where(empty, 1, count)) for each in sums]
    return (*means, count.astype(np.int64))


# The calibration once more, with a keyword for every step that can go wrong


def _by_width(p: Array, bins: int) -> Array:
    return np.minimum(np.floor(p * bins).astype(np.int64), bins - 1)


def _by_count(p: Array, bins: int) -> Array:
    """As many pictures in each bin."""
    rank = np.argsort(np.argsort(p, kind="stable"), kind="stable")
    return rank * bins // len(p)


def _by_quantiles(p: Array, bins: int) -> Array:
    edges = np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(edges, p, side="right")


def _in_chunks(p: Array, bins: int) -> Array:
    """Sorted, and cut as ``np.array_split`` cuts: the first parts get what is left over."""
    where = np.empty(len(p), np.int64)
    for at, some in enumerate(np.array_split(np.argsort(p, kind="stable"), bins)):
        where[some] = at
    return where


def _rounded(p: Array, bins: int) -> Array:
    return np.minimum(np.rint(p * bins).astype(np.int64), bins - 1)


def _from_chance(classes: int) -> Callable[[Array, int], Array]:
    low = 1 / classes
    return lambda p, bins: _by_width(np.clip((p - low) / (1 - low), 0, 1), bins)


def steps(
    labels: Any,
    probabilities: Any,
    bins: int = 10,
    *,
    place: Callable[[Array, int], Array] = _by_width,
    from_chance: bool = False,
    confidence: str = "answer",
    accuracy: str = "answer",
    one: str = "last",
    empty: float = np.nan,
    means: str = "each",
) -> tuple[Array, Array, Array]:
    """`cnnlab.course.ops.calibration.calibration` with mistakes."""
    require(bins >= 1, "bins", "must be 1 or more", bins)
    truth, said, sure = answers(labels, probabilities)
    p, right = np.asarray(probabilities), said == truth
    if confidence == "truth":
        sure = p[np.arange(len(p)), truth.astype(int)]
    elif confidence == "all":  # every class of every picture is an answer of its own
        right = (np.arange(p.shape[1]) == truth[:, None]).ravel()
        sure = p.ravel()
    if from_chance:
        place = _from_chance(p.shape[1])
    where = place(sure, bins)
    kept = np.ones(len(sure), bool) if one == "last" else sure < 1
    count = np.bincount(where[kept], minlength=bins)[:bins]
    means_of = [
        np.bincount(where[kept], weights=values[kept].astype(float), minlength=bins)[:bins]
        for values in (sure, right)
    ]
    totals = [np.full(bins, len(sure)) if means in ways else count for ways in _OF_ALL]
    with np.errstate(all="ignore"):
        found = [
            np.where(count > 0, sums / total, empty)
            for sums, total in zip(means_of, totals, strict=True)
        ]
    if accuracy == "error":
        found[1] = 1 - found[1]
    if means == "middle":
        found = [
            np.where(count > 0, (np.arange(bins) + 0.5) / bins, empty),
            np.where(count > 0, means_of[1] / np.maximum(count, 1), empty),
        ]
    return found[0], found[1], count


_OF_ALL = ("all",), ("all", "accuracy of all")
"""Means that divide confidence, and accuracy, by the number of all pictures."""


def _ten(op: Op) -> Op:
    return lambda labels, probabilities, bins=10, **k: op(labels, probabilities, 10, **k)


_EMPTY = "A bin without pictures has no accuracy: 0 would say that everything in it was wrong. What stands for a number that does not exist?"
_COUNT = "Your bins hold equally many pictures. Here they are equally wide: from 0 to 1, whatever falls in. Which bin does a probability of 0.72 belong to, of ten?"
_TRUTH = "You take the probability of the true class. When the network answers, nobody knows the truth. How sure was it of its answer?"

EXERCISE = Exercise(
    name="calibration",
    points={
        "shape": 0.5,
        "by-hand": 1.25,
        "structure": 1.25,
        "reference": 1.25,
        "edge-cases": 0.75,
    },
    probes=probes,
    keras_reference=keras_calibration,
    numpy_op=steps,
    describe=three,
    twists=(
        Twist("empty-bins-as-zero", with_mistake(empty=0.0), _EMPTY),
        *(
            Twist("bins-by-count", with_mistake(place=p), _COUNT)
            for p in (_by_count, _by_quantiles, _in_chunks)
        ),
        Twist("confidence-of-truth", with_mistake(confidence="truth"), _TRUTH),
        Twist("confidence-of-truth", with_mistake(confidence="truth", empty=0.0), _TRUTH),
        *(
            Twist(
                "all-classes",
                with_mistake(confidence="all", empty=empty),
                "You count every probability of a row, not only the one of the answer. How many answers does one picture have?",
            )
            for empty in (np.nan, 0.0)
        ),
        *(
            Twist(
                "bins-from-chance",
                with_mistake(from_chance=True, empty=empty),
                "Your bins begin where guessing would be. Here they go from 0 to 1, however many classes there are. Where does the first bin begin?",
            )
            for empty in (np.nan, 0.0)
        ),
        Twist(
            "probability-one-lost",
            with_mistake(one="lost"),
            "Pictures of which the network was completely sure are missing. A probability of 1 would fall into a bin behind the last. Where does it belong?",
        ),
        Twist(
            "rounded-to-a-bin",
            with_mistake(place=_rounded),
            "You round to the nearest bin. A bin begins at its number: 0.58 belongs to bin 5 of ten. What makes 5 of 5.8?",
        ),
        *(
            Twist(
                "middle-of-the-bin",
                with_mistake(means="middle", empty=empty),
                "You give the middle of each bin. Asked is how sure the network was on average of the pictures in it. What do you average?",
            )
            for empty in (np.nan, 0.0)
        ),
        *(
            Twist(
                "share-of-all",
                with_mistake(means=means),
                "You divide by the number of all pictures. Each bin has its own mean: how many pictures fall into it?",
            )
            for means in ("all", "accuracy of all")
        ),
        Twist(
            "errors-for-accuracy",
            with_mistake(accuracy="error"),
            "Your accuracy is the share of wrong answers. Which share grows when a network is better?",
        ),
        Twist(
            "accuracy-first",
            on_output(lambda found: (found[1], found[0], found[2])),
            "Confidence and accuracy have changed places. Which of them comes first?",
        ),
        Twist(
            "count-as-share",
            on_output(lambda found: (*found[:2], found[2] / found[2].sum())),
            "Your third array holds shares. It should say how many pictures are in each bin. What turns a mean into a count?",
        ),
        Twist(
            "empty-bins-left-out",
            on_output(lambda found: tuple(each[found[2] > 0] for each in found)),
            "Bins without pictures are missing in yours. Each bin has its place, also an empty one: how long must the three arrays be?",
        ),
        Twist(
            "bins-ignored",
            _ten,
            "You always use ten bins. Where does the argument bins come in?",
        ),
    ),
    hints=(
        "Of a group of pictures, find two means: how sure the network was, and how often it was right. An honest network gives the same number twice. Which pictures belong to a group?",
        "The answer is the largest probability p of a row. Its bin is p times bins, rounded down. Then take two means over each bin.",
        "np.minimum keeps p = 1 in the last bin. A bin without pictures gets np.nan. How do you choose the pictures of one bin?",
    ),
    rung_hints={
        "shape": "Three arrays of shape (bins,) come back: confidence, accuracy, count. What does your function return?",
        "by-hand": "Write down the largest number of each row, its bin, and whether the answer was right. What is the mean in each bin?",
        "edge-cases": "A bin holds the number at which it begins: of ten, 0.5 belongs to bin 5. A probability of 1 belongs to the last bin, and many bins are empty. What does your function do with each?",
        "robust": "There is one label and one row of probabilities for each picture, and bins is 1 or more. Name the argument that does not fit.",
    },
)
