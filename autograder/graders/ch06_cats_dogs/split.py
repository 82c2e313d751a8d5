"""Chapter 6's split: parts of a data set, judged by what must hold of every right one.

Many splits are right, so a description of one is a list of facts. Two of them speak of chance: that
another generator gives another split, and that not every part of every class is a plain run of its
examples. A right function breaks the first where two generators happen to deal alike, and the
second where they deal such runs. The probes hold so many examples that either is rarer than one in
ten million, and a submission is asked nine times: fewer than 2 false alarms in a million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import floor
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.partitions import Places, places_of, same_parts
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, with_mistake
from cnnlab.course.ops.evaluation import check_fractions, class_sizes

Rng = np.random.Generator
Facts = dict[str, Any]


# Probes


def labels_of(rng: Rng, *counts: int, names: Sequence[int] = ()) -> Places:
    """Shuffled labels: so many of class 0, of class 1, and so on."""
    labels = np.repeat(names or range(len(counts)), counts)
    return rng.permutation(labels)


def split_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, asks: str, labels: Any, fractions: Any, title: str = "") -> Probe:
        seeds = [int(seed) for seed in rng.choice(1000, 2, replace=False)]
        return Probe(rung, (labels, fractions), title=title, given={"seeds": seeds, "asks": asks})

    # Dealt all together, the parts would always have other sizes than dealt class by class.
    quarters, tenths = (0.5, 0.25, 0.25), (0.6, 0.2, 0.2)
    some = labels_of(rng, 14, 14)
    uneven = labels_of(rng, 31, 53, 22)
    named = labels_of(rng, 23, 38, names=(3, 7))
    large = labels_of(rng, 404, 597)
    yield probe("shape", "parts", some, quarters, "28 examples, three parts")
    yield probe("shape", "parts", large, (0.75, 0.25), "two parts")
    for rung, asks in (("partition", "partition"), ("shares", "shares"), ("draws", "draws")):
        yield probe(rung, asks, some, quarters, "28 examples, three parts")
        yield probe(rung, asks, uneven, tenths, "three uneven classes")
        yield probe(rung, asks, named, (0.75, 0.25), "classes that are called 3 and 7")
        yield probe(rung, asks, np.sort(large), tenths, "all of class 0 first")
        yield probe(rung, asks, large, (0.4, 0.3, 0.2, 0.1), "four parts")
    alone = np.append(labels_of(rng, 17, 19), 2)
    yield probe("edge-cases", "everything", alone, tenths, "a class with one example")
    listed = labels_of(rng, 17, 19).tolist()
    yield probe("robust", "everything", listed, quarters, "labels in a list")
    yield probe("edge-cases", "everything", uneven, (0.75, 0.0, 0.25), "a part that gets nothing")
    clumsy = (0.7, 0.2, 0.1)
    yield probe("edge-cases", "everything", uneven, clumsy, "fractions with a rounding error")
    for fractions, what in (((0.5, 0.4), "less than 1"), ((0.75, 0.5), "more than 1")):
        said = f"fractions that add up to {what}"
        yield Probe("robust", (some, fractions), title=said, raises="fractions", given=_any())
    below = (1.25, -0.25)
    said = "a fraction below 0"
    yield Probe("robust", (some, below), title=said, raises="fractions", given=_any())
    yield probe("robust", "parts", some, (0.5, 0.5), "all in order")


def _any() -> dict[str, Any]:
    return {"seeds": [0, 1], "asks": "parts"}


# What is true of a split


def facts(args: tuple[Any, ...], value: Any) -> Facts:
    """Three splits, with one generator, another, and the first again, as what holds of them."""
    labels, fractions = np.asarray(args[0]), args[1]
    first, other, again = ([places_of(part, len(labels)) for part in s] for s in value["splits"])
    seen = np.bincount(np.concatenate(first), minlength=len(labels))
    counts = [[int(np.sum(labels[p] == c)) for p in first] for c in np.unique(labels)]
    wanted = [class_sizes(sum(labels == c), fractions) for c in np.unique(labels)]
    whole = all(_holds_whole_numbers(part) for part in value["splits"][0])
    asked: dict[str, Facts] = {
        "parts": {"parts": len(first), "whole numbers, where a part is empty, too": whole},
        "partition": {
            "no example twice": bool(seen.max() <= 1),
            "no example left out": bool(seen.min() >= 1),
            "places from all over labels": bool(seen[max(map(sum, wanted)) :].any()),
        },
        "shares": {
            "sizes of the parts": np.array([len(part) for part in first]),
            # Asked of true parts alone: what overlaps may have the right shares by chance.
            "every class has its share in every part": counts == wanted and set(seen) == {1},
        },
        "draws": {
            "the same generator gives the same split": same_parts(first, again),
            "another generator gives another split": not same_parts(first, other),
            "far and near examples are mixed": not all(
                _is_run(np.flatnonzero(labels == c), part)
                for c in np.unique(labels)
                for part in first
            ),
        },
    }
    asks = value["asks"]
    return (
        {k: v for each in asked.values() for k, v in each.items()}
        if asks == "everything"
        else asked[asks]
    )


def _holds_whole_numbers(part: Any) -> bool:
    """Whether a part can be used as an index: an empty float array can not, an empty list can."""
    empty_list = isinstance(part, list | tuple) and not part
    return empty_list or np.asarray(part).dtype.kind in "iu"


def _is_run(members: Places, part: Places) -> bool:
    """Whether a part takes examples of a class that follow one another."""
    ranks = np.sort(np.searchsorted(members, np.intersect1d(members, part)))
    return all(b - a == 1 for a, b in pairwise(ranks.tolist()))


def stated_facts(labels: Any, fractions: Any, given: dict[str, Any]) -> Facts:
    """What must hold. Stated by hand: Keras has no function for this."""
    counts = np.unique(np.asarray(labels), return_counts=True)[1]
    sizes = [[floor(f * n) for f in fractions[1:]] for n in counts.tolist()]
    rest = [n - sum(s) for n, s in zip(counts.tolist(), sizes, strict=True)]
    totals = np.array([sum(rest), *np.sum(sizes, axis=0).tolist()])
    yes = (
        "no example twice",
        "no example left out",
        "places from all over labels",
        "every class has its share in every part",
        "the same generator gives the same split",
        "another generator gives another split",
        "far and near examples are mixed",
    )
    whole = "whole numbers, where a part is empty, too"
    everything = {
        "parts": len(fractions),
        whole: True,
        "sizes of the parts": totals,
        **dict.fromkeys(yes, True),
    }
    keys = {
        "parts": ["parts", whole],
        "partition": yes[:3],
        "shares": ["sizes of the parts", yes[3]],
        "draws": yes[4:],
        "everything": list(everything),
    }
    return {name: everything[name] for name in keys[given["asks"]]}


# The split once more, with a keyword for every step that can go wrong

Sizes = Callable[[int, Sequence[float]], list[int]]


def _by_class(labels: Any) -> list[Places]:
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def steps(
    labels: Any,
    fractions: Sequence[float],
    rng: Rng,
    *,
    groups: Callable[[Any], list[Places]] = _by_class,
    sizes: Sizes = class_sizes,
    shuffle: Callable[[Places, Rng], Places] = lambda places, rng: rng.permutation(places),
    deal: Callable[..., list[Places]] = lambda order, sizes, rng: np.split(
        order, np.cumsum(sizes)[:-1]
    )[: len(sizes)],
) -> tuple[Places, ...]:
    """`cnnlab.course.ops.evaluation.split` with mistakes: without any, it is that function."""
    check_fractions(fractions)
    parts: list[list[Places]] = [[] for _ in fractions]
    for places in groups(np.asarray(labels)):
        order = shuffle(places, rng)
        dealt = deal(order, sizes(len(order), fractions), rng)
        for part, some in zip(parts, dealt, strict=True):
            part.append(some)
    return tuple(np.concatenate(part) for part in parts)


def _floors(n: int, fractions: Sequence[float]) -> list[int]:
    return [floor(f * n) for f in fractions]


def _to_the_last(n: int, fractions: Sequence[float]) -> list[int]:
    sizes = _floors(n, fractions)
    return [*sizes[:-1], n - sum(sizes[:-1])]


def _by_bounds(n: int, fractions: Sequence[float]) -> list[int]:
    bounds = [0, *(floor(b) for b in np.cumsum(fractions)[:-1] * n), n]
    return [b - a for a, b in pairwise(bounds)]


def _by_rounded_bounds(n: int, fractions: Sequence[float]) -> list[int]:
    bounds = [0, *(round(b) for b in np.cumsum(fractions)[:-1] * n), n]
    return [b - a for a, b in pairwise(bounds)]


def _rounded(n: int, fractions: Sequence[float]) -> list[int]:
    others = [round(f * n) for f in fractions[1:]]
    return [n - sum(others), *others]


def _first_ones(order: Places, sizes: list[int], rng: Rng) -> list[Places]:
    """Each part starts at the beginning again."""
    return [order[:size] for size in sizes]


def _up_to_bounds(order: Places, sizes: list[int], rng: Rng) -> list[Places]:
    """Each part ends where it should and begins at the very first."""
    return [order[:end] for end in np.cumsum(sizes)]


def _anew(order: Places, sizes: list[int], rng: Rng) -> list[Places]:
    """Each part is drawn from the whole class."""
    return [rng.permutation(order)[:size] for size in sizes]


def _with_repeats(order: Places, sizes: list[int], rng: Rng) -> list[Places]:
    return [rng.choice(order, size) for size in sizes]


def _cut_off(order: Places, sizes: list[int], rng: Rng) -> list[Places]:
    bounds = [0, *np.cumsum(sizes).tolist()]
    return [order[a:b] for a, b in pairwise(bounds)]


def _all_alike(labels: Any) -> list[Places]:
    return [np.arange(len(labels))]


def _within_class(op: Op) -> Op:
    """The places are counted within each class, where those in all labels are meant."""

    def groups(labels: Any) -> list[Places]:
        return [np.arange(len(places)) for places in _by_class(labels)]

    return with_mistake(groups=groups)(op)


def _generator(make: Callable[[], Rng]) -> Callable[[Op], Op]:
    return lambda op: lambda labels, fractions, rng, **k: op(labels, fractions, make(), **k)


_OVERLAP = (
    "Some examples are in two parts at once. What is a test worth on pictures that the network has "
    "trained with? Think of a pack of cards: what is dealt to one part is gone for the others."
)
_STRATIFIED = "You deal all examples together, so by bad luck a part may hold too many cats. Which examples should be dealt together instead?"
_DROPS = (
    "Some examples are in no part at all. Rounding down leaves a few of them over: who gets those?"
)
_REMAINDER = "The sizes of the parts are off by a few. Every part but the first rounds its share of a class down. Who gets what is left over?"

EXERCISE = Exercise(
    name="split",
    points={"shape": 0.5, "partition": 2, "shares": 1.75, "draws": 1, "edge-cases": 0.75},
    probes=split_probes,
    keras_reference=stated_facts,
    numpy_op=steps,
    driver="ch06.splits",
    describe=facts,
    twists=(
        Twist("overlap", with_mistake(deal=_anew), _OVERLAP),
        Twist("overlap", with_mistake(deal=_first_ones), _OVERLAP),
        Twist("overlap", with_mistake(deal=_up_to_bounds), _OVERLAP),
        Twist("overlap", with_mistake(deal=_with_repeats), _OVERLAP),
        *(
            Twist("not-stratified", with_mistake(groups=_all_alike, sizes=sizes), _STRATIFIED)
            for sizes in (class_sizes, _to_the_last, _by_bounds, _rounded)
        ),
        Twist("drops-examples", with_mistake(sizes=_floors, deal=_cut_off), _DROPS),
        Twist(
            "remainder-misplaced",
            with_mistake(sizes=_to_the_last),
            _REMAINDER,
        ),
        Twist("remainder-misplaced", with_mistake(sizes=_by_bounds), _REMAINDER),
        Twist("remainder-misplaced", with_mistake(sizes=_rounded), _REMAINDER),
        Twist("remainder-misplaced", with_mistake(sizes=_by_rounded_bounds), _REMAINDER),
        Twist(
            "not-shuffled",
            with_mistake(shuffle=lambda places, rng: places),
            "You deal the examples in the order in which they lie there. Files are often sorted, so the "
            "last ones are of another kind than the first: shuffle each class with rng first.",
        ),
        Twist(
            "reseeds",
            _generator(lambda: np.random.default_rng(0)),
            "Your split is the same for every generator. Draw from rng itself, and make no "
            "generator of your own.",
        ),
        Twist(
            "generator-ignored",
            _generator(lambda: np.random.default_rng()),
            "The same generator gives another split each time. Draw from rng alone, so that an "
            "experiment can be repeated.",
        ),
        Twist(
            "places-within-class",
            _within_class,
            "Your numbers count within each class. They should be places in labels: where in labels is the fifth dog?",
        ),
    ),
    hints=(
        "Think of two packs of cards, the cats and the dogs. Shuffle each pack, and deal from each pack to the parts. What is dealt is gone. Who gets the cards that are left?",
        "np.flatnonzero(labels == c) gives the places of class c, rng.permutation shuffles them. Work out how many of them each part gets before you deal.",
        "Find the sizes first: round down for every part but the first, which gets the rest. Then go through the shuffled places. Where does each part start and end?",
    ),
    rung_hints={
        "shape": "The result is a tuple with one array of whole numbers for each fraction. What does an empty part give?",
        "partition": "Every place from 0 to N - 1 must be in exactly one part. Which places are missing, or there twice?",
        "shares": "Count the examples of each class in each of your parts. Which class has more or less than its share?",
        "draws": "Shuffle with rng and nothing else.",
        "edge-cases": "A class may have a single example, a part may be empty, and labels may come in a list. In floats 0.7 + 0.2 + 0.1 is not exactly 1. How do you compare?",
        "robust": "Raise a ValueError whose message contains the word fractions where they do not add up to 1, or where one is below 0.",
    },
)
