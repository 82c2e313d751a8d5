"""Chapter 11's ``visualize_class``: the picture that a class wants."""

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
    START_TWISTS,
    ascended,
    drawn,
    probes,
    rising,
)
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.autograder.sandbox.calls import Seed
from cnnlab.course.ops import require

Rng = np.random.Generator
Array = NDArray[Any]


def simulated_class(
    index: int, steps: int, rng: Rng, *, given: Any, **mistakes: Any
) -> dict[str, Any]:
    """What the driver says of a right solution, by NumPy."""
    network = given["network"]
    classes = network["layers"][-2][1]["units"]
    require(0 <= index < classes, "index", f"must be from 0 to {classes - 1}", index)
    share, whole = mistakes.pop("share", ""), mistakes.pop("whole", False)

    def slope(out: Array) -> Array:
        dout = np.zeros_like(out)
        dout[0, slice(None) if whole else index] = 1 / (out.shape[1] if whole else 1)
        if share == "log":
            dout /= out
        return dout

    gradient = _networks.gradient_of(network, network["names"][-1 if share else -2], slope)
    return {"picture": drawn(gradient, steps, rng, mistakes), **given}


def keras_class(index: int, steps: int, rng: Seed, given: Any, **kwargs: Any) -> Any:
    import keras

    from cnnlab.autograder.sandbox.drivers.ch11 import network_of

    model = network_of(given["network"])
    logits = keras.Model(model.input, model.layers[-1].input)
    picture = ascended(lambda x: logits(x)[0, index], steps, rng, **kwargs)
    return seen_class((index,), {"picture": picture, **given})


def _class_worth(network: dict[str, Any], index: int) -> Callable[[Array], float]:
    name = network["names"][-2]
    return lambda picture: float(_networks.output(network, picture, name)[0, index])


def seen_class(args: tuple[Any, ...], value: Any) -> Any:
    return seen(value, _class_worth(value["network"], args[0]))


def class_probes(rng: Rng) -> Iterator[Probe]:
    def given(rung: str) -> dict[str, Any]:
        return {"network": {**_networks.CLASSES, "seed": int(rng.integers(1 << 31))}}

    def chosen(made: dict[str, Any]) -> tuple[int]:
        return (made["network"]["seed"] % 5,)

    yield from probes(rng, given, simulated_class, chosen)
    for size in (13, 12):
        yield rising(rng, given, simulated_class, chosen, _class_worth, size)
    made = given("robust")
    for index, raises, title in (
        (5, "index", "no such class"),
        (11, "index", "far too large an index"),
        (-1, "index", "a class below 0"),
        (4, None, "the last class"),
    ):
        args = (index, 1, Seed(3))
        yield Probe("robust", args, {"size": 12}, title, raises, terms=TERMS, given=made)


_SOFTMAX = "You climb the probability. It also grows where other classes lose, and near 1 it hardly moves. Which number stands before the softmax?"

EXERCISE = Exercise(
    name="visualize_class",
    points=POINTS,
    probes=class_probes,
    keras_reference=keras_class,
    numpy_op=simulated_class,
    simulated=True,
    driver="ch11.visualized",
    describe=seen_class,
    needs=("ascent_step", "ascend"),
    twists=(
        Twist("softmax-objective", with_mistake(share="plain"), _SOFTMAX),
        Twist("softmax-objective", with_mistake(share="log"), _SOFTMAX),
        *CLIMB_TWISTS[:2],
        Twist(
            "every-class",
            with_mistake(whole=True),
            "You average all logits. One class was asked for. Which argument says which one?",
        ),
        *START_TWISTS,
        *PENALTY_TWISTS[:1],
        CLIMB_TWISTS[2],
    ),
    hints=(
        "A filter had a map to be maximized. What single number does the network have for a class?",
        "The last layer is a softmax. The model that you need ends one step earlier. Where is that?",
        "A model can end at the input of its last layer, and that gives the logits. The score is one of them. Which function does the rest?",
    ),
    rung_hints={
        **RUNG_HINTS,
        "reference": "The score is the logit of the class. Where does your model end: before the softmax, or after it?",
        "robust": "An index from 0 to the number of classes less one. Name index in the message.",
    },
)
