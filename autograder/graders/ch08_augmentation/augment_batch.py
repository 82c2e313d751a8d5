"""Chapter 8's batch, varied at random: judged by what can be read back from its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._variations import (
    independent,
    mirrored,
    moved,
    own_ways,
    spread,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import Array, augmentation, blobs
from cnnlab.course.ops.augmentation import CONTRAST, DEGREES
from cnnlab.course.ops.blobs import Varied

Rng = np.random.Generator

SIZES = ((20, 30), (30, 20))
"""A tenth of either side is a whole number of pixels, and not the same."""


def batch_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str, count: int, calls: list[int], title: str, seeds: int = 1
    ) -> Iterator[Probe]:
        for size in SIZES:
            labels = rng.permutation(count) + 10
            drawn = [int(seed) for seed in rng.integers(2**31, size=seeds)]
            given = [(drawn[i % seeds], n) for i, n in enumerate(calls)]
            yield Probe(rung, (blobs.pictures(count, *size), labels), title=title, given=given)

    yield from probe("labels", 24, [1], "24 pictures, each with a label of its own")
    yield from probe("variation", 48, [1, 1, 1], "48 pictures, three generators", seeds=3)
    yield from probe("randomness", 8, [2, 1], "two batches in a row, and the first once more")


def seen_batches(args: tuple[Any, ...], value: Any) -> Any:
    """What the driver `ch08.batches` returned, as properties."""
    x, labels = args
    if not all(_is_pair(pair, x, labels) for run in value for pair in run):
        return {"gives back as many pictures and labels": False}
    seen: dict[str, Any] = {"gives back as many pictures and labels": True}
    if len(value) == 2:
        return seen | _randomness(value)
    found = [blobs.recover(np.asarray(run[0][0]), len(x)) for run in value]
    if any(each is None for each in found):
        return seen | {"pictures can be recognised": False}
    known = [each for each in found if each is not None]
    seen["pictures can be recognised"] = True
    if len(value) == 1:
        kept = x.dtype == value[0][0][0].dtype
        return seen | {"dtype kept": kept, "labels": _labels(value[0][0][1], labels, known[0])}
    return seen | variation(known, x.shape[1:3])


def _is_pair(pair: Any, x: Array, labels: Array) -> bool:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        return False
    pictures, given = pair
    if not isinstance(pictures, np.ndarray) or pictures.dtype.kind not in "fiu":
        return False
    return pictures.shape == x.shape and np.shape(given) == labels.shape


def _labels(given: Any, labels: Array, found: Varied) -> str:
    if np.array_equal(given, labels[found.number]):
        return "with their pictures"
    same = np.array_equal(np.sort(np.asarray(given)), np.sort(labels))
    return "with other pictures" if same else "changed"


def _randomness(runs: Any) -> dict[str, Any]:
    (first, second), (again,) = (tuple(np.asarray(x) for x, _ in run) for run in runs)
    return {
        "the next batch is varied anew": not np.array_equal(first, second),
        "the same seed gives the same batch": bool(np.array_equal(first, again)),
    }


def variation(found: list[Varied], size: tuple[int, ...]) -> dict[str, Any]:
    """The statistics over all pictures of independent runs."""
    if not all(own_ways(each) for each in found):
        return {"each picture in its own way": False}
    if all(np.allclose(found[0].degrees, each.degrees, atol=1e-3) for each in found[1:]):
        return {"each picture in its own way": True, "another generator, other pictures": False}
    names = "mirrored", "down", "right", "degrees", "contrast"
    columns = {n: np.concatenate([getattr(each, n) for each in found]) for n in names}
    return {
        "each picture in its own way": True,
        "another generator, other pictures": True,
        "mirrored": mirrored(columns["mirrored"]),
        "moved": moved(columns["down"], columns["right"], columns["degrees"], size),
        "turned": spread(columns["degrees"], 0, DEGREES, 1.5),
        "contrast": spread(columns["contrast"], 1, CONTRAST, 0.05),
        "drawn one by one": independent([c.astype(float) for c in columns.values()]),
    }


def stated_batches(x: Array, y: Array, *, given: Any) -> dict[str, Any]:
    """What the chapter demands. Stated by hand: no layer of Keras does all of this with labels."""
    pair = {"gives back as many pictures and labels": True}
    if len(given) == 2:
        anew = {"the next batch is varied anew": True, "the same seed gives the same batch": True}
        return pair | anew
    pair["pictures can be recognised"] = True
    if len(given) == 1:
        return pair | {"dtype kept": True, "labels": "with their pictures"}
    ways = ("moved", "turned", "contrast")
    return {
        **pair,
        "each picture in its own way": True,
        "another generator, other pictures": True,
        "mirrored": "about half of them",
        **dict.fromkeys(ways, "as it should"),
        "drawn one by one": True,
    }


def _with_labels(change: Callable[[Array, Array, Rng], Array]) -> Callable[[Op], Op]:
    """Labels that come out changed; chance from a generator of their own."""

    def apply(op: Op) -> Op:
        def mistaken(x: Array, y: Array, rng: Rng) -> Any:
            varied, labels = op(x, y, rng)
            return varied, change(x, labels, np.random.default_rng(0))

        return mistaken

    return apply


def _once_for_all(op: Op) -> Op:
    """One picture's draws, used for the whole batch."""

    def mistaken(x: Array, y: Array, rng: Rng) -> Any:
        one = np.random.default_rng(rng.integers(2**31))
        state = one.bit_generator.state
        varied = []
        for picture in x:
            one.bit_generator.state = state
            varied.append(op(picture[None], y[:1], one)[0])
        return np.concatenate(varied), y.copy()

    return mistaken


def _pictures_shuffled(op: Op) -> Op:
    def mistaken(x: Array, y: Array, rng: Rng) -> Any:
        varied, labels = op(x, y, rng)
        return varied[np.random.default_rng(0).permutation(len(x))], labels

    return mistaken


_LABELS = "Your labels are not the ones that came in. A mirrored cat is still a cat: give y back as it was."
_APART = "Pictures and labels no longer belong together. What must happen to a label when its picture moves?"

EXERCISE = Exercise(
    name="augment_batch",
    points={"labels": 1, "variation": 3, "randomness": 1},
    probes=batch_probes,
    keras_reference=stated_batches,
    numpy_op=augmentation.augment_batch,
    needs=("hflip", "shift", "adjust_contrast", "inverse_map", "bilinear", "affine"),
    driver="ch08.batches",
    describe=seen_batches,
    twists=(
        Twist(
            "one-transform-per-batch",
            _once_for_all,
            "All pictures of a batch are varied in the same way. Draw anew for each picture: the pictures of a batch should differ as much as possible.",
        ),
        *(
            Twist("changes-labels", _with_labels(change), _LABELS)
            for change in (
                lambda x, y, rng: 1 - y,
                lambda x, y, rng: np.where(rng.random(len(y)) < 0.5, 1 - y, y),
            )
        ),
        Twist("shuffles-labels-apart", _pictures_shuffled, _APART),
        Twist("shuffles-labels-apart", _with_labels(lambda x, y, rng: rng.permutation(y)), _APART),
        Twist(
            "reseeds",
            lambda op: lambda x, y, rng: op(x, y, np.random.default_rng(0)),
            "Every call draws the same numbers: you make a new generator each time, from the same seed. Draw from rng, which goes on where it stopped.",
        ),
        Twist(
            "ignores-rng",
            lambda op: lambda x, y, rng: op(x, y, np.random.default_rng()),
            "The same seed gives other pictures each time: something is drawn elsewhere than from rng. Nobody can repeat your experiment then. Which of your draws does not come from rng?",
        ),
    ),
    hints=(
        "What must differ from picture to picture, what from call to call, and what must stay as it is?",
        "A loop over the pictures: draw five numbers for each, and apply your four functions to a batch of that one picture, x[i : i + 1].",
        "A generator can draw a number between 0 and 1, as for a coin, or one from a range. A shift is in whole pixels: round a share of the side.",
    ),
    rung_hints={
        "labels": "There are as many pictures and labels as came in, of the same dtype. Does each label still belong to its picture?",
        "variation": "Print the numbers that you draw for ten pictures. They should fill their ranges, on both sides. Does one of them follow from another?",
        "randomness": "All draws must come from rng: no new generator, no np.random. Which line of yours draws elsewhere?",
    },
)
