"""The exercises ``visualize_filter`` and ``visualize_class`` of chapter 11."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders import small_nets
from cnnlab.autograder.graders.ascending import (
    CLIMB_TWISTS,
    PENALTY_TWISTS,
    TERMS,
    climb,
    climbing,
    keras_ascent,
    seen,
    slip,
    steady,
)
from cnnlab.autograder.twists import Op, Twist
from cnnlab.autograder.worker import Seed
from cnnlab.course import ascent
from cnnlab.course.ops import require

Array = NDArray[Any]
Rng = np.random.Generator

BORDER = 2
SIZE = 96


def _drawn(gradient: Any, steps: int, rng: Rng, slips: dict[str, Any]) -> Array:
    """From a start, or from noise: what both exercises do with their gradient."""
    size, start, begin = slips.pop("size", SIZE), slips.pop("start", None), slips.pop("begin", None)
    if start is None:
        start = (begin or ascent.noise)(size, rng)
    return climb(gradient, start, steps, rng, **slips)


def _blank(size: int, rng: Rng) -> Array:
    return np.zeros((size, size, 3))


def _even(size: int, rng: Rng) -> Array:
    return rng.random((size, size, 3))


def _without_start(op: Op) -> Op:
    """Noise whatever was given; its size is that of the start, or that of the argument."""

    def wrong(*args: Any, start: Any = None, **kwargs: Any) -> Any:
        return op(*args, **kwargs)

    return wrong


def _probes(
    rng: Rng,
    given: Callable[[str], dict[str, Any]],
    draw: Callable[..., Any],
    chosen: Callable[[dict[str, Any]], tuple[Any, ...]],
) -> Iterator[Probe]:
    """The probes that both exercises have in common.

    Parameters
    ----------
    given : callable, rung → what the driver gets
    draw : callable
        The simulated exercise.
    chosen : callable
        The first arguments (layer and index, or index alone), from what the driver gets.
    """

    def probe(rung: str, steps: int, title: str, shape: Any = None, **kwargs: Any) -> Probe:
        while True:
            made = given(rung)
            seed = int(rng.integers(1 << 31))
            if shape is not None:
                kwargs["start"] = small_nets.noise(rng, *shape)
            begin = kwargs.get("start")
            if begin is None:
                begin = ascent.noise(kwargs.get("size", SIZE), np.random.default_rng(seed))

            def again(image: Array, made: Any = made, seed: int = seed) -> Array:
                others = {**kwargs, "start": image}
                live = np.random.default_rng(seed)
                return draw(*chosen(made), steps, live, given=made, **others)["picture"]

            if not steps or steady(again, begin):
                args = (*chosen(made), steps, Seed(seed))
                return Probe(rung, args, kwargs, title, given=made, terms=TERMS)

    yield probe("shape", 1, "one step", size=14)
    yield probe("start", 0, "no step: noise of the usual size")
    yield probe("start", 0, "no step: noise", size=11)
    yield probe("start", 0, "no step, a start is given", (12, 13, 3))
    yield probe("reference", 1, "one step", size=13)
    yield probe("reference", 3, "three steps", size=14)
    yield probe("reference", 2, "two steps", size=16)
    yield probe("options", 3, "a rate", size=13, rate=2.5)
    yield probe("options", 2, "total variation", size=12, tv=0.05)
    yield probe("options", 2, "L6", size=12, l6=0.1)
    yield probe("options", 3, "jitter", size=13, jitter=2)
    yield probe("options", 2, "all of them", (13, 15, 3), rate=1.5, tv=0.03, l6=0.05, jitter=3)


def _rising(
    rng: Rng, made: dict[str, Any], chosen: tuple[Any, ...], worth: Any, kwargs: Any
) -> Probe:
    """A probe of the rung "climbs": a score far above that of noise."""
    shape = (kwargs["size"], kwargs["size"], 3)
    grey = [worth(made)(small_nets.noise(rng, *shape)) for _ in range(4)]
    wanted = climbing(float(np.mean(np.abs(grey))), shape, 4)
    args = (*chosen, 15, Seed(int(rng.integers(1 << 31))))
    return Probe("climbs", args, kwargs, "fifteen steps", given={**made, **wanted})


_RUNG_HINTS = {
    "shape": "The result is one picture without a batch axis: (size, size, 3), or as large as start.",
    "start": "Without a start it is rng.normal(0, 10, (size, size, 3)), drawn before anything else.",
    "options": "rate, tv, l6 and jitter go on to ascend as they are.",
    "climbs": "After fifteen steps the network should like the picture far more than noise.",
}
_BLANK = (
    "You begin with a blank picture. It has no parts, so all places of a map say the same. Begin "
    "with noise: rng.normal."
)
_START_IGNORED = "You begin with noise although a start was given. A second pass should go on where the first ended."
_OTHER_NOISE = (
    "Your noise is another one. It should be spread around 0 with a standard deviation of 10."
)
POINTS = {
    "shape": 0.5,
    "start": 0.5,
    "reference": 2.0,
    "options": 1.0,
    "climbs": 0.5,
    "bad-input": 0.5,
}
START_TWISTS = (
    Twist("starts-blank", slip(begin=_blank), _BLANK),
    Twist("start-ignored", _without_start, _START_IGNORED),
    Twist("other-noise", slip(begin=_even), _OTHER_NOISE),
)


# visualize_filter


def simulated_filter(
    layer: str, index: int, steps: int, rng: Rng, *, given: Any, **slips: Any
) -> dict[str, Any]:
    """What the driver says of a right solution, by NumPy."""
    network = given["network"]
    require(layer in network["names"], "layer", f"must be one of {network['names']}", layer)
    border, whole = slips.pop("border", BORDER), slips.pop("whole", False)
    height, width, channels = _map_shape(network, layer, slips)
    require(0 <= index < channels, "index", f"must be from 0 to {channels - 1}", index)
    require(min(height, width) > 2 * BORDER, "size", "must leave more than the border", height)
    slope = small_nets.mean_of(slice(None) if whole else index, border)
    gradient = small_nets.gradient_of(network, layer, slope)
    return {"picture": _drawn(gradient, steps, rng, slips), **given}


def _map_shape(network: dict[str, Any], layer: str, slips: dict[str, Any]) -> tuple[int, int, int]:
    """Height, width and number of a layer's maps, for a picture of the size that is asked for."""
    start = slips.get("start")
    size = slips.get("size", SIZE)
    shape = (size, size) if start is None else start.shape[:2]
    kinds = [kind for kind, _ in network["layers"]][: network["names"].index(layer) + 1]
    halved = 2 ** kinds.count("MaxPooling2D")
    widths = [c["filters"] for k, c in network["layers"][: len(kinds)] if k == "Conv2D"]
    return shape[0] // halved, shape[1] // halved, widths[-1]


def keras_filter(layer: str, index: int, steps: int, rng: Seed, given: Any, **kwargs: Any) -> Any:
    import keras

    from cnnlab.autograder.drivers.ascent import network_of

    model = network_of(given["network"])
    below = keras.Model(model.input, model.get_layer(layer).output)
    picture = _ascended(
        lambda x: keras.ops.mean(below(x)[:, 2:-2, 2:-2, index]), steps, rng, **kwargs
    )
    return seen_filter((layer, index), {"picture": picture, **given})


def _ascended(
    score: Any, steps: int, rng: Seed, size: int = 96, start: Any = None, **kw: Any
) -> Any:
    live = np.random.default_rng(rng.n)
    begin = live.normal(0, 10, (size, size, 3)) if start is None else start
    return keras_ascent(score, begin, steps, live, **kw)


def _filter_worth(network: dict[str, Any], layer: str, index: int) -> Callable[[Array], float]:
    layers = small_nets.layers_of(network)
    inner = slice(BORDER, -BORDER)
    return lambda picture: float(
        small_nets.forward(picture, layers, layer)[0][:, inner, inner, index].mean()
    )


def seen_filter(args: tuple[Any, ...], value: Any) -> Any:
    return seen(value, _filter_worth(value["network"], *args[:2]))


def filter_probes(rng: Rng) -> Iterator[Probe]:
    def given(rung: str) -> dict[str, Any]:
        return {"network": {**small_nets.FILTERS, "seed": int(rng.integers(1 << 31))}}

    def chosen(made: dict[str, Any]) -> tuple[str, int]:
        layer = ("block1_conv1", "block2_conv1")[made["network"]["seed"] % 2]
        lively = small_nets.lively(made["network"], layer, np.random.default_rng(0))
        return layer, lively

    yield from _probes(rng, given, simulated_filter, chosen)
    for size in (14, 12):
        made = given("climbs")
        layer, index = chosen(made)

        def worth(made: dict[str, Any], layer: str = layer, index: int = index) -> Any:
            return _filter_worth(made["network"], layer, index)

        yield _rising(rng, made, (layer, index), worth, {"size": size, "rate": 4.0})
    made = given("bad-input")

    def bad(layer: str, index: int, size: int, raises: str | None, title: str) -> Probe:
        kwargs = {"size": size}
        args = (layer, index, 1, Seed(3))
        return Probe("bad-input", args, kwargs, title, raises, terms=TERMS, given=made)

    yield bad("block3_conv1", 0, 12, "layer", "no such layer")
    yield bad("block1_conv1", 4, 12, "index", "no such filter")
    yield bad("block1_conv1", 9, 12, "index", "far too large an index")
    yield bad("block1_conv1", -1, 12, "index", "a filter below 0")
    yield bad("block1_conv1", 0, 4, "size", "nothing but border")
    yield bad("block2_conv1", 0, 9, "size", "nothing but border in block 2")
    yield bad("block1_conv1", chosen_alive(made), 5, None, "a single unit inside the border")


def chosen_alive(made: dict[str, Any]) -> int:
    """The filter of the first layer that answers where only the middle of a picture counts."""
    picture = np.random.default_rng(3).normal(0, ascent.NOISE, (5, 5, 3))
    out, _ = small_nets.forward(picture, small_nets.layers_of(made["network"]), "block1_conv1")
    return int(np.argmax(out[0, 2, 2]))


_BORDER = (
    "You average the whole map, its border included. Units at the border see padding, and a picture "
    "can please them with its edge alone: leave two rows and columns on each side out."
)
_WHOLE = "You average all maps of the layer. One filter was asked for: index."

visualize_filter = Exercise(
    name="visualize_filter",
    points=POINTS,
    probes=filter_probes,
    reference=keras_filter,
    correct=simulated_filter,
    simulated=True,
    driver="ascent.visualized",
    view=seen_filter,
    needs=("ascent_step", "ascend"),
    twists=(
        *CLIMB_TWISTS[:2],
        Twist("border-units", slip(border=0), _BORDER),
        Twist("whole-layer", slip(whole=True), _WHOLE),
        *START_TWISTS,
        *PENALTY_TWISTS[:1],
        CLIMB_TWISTS[2],
    ),
    hints=(
        "A filter's feature map is large where the picture pleases it. So what should the score of a picture be?",
        "A new model from the picture to that layer's output gives the maps. The score is the mean of one of them, without two rows and columns at each side.",
        "Check layer, index and size first. Then noise from rng (or start), a score that takes a batch, and ascend does the rest.",
    ),
    rung_hints={
        **_RUNG_HINTS,
        "reference": "The score is the mean of map[2:-2, 2:-2, index], taken from the layer's output, after its ReLU.",
        "bad-input": "An unknown layer, an index that the layer does not have, a size that leaves no map inside the border: each a ValueError that names it.",
    },
)


# visualize_class


def simulated_class(
    index: int, steps: int, rng: Rng, *, given: Any, **slips: Any
) -> dict[str, Any]:
    """What the driver says of a right solution, by NumPy."""
    network = given["network"]
    classes = network["layers"][-2][1]["units"]
    require(0 <= index < classes, "index", f"must be from 0 to {classes - 1}", index)
    share, whole = slips.pop("share", ""), slips.pop("whole", False)

    def slope(out: Array) -> Array:
        dout = np.zeros_like(out)
        dout[0, slice(None) if whole else index] = 1 / (out.shape[1] if whole else 1)
        if share == "log":
            dout /= out
        return dout

    gradient = small_nets.gradient_of(network, network["names"][-1 if share else -2], slope)
    return {"picture": _drawn(gradient, steps, rng, slips), **given}


def keras_class(index: int, steps: int, rng: Seed, given: Any, **kwargs: Any) -> Any:
    import keras

    from cnnlab.autograder.drivers.ascent import network_of

    model = network_of(given["network"])
    logits = keras.Model(model.input, model.layers[-1].input)
    picture = _ascended(lambda x: logits(x)[0, index], steps, rng, **kwargs)
    return seen_class((index,), {"picture": picture, **given})


def _class_worth(network: dict[str, Any], index: int) -> Callable[[Array], float]:
    layers, name = small_nets.layers_of(network), network["names"][-2]
    return lambda picture: float(small_nets.forward(picture, layers, name)[0][0, index])


def seen_class(args: tuple[Any, ...], value: Any) -> Any:
    return seen(value, _class_worth(value["network"], args[0]))


def class_probes(rng: Rng) -> Iterator[Probe]:
    def given(rung: str) -> dict[str, Any]:
        return {"network": {**small_nets.CLASSES, "seed": int(rng.integers(1 << 31))}}

    def chosen(made: dict[str, Any]) -> tuple[int]:
        return (made["network"]["seed"] % 5,)

    yield from _probes(rng, given, simulated_class, chosen)
    for size in (13, 12):
        made = given("climbs")
        (wanted,) = chosen(made)

        def worth(made: dict[str, Any], index: int = wanted) -> Any:
            return _class_worth(made["network"], index)

        yield _rising(rng, made, (wanted,), worth, {"size": size, "rate": 4.0})
    made = given("bad-input")
    for index, raises, title in (
        (5, "index", "no such class"),
        (11, "index", "far too large an index"),
        (-1, "index", "a class below 0"),
        (4, None, "the last class"),
    ):
        args = (index, 1, Seed(3))
        yield Probe("bad-input", args, {"size": 12}, title, raises, terms=TERMS, given=made)


_SOFTMAX = (
    "You maximise the probability. It also grows where the other classes become less likely, and "
    "near 1 it hardly moves. Maximise the logit: what goes into the softmax."
)

visualize_class = Exercise(
    name="visualize_class",
    points=POINTS,
    probes=class_probes,
    reference=keras_class,
    correct=simulated_class,
    simulated=True,
    driver="ascent.visualized",
    view=seen_class,
    needs=("ascent_step", "ascend"),
    twists=(
        Twist("softmax-objective", slip(share="plain"), _SOFTMAX),
        Twist("softmax-objective", slip(share="log"), _SOFTMAX),
        *CLIMB_TWISTS[:2],
        Twist("every-class", slip(whole=True), "You average all logits. One class was asked for."),
        *START_TWISTS,
        *PENALTY_TWISTS[:1],
        CLIMB_TWISTS[2],
    ),
    hints=(
        "A filter had a map to be maximised. What single number does the network have for a class?",
        "The last layer is a softmax. The model that you need ends one step earlier: at that layer's input.",
        "keras.Model(model.input, model.layers[-1].input) gives the logits. The score is one of them; ascend does the rest.",
    ),
    rung_hints={
        **_RUNG_HINTS,
        "reference": "The score is the logit of the class: what goes into the last layer, before the softmax.",
        "bad-input": "An index from 0 to the number of classes less one. Say in the message that index is to blame.",
    },
)
