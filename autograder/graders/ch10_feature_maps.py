"""Chapter 10, feature maps: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.drivers.models import weights_like
from cnnlab.autograder.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.twists import Op, Twist, on_args, on_output
from cnnlab.course import maps
from cnnlab.course.ops import conv2d, max_pool2d, relu, require

Rng = np.random.Generator

# feature_maps

TALL: dict[str, Any] = {
    "layers": [
        ["Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}],
        ["Conv2D", {"filters": 5, "kernel_size": 3, "padding": "same", "activation": "relu"}],
        ["MaxPooling2D", {"pool_size": 2}],
        ["Conv2D", {"filters": 6, "kernel_size": 3, "padding": "same", "activation": "relu"}],
        ["MaxPooling2D", {"pool_size": 2}],
    ],
    "input_shape": [12, 10, 3],
    "names": ["block1_conv1", "block1_conv2", "block1_pool", "block2_conv1", "block2_pool"],
}
SQUARE: dict[str, Any] = {
    "layers": [
        ["Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same", "activation": "relu"}],
        ["MaxPooling2D", {"pool_size": 2}],
        ["Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same", "activation": "relu"}],
    ],
    "input_shape": [6, 6, 3],
    "names": ["first", "pool", "second"],
}


def feature_maps_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, network: dict[str, Any], names: list[str], **more: Any) -> Probe:
        image = reals(rng, *network["input_shape"])
        chosen = {**network, "seed": int(rng.integers(1 << 31))}
        given = {"network": chosen, "counted": rung == "passes"}
        return Probe(rung, (image, names), given=given, terms=9 * 6, **more)

    a, b, pool, c, _ = TALL["names"]
    yield probe("shape", TALL, [a, c], title="two layers")
    yield probe("by-hand", SQUARE, ["first"], title="one layer")
    yield probe("by-hand", SQUARE, ["pool"], title="one pooling layer")
    yield probe("reference", TALL, [a, b, pool, c], title="four layers")
    yield probe("reference", SQUARE, ["first", "pool", "second"], title="every layer")
    yield probe("order", TALL, [c, a], title="the deeper layer first")
    yield probe("order", TALL, [pool, c, b], title="in no order")
    yield probe("passes", TALL, [a, b, c], title="three layers")
    yield probe("passes", SQUARE, ["second", "first"], title="two layers")
    yield probe("bad-input", TALL, [a, "block9_conv1"], title="no such layer", raises="names")
    yield probe("bad-input", TALL, [a], title="a layer that is there")


def seen_maps(args: tuple[Any, ...], value: Any) -> Any:
    """What is compared: the maps, their order, and where it matters the forward passes."""
    _, names = args
    counted = {"forward passes": value["passes"]} if "passes" in value else {}
    return {"maps": value["maps"], "in the order asked": value["order"] == list(names), **counted}


def keras_feature_maps(image: Any, names: list[str], given: Any) -> dict[str, Any]:
    import keras

    from cnnlab.autograder.drivers.models import stack

    model = stack(**given["network"])
    wanted = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])
    found = wanted(image[None])
    found = found if isinstance(found, list | tuple) else [found]
    arrays = {name: np.asarray(m) for name, m in zip(names, found, strict=True)}
    counted = {"forward passes": 1} if given["counted"] else {}
    return {"maps": arrays, "in the order asked": True, **counted}


def simulated_maps(image: Any, names: list[str], given: Any) -> dict[str, Any]:
    """What the driver says of a right solution, by NumPy."""
    after, _ = forward(image, given)
    unknown = [name for name in names if name not in after]
    require(not unknown, "names", f"must be of {list(after)}", unknown)
    passes = {"passes": 1} if given["counted"] else {}
    return {"maps": _asked(after, names), "order": list(names), **passes}


def forward(image: Any, given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every layer's maps after its activation, and before."""
    made, channels, like = given["network"], image.shape[-1], []
    for kind, config in made["layers"]:
        if kind == "Conv2D":
            like += [np.zeros((3, 3, channels, config["filters"]), np.float32)]
            channels = config["filters"]
            like += [np.zeros(channels, np.float32)]
    weights = iter(weights_like(like, made["seed"]))
    x, after, before = image[None], {}, {}
    for name, (kind, _) in zip(made["names"], made["layers"], strict=True):
        if kind == "Conv2D":
            before[name] = conv2d(x, next(weights), next(weights), padding="same")
            x = relu(before[name])
        else:
            x = before[name] = max_pool2d(x)
        after[name] = x
    return after, before


def _passes(count: Callable[[list[str]], int]) -> Callable[[Op], Op]:
    """As many forward passes as this."""

    def apply(op: Op) -> Op:
        def counted(image: Any, names: list[str], given: Any) -> Any:
            value = op(image, names, given=given)
            return value | {"passes": count(names)} if given["counted"] else value

        return counted

    return apply


def _replaced(of: Callable[[Any, list[str], Any], dict[str, Any]]) -> Callable[[Op], Op]:
    """Other maps under the names that were asked."""

    def apply(op: Op) -> Op:
        def wrong(image: Any, names: list[str], given: Any) -> Any:
            return op(image, names, given=given) | {"maps": of(image, names, given)}

        return wrong

    return apply


def _in_the_models_order(op: Op) -> Op:
    def ordered(image: Any, names: list[str], given: Any) -> Any:
        value = op(image, names, given=given)
        return value | {"order": [n for n in given["network"]["names"] if n in names]}

    return ordered


_ONE_PASS_PER_LAYER = (
    "Your maps are right, but the network ran once for every layer. On its way to the deepest "
    "layer it computes all the others anyway. How can one model have several outputs?"
)
_PRE_ACTIVATION = (
    "Your maps hold negative numbers: they are what the convolution gave, before ReLU. What does "
    "the layer hand on to the next one?"
)
_MODEL_ORDER = (
    "Your maps stand in the order of the network. They were asked for in another order: the one "
    "of names."
)

feature_maps = Exercise(
    name="feature_maps",
    points={
        "shape": 0.5,
        "by-hand": 1.0,
        "reference": 2.0,
        "order": 0.5,
        "passes": 1.5,
        "bad-input": 0.5,
    },
    probes=feature_maps_probes,
    reference=keras_feature_maps,
    correct=simulated_maps,
    simulated=True,
    driver="maps.looked_into",
    view=seen_maps,
    twists=(
        Twist("one-pass-per-layer", _passes(len), _ONE_PASS_PER_LAYER),
        Twist(
            "pre-activation",
            _replaced(lambda image, names, given: _asked(forward(image, given)[1], names)),
            _PRE_ACTIVATION,
        ),
        Twist("order-of-the-model", _in_the_models_order, _MODEL_ORDER),
    ),
    hints=(
        "A photograph goes through all layers on its way. You want to see what comes out of some of them, not only of the last one.",
        "Every layer of a model knows its output. A new model may have the same input, and those outputs.",
        "The outputs come back in the order in which you asked for them; one output alone comes back without a list. Put a batch axis in front of the image.",
    ),
    rung_hints={
        "passes": "Build one model with all the outputs, and call it once.",
        "order": "A dictionary remembers the order in which its keys were put in.",
        "bad-input": "Look the names up before you run the network. Say in the message that names is to blame.",
    },
)


def _asked(arrays: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: arrays[name] for name in names}


# to_picture


def to_picture_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 4, 6),))
    yield Probe("shape", ([[1, 2], [3, 5]],), title="lists")
    yield Probe("by-hand", (np.full((2, 3), 7.0, np.float32),), title="every number 7")
    yield Probe("by-hand", (np.zeros((3, 2), np.float32),), title="zeros only")
    yield Probe("by-hand", (np.array([[0.0, 4.0]]),), title="two numbers")
    yield Probe("structure", (100 + rng.normal(size=(7, 5)),), title="all far above 0")
    yield Probe("structure", (rng.normal(size=(6, 6)) - 50,), title="all far below 0")
    yield Probe("reference", (rng.normal(size=(20, 30)),), title="float64")
    yield Probe("reference", (rng.normal(size=(25, 25)).astype(np.float32),), title="float32")
    yield Probe("reference", (np.maximum(rng.normal(size=(18, 14)), 0),), title="after a ReLU")
    outlier = rng.normal(size=(15, 15))
    outlier[3, 4], outlier[9, 2] = 1e3, -1e3
    yield Probe("edge-cases", (outlier,), title="two outliers")
    lonely = np.zeros((16, 16))
    lonely[5, 5] = 9.0
    yield Probe("edge-cases", (lonely,), title="a single cell that is not 0", quiet=True)
    yield Probe("edge-cases", (np.full((4, 4), -3.0),), title="every number -3", quiet=True)
    yield Probe("bad-input", (reals(rng, 3, 4, 2),), title="three axes", raises="feature_map")
    yield Probe("bad-input", (reals(rng, 3, 4),), title="two axes")


def keras_to_picture(feature_map: Any) -> Any:
    """By Keras's quantile, in float64."""
    import keras

    values = np.asarray(feature_map, np.float64)
    low, high = (float(q) for q in np.asarray(keras.ops.quantile(values, [0.01, 0.99])))
    if low == high:
        return np.full(values.shape, 128, np.uint8)
    clipped = keras.ops.clip((values - low) / (high - low), 0, 1)
    return np.asarray(keras.ops.round(255 * clipped)).astype(np.uint8)


def _levels(values: Any, low: Any = None, high: Any = None) -> Any:
    """Grey levels between two numbers, not yet clipped; between the percentiles by default."""
    if low is None:
        low, high = np.percentile(values, [1, 99])
    return 255 * ((values - low) / (high - low))


def _drawn(formula: Callable[[Any], Any], grey: bool = True) -> Callable[[Op], Op]:
    """Another way from a map to grey levels; ``grey``: constant maps are still treated rightly."""

    def apply(op: Op) -> Op:
        def wrong(feature_map: Any) -> Any:
            right = op(feature_map)  # raises where the shape is wrong
            values = np.asarray(feature_map, np.float64)
            low, high = np.percentile(values, [1, 99])
            if grey and low == high:
                return right
            with np.errstate(all="ignore"):
                return formula(values)

        return wrong

    return apply


def _cast(levels: Any) -> Any:
    """To uint8 as NumPy does it, whatever becomes of what does not fit."""
    with np.errstate(all="ignore"):
        return levels.astype(np.uint8)


def _clipped(levels: Any) -> Any:
    return _cast(np.rint(np.clip(levels, 0, 255)))


_DIVIDES = (
    "On a map whose numbers are all the same you divide by 0, or by next to nothing, and it comes "
    "out black. Such a map shows nothing, so every pixel should be a middle grey: 128."
)
_WRAPS = (
    "Numbers beyond the percentiles leave the range 0 to 255, and uint8 starts again at the other "
    "end: the brightest cells come out dark. What should happen to them before the conversion?"
)
_CLIPS_NEGATIVES = "You cut everything below 0 away first. Black belongs to the 1st percentile, wherever that lies."
_EXTREMES = (
    "You stretch from the smallest to the largest number. One outlier then makes all others the "
    "same grey: that is why the percentiles count."
)
_TRUNCATES = "You cut the decimals off. A level of 99.9 is nearer to 100 than to 99."


to_picture = Exercise(
    name="to_picture",
    points={
        "shape": 0.5,
        "by-hand": 0.5,
        "structure": 0.5,
        "reference": 1.5,
        "edge-cases": 1.0,
        "bad-input": 0.5,
    },
    probes=to_picture_probes,
    reference=keras_to_picture,
    correct=maps.to_picture,
    twists=(
        Twist("divides-by-zero", _drawn(lambda v: _clipped(_levels(v)), grey=False), _DIVIDES),
        Twist(
            "divides-by-zero",
            _drawn(lambda v: _cast(np.clip(_levels(v), 0, 255)), grey=False),
            _DIVIDES,
        ),
        Twist("wraps-around", _drawn(lambda v: _cast(np.rint(_levels(v)))), _WRAPS),
        Twist("wraps-around", _drawn(lambda v: _cast(_levels(v))), _WRAPS),
        Twist(
            "wraps-around", _drawn(lambda v: _cast(np.rint(_levels(v)).astype(np.int64))), _WRAPS
        ),
        Twist(
            "clips-negatives",
            on_args(lambda m: (np.maximum(m, 0),)),
            _CLIPS_NEGATIVES,
        ),
        Twist(
            "stretches-to-the-extremes",
            _drawn(lambda v: _clipped(_levels(v, v.min(), v.max()))),
            _EXTREMES,
        ),
        Twist("truncates", _drawn(lambda v: _cast(np.clip(_levels(v), 0, 255))), _TRUNCATES),
    ),
    hints=(
        "A picture has 256 grey levels. Which number of the map should become black, and which white?",
        "np.percentile finds both numbers. Everything below the one is black, everything above the other white.",
        "Between them it is a straight line: subtract, divide, clip to 0…1, times 255, round, uint8. And before you divide: can the divisor be 0?",
    ),
    rung_hints={
        "by-hand": "Where both percentiles are the same, every pixel is 128.",
        "shape": "The result has the map's shape and dtype uint8.",
        "bad-input": "One map has two axes. Say in the message that feature_map is to blame.",
    },
)


# sparsity


def sparsity_probes(rng: Rng) -> Iterator[Probe]:
    def sparse(*shape: int, share: float = 0.6) -> Any:
        return reals(rng, *shape) * (rng.random(shape) >= share)

    yield Probe("shape", ({"first": sparse(1, 3, 4, 2), "second": sparse(1, 2, 2, 3)},))
    half = np.array([[[[0.0, 1.0], [2.0, 0.0]]]], np.float32)
    yield Probe("by-hand", ({"half": half},), title="two zeros in four numbers")
    yield Probe("by-hand", ({"none": wholes(rng, 1, 2, 2, 2)},), title="no zero at all")
    yield Probe("by-hand", ({"all": np.zeros((1, 3, 2, 2), np.float32)},), title="zeros only")
    one = wholes(rng, 1, 3, 3, 4)
    one[..., 0] = 0
    yield Probe("structure", ({"dead": one},), title="the first of four channels is 0")
    last = wholes(rng, 1, 3, 3, 4)
    last[..., 3] = 0
    yield Probe("structure", ({"dead": last},), title="the last of four channels is 0")
    yield Probe(
        "reference",
        (
            {
                "block1": sparse(1, 12, 10, 4, share=0.3),
                "block2": sparse(1, 6, 5, 8, share=0.7),
                "block3": sparse(1, 3, 2, 16, share=0.9),
            },
        ),
    )
    yield Probe("reference", ({"layer": sparse(1, 9, 7, 5)},), title="one layer")
    small = np.where(rng.random((1, 5, 6, 3)) < 0.5, 1e-30, 0).astype(np.float32)
    yield Probe("edge-cases", ({"tiny": small},), title="numbers near 0 that are not 0")
    negative = -np.abs(sparse(1, 4, 4, 3))
    yield Probe("edge-cases", ({"below": negative},), title="negative numbers")
    yield Probe("edge-cases", ({},), title="no layer at all")


def keras_sparsity(maps: dict[str, Any]) -> dict[str, float]:
    import keras

    zero = {name: keras.ops.cast(keras.ops.equal(m, 0), "float64") for name, m in maps.items()}
    return {name: float(keras.ops.mean(z)) for name, z in zero.items()}


def _shares(share: Callable[[Any], Any]) -> Callable[[Op], Op]:
    return lambda op: lambda maps: {name: float(share(m)) for name, m in maps.items()}


_OVER_ONE = (
    "You looked at one channel only. Channels differ: some are silent on this photograph, others "
    "are busy. Count over all of them."
)

sparsity = Exercise(
    name="sparsity",
    points={"shape": 0.25, "by-hand": 0.75, "structure": 0.5, "reference": 1.0, "edge-cases": 0.5},
    probes=sparsity_probes,
    reference=keras_sparsity,
    correct=maps.sparsity,
    twists=(
        Twist(
            "share-of-nonzeros",
            on_output(lambda shares: {name: 1 - share for name, share in shares.items()}),
            "That is the share of numbers that are not 0. A sparse map is one with many zeros.",
        ),
        Twist("over-one-channel", _shares(lambda m: np.mean(m[..., 0] == 0)), _OVER_ONE),
        Twist("over-one-channel", _shares(lambda m: np.mean(m[..., -1] == 0)), _OVER_ONE),
        Twist(
            "counts-instead",
            _shares(lambda m: np.sum(m == 0)),
            "You count the zeros. A share is between 0 and 1, so that large and small layers can be compared.",
        ),
        Twist(
            "silent-channels",
            _shares(lambda m: np.mean(np.all(m == 0, axis=(0, 1, 2)))),
            "You count the channels that are 0 everywhere. Count single numbers.",
        ),
        Twist(
            "counts-negatives",
            _shares(lambda m: np.mean(m <= 0)),
            "You count negative numbers, too. Only an exact 0 is a zero.",
        ),
    ),
    hints=(
        "ReLU makes every negative number an exact 0. How many of all the numbers in a layer are that?",
        "A comparison with 0 gives an array of True and False. What is its mean?",
        "Go through the dictionary's items and build a new one with the same names; the mean runs over all axes.",
    ),
    rung_hints={"shape": "The result is a dictionary with the same names; every value is a float."},
)


# strongest


def strongest_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 1, 3, 4, 6), 2))
    by_hand = np.array([[[[1, 5, 3], [1, 5, 4]]]], np.float32)
    yield Probe("by-hand", (by_hand, 1), title="three channels, the first one")
    yield Probe("by-hand", (by_hand, 3), title="three channels, all of them")
    peak = np.ones((1, 4, 4, 3), np.float32)
    peak[0, 1, 2, 0], peak[0, :, :, 0] = 0, 0
    peak[0, 3, 3, 0] = 8
    peak[..., 2] = 2
    yield Probe("structure", (peak, 2), title="one high peak in a dark map")
    peaks = np.maximum(reals(rng, 1, 5, 4, 5), 0)
    peaks[0, 0, 0] = [9, 7, 0, 3, 1]
    yield Probe("structure", (peaks, 3), title="a bright corner")
    for shape, k in (((1, 9, 7, 12), 5), ((1, 6, 6, 6), 4), ((1, 4, 8, 20), 8)):
        yield Probe("reference", (rng.random(shape).astype(np.float32) ** 3, k))
    yield Probe("reference", (rng.normal(size=(1, 5, 7, 10)), 4), title="negative means, too")
    yield Probe("edge-cases", (np.ones((1, 3, 2, 5), np.float32), 3), title="all alike")
    ties = np.tile(np.array([1, 4, 2, 4, 2], np.float32), (1, 2, 3, 1))
    yield Probe("edge-cases", (ties, 4), title="two pairs alike")
    yield Probe("edge-cases", (reals(rng, 1, 3, 3, 1), 1), title="a single channel")
    yield Probe("bad-input", (reals(rng, 1, 3, 3, 4), 5), title="more than there are", raises="k")
    yield Probe("bad-input", (reals(rng, 1, 3, 3, 4), 0), title="none", raises="k")
    yield Probe("bad-input", (reals(rng, 1, 2, 3, 4), 4), title="all of them")


def keras_strongest(feature_map: Any, k: int) -> list[int]:
    import keras

    means = keras.ops.mean(np.asarray(feature_map, np.float64), axis=(0, 1, 2))
    return [int(i) for i in np.asarray(keras.ops.top_k(means, k)[1])]


def _ranked(score: Callable[[Any], Any]) -> Callable[[Op], Op]:
    """Ranked by something else."""

    def apply(op: Op) -> Op:
        def wrong(feature_map: Any, k: int) -> Any:
            op(feature_map, k)  # raises where k is wrong
            scores = score(np.asarray(feature_map, np.float64))
            return [int(i) for i in np.argsort(-scores, kind="stable")[:k]]

        return wrong

    return apply


def _means(values: Any) -> Any:
    return values.mean(axis=(0, 1, 2))


_ASCENDING = (
    "Your channels stand in rising order. The strongest comes first. What does argsort begin with?"
)
_PEAK = (
    "You went by the highest single cell. A channel that is bright over the whole photograph should "
    "come before one with a single bright spot: take the mean."
)

strongest = Exercise(
    name="strongest",
    points={
        "shape": 0.25,
        "by-hand": 0.75,
        "structure": 1.0,
        "reference": 1.0,
        "edge-cases": 0.5,
        "bad-input": 0.5,
    },
    probes=strongest_probes,
    reference=keras_strongest,
    correct=maps.strongest,
    twists=(
        Twist(
            "by-single-peak",
            _ranked(lambda v: v.max(axis=(0, 1, 2))),
            _PEAK,
        ),
        Twist("ascending", _ranked(lambda v: -_means(v)), _ASCENDING),
        Twist("ascending", on_output(lambda found: found[::-1]), _ASCENDING),
        Twist(
            "later-of-two-alike",
            lambda op: lambda m, k: [int(i) for i in np.argsort(_means(m))[::-1][: len(op(m, k))]],
            "Of two channels that are alike, yours names the later one first. The lower index comes first.",
        ),
        Twist(
            "channels-in-front",
            lambda op: (
                lambda m, k: [
                    int(i)
                    for i in np.argsort(-np.mean(m, axis=(0, 2, 3)), kind="stable")[: len(op(m, k))]
                ]
            ),
            "You rank the rows of the picture. The channels are the last axis.",
        ),
    ),
    hints=(
        "Each channel is one map. Which single number says how strongly it answers to the whole photograph?",
        "The mean over height and width gives one number for each channel. You want the places of the largest ones, not their values.",
        "argsort begins with the smallest. Sort the negative means, with a stable kind, so that of two alike the lower index comes first.",
    ),
    rung_hints={
        "shape": "k whole numbers, in a list or an array.",
        "bad-input": "k must be from 1 to the number of channels. Say in the message that k is to blame.",
    },
)

CHAPTER = Chapter(
    name="ch10_feature_maps",
    title="Feature maps: what a network sees",
    exercises=(feature_maps, to_picture, sparsity, strongest),
    prelude="import math\nimport keras\nimport numpy as np\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=30.0,
    keras=True,
)
