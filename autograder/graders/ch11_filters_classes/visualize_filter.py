"""Chapter 11's ``visualize_filter``: the picture that a filter wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch11_filters_classes import _networks
from cnnlab.autograder.graders.ch11_filters_classes._ascent import (
    CLIMB_TWISTS,
    PENALTY_TWISTS,
    TERMS,
    seen,
    with_mistake,
)
from cnnlab.autograder.graders.ch11_filters_classes._visualizing import (
    POINTS,
    RUNG_HINTS,
    SIZE,
    START_TWISTS,
    ascended,
    drawn,
    probes,
    rising,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.autograder.sandbox.calls import Seed
from cnnlab.course.ops import ascent, require

Rng = np.random.Generator
Array = NDArray[Any]

BORDER = 2


def simulated_filter(
    layer: str, index: int, steps: int, rng: Rng, *, given: Any, **mistakes: Any
) -> dict[str, Any]:
    """What the driver says of a right solution, by NumPy."""
    network = given["network"]
    require(layer in network["names"], "layer", f"must be one of {network['names']}", layer)
    border, whole = mistakes.pop("border", BORDER), mistakes.pop("whole", False)
    height, width, channels = _map_shape(network, layer, mistakes)
    require(0 <= index < channels, "index", f"must be from 0 to {channels - 1}", index)
    require(min(height, width) > 2 * BORDER, "size", "must leave more than the border", height)
    slope = _networks.mean_of(slice(None) if whole else index, border)
    gradient = _networks.gradient_of(network, layer, slope)
    return {"picture": drawn(gradient, steps, rng, mistakes), **given}


def _map_shape(
    network: dict[str, Any], layer: str, mistakes: dict[str, Any]
) -> tuple[int, int, int]:
    """Height, width and number of a layer's maps, for a picture of the size that is asked for."""
    start = mistakes.get("start")
    size = mistakes.get("size", SIZE)
    shape = (size, size) if start is None else start.shape[:2]
    kinds = [kind for kind, _ in network["layers"]][: network["names"].index(layer) + 1]
    halved = 2 ** kinds.count("MaxPooling2D")
    widths = [c["filters"] for k, c in network["layers"][: len(kinds)] if k == "Conv2D"]
    return shape[0] // halved, shape[1] // halved, widths[-1]


def keras_filter(layer: str, index: int, steps: int, rng: Seed, given: Any, **kwargs: Any) -> Any:
    import keras

    from cnnlab.autograder.sandbox.drivers.ch11 import network_of

    model = network_of(given["network"])
    below = keras.Model(model.input, model.get_layer(layer).output)
    picture = ascended(
        lambda x: keras.ops.mean(below(x)[:, 2:-2, 2:-2, index]), steps, rng, **kwargs
    )
    return seen_filter((layer, index), {"picture": picture, **given})


def _filter_worth(network: dict[str, Any], layer: str, index: int) -> Callable[[Array], float]:
    inner = slice(BORDER, -BORDER)
    return lambda picture: float(
        _networks.output(network, picture, layer)[:, inner, inner, index].mean()
    )


def seen_filter(args: tuple[Any, ...], value: Any) -> Any:
    return seen(value, _filter_worth(value["network"], *args[:2]))


def filter_probes(rng: Rng) -> Iterator[Probe]:
    def given(rung: str) -> dict[str, Any]:
        return {"network": {**_networks.FILTERS, "seed": int(rng.integers(1 << 31))}}

    def chosen(made: dict[str, Any]) -> tuple[str, int]:
        layer = ("block1_conv1", "block2_conv1")[made["network"]["seed"] % 2]
        lively = _networks.lively(made["network"], layer, np.random.default_rng(0))
        return layer, lively

    yield from probes(rng, given, simulated_filter, chosen)
    for size in (14, 12):
        yield rising(rng, given, simulated_filter, chosen, _filter_worth, size)
    made = given("robust")

    def bad(layer: str, index: int, size: int, raises: str | None, title: str) -> Probe:
        kwargs = {"size": size}
        args = (layer, index, 1, Seed(3))
        return Probe("robust", args, kwargs, title, raises, terms=TERMS, given=made)

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
    out = _networks.output(made["network"], picture, "block1_conv1")
    return int(np.argmax(out[0, 2, 2]))


_BORDER = "You average the whole map, its border included. Units at the border see padding, and the edge of a picture alone can raise their values: leave out two rows and columns on each side."
_WHOLE = (
    "You average all maps of the layer. One filter was asked for. Which argument says which one?"
)

EXERCISE = Exercise(
    name="visualize_filter",
    points=POINTS,
    probes=filter_probes,
    keras_reference=keras_filter,
    numpy_op=simulated_filter,
    simulated=True,
    driver="ch11.visualized",
    describe=seen_filter,
    needs=("ascent_step", "ascend"),
    twists=(
        *CLIMB_TWISTS[:2],
        Twist("border-units", with_mistake(border=0), _BORDER),
        Twist("whole-layer", with_mistake(whole=True), _WHOLE),
        *START_TWISTS,
        *PENALTY_TWISTS[:1],
        CLIMB_TWISTS[2],
    ),
    hints=(
        "A filter's feature map is large where the picture fits the filter. So what should the score of a picture be?",
        "A new model from the picture to that layer's output gives the maps. The score is the mean of one of them. How far from the border does it begin?",
        "Check layer, index and size first. Then noise from rng (or start), a score that takes a batch, and ascend does the rest.",
    ),
    rung_hints={
        **RUNG_HINTS,
        "reference": "The score is a mean over one map, after the layer's ReLU. Two rows and columns are left out on each side. Which map do you take?",
        "robust": "A layer may be unknown, an index too high, or a size too small for the border. Raise a ValueError that names the argument each time.",
    },
)
