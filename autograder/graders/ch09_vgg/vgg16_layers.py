"""Chapter 9's list of VGG16's layers, and how people miscount them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.networks.vgg import CONVS, UNITS, WIDTHS

Rng = np.random.Generator
Entry = tuple[str, str, int]


def entries(
    widths: tuple[int, ...] = WIDTHS,
    depths: tuple[int, ...] = CONVS,
    units: tuple[int, ...] = (UNITS, UNITS, 1000),
    first: int = 1,
    pools: bool = False,
) -> list[Entry]:
    """The list with mistakes: without any, it is right."""
    found: list[Entry] = []
    for block, (width, depth) in enumerate(zip(widths, depths, strict=True), first):
        found += [(f"block{block}_conv{i}", "conv", width) for i in range(first, first + depth)]
        found += [(f"block{block}_pool", "max_pool", 2)] if pools else []
    names = ("fc1", "fc2", "predictions")
    return found + [(name, "dense", n) for name, n in zip(names, units, strict=False)]


def layer_probes(rng: Rng) -> Iterator[Probe]:
    for rung in ("names", "kinds", "units"):
        yield Probe(rung, (), title=f"the {rung} of the layers", given={"asks": rung})


def side(args: tuple[Any, ...], tree: dict[str, Any]) -> list[Any]:
    """The names, the kinds or the units. Pools are counted among the names alone."""
    found = [tuple(entry) for entry in tree["layers"]]
    if tree["asks"] != "names":
        found = [entry for entry in found if "pool" not in str(entry[0])]
    place = ("names", "kinds", "units").index(tree["asks"])
    return [entry[place] for entry in found]


def keras_entries(given: dict[str, Any]) -> list[Any]:
    """The layers with weights of Keras's own VGG16."""
    import keras

    model = keras.applications.VGG16(weights=None, input_shape=(32, 32, 3))
    kinds = {"Conv2D": "conv", "Dense": "dense"}
    found = [
        (layer.name, kinds[type(layer).__name__], int(layer.weights[0].shape[-1]))
        for layer in model.layers
        if layer.weights
    ]
    return side((), {"asks": given["asks"], "layers": found})


def listed(given: dict[str, Any], **mistakes: Any) -> dict[str, Any]:
    """What the driver says of the list with these mistakes."""
    return {"asks": given["asks"], "layers": entries(**mistakes)}


def with_mistake(**mistakes: Any) -> Callable[[Op], Op]:
    return lambda op: lambda *args, **kwargs: op(*args, **{**mistakes, **kwargs})


SAY_WIDTHS = (
    "The number of filters is not that of VGG16. It starts at 64 and doubles from block to block, "
    "but not without end: what does the table say of the last block?"
)
SAY_DENSE_WIDTHS = (
    "The dense layers have other units in VGG16. Look at the last three lines of the table."
)
SAY_DEPTHS = "Your blocks have other numbers of convolutions. In VGG16 the first two blocks have two each. And the others?"

EXERCISE = Exercise(
    name="vgg16_layers",
    points={"names": 1, "kinds": 0.5, "units": 1},
    probes=layer_probes,
    keras_reference=keras_entries,
    numpy_op=listed,
    driver="ch09.layers",
    simulated=True,
    describe=side,
    evidence=1,
    twists=(
        Twist(
            "pools-counted",
            with_mistake(pools=True),
            "Your list has the pooling layers in it. The 16 of VGG16 are the layers with weights: what "
            "does a pooling layer learn?",
        ),
        *(
            Twist("wrong-widths", with_mistake(widths=widths), SAY_WIDTHS)
            for widths in (
                (64, 128, 256, 512, 1024),
                (32, 64, 128, 256, 512),
                (64, 128, 256, 512, 256),
                (64, 128, 256, 256, 512),
                (64, 64, 128, 256, 512),
            )
        ),
        *(
            Twist("wrong-widths", with_mistake(units=units), SAY_DENSE_WIDTHS)
            for units in (
                (4096, 1000, 1000),
                (4096, 2048, 1000),
                (1024, 1024, 1000),
                (512, 512, 1000),
            )
        ),
        *(
            Twist("wrong-depths", with_mistake(depths=depths), SAY_DEPTHS)
            for depths in ((2, 2, 2, 2, 2), (2, 2, 4, 4, 4), (3, 3, 3, 3, 3), (2, 2, 3, 3, 2))
        ),
        Twist(
            "counts-from-zero",
            with_mistake(first=0),
            "Your names count from 0, as Python does. What do the paper and Keras call the first layer?",
        ),
        Twist(
            "predictions-missing",
            with_mistake(units=(4096, 4096)),
            "The last layer is missing. It has one unit for each class. What is it called?",
        ),
    ),
    hints=(
        "Five blocks of convolutions, then three dense layers. How many layers have weights, if there are 16 in all?",
        "Write down the number of convolutions in each block, and the number of filters. How many entries do these two lists have?",
        "Two loops, one in the other: over the blocks, and over the convolutions of a block. Where does the count in the names begin?",
    ),
    rung_hints={
        "names": "The names are block1_conv1, block1_conv2, block2_conv1 and so on, then fc1, fc2 and predictions. Print yours and compare.",
        "kinds": "The second entry of each tuple is the word conv or the word dense. What do your tuples hold there?",
        "units": "The third entry is the number of filters of a convolution, or of units of a dense layer. What do your tuples hold there?",
    },
)
