"""Chapter 6's network, built in Keras.

A model is judged by what it is made of, in words that are the same for every equivalent way to
write it, by the shapes of its weights, and by its outputs for weights that the judge sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.graders.shared.network_words import comparable
from cnnlab.autograder.graders.shared.networks import (
    CATS_DOGS,
    Stack,
    dropout,
    other,
    simulate,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.autograder.sandbox.drivers import models
from cnnlab.course.ops.layers import Shape

Rng = np.random.Generator
Change = Callable[[Stack], Stack]
FILTERS = (32, 64, 128, 128)


# build_cnn


def build_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, shape: Shape, *asks: str, title: str = "", **given: Any) -> Probe:
        sums = sum(9 * n for n in (shape[2], *FILTERS[:3])) + 512 + 256
        terms = sums + shape[0] // 16 * (shape[1] // 16) * FILTERS[3]
        return Probe(rung, (shape,), title=title, terms=terms, given={"asks": asks, **given})

    # Small pictures: without any pooling, the first dense layer of larger ones would fill the
    # memory. From 46 rows and columns on, convolutions without padding leave something.
    height, width, channels = varied(
        rng, (46, 50, 3), lambda: (whole(rng, 46, 48), whole(rng, 46, 50), whole(rng, 1, 9))
    )
    uneven = f"pictures of {height}×{width}"
    shape = height, width, channels
    yield probe("parameters", shape, "inputs", "outputs", "weights", title=uneven)
    height, width = varied(rng, (32, 32), lambda: (whole(rng, 32, 45), whole(rng, 33, 45)))
    said = varied(rng, "our pictures, 32×32", lambda: f"pictures of {height}×{width}")
    yield probe("layers", (height, width, 3), "layers", title=said)
    shape = (32, 20, int(rng.integers(1, 3)))
    said = f"pictures of {'×'.join(map(str, shape))}, weights that we set"
    bright_and_dark = np.array([1, 0.3])[:, None, None, None]
    x = (bright_and_dark * rng.random((2, *shape))).astype(np.float32)
    seed = int(rng.integers(1000))
    yield probe("reference", shape, "outputs", "y", title=said, x=x, seed=seed)


def keras_model(input_shape: Shape, given: dict[str, Any]) -> dict[str, Any]:
    """The reference network, built and run by Keras."""
    from cnnlab.course.networks.cnn import build_cnn

    given = dict(given)
    asks = given.pop("asks")
    height, width, channels = input_shape
    tree = models.describe(build_cnn((height, width, channels)), **given)
    return comparable((), {name: tree[name] for name in asks})


def simulated(
    input_shape: Shape, *, given: dict[str, Any], stack: Stack = CATS_DOGS
) -> dict[str, Any]:
    """What the driver says of the network, by NumPy alone."""
    return simulate(stack, tuple(input_shape), **given)


def changed(change: Change) -> Callable[[Op], Op]:
    """A model made of other layers."""

    def apply(op: Op) -> Op:
        def mistaken(*args: Any, stack: Stack = CATS_DOGS, **kwargs: Any) -> Any:
            return op(*args, stack=change(stack), **kwargs)

        return mistaken

    return apply


def _each(kind: str, **config: Any) -> Change:
    """Other settings for every layer of a kind."""
    return lambda stack: [{**e, **config} if e["class"] == kind else e for e in stack]


def _inactive(*, convs: bool = False, hidden: tuple[int, ...] = ()) -> Change:
    """Layers without their ReLU."""

    def without(stack: Stack) -> Stack:
        return [
            {**e, "activation": "linear"}
            if (convs and e["class"] == "Conv2D") or e.get("units") in hidden
            else e
            for e in stack
        ]

    return without


def _last(activation: str) -> Change:
    return lambda stack: [*stack[:-1], {**stack[-1], "activation": activation}]


def _is(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda layer: layer["class"] == kind


def _without(chosen: Callable[[dict[str, Any]], bool]) -> Change:
    return lambda stack: [e for e in stack if not chosen(e)]


def _dropout_after(*chosen: Callable[[dict[str, Any]], bool]) -> Change:
    """Dropout after other layers."""

    def moved(stack: Stack) -> Stack:
        left = [e for e in stack if e["class"] != "Dropout"]
        return [e for layer in left for e in (layer, *(dropout() for c in chosen if c(layer)))]

    return moved


def _units(count: int) -> Callable[[dict[str, Any]], bool]:
    return lambda layer: layer.get("units") == count


def _last_block_unpooled(stack: Stack) -> Stack:
    pools = [i for i, e in enumerate(stack) if e["class"] == "MaxPooling2D"]
    return stack[: pools[-1]] + stack[pools[-1] + 1 :] if pools else stack


def _hidden_reversed(stack: Stack) -> Stack:
    swap = {512: 256, 256: 512}
    return [{**e, "units": swap[e["units"]]} if e.get("units") in swap else e for e in stack]


def _averaged(stack: Stack) -> Stack:
    flat = other("GlobalAveragePooling2D")
    return [flat if e["class"] == "Flatten" else e for e in stack]


_RELU = "A ReLU is missing. Without it, two layers in a row are no more than one. Which of your layers have no activation?"
_DROPOUT = "Your dropout is at another place. The table has one, right before the first dense layer: most parameters are there. Where is yours?"
_FLATTEN = "Your maps were not made into one row before the dense layers. A dense layer in Keras works on the last axis alone. What must happen to the maps before it?"
_DROPOUTS = (
    (_units(512),),
    (_units(256),),
    (_units(512), _units(256)),
    (_is("Flatten"), _units(512)),
    (_is("Flatten"), _units(512), _units(256)),
    (_is("MaxPooling2D"),),
    (_units(1),),
)

EXERCISE = Exercise(
    name="build_cnn",
    points={"parameters": 2, "layers": 3, "reference": 3},
    probes=build_probes,
    keras_reference=keras_model,
    numpy_op=simulated,
    driver="ch06.built",
    simulated=True,
    describe=comparable,
    evidence=1,  # a description that agrees in every word is no accident
    twists=(
        Twist(
            "softmax-on-one-unit",
            changed(_last("softmax")),
            "A single unit with softmax says 1 to every picture, as chapter 4 showed: alone, it always "
            "has the whole. Which activation makes a probability of one number?",
        ),
        Twist(
            "linear-output",
            changed(_last("linear")),
            "The last unit has no activation, so its answers are any numbers. Which activation makes a "
            "probability of one number?",
        ),
        Twist("relu-missing", changed(_inactive(convs=True, hidden=(512, 256))), _RELU),
        Twist("relu-missing", changed(_inactive(convs=True)), _RELU),
        Twist("relu-missing", changed(_inactive(hidden=(512, 256))), _RELU),
        Twist("relu-missing", changed(_inactive(hidden=(512,))), _RELU),
        Twist("relu-missing", changed(_inactive(hidden=(256,))), _RELU),
        Twist(
            "padding-valid",
            changed(_each("Conv2D", padding="valid")),
            "Your convolutions do not pad, so they cut off the edge each time. Keras pads only where you ask for it. Which argument asks?",
        ),
        *(Twist("dropout-misplaced", changed(_dropout_after(*at)), _DROPOUT) for at in _DROPOUTS),
        Twist(
            "dropout-missing",
            changed(_without(_is("Dropout"))),
            "There is no dropout in your network. Which layer of the table has the most parameters, and what stands before it?",
        ),
        Twist("flatten-missing", changed(_without(_is("Flatten"))), _FLATTEN),
        Twist(
            "average-for-flatten",
            changed(_averaged),
            "You average every map to one number before the dense layers. This is a good idea, but another network. Which layer keeps every number of the maps?",
        ),
        Twist(
            "pool-missing",
            changed(_last_block_unpooled),
            "Your last block does not pool. What follows each of the other three convolutions?",
        ),
        Twist(
            "pool-missing",
            changed(_without(_is("MaxPooling2D"))),
            "Your network does not pool. What should follow each of the four convolutions?",
        ),
        Twist(
            "pool-pads",
            changed(_each("MaxPooling2D", padding="same")),
            "Your pooling pads. Only the convolutions pad here. What does pooling do with a row that no whole window reaches?",
        ),
        Twist(
            "rescaled-twice",
            changed(lambda stack: [other("Rescaling", scale=1 / 255), *stack]),
            "Your network divides its pictures by 255. They come from 0 to 1 already. How dark do they become when you divide again?",
        ),
        Twist(
            "dense-missing",
            changed(_without(_units(256))),
            "One dense layer is missing. The table lists three: of 512, 256 and 1 unit. Which one does your model lack?",
        ),
        Twist(
            "dense-reversed",
            changed(_hidden_reversed),
            "The dense layers are in the wrong order. Which of them does the table list first?",
        ),
    ),
    hints=(
        "Write the list on paper first: four times the same two layers, then five more. Then look up how to make a model of such a list.",
        "A loop over the four numbers of filters adds a convolution and a pooling each time. Which arguments does the convolution need besides its filters?",
        "The input comes first, then four blocks of two layers, then five more. Call model.summary() and compare each line with the table.",
    ),
    rung_hints={
        "parameters": "Call model.summary() for pictures of 150×150×3. The sum must be 5,681,345. In which line do you and the table differ?",
        "layers": "Put model.summary() beside the table. Which line differs, in its kind, its size or its activation?",
        "reference": "The layers look right, but they compute something else. Is there a step that the table does not have?",
    },
)
