"""Chapter 15's worst mistakes."""

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
Key = Callable[[Array, Array], Array]


def probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, count: int, classes: int, k: int, title: str = "", **more: Any) -> Probe:
        return Probe(rung, (*answered(rng, count, classes), k), title=title, **more)

    yield probe("shape", 30, 3, 4)
    yield Probe(
        "by-hand",
        (*_by_hand(rng, [0, 1, 0, 1], [[0.4, 0.6], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]]), 3),
        title="four pictures, three mistakes",
    )
    yield Probe(
        "by-hand",
        (*_by_hand(rng, [2, 0, 1], [[0.45, 0.4, 0.15], [0.3, 0.1, 0.6], [0.1, 0.35, 0.55]]), 2),
        title="three classes, two of three mistakes",
    )
    yield probe("structure", 40, 3, 5, "the five worst of forty")
    yield probe("structure", 60, 2, 1, "the worst one")
    yield probe("structure", 80, 4, 6, "four classes")
    yield probe("reference", 300, 5, 12, "300 pictures")
    yield probe("reference", 200, 2, 9, "two classes")
    for classes, k in ((3, 6), (4, 9), (2, 4)):
        labels, p = answered(rng, 24, classes)
        p = np.round(4 * p) / 4 + np.eye(classes)[np.argmax(p, axis=1)] / 8
        yield Probe("edge-cases", (labels, p, k), title="equally sure ones")
    labels, p = answered(rng, 30, 2)
    labels = np.argmax(p, axis=1)
    labels[[3, 11]] = 1 - labels[[3, 11]]
    yield Probe("edge-cases", (labels, p, 5), title="fewer mistakes than k")
    yield Probe("edge-cases", (labels, p, 0), title="none is asked for")
    yield Probe("edge-cases", (p.argmax(axis=1), p, 4), title="no mistake at all")
    yield Probe("robust", (labels.tolist(), p.tolist(), 2), title="lists")
    yield Probe("robust", (labels, p, 2), title="all in order")
    yield Probe("robust", (labels[1:], p, 2), title="a label too few", raises="labels")
    yield Probe("robust", (labels, p[:, 0], 2), title="one number each", raises="probabilities")
    yield Probe("robust", (labels, p, -1), title="fewer than none", raises="k")


def _by_hand(rng: Rng, labels: list[int], chances: list[list[float]]) -> tuple[Array, Array]:
    """These labels and probabilities; in a fresh batch in another order, and all less sure."""
    truth, p = np.array(labels), np.array(chances)

    def drawn() -> tuple[Array, Array]:
        order, certainty = rng.permutation(len(truth)), whole(rng, 50, 95) / 100
        even = 1 / p.shape[1]
        return truth[order], np.round(even + certainty * (p[order] - even), 4)

    return varied(rng, (truth, p), drawn)


def in_row(args: tuple[Any, ...], value: Any) -> Any:
    """What is compared: a row of whole numbers of any width, also where it is an empty list."""
    array = np.asarray(value) if isinstance(value, list | tuple) else value
    if isinstance(array, np.ndarray) and array.ndim == 1:
        if array.size == 0:
            return np.empty(0, np.int64)
        return array.astype(np.int64) if array.dtype.kind in "iu" else array
    return value


def keras_worst(labels: Array, probabilities: Array, k: int) -> Array:
    """By Keras's own top_k: of the sureness where the answer is wrong."""
    from keras import ops

    p = np.asarray(probabilities)
    wrong = ops.convert_to_numpy(ops.not_equal(ops.argmax(p, axis=-1), np.asarray(labels)))
    count = min(k, int(wrong.sum()))
    if count == 0:
        return np.empty(0, np.int64)
    sure = ops.where(wrong, ops.max(p, axis=-1), -1.0)
    order = ops.argsort(ops.negative(sure), axis=-1)  # stable: of equal ones the lower comes first
    return np.asarray(ops.convert_to_numpy(order)[:count], np.int64)


# The mistakes once more, with a keyword for every step that can go wrong


def _sure(truth: Array, p: Array) -> Array:
    return p.max(axis=1)


def _of_truth(truth: Array, p: Array) -> Array:
    return -p[np.arange(len(p)), truth.astype(int)]


def _margin(truth: Array, p: Array) -> Array:
    return p.max(axis=1) - p[np.arange(len(p)), truth.astype(int)]


def _of_class_one(truth: Array, p: Array) -> Array:
    return p[:, 1]


def _in_order(keys: Array) -> Array:
    return np.argsort(keys, kind="stable")


def _turned(keys: Array) -> Array:
    """Sorted the other way around and reversed: of equal ones the last comes first."""
    return np.argsort(-keys, kind="stable")[::-1]


def _turned_as_it_comes(keys: Array) -> Array:
    """The same by NumPy's usual sort. In which order it leaves equal ones depends on the machine;
    the learner's function was called on this one."""
    return np.argsort(-keys)[::-1]


def steps(
    labels: Any,
    probabilities: Any,
    k: int,
    *,
    chosen: Callable[[Array, Array], Array] = np.not_equal,
    sure: Key = _sure,
    sign: int = -1,
    fill: bool = False,
    inside: bool = False,
    order: Callable[[Array], Array] = _in_order,
    whole: bool = False,
    tail: bool = False,
    first: bool = False,
) -> Array:
    """`cnnlab.course.ops.calibration.worst_mistakes` with mistakes.

    Parameters
    ----------
    order : callable, keys → places
        The sort, from the lowest key to the highest.
    whole : bool
        Whether all pictures are sorted, and the mistakes among them picked out afterward.
    tail : bool
        Whether the last k are taken of the other order: all, where k is 0.
    first : bool
        Whether the k surest of all are taken, before the right ones are left out.
    """
    truth, said, _ = answers(labels, probabilities)
    require(k >= 0, "k", "must be 0 or more", k)
    p = np.asarray(probabilities)
    among = np.flatnonzero(chosen(said, truth))
    keys = sign * sure(truth, p)
    if first:
        return np.array([i for i in np.argsort(keys, kind="stable")[:k] if i in among], np.int64)
    every = order(keys)
    found = every[np.isin(every, among)] if whole else among[order(keys[among])]
    if fill:
        rest = np.setdiff1d(np.arange(len(p)), among)
        found = np.concatenate([found, rest[np.argsort(keys[rest], kind="stable")]])
    found = found[: k or None] if tail else found[:k]
    return np.searchsorted(among, found) if inside else found


def _last_first(order: Callable[[Array], Array]) -> Callable[[Op], Op]:
    return lambda op: on_output(lambda found: found[::-1])(with_mistake(order=order)(op))


def _everything(said: Array, truth: Array) -> Array:
    return np.ones(len(said), bool)


_RIGHT = "Your pictures are ones that the network got right. A mistake is where the answer differs from the label. How do you pick out those?"
_LEAST = "Yours are the mistakes of which the network was least sure. The ones to learn from are at the other end. Which end of the sorted list do you take?"
_TIES = "Of equally sure mistakes, yours does not put the first one first. If you reverse a sort, you reverse the ties, too. How can you sort the other way around?"
_TRUTH = "You sort by how little the true class got. Asked is how sure the network was of its own answer. Which number of a row is that?"

EXERCISE = Exercise(
    name="worst_mistakes",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1.25, "edge-cases": 1},
    probes=probes,
    keras_reference=keras_worst,
    numpy_op=steps,
    describe=in_row,
    twists=(
        *(
            Twist("most-confident-right", with_mistake(chosen=chosen), _RIGHT)
            for chosen in (np.equal, _everything)
        ),
        Twist("least-confident", with_mistake(sign=1), _LEAST),
        Twist("least-confident", with_mistake(sign=1, order=_turned), _LEAST),
        *(
            Twist("by-the-truth", with_mistake(sure=key, order=order), _TRUTH)
            for key in (_of_truth, _margin)
            for order in (_in_order, _turned)
        ),
        Twist(
            "by-class-one",
            with_mistake(sure=_of_class_one),
            "You sort by the probability of class 1. How sure the network was of its answer is the largest number of a row. What do you take instead?",
        ),
        Twist(
            "places-among-mistakes",
            with_mistake(inside=True),
            "Your numbers count among the mistakes alone. They should be places in labels: which picture is the first mistake?",
        ),
        Twist(
            "filled-up",
            with_mistake(fill=True),
            "Where there are fewer than k mistakes, you add right answers. How many should come back then?",
        ),
        *(
            Twist("ties-reversed", with_mistake(order=order, whole=whole, tail=tail), _TIES)
            for order in (_turned, _turned_as_it_comes)
            for whole in (False, True)
            for tail in (False, True)
        ),
        Twist(
            "k-before-the-mistakes",
            with_mistake(first=True),
            "You take the k surest answers first, and the mistakes among them afterward. So there are too few. Which of the two choices must come first?",
        ),
        Twist(
            "not-in-order",
            on_output(np.sort),
            "Your mistakes are the right ones, but in the order of the pictures. The surest comes first: which order does the sort give you?",
        ),
        *(
            Twist(
                "not-in-order",
                _last_first(order),
                "Your mistakes are the right ones, but the surest comes last. A sort begins with the smallest number. Which end should come first?",
            )
            for order in (_in_order, _turned, _turned_as_it_comes)
        ),
    ),
    hints=(
        "A mistake has an answer that is not the label. The largest probability of a row says how sure the network was. Which rows are mistakes?",
        "Find the places of the mistakes first, with np.flatnonzero. Then sort these places by how sure the network was, the surest first.",
        "np.argsort sorts from small to large, so sort the negative numbers, with kind='stable'. It gives places among the mistakes: how do you get places in labels from them?",
    ),
    rung_hints={
        "shape": "The result is a row of at most k whole numbers. What does your function return?",
        "by-hand": "Find the largest number of each row, and cross out those that are where the label says. Which of the rest is the largest?",
        "edge-cases": "Some are equally sure, and sometimes there are fewer than k mistakes, or none. What comes back then?",
        "robust": "There is one label and one row of probabilities for each picture, and k is 0 or more. Name the argument that does not fit.",
    },
)
