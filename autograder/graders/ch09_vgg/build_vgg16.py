"""Chapter 9's VGG16 in Keras.

The full network is judged by its layers, its names and the shapes of its weights. What it computes
is compared once, for a small picture, with weights that the judge sets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch09_vgg.vgg16_layers import SAY_DENSE_WIDTHS, SAY_DEPTHS, SAY_WIDTHS
from cnnlab.autograder.graders.shared.network_words import comparable
from cnnlab.autograder.graders.shared.networks import (
    Layer,
    Stack,
    conv,
    dense,
    dropout,
    flatten,
    forward,
    max_pool,
    other,
    simulate,
    traced,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.autograder.sandbox.drivers import ch09
from cnnlab.course.networks.vgg import CONVS, UNITS, WIDTHS, build_vgg
from cnnlab.course.ops import Array
from cnnlab.course.ops.layers import Shape

Rng = np.random.Generator
Change = Callable[[Stack], Stack]


SMALL = (32, 32, 3)
HUGE = (8192, 16384, 3)
"""So large that thirteen poolings leave something."""
NAMED = {"Conv2D", "Dense", "MaxPooling2D"}
"""The kinds of layer whose names count."""


def build_probes(rng: Rng) -> Iterator[Probe]:
    sides = ["inputs", "outputs", "weights"]
    yield Probe("parameters", (), title="the full network", given={"asks": sides})
    classes = int(rng.integers(11, 90))
    said = "a huge picture, on paper alone"
    yield Probe("layers", (HUGE, classes), title=said, given={"asks": ["outputs", "layers"]})
    x = rng.random((1, *SMALL)).astype(np.float32)
    given = {"asks": ["outputs", "y"], "x": x, "seed": int(rng.integers(1000))}
    classes = int(rng.integers(5, 10))
    said = f"one picture of 32×32, {classes} classes, weights that we set"
    # Rounding errors of the long sums cancel for the most part: the square root of their length.
    yield Probe("reference", (SMALL, classes), title=said, terms=2000, given=given)


def with_names(args: tuple[Any, ...], tree: dict[str, Any]) -> dict[str, Any]:
    """What is compared: the network, and the names of its layers."""
    facts = comparable(args, tree)
    if "layers" in tree:
        facts["names"] = "; ".join(_name(e) for e in tree["layers"] if e["class"] in NAMED)
    return facts


def _name(layer: Layer) -> str:
    """A layer's name where it is one of VGG16's; Keras's own numbers depend on the day."""
    return layer["name"] if layer["name"] in NAMES else "another"


def keras_vgg16(
    input_shape: Shape = (224, 224, 3), classes: int = 1000, *, given: dict[str, Any]
) -> dict[str, Any]:
    """The reference network, built and run by Keras."""
    return with_names((), ch09.built(build_vgg, (tuple(input_shape),), {"classes": classes}, given))


def network(classes: int) -> Stack:
    """VGG16 as a stack, each layer with its name."""
    stack: Stack = []
    for block, (width, depth) in enumerate(zip(WIDTHS, CONVS, strict=True), 1):
        stack += [{**conv(width), "name": f"block{block}_conv{i}"} for i in range(1, depth + 1)]
        stack += [{**max_pool(), "name": f"block{block}_pool"}]
    top = [dense(UNITS), dense(UNITS), dense(classes, "softmax")]
    named = zip(top, ("fc1", "fc2", "predictions"), strict=True)
    return [*stack, flatten(), *({**layer, "name": name} for layer, name in named)]


NAMES = {layer["name"] for layer in network(1) if "name" in layer}


def simulated(
    input_shape: Shape = (224, 224, 3),
    classes: int = 1000,
    *,
    given: dict[str, Any],
    changes: tuple[Change, ...] = (),
) -> dict[str, Any]:
    """What the driver says of the network with these changes, by NumPy alone."""
    stack = network(classes)
    for change in changes:
        stack = change(stack)
    asks = given["asks"]
    tree = simulate(stack, tuple(input_shape), [name for name in asks if name != "y"])
    if "y" in asks:
        unnamed = [{k: v for k, v in layer.items() if k != "name"} for layer in stack]
        x = given["x"]
        shapes = tuple(traced(stack, tuple(input_shape))[0])
        tree["y"] = _answers(json.dumps(unnamed), x.tobytes(), x.shape, given["seed"], shapes)
    return tree


@lru_cache(maxsize=1024)
def _answers(stack: str, x: bytes, shape: Shape, seed: int, shapes: tuple[Shape, ...]) -> Array:
    """The stack's answers. Many mistakes compute the same, and a third of a second is long."""
    pictures = np.frombuffer(x, np.float32).reshape(shape)
    return forward(json.loads(stack), pictures, ch09.tiled_weights(list(shapes), seed))


def changed(change: Change) -> Callable[[Op], Op]:
    """A model made of other layers."""

    def apply(op: Op) -> Op:
        def mistaken(*args: Any, changes: tuple[Change, ...] = (), **kwargs: Any) -> Any:
            return op(*args, changes=(*changes, change), **kwargs)

        return mistaken

    return apply


def _each(chosen: Callable[[Layer], bool], **config: Any) -> Change:
    """Other settings for the layers that are chosen."""
    return lambda stack: [{**e, **config} if chosen(e) else e for e in stack]


def _is(*kinds: str) -> Callable[[Layer], bool]:
    return lambda layer: layer["class"] in kinds


def _hidden(layer: Layer) -> bool:
    return str(layer.get("name", "")).startswith("fc")


def _last(layer: Layer) -> bool:
    return layer.get("name") == "predictions"


def _pool_each(stack: Stack) -> Stack:
    """A pool after every convolution, in the place of one after each block."""
    left = [e for e in stack if e["class"] != "MaxPooling2D"]
    pool = {**max_pool(), "name": "another"}
    return [
        e for layer in left for e in ((layer, pool) if layer["class"] == "Conv2D" else (layer,))
    ]


def _widths(*widths: int) -> Change:
    """Other numbers of filters, by block."""

    def apply(stack: Stack) -> Stack:
        return [
            {**e, "filters": widths[int(e["name"][5]) - 1]} if e["class"] == "Conv2D" else e
            for e in stack
        ]

    return apply


def _dropout_after_hidden(stack: Stack) -> Stack:
    return [e for layer in stack for e in ((layer, dropout()) if _hidden(layer) else (layer,))]


def _without(chosen: Callable[[Layer], bool]) -> Change:
    return lambda stack: [e for e in stack if not chosen(e)]


def _shallow(stack: Stack) -> Stack:
    """Two convolutions in every block."""
    return [e for e in stack if not str(e.get("name", "")).endswith("conv3")]


def _averaged(stack: Stack) -> Stack:
    return [other("GlobalAveragePooling2D") if e["class"] == "Flatten" else e for e in stack]


_RELU = "A ReLU is missing. Without it, two convolutions in a row are no more than one. Which of your layers have no activation?"
_PADDING = "Your convolutions do not pad, so each one cuts off the edge. Keras pads only where you ask for it. Which argument asks?"
_NAMES = "Your layers do not have VGG16's names. The next chapters find layers by names such as block1_conv1 and block1_pool. How do you name a layer in Keras?"


def _ignores(**defaults: Any) -> Callable[[Op], Op]:
    """The op, as if an argument had not been given."""

    def apply(op: Op) -> Op:
        def mistaken(input_shape: Shape = (224, 224, 3), classes: int = 1000, **kwargs: Any) -> Any:
            given = {"input_shape": input_shape, "classes": classes, **defaults}
            return op(given["input_shape"], given["classes"], **kwargs)

        return mistaken

    return apply


EXERCISE = Exercise(
    name="build_vgg16",
    points={"parameters": 3, "layers": 3, "reference": 2},
    probes=build_probes,
    keras_reference=keras_vgg16,
    numpy_op=simulated,
    driver="ch09.built",
    simulated=True,
    describe=with_names,
    needs=("vgg16_layers",),
    evidence=1,  # a description that agrees in every word is no accident
    twists=(
        Twist("relu-missing", changed(_each(_is("Conv2D"), activation="linear")), _RELU),
        Twist("relu-missing", changed(_each(_hidden, activation="linear")), _RELU),
        Twist(
            "relu-missing",
            changed(_each(lambda e: _is("Conv2D")(e) or _hidden(e), activation="linear")),
            _RELU,
        ),
        Twist("padding-valid", changed(_each(_is("Conv2D"), padding="valid")), _PADDING),
        Twist(
            "pool-per-conv",
            changed(_pool_each),
            "You pool after every convolution. Thirteen halvings leave nothing of 224 pixels. Where does the table pool?",
        ),
        *(
            Twist("wrong-widths", changed(_widths(*widths)), SAY_WIDTHS)
            for widths in ((64, 128, 256, 512, 1024), (32, 64, 128, 256, 512))
        ),
        Twist("wrong-widths", changed(_each(_hidden, units=1024)), SAY_DENSE_WIDTHS),
        Twist("wrong-depths", changed(_shallow), SAY_DEPTHS),
        Twist(
            "softmax-missing",
            changed(_each(_last, activation="linear")),
            "The last layer has no activation, so its answers are any numbers. Which activation shares "
            "out a whole among the classes?",
        ),
        Twist(
            "sigmoid-for-softmax",
            changed(_each(_last, activation="sigmoid")),
            "Sigmoid gives each class a probability of its own. A photograph of ImageNet belongs to one class. What should the thousand numbers add up to?",
        ),
        Twist(
            "dropout-added",
            changed(_dropout_after_hidden),
            "Your network has dropout. The paper trained with it, but Keras's network and this chapter's come without. Which lines can go?",
        ),
        Twist(
            "flatten-missing",
            changed(_without(_is("Flatten"))),
            "Your maps were not made into one row before the dense layers. A dense layer in Keras works on the last axis alone. What must happen to the maps before it?",
        ),
        Twist(
            "average-for-flatten",
            changed(_averaged),
            "You average every map to one number before the dense layers. Newer networks do so, and save 100 million weights. Which layer keeps every number?",
        ),
        Twist("names-missing", changed(_each(_is(*NAMED), name="")), _NAMES),
        Twist(
            "classes-ignored",
            _ignores(classes=1000),
            "Your network always has 1000 classes. How many does the caller want?",
        ),
        Twist(
            "input-shape-ignored",
            _ignores(input_shape=(224, 224, 3)),
            "Your network always takes pictures of 224×224. Which shape does the caller want?",
        ),
    ),
    hints=(
        "Your list from exercise 1 has every convolution and every dense layer. What is not in it, and where does it belong?",
        "Go through the blocks: convolutions with same padding and ReLU, then a pooling. After the last block come flatten and three dense layers. Where does the pooling stand in each block?",
        "The input comes first, and layers can be given a name. The last dense layer needs a unit for each class. Which activation makes its numbers sum to 1?",
    ),
    rung_hints={
        "parameters": "Call build_vgg16().summary() and compare line by line with the table above. The sum must be 138,357,544. In which line do you and the table differ?",
        "layers": "Put model.summary() beside the table. Which line differs, in its place, its name or its activation?",
        "reference": "The layers look right, but they compute something else. Is there a step that the table does not have?",
    },
)
