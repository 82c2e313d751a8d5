"""Chapter 10's feature_maps: what comes out of a network's layers, in one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals
from cnnlab.autograder.graders.shared.networks import run
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import require

Rng = np.random.Generator

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
    yield probe("robust", TALL, [a, "block9_conv1"], title="no such layer", raises="names")
    yield probe("robust", TALL, [a], title="a layer that is there")


def seen_maps(args: tuple[Any, ...], value: Any) -> Any:
    """What is compared: the maps, their order, and where it matters the forward passes."""
    _, names = args
    counted = {"forward passes": value["passes"]} if "passes" in value else {}
    return {"maps": value["maps"], "in the order asked": value["order"] == list(names), **counted}


def keras_feature_maps(image: Any, names: list[str], given: Any) -> dict[str, Any]:
    import keras

    from cnnlab.autograder.sandbox.drivers import models

    model = models.stack(**given["network"])
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
    done = run(given["network"], image[None])
    return {s.layer["name"]: s.y for s in done}, {s.layer["name"]: s.z for s in done}


def _inputs(image: Any, names: list[str], given: Any) -> dict[str, Any]:
    """What goes into each layer: what the one before it hands on, or the image."""
    done = run(given["network"], image[None])
    return _asked({s.layer["name"]: s.x for s in done}, names)


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


def _without_batch(op: Op) -> Op:
    """Every map without its first axis."""

    def mistaken(image: Any, names: list[str], given: Any) -> Any:
        value = op(image, names, given=given)
        return value | {"maps": {name: found[0] for name, found in value["maps"].items()}}

    return mistaken


def _single_unpacked(op: Op) -> Op:
    """A single output is no list: to go through it is to go through its batch."""
    stripped = _without_batch(op)
    return lambda image, names, given: (stripped if len(names) == 1 else op)(
        image, names, given=given
    )


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
_DROPS_BATCH = (
    "Your maps have three axes. The network works on batches, and yours is a batch of one: keep "
    "that first axis, so that each map has shape (1, h, w, C)."
)
_SINGLE = (
    "With one name, your map loses its first axis. A model with several outputs gives a list; "
    "what does it give where there is only one, and what does a loop over that run through?"
)
_MODEL_ORDER = "Your maps are in the order of the network. Return them in the order of names."

EXERCISE = Exercise(
    name="feature_maps",
    points={"shape": 0.5, "by-hand": 1.75, "reference": 3.0, "order": 0.75, "passes": 0.0},
    probes=feature_maps_probes,
    keras_reference=keras_feature_maps,
    numpy_op=simulated_maps,
    simulated=True,
    driver="ch10.feature_maps",
    describe=seen_maps,
    # The worker counts the passes, beside learner code: what it reports can earn no points.
    variants=(Twist("one-pass-per-layer", _passes(len), _ONE_PASS_PER_LAYER),),
    twists=(
        Twist(
            "pre-activation",
            _replaced(lambda image, names, given: _asked(forward(image, given)[1], names)),
            _PRE_ACTIVATION,
        ),
        Twist(
            "input-for-output",
            _replaced(_inputs),
            "Your maps are what goes into each layer. Asked is what comes out of it. Which of the two do you take from the layer?",
        ),
        Twist("drops-batch", _without_batch, _DROPS_BATCH),
        Twist("single-output-unpacked", _single_unpacked, _SINGLE),
        Twist("order-of-the-model", _in_the_models_order, _MODEL_ORDER),
    ),
    hints=(
        "A photograph goes through all layers on its way. You want to see what comes out of some of them. How can a model give more than its last result?",
        "Every layer of a model knows its output. A new model can have the same input. What should its outputs be?",
        "The outputs come back in the order in which you asked for them; one output alone comes back without a list. Put a batch axis in front of the image.",
    ),
    rung_hints={
        "passes": "Build one model with all the outputs, and call it once.",
        "order": "A dictionary remembers the order in which its keys were put in. In which order do you put yours in?",
        "robust": "Look the names up before you run the network. Use the word names in the message.",
    },
)


def _asked(arrays: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: arrays[name] for name in names}
