"""Chapter 15's split that keeps scenes together, judged by what is true of it.

Any way of dealing groups is right. Asked is what the exercise promises: each class's share in a
part is off by less than the largest group. A way that ignores classes breaks this on the large
probes: with groups of up to three of 600 pictures, a share that chance decides is off by more than
three in at least one of the parts, but for fewer than one in a million draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import floor
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.partitions import Places, places_of, same_parts
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, with_mistake
from cnnlab.course.ops import Array
from cnnlab.course.ops.evaluation import check_fractions
from cnnlab.course.ops.grouped_split import deal, group_counts

Rng = np.random.Generator
Facts = dict[str, Any]

HALVES, TENTHS, THIRDS = (0.5, 0.5), (0.6, 0.2, 0.2), (0.75, 0.25)


def scenes(
    rng: Rng, counts: Sequence[int], largest: int, mixed: int = 0, names: Sequence[int] = ()
) -> tuple[Places, Places]:
    """Shuffled labels and groups.

    Parameters
    ----------
    counts : sequence of int
        Pictures of each class.
    largest : int
        Groups have from one picture up to this many.
    mixed : int
        So many groups, besides, hold one picture of each class.
    names : sequence of int
        What the classes are called; from 0 on without it.

    Returns
    -------
    labels, groups : ndarray of int, shape (N,)
    """
    labels: list[int] = []
    groups: list[int] = []
    for label, count in zip(names or range(len(counts)), counts, strict=True):
        while count > 0:
            size = min(count, int(rng.integers(1, largest + 1)))
            groups += [len(set(groups))] * size
            labels += [label] * size
            count -= size
    for _ in range(mixed):
        groups += [len(set(groups))] * len(counts)
        labels += list(names or range(len(counts)))
    order = rng.permutation(len(labels))
    numbers = rng.permutation(10 * len(set(groups)))[: len(set(groups))]
    return np.array(labels)[order], numbers[np.array(groups)][order]


def probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, asks: str, call: tuple[Any, ...], title: str = "", **more: Any) -> Probe:
        seeds = [int(seed) for seed in rng.choice(1000, 2, replace=False)]
        return Probe(rung, call, title=title, given={"seeds": seeds, "asks": asks}, **more)

    few = (*scenes(rng, (12, 12), 3), HALVES)
    three = (*scenes(rng, (310, 420, 260), 3), TENTHS)
    named = (*scenes(rng, (230, 410), 3, names=(3, 7)), THIRDS)
    ordered = tuple(np.sort(each) for each in scenes(rng, (300, 300), 1))
    both = (*scenes(rng, (240, 330), 3, mixed=25), TENTHS)
    yield probe("shape", "parts", few, "24 pictures, two parts")
    yield probe("shape", "parts", three, "three parts")
    for rung in ("partition", "groups"):
        yield probe(rung, rung, few, "24 pictures, two parts")
        yield probe(rung, rung, three, "three classes, three parts")
        yield probe(rung, rung, named, "classes that are called 3 and 7")
        yield probe(rung, rung, both, "some groups hold both classes")
    pairs = (*scenes(rng, (40, 60), 2, mixed=15), HALVES)
    yield probe("groups", "groups", pairs, "a group in five holds both classes")
    yield probe("shares", "shares", three, "three classes, three parts")
    yield probe("shares", "shares", named, "classes that are called 3 and 7")
    yield probe("shares", "shares", (*ordered, TENTHS), "every picture is its own group")
    yield probe("draws", "draws", three, "three classes, three parts")
    yield probe("draws", "draws", named, "classes that are called 3 and 7")
    labels, groups = scenes(rng, (17, 14), 2)
    large = np.append(labels, np.zeros(9, int)), np.append(groups, np.full(9, -1))
    yield probe("edge-cases", "everything", (*large, HALVES), "one scene has nine pictures")
    yield probe("edge-cases", "everything", (labels, groups, (0.75, 0.0, 0.25)), "an empty part")
    words = np.array([f"scene {group}" for group in groups]).tolist()
    yield probe("robust", "everything", (labels.tolist(), words, HALVES), "lists, groups by name")
    for fractions, what in (((0.5, 0.4), "less than 1"), ((1.25, -0.25), "1, with one below 0")):
        said = f"fractions that add up to {what}"
        call = (labels, groups, fractions)
        yield probe("robust", "parts", call, said, raises="fractions")
    yield probe("robust", "parts", (labels, groups[1:], HALVES), "a group too few", raises="groups")


# What is true of a split


def facts(args: tuple[Any, ...], value: Any) -> Facts:
    """Three splits, with one generator, another, and the first again, as what holds of them."""
    labels, groups, fractions = np.asarray(args[0]), np.asarray(args[1]), args[2]
    first, other, again = ([places_of(part, len(labels)) for part in s] for s in value["splits"])
    seen = np.bincount(np.concatenate(first), minlength=len(labels))
    leaks = _leaks(groups, first)
    asked: dict[str, Facts] = {
        "parts": {"parts": len(first)},
        "partition": {
            "no picture twice": bool(seen.max() <= 1),
            "no picture left out": bool(seen.min() >= 1),
        },
        "groups": {"groups in two parts": leaks > 0},
        "shares": {"every class has about its share in every part": _fair(args, first)},
        "draws": {
            "the same generator gives the same split": same_parts(first, again),
            "another generator gives another split": not same_parts(first, other),
        },
    }
    if value["asks"] != "everything":
        return asked[value["asks"]]
    return {
        name: asked[rung][name]
        for rung, names in (
            ("parts", ["parts"]),
            ("partition", list(asked["partition"])),
            ("groups", list(asked["groups"])),
            ("shares", list(asked["shares"]) if 0.0 not in fractions else []),
        )
        for name in names
    }


def _leaks(groups: Array, parts: list[Places]) -> int:
    """How many groups have pictures in two parts or more."""
    owners: dict[Any, set[int]] = {}
    for number, part in enumerate(parts):
        for group in groups[part].tolist():
            owners.setdefault(group, set()).add(number)
    return sum(len(found) > 1 for found in owners.values())


def _fair(args: tuple[Any, ...], parts: list[Places]) -> bool:
    """Whether every class's share in a part is within the largest group's size of its fraction."""
    labels, groups, fractions = np.asarray(args[0]), np.asarray(args[1]), args[2]
    largest = int(np.unique(groups, return_counts=True)[1].max())
    return len(parts) == len(fractions) and all(
        abs(int(np.sum(labels[part] == kind)) - fraction * int(np.sum(labels == kind)))
        <= largest + 1e-6
        for kind in np.unique(labels)
        for part, fraction in zip(parts, fractions, strict=True)
    )


def stated_facts(
    labels: Any, groups: Any, fractions: Sequence[float], given: dict[str, Any]
) -> Facts:
    """What must hold. Stated by hand: Keras has no function for this."""
    share = "every class has about its share in every part"
    whole = {"no picture twice": True, "no picture left out": True}
    stated: dict[str, Facts] = {
        "parts": {"parts": len(fractions)},
        "partition": whole,
        "groups": {"groups in two parts": False},
        "shares": {share: True},
        "draws": {
            "the same generator gives the same split": True,
            "another generator gives another split": True,
        },
    }
    if given["asks"] != "everything":
        return stated[given["asks"]]
    shares = {} if 0.0 in fractions else stated["shares"]
    return stated["parts"] | whole | stated["groups"] | shares


# The split once more, with a keyword for every step that can go wrong

Dealt = Callable[[Array, Sequence[float], Rng], Places]


def steps(
    labels: Any,
    groups: Any,
    fractions: Sequence[float],
    rng: Rng,
    *,
    belongs: Callable[[Array, Array], Array] = lambda labels, groups: groups,
    deal_groups: Dealt = deal,
    keep: Callable[[list[Places]], list[Places]] = lambda parts: parts,
) -> tuple[Places, ...]:
    """`cnnlab.course.ops.grouped_split.honest_split` with mistakes."""
    check_fractions(fractions)
    group_counts(labels, groups)  # refuses what does not fit together
    counts, members = group_counts(labels, belongs(np.asarray(labels), np.asarray(groups)))
    owner = deal_groups(counts, fractions, rng)
    parts = [np.flatnonzero(owner[members] == part) for part in range(len(fractions))]
    return tuple(keep(parts))


def _alone(labels: Array, groups: Array) -> Array:
    """Every picture for itself."""
    return np.arange(len(labels))


def _within_class(labels: Array, groups: Array) -> Array:
    """A group is dealt once for each of its classes."""
    number = np.unique(groups, return_inverse=True)[1]
    return number * (len(labels) + 1) + np.unique(labels, return_inverse=True)[1]


def _by_size(counts: Array, fractions: Sequence[float], rng: Rng) -> Places:
    """Groups are dealt by how many pictures they hold, whatever these show."""
    return deal(counts.sum(axis=1, keepdims=True), fractions, rng)


def _cut(counts: Array, fractions: Sequence[float], rng: Rng) -> Places:
    """A shuffled row of groups is cut where the shares are reached."""
    order = rng.permutation(len(counts))
    ends = np.cumsum(counts[order].sum(axis=1)) / counts.sum()
    owner = np.zeros(len(counts), np.int64)
    bounds = np.cumsum(fractions)[:-1]
    owner[order] = np.searchsorted(bounds, ends - 1e-9, side="left")
    return owner


def _cut_by_number(counts: Array, fractions: Sequence[float], rng: Rng) -> Places:
    """As many groups as the fraction says, however large they are."""
    owner = np.zeros(len(counts), np.int64)
    bounds = [floor(bound * len(counts)) for bound in np.cumsum(fractions)[:-1]]
    for part, places in enumerate(np.split(rng.permutation(len(counts)), bounds)):
        owner[places] = part
    return owner


def _whole_classes(counts: Array, fractions: Sequence[float], rng: Rng) -> Places:
    """Groups in the order of their classes, cut: one part has most of one class."""
    order = np.lexsort((rng.permutation(len(counts)), counts.argmax(axis=1)))
    ends = np.cumsum(counts[order].sum(axis=1)) / counts.sum()
    owner = np.zeros(len(counts), np.int64)
    owner[order] = np.searchsorted(np.cumsum(fractions)[:-1], ends - 1e-9, side="left")
    return owner


def _without_last(parts: list[Places]) -> list[Places]:
    return [part[:-1] for part in parts]


def _rounded_down(counts: Array, fractions: Sequence[float], rng: Rng) -> Places:
    """Each class's groups are cut with rounded sizes, and what is left over goes nowhere."""
    owner = np.full(len(counts), -1)
    for kind in range(counts.shape[1]):
        order = rng.permutation(np.flatnonzero(counts.argmax(axis=1) == kind))
        start = 0
        for part, fraction in enumerate(fractions):
            end = start + max(0, floor(fraction * len(order)) - 1)
            owner[order[start:end]] = part
            start = end
    return owner


def _first_in_all(parts: list[Places]) -> list[Places]:
    """The largest part's first pictures are in every part, too."""
    return [parts[0], *(np.concatenate([part, parts[0][:2]]) for part in parts[1:])]


def _generator(make: Callable[[], Rng]) -> Callable[[Op], Op]:
    return lambda op: (
        lambda labels, groups, fractions, rng, **k: op(labels, groups, fractions, make(), **k)
    )


_LEAKS = "Pictures of one scene are in two parts. The network has then seen nearly the same picture before, and the test is too easy. What should you deal instead of single pictures?"
_STRATIFIED = "Your parts do not have their share of every class. With few pictures, chance may leave a class out. Look at what a part still lacks before you give it a group."
_DROPS = "Some pictures are in no part at all. Photographs of your own are few. Which groups were not dealt?"

EXERCISE = Exercise(
    name="honest_split",
    points={
        "shape": 0.5,
        "partition": 1.5,
        "groups": 2.5,
        "shares": 2,
        "draws": 0.75,
        "edge-cases": 0.75,
    },
    probes=probes,
    keras_reference=stated_facts,
    numpy_op=steps,
    driver="ch15.splits",
    describe=facts,
    twists=(
        Twist("group-leaks", with_mistake(belongs=_alone), _LEAKS),
        *(
            Twist("group-leaks", with_mistake(belongs=_alone, deal_groups=dealt), _LEAKS)
            for dealt in (_by_size, _cut, _whole_classes)
        ),
        Twist(
            "group-leaks",
            with_mistake(belongs=_within_class),
            "A group that holds several classes was torn apart: you deal each class by itself. A photograph with a cat and one with a dog may show the same sofa. What must stay together?",
        ),
        *(
            Twist("not-stratified", with_mistake(deal_groups=dealt), _STRATIFIED)
            for dealt in (_cut, _by_size, _cut_by_number, _whole_classes)
        ),
        Twist("drops-examples", with_mistake(keep=_without_last), _DROPS),
        Twist("drops-examples", with_mistake(deal_groups=_rounded_down), _DROPS),
        Twist(
            "overlap",
            with_mistake(keep=_first_in_all),
            "Some pictures are in two parts at once. What is dealt to one part is gone for the others. Where do you take it away?",
        ),
        Twist(
            "reseeds",
            _generator(lambda: np.random.default_rng(0)),
            "Your split is the same for every generator. Draw from rng itself: which line decides on the order?",
        ),
        Twist(
            "generator-ignored",
            _generator(lambda: np.random.default_rng()),
            "The same generator gives another split each time. Draw from rng alone, so that an experiment can be repeated.",
        ),
    ),
    hints=(
        "Think of a card game with piles: whole piles are dealt, never single cards. Each player should get about the same mix. Who should get the next pile?",
        "Count for each group how many pictures of each class it holds. Keep a table of what each part still lacks of each class. Shuffle the groups, and deal the large ones first.",
        "A part lacks its fraction of a class, less what it has. Multiply this by what the group holds, and sum over the classes: a number for each part. Which part gets the group?",
    ),
    rung_hints={
        "shape": "The result is a tuple with one array of places for each fraction. What does your function return?",
        "partition": "Every place from 0 to N - 1 must be in exactly one part. Which places are missing, or there twice?",
        "groups": "Take one group and look up its places. Are they all in the same part?",
        "shares": "Count the pictures of each class in each part, and compare with the fraction of the class. Which part has too few?",
        "draws": "Shuffle the groups with rng and nothing else.",
        "edge-cases": "A scene may be larger than all others, and a part may get nothing. How does your function choose then?",
        "robust": "Labels and groups may be lists, and groups may be texts. Raise a ValueError that names fractions or groups where they do not fit.",
    },
)
