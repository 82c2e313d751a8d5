"""Chapter 9's way in and out of VGG16: pixels as it was trained on, and its five best guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.twists import Op, Twist, on_output
from cnnlab.course import vgg
from cnnlab.course.ops import Array, require

Rng = np.random.Generator
MEANS = np.array(vgg.MEANS)


# vgg_preprocess


def pixels(rng: Rng, *shape: int, dtype: Any = np.uint8) -> Array:
    """Red, green and blue that differ clearly, from 0 to 255."""
    return rng.integers(0, 256, shape).astype(dtype)


def preprocess_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (pixels(rng, 4, 5, 3, dtype=np.float32),), title="float32")
    yield Probe("shape", (pixels(rng, 2, 4, 5, 3, dtype=np.float64),), title="float64")
    yield Probe("by-hand", (np.array([[[255, 0, 0]]], np.uint8),), title="a red pixel")
    yield Probe("by-hand", (np.zeros((1, 2, 3), np.uint8),), title="two black pixels")
    means = MEANS[::-1].reshape(1, 1, 3)
    yield Probe("by-hand", (means,), title="a pixel of the mean colour")
    yield Probe("structure", (pixels(rng, 3, 3, 3),), title="three rows, three columns")
    yield Probe("structure", (pixels(rng, 2, 3, 4, 3),), title="a batch of two")
    yield Probe("structure", (pixels(rng, 3, 3, 3, 3),), title="a batch of three, three by three")
    yield Probe("structure", (rng.random((4, 3, 3)),), title="nearly black")
    yield Probe("reference", (pixels(rng, 2, 12, 17, 3),), title="whole numbers, uint8")
    yield Probe("reference", (pixels(rng, 20, 14, 3, dtype=np.float32),), title="float32")
    yield Probe("reference", (256 * rng.random((2, 9, 8, 3)),), title="float64")
    gray, alpha = pixels(rng, 4, 5, 1), pixels(rng, 4, 5, 4)
    yield Probe("bad-input", (gray,), title="one channel", raises="rgb")
    yield Probe("bad-input", (alpha,), title="four channels", raises="rgb")
    yield Probe("bad-input", (pixels(rng, 2, 2, 3),), title="all in order")


def whole_as_float32(args: tuple[Any, ...], value: Any) -> Any:
    """Pixels that came as whole numbers may come back in any float."""
    whole = isinstance(args[0], np.ndarray) and args[0].dtype.kind in "iu"
    if whole and isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float32)
    return value


def keras_preprocess(rgb: Array) -> Array:
    from keras.applications.vgg16 import preprocess_input

    return whole_as_float32((rgb,), preprocess_input(rgb.copy()))  # Keras works in place


def preprocess(
    rgb: Any,
    *,
    means: Array = MEANS,
    flip: bool = True,
    before: Callable[[Array], Array] = lambda x: x,
    after: Callable[[Array], Array] = lambda x: x,
) -> Array:
    """`vgg.vgg_preprocess` with slips: without any, it is that function."""
    rgb = np.asarray(rgb)
    require(rgb.shape[-1] == 3, "rgb", "must have three channels", rgb.shape)
    kind = np.float64 if rgb.dtype == np.float64 else np.float32
    x = before(rgb.astype(kind))
    x = x[..., ::-1] if flip else x
    return after(x - means.astype(kind)).astype(kind)


def slip(**slips: Any) -> Callable[[Op], Op]:
    return lambda op: lambda *args, **kwargs: op(*args, **{**slips, **kwargs})


def _in_place(op: Op) -> Op:
    """The means are taken away where the pixels stand."""

    def mistaken(rgb: Any, **kwargs: Any) -> Any:
        result = op(rgb, **kwargs)
        if isinstance(rgb, np.ndarray) and rgb.dtype.kind == "f":
            rgb[...] = result[..., ::-1]
        return result

    return mistaken


_BY_255 = (
    "You divide by 255. VGG16 was trained on pixels from 0 to 255, only shifted so that the mean is 0: "
    "after a division all pictures look nearly the same to it."
)
_ORDER = (
    "The means are taken from the wrong channels: 103.939 is that of blue, 123.68 that of red. Which "
    "channel comes first after you have turned the order round?"
)
_RGB = (
    "Your channels are still red, green, blue. VGG16 was trained with a library that read pictures as "
    "blue, green, red."
)
_TWICE = "Your pixels are prepared twice over. They come from 0 to 255, and once is enough."

vgg_preprocess = Exercise(
    name="vgg_preprocess",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1, "bad-input": 0.5},
    probes=preprocess_probes,
    reference=keras_preprocess,
    correct=preprocess,
    view=whole_as_float32,
    twists=(
        Twist("divides-by-255", slip(before=lambda x: x / 255), _BY_255),
        Twist("divides-by-255", slip(after=lambda x: x / 255), _BY_255),
        Twist("divides-by-255", slip(before=lambda x: x / 255, means=np.zeros(3)), _BY_255),
        Twist("means-in-rgb-order", slip(means=MEANS[::-1]), _ORDER),
        Twist("keeps-rgb", slip(flip=False, means=MEANS[::-1]), _RGB),
        Twist("keeps-rgb", slip(flip=False), _RGB),
        Twist("rescaled-twice", slip(before=lambda x: x * 255), _TWICE),
        Twist("rescaled-twice", lambda op: lambda rgb: op(op(rgb)), _TWICE),
        Twist("rescaled-twice", slip(means=2 * MEANS), _TWICE),
        Twist(
            "means-added",
            slip(means=-MEANS),
            "You add the means. The mean colour should become 0: what must be done to it?",
        ),
        Twist(
            "means-forgotten",
            slip(means=np.zeros(3)),
            "The means are still in it. The mean colour of all training pictures should become 0.",
        ),
        Twist(
            "changes-input",
            _in_place,
            "You take the means away in place, so the caller's picture changes too. Work on a new array.",
        ),
    ),
    hints=(
        "Two steps: another order of the channels, and three numbers that are taken away. No division.",
        "The channels are the last axis, whatever comes before it. A step of −1 reads an axis backwards.",
        "Blue comes first now, and so does its mean: 103.939. The rest NumPy does by broadcasting; make floats first.",
    ),
    rung_hints={
        "shape": "The shape stays; float32 stays float32, and float64 float64. The array that came in must not change.",
        "by-hand": "A red pixel (255, 0, 0): which of the three numbers that come out is its 255 in?",
        "structure": "Does your code take the last axis, both for one picture (H, W, 3) and for a batch (N, H, W, 3)?",
        "bad-input": "A picture must have three channels: raise ValueError and name rgb.",
    },
)


# top_k

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
    yield Probe("edge-cases", (tied, names(5), 4), title="ties")
    yield Probe("edge-cases", (tied[:, [1, 0, 4, 3, 2]], names(5), 3), title="more ties")
    yield call("edge-cases", 2, 5, 5, "all classes")
    many = rng.integers(1, 4, (2, 300)) / 1024
    numbered = [f"class {i}" for i in range(300)]
    yield Probe("edge-cases", (many, numbered, 9), title="many classes, many ties")
    x = shares(rng, 2, 6)
    for k in (0, 7):
        yield Probe("bad-input", (x, names(6), k), title=f"k = {k} of 6", raises="k")
    for count, said in ((5, "a name too few"), (7, "a name too many")):
        yield Probe("bad-input", (x, names(count), 2), title=said, raises="names")
    yield call("bad-input", 2, 6, 2, "all in order")


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


Order = Callable[[Array, int], Array]


def by_share(p: Array, k: int) -> Array:
    """The places of each row's k largest, shape (N, k)."""
    return np.argsort(-p, axis=1, kind="stable")[:, :k]


def top(probabilities: Any, names: list[str], k: int, *, order: Order = by_share) -> list[Any]:
    """The k best with slips: without any, it is right."""
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


_ASCENDING = "The best comes last in yours. The most probable class should come first."
_AXIS = (
    "You sort along the wrong axis: pictures against each other instead of classes. Which axis of "
    "(N, classes) holds the classes of one picture?"
)

top_k = Exercise(
    name="top_k",
    points={
        "shape": 0.5,
        "by-hand": 1,
        "structure": 1,
        "reference": 1,
        "edge-cases": 0.5,
        "bad-input": 0.5,
    },
    probes=top_probes,
    reference=keras_top,
    correct=top,
    view=plain,
    twists=(
        Twist("ascending", _each_row(lambda row: row[::-1]), _ASCENDING),
        Twist(
            "ascending",
            slip(order=lambda p, k: np.argsort(p, axis=1, kind="stable")[:, :k]),
            "Yours are the least probable classes. A sort goes from small to large: which end do you want?",
        ),
        Twist(
            "wrong-axis",
            slip(order=lambda p, k: np.argsort(-p, axis=0, kind="stable")[:, :k]),
            _AXIS,
        ),
        Twist("wrong-axis", _of_columns, _AXIS),
        Twist(
            "over-all-pictures",
            slip(
                order=lambda p, k: np.tile(by_share(p.reshape(1, -1), k) % p.shape[1], (len(p), 1))
            ),
            "You take the best of all pictures together. Each picture has its own list.",
        ),
        Twist(
            "ties-reversed",
            slip(order=lambda p, k: np.argsort(p, axis=1, kind="stable")[:, ::-1][:, :k]),
            "Of two classes with the same probability, yours puts the later one first. A sort that is "
            "turned round turns the ties round, too.",
        ),
        Twist(
            "indices-for-names",
            _numbers,
            "Your lists hold the numbers of the classes. People want to read their names.",
        ),
        Twist(
            "first-picture-only",
            on_output(lambda rows: rows[:1]),
            "Only the first picture has a list. There should be one for each row.",
        ),
        Twist(
            "in-percent",
            _each_row(lambda row: [(name, 100 * p) for name, p in row]),
            "Your probabilities are in percent. Leave them from 0 to 1.",
        ),
    ),
    hints=(
        "For one picture: which class has the largest probability? And the next? It is the order that is wanted, not the sorted numbers alone.",
        "np.argsort gives places, from the smallest to the largest. What could you sort instead of p, so that the largest comes first?",
        'Of ties the lower index comes first: that is what kind="stable" promises. One list for each row, and in it pairs of a name and a float.',
    ),
    rung_hints={
        "shape": "A list with one list for each picture, and in each k pairs: a name, and a number.",
        "edge-cases": "Ties: with equal probabilities, the class with the lower index comes first.",
        "bad-input": "k must be from 1 to the number of classes, and there must be a name for each class.",
    },
)
