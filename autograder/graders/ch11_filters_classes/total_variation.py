"""Chapter 11's ``total_variation``: how rough a picture is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch11_filters_classes._ascent import variation
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, with_mistake
from cnnlab.course.ops import Array, as_floats, ascent

Rng = np.random.Generator


def variation_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, image: Any, **more: Any) -> Probe:
        return Probe(rung, (image,), terms=2 * int(np.size(image)), **more)

    yield probe("shape", reals(rng, 3, 4, 3))
    yield probe("robust", [[[1, 2], [4, 2]], [[0, 0], [3, 5]]], title="lists")

    def numbers(*recorded: int) -> Any:
        return varied(rng, recorded, lambda: rng.choice(range(8, 60), len(recorded), replace=False))

    for title, shape, few in (
        ("four numbers", (2, 2, 1), (1, 4, 1, 2)),
        ("one row", (1, 3, 1), (2, 5, 1)),
        ("one column", (3, 1, 1), (2, 5, 4)),
    ):
        yield probe("by-hand", np.array(numbers(*few), float).reshape(shape), title=title)
    yield probe("structure", np.full((3, 4, 2), float(*numbers(7))), title="one color")
    height, at = varied(rng, (2, 3), lambda: (whole(rng, 1, 40), whole(rng, 1, 4)))
    step = np.zeros((4, 5, 3))
    step[:, at:] = height
    yield probe("structure", step, title="an upright edge")
    grey = np.zeros((2, 2, 3)) + numbers(0, 1, 2)
    yield probe("structure", grey, title="channels that differ")
    yield probe("reference", rng.normal(0, 20, (9, 7, 3)), title="float64")
    yield probe("reference", reals(rng, 8, 8, 3), title="float32")
    yield probe("reference", wholes(rng, 3, 3, 3), title="every size 3")
    yield probe("edge-cases", reals(rng, 1, 1, 3), title="a single pixel")
    yield probe("robust", wholes(rng, 4, 3, 1, dtype=np.int64), title="integers")
    yield probe("edge-cases", rng.integers(0, 256, (5, 4, 3)).astype(np.uint8), title="uint8")
    three = varied(rng, (3, 5, 0), lambda: rng.integers((0, 128, 0), (128, 256, 128)))
    bytes_ = np.array(three, np.uint8).reshape(1, 3, 1)
    yield probe("edge-cases", bytes_, title="three bytes")
    yield probe("robust", reals(rng, 4, 5), title="no channels", raises="image")
    yield probe("robust", reals(rng, 1, 4, 5, 3), title="a batch", raises="image")
    yield probe("robust", reals(rng, 4, 5, 2), title="with channels")


def keras_variation(image: Any) -> float:
    """``tf.image.total_variation``, in Keras's ops; a test compares the two."""
    return float(variation(*as_floats(image=image)))


Costs = Callable[..., Any]
"""From arrays of differences to arrays of differences, or of what they cost."""


def neighbours(image: Array, *axes: int) -> list[Array]:
    """How far each number is from the one before it, along each axis."""
    return [np.diff(image, axis=axis) for axis in axes]


def crop(down: Array, right: Array) -> list[Array]:
    """Both differences of the pixels that have a neighbour below and one beside."""
    return [down[:, : right.shape[1]], right[: down.shape[0]]]


def pad(down: Array, right: Array) -> list[Array]:
    """Both differences of every pixel: 0 where there is no neighbour."""
    return [np.pad(down, ((0, 1), (0, 0), (0, 0))), np.pad(right, ((0, 0), (0, 1), (0, 0)))]


def each(cost: Callable[[Array], Array]) -> Costs:
    """The same for every difference by itself."""
    return lambda *differences: [cost(d) for d in differences]


def _raised(power: float) -> Callable[[Array], Array]:
    return lambda d: np.abs(d) ** power


_sizes = each(np.abs)


def jointly(power: float, fit: Costs) -> Costs:
    """The sum of both squares at each pixel, raised to a power."""
    return lambda *d: [np.asarray(sum(one**2 for one in fit(*d)) ** power)] if len(d) == 2 else d


def _crop_two(*differences: Array) -> Any:
    """`crop`, where there are two directions."""
    return crop(*differences) if len(differences) == 2 else differences


def _sum(image: Array, costs: list[Array]) -> Any:
    return sum(cost.sum() for cost in costs)


def roughness(
    image: Any,
    *,
    numbers: Callable[[Any], Array] = floats,
    differences: Costs = lambda image: neighbours(image, 0, 1),
    kept: Costs = lambda *differences: differences,
    costs: Costs = _sizes,
    total: Callable[[Array, list[Array]], Any] = _sum,
) -> float:
    """`ascent.total_variation` with other steps on the way: without any, it is that function.

    Parameters
    ----------
    numbers : any → array
        What is computed with: floats, or bytes as they came.
    differences : image → list of arrays
    kept : arrays → arrays
        Which of the differences count.
    costs : arrays → arrays
        What a difference costs.
    total : (image, arrays) → number
    """
    ascent.total_variation(image)  # raises where the shape is wrong
    image = numbers(image)
    return float(total(image, costs(*kept(*differences(image)))))


def _means(image: Array, costs: list[Array]) -> Any:
    """The mean of each direction: nan where there are no differences."""
    with np.errstate(invalid="ignore"):
        return sum(cost.sum() / np.float64(cost.size) for cost in costs)


def _to_bytes(image: Any) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(image).astype(np.uint8)


def _wrapped(image: Array) -> list[Array]:
    return [image - np.roll(image, 1, axis) for axis in (0, 1)]


def _along(*axes: int) -> Callable[[Op], Op]:
    return with_mistake(differences=lambda image: neighbours(image, *axes))


_CHANNELS = "You take differences between the channels, too. Only the pixel below and the one beside it are neighbors. Along which axes do you take differences?"
_SQUARED = "You square the differences, so that a sharp edge costs far more than a slope. Take their sizes: |Δ|."
_POWER = "You raise the differences to a power, so that sharp edges cost too much or too little. How should a difference of 2 count, beside one of 1?"
_LAST = "You leave out differences in the last row and the last column. A pixel at the right border still has a neighbor below: how many pairs of neighbors are there in each direction?"
_AVERAGED = "You average the differences. Total variation does not divide. What should you do with them instead?"

EXERCISE = Exercise(
    name="total_variation",
    points={
        "shape": 0.25,
        "by-hand": 0.75,
        "structure": 0.5,
        "reference": 1.25,
        "edge-cases": 0.25,
    },
    probes=variation_probes,
    keras_reference=keras_variation,
    numpy_op=roughness,
    twists=(
        Twist("over-channels", _along(0, 1, 2), _CHANNELS),
        Twist("over-channels", _along(1, 2), _CHANNELS),
        Twist(
            "wraps-around",
            with_mistake(differences=_wrapped),
            "Your first row is compared with the last one, and the first column with the last. A pixel without a neighbor has no difference. How many differences does a column of 4 pixels have?",
        ),
        *(
            Twist("averaged", with_mistake(total=total), _AVERAGED)
            for total in (
                lambda image, costs: _sum(image, costs) / image.size,
                lambda image, costs: _sum(image, costs) / np.prod(image.shape[:2]),
                lambda image, costs: sum(cost.mean() for cost in costs if cost.size),
            )
        ),
        Twist(
            "mean-instead",
            with_mistake(total=_means),
            "You add up two means. Total variation does not divide, and a picture of one row has no mean below: that is nan. What should you do with the differences instead?",
        ),
        Twist("squared", with_mistake(costs=each(np.square)), _SQUARED),
        *(
            Twist("raised-to-a-power", with_mistake(costs=costs), _POWER)
            for power in (0.75, 1.25)
            for costs in (
                jointly(power, crop),
                jointly(power, pad),
                each(_raised(2 * power)),
                each(_raised(power)),
            )
        ),
        Twist(
            "sign-kept",
            with_mistake(costs=each(lambda d: d)),
            "You add the differences with their signs. Up and down cancel each other: take |Δ|.",
        ),
        Twist(
            "one-direction",
            _along(0),
            "You compare each pixel with the one below it, but not with the one beside it. Which pairs are missing?",
        ),
        Twist(
            "one-direction",
            _along(1),
            "You compare each pixel with the one beside it, but not with the one below it. Which pairs are missing?",
        ),
        *(
            Twist(
                "length-of-both",
                with_mistake(costs=jointly(0.5, fit)),
                "You take the length of both differences together. That is another total variation. How do |Δy| and |Δx| come together here?",
            )
            for fit in (crop, pad)
        ),
        Twist("last-row-and-column-left-out", with_mistake(kept=_crop_two), _LAST),
        Twist(
            "wraps-as-bytes",
            with_mistake(numbers=np.asarray),
            "You subtract bytes (uint8), which have no negative numbers: 3 − 5 is 254. Convert first.",
        ),
        Twist(
            "wraps-as-bytes",
            with_mistake(numbers=_to_bytes),
            "You turn the picture into bytes (uint8). They have no decimals and no negative numbers: 3 − 5 is 254. Which type can hold a difference?",
        ),
    ),
    hints=(
        "Each pair of neighbors counts once: the pixel below, and the one beside. How many pairs are there in a row of 4 pixels?",
        "Take the picture without its first row, and the picture without its last row. They lie one row apart. What does their difference hold?",
        "Add up sizes, over everything: once for the rows, once for the columns. Is a mean needed?",
    ),
    rung_hints={
        "shape": "The result is one number (float). What does your function return?",
        "edge-cases": "A picture of one row has no neighbors below. And uint8 cannot go below 0: convert before you subtract.",
        "robust": "A picture has three axes. Name image in the message.",
    },
)
