"""Chapter 9's ``top_k``: the best guesses of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch09_vgg._mistakes import with_mistake
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops import Array, require

Rng = np.random.Generator
Order = Callable[[Array, int], Array]

WORDS = (
    "tabby", "tench", "espresso", "lampshade", "stone wall", "beagle", "goldfish", "hammer",
    "starfish", "balloon", "teapot", "lynx", "acorn", "violin", "zebra", "bagel", "igloo", "ox",
)  # fmt: skip


def shares(rng: Rng, *shape: int, dtype: Any = np.float32) -> Array:
    """Rows of different probabilities that add up to 1."""
    parts = rng.permuted(np.tile(np.arange(1, shape[1] + 1), (shape[0], 1)), axis=1)
    parts = parts + rng.random(shape) / 2
    return (parts / parts.sum(axis=1, keepdims=True)).astype(dtype)


def top_probes(rng: Rng) -> Iterator[Probe]:
    def names(count: int) -> list[str]:
        return [str(word) for word in rng.choice(WORDS, count, replace=False)]

    def call(rung: str, n: int, classes: int, k: int, title: str, dtype: Any = np.float32) -> Probe:
        return Probe(rung, (shares(rng, n, classes, dtype=dtype), names(classes), k), title=title)

    yield call("shape", 2, 6, 3, "two pictures")
    by_hand = np.array([[0.1, 0.5, 0.15, 0.25]])
    yield Probe("by-hand", (by_hand, names(4), 2), title="one picture, four classes")
    two = np.array([[0.2, 0.7, 0.1], [0.5, 0.125, 0.375]])
    yield Probe("by-hand", (two, names(3), 1), title="the best of three")
    yield Probe("by-hand", (two[:, ::-1].copy(), names(3), 2), title="the two best of three")
    yield call("structure", 4, 4, 2, "as many pictures as classes")
    yield call("structure", 3, 7, 3, "three of seven")
    yield call("structure", 1, 9, 4, "one picture")
    yield call("reference", 5, 16, 5, "five best, float32")
    yield call("reference", 3, 18, 5, "five best, float64", np.float64)
    tied = np.array([[0.25, 0.125, 0.25, 0.125, 0.25], [0.2, 0.2, 0.2, 0.2, 0.2]])
    yield Probe("robust", (tied, names(5), 4), title="ties")
    yield Probe("robust", (tied[:, [1, 0, 4, 3, 2]], names(5), 3), title="more ties")
    yield call("edge-cases", 2, 5, 5, "all classes")
    numbered = [f"class {i}" for i in range(300)]
    thousand = [f"class {i}" for i in range(1000)]
    for k in (300, 500):  # so many that NumPy's argpartition leaves them in no order
        yield Probe("reference", (shares(rng, 1, 1000), thousand, k), title="a thousand classes")
    many = rng.integers(1, 4, (2, 300)) / 1024
    yield Probe("robust", (many, numbered, 9), title="many classes, many ties")
    x = shares(rng, 2, 6)
    for k in (0, 7):
        yield Probe("robust", (x, names(6), k), title=f"k = {k} of 6", raises="k")
    for count, said in ((5, "a name too few"), (7, "a name too many")):
        yield Probe("robust", (x, names(count), 2), title=said, raises="names")
    yield call("robust", 2, 6, 2, "all in order")


def plain(args: tuple[Any, ...], value: Any) -> Any:
    """Lists and tuples of any kind, NumPy's texts too."""
    return [[(str(name), p) for name, p in row] for row in value]


def keras_top(probabilities: Array, names: list[str], k: int) -> list[Any]:
    """By Keras's sort, which is stable: of equal ones, the lower index comes first."""
    from keras import ops

    places = ops.argsort(ops.negative(probabilities), axis=-1)[:, :k]
    values = ops.take_along_axis(probabilities, places, axis=-1)
    rows = zip(*map(ops.convert_to_numpy, (values, places)), strict=True)
    return [[(names[i], float(p)) for p, i in zip(*row, strict=True)] for row in rows]


def by_share(p: Array, k: int) -> Array:
    """The places of each row's k largest, shape (N, k)."""
    return np.argsort(-p, axis=1, kind="stable")[:, :k]


def top(probabilities: Any, names: list[str], k: int, *, order: Order = by_share) -> list[Any]:
    """The k best with mistakes: without any, it is right."""
    p = np.asarray(probabilities)
    require(len(names) == p.shape[1], "names", f"must be {p.shape[1]}", len(names))
    require(1 <= k <= p.shape[1], "k", f"must be from 1 to {p.shape[1]}", k)
    places = order(p, k)
    return [[(names[i], float(row[i])) for i in best] for row, best in zip(p, places, strict=True)]


def _each_row(change: Callable[[list[Any]], list[Any]]) -> Callable[[Op], Op]:
    return on_output(lambda rows: [change(row) for row in rows])


def _numbers(op: Op) -> Op:
    """Indices in the place of names."""
    return lambda p, names, k, **kwargs: op(p, [str(i) for i in range(len(names))], k, **kwargs)


def _of_columns(op: Op) -> Op:
    """Each class with its best pictures."""

    def mistaken(p: Any, names: list[str], k: int, **kwargs: Any) -> Any:
        p = np.asarray(p)
        require(len(names) == p.shape[1], "names", f"must be {p.shape[1]}", len(names))
        require(1 <= k <= p.shape[1], "k", f"must be from 1 to {p.shape[1]}", k)
        return op(p.T, names[: len(p)], min(k, len(p)), **kwargs)

    return mistaken


_ASCENDING = "The best comes last in yours. Which end of the sorted list should come first?"
_AXIS = (
    "You sort along the wrong axis: pictures against each other instead of classes. Which axis of "
    "(N, classes) holds the classes of one picture?"
)

_UNSORTED = "Your k classes are the right ones, but in no order. The best guess comes first: what is left to do with the k that you found?"

EXERCISE = Exercise(
    name="top_k",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1.25, "edge-cases": 0.5},
    probes=top_probes,
    keras_reference=keras_top,
    numpy_op=top,
    describe=plain,
    twists=(
        Twist("ascending", _each_row(lambda row: row[::-1]), _ASCENDING),
        Twist(
            "ascending",
            with_mistake(order=lambda p, k: np.argsort(p, axis=1, kind="stable")[:, :k]),
            "Yours are the least probable classes. A sort goes from small to large: which end do you want?",
        ),
        Twist(
            "wrong-axis",
            with_mistake(order=lambda p, k: np.argsort(-p, axis=0, kind="stable")[:, :k]),
            _AXIS,
        ),
        Twist("wrong-axis", _of_columns, _AXIS),
        Twist(
            "over-all-pictures",
            with_mistake(
                order=lambda p, k: np.tile(by_share(p.reshape(1, -1), k) % p.shape[1], (len(p), 1))
            ),
            "You take the best of all pictures together. How many lists should come out?",
        ),
        *(
            Twist("unsorted", with_mistake(order=order), _UNSORTED)
            for order in (
                lambda p, k: np.argpartition(p, -k, axis=1)[:, -k:][:, ::-1],
                lambda p, k: np.argpartition(-p, k - 1, axis=1)[:, :k],
            )
        ),
        Twist(
            "ties-reversed",
            with_mistake(order=lambda p, k: np.argsort(p, axis=1, kind="stable")[:, ::-1][:, :k]),
            "Of two classes with the same probability, yours puts the later one first. If you reverse a sort, you reverse the ties, too. How can you sort the other way around?",
        ),
        Twist(
            "indices-for-names",
            _numbers,
            "Your lists hold the numbers of the classes. What do people want to read there?",
        ),
        Twist(
            "first-picture-only",
            on_output(lambda rows: rows[:1]),
            "Only the first picture has a list. How many lists should there be?",
        ),
        Twist(
            "in-percent",
            _each_row(lambda row: [(name, 100 * p) for name, p in row]),
            "Your probabilities are in percent. Leave them from 0 to 1.",
        ),
    ),
    hints=(
        "It is the order of the classes that is wanted, not the sorted numbers alone. For one picture, which class has the largest probability?",
        "np.argsort gives places, from the smallest to the largest. What could you sort instead of p, so that the largest comes first?",
        "A stable sort keeps ties in their order, so the lower index comes first. What must you sort, so that the largest comes first?",
    ),
    rung_hints={
        "shape": "A list with one list for each picture, and in each k pairs: a name, and a number. What does your function return?",
        "edge-cases": "Some classes have equal probabilities. Which of them must come first?",
        "robust": "k must be from 1 to the number of classes, and there must be a name for each class. Name the argument in each message.",
    },
)
