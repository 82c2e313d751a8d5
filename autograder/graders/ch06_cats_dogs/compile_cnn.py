"""Chapter 6's network, compiled: judged by the config that Keras keeps of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.autograder.sandbox.drivers import models

Rng = np.random.Generator

MODEL = {"layers": [["Dense", {"units": 1, "activation": "sigmoid"}]], "input_shape": (3,)}
RIGHT = {
    "optimizer": "adam",
    "loss": "binary_crossentropy",
    "from_logits": False,
    "metrics": ["accuracy"],
    "returned": True,
}
SIDES = {"optimizer": ("optimizer",), "loss": ("loss", "from_logits"), "metrics": ("metrics",)}
SAME = {
    "binary_crossentropy": ("binarycrossentropy", "bce"),
    "accuracy": ("acc", "binary_accuracy"),
}
"""Other names that mean the same here."""


def compile_probes(rng: Rng) -> Iterator[Probe]:
    for rung, asks in SIDES.items():
        given = {"asks": asks, **MODEL, "seed": int(rng.integers(1000))}
        yield Probe(rung, (), title=f"the {rung}", given=given)


def config_in_words(args: tuple[Any, ...], tree: dict[str, Any]) -> dict[str, Any]:
    """A compiled model's config, with one name for each thing; "nothing" where it was not set.

    A model that does not come back is one mistake, so it is a matter of one rung, the last.
    """
    facts: dict[str, Any] = {}
    for name, value in tree.items():
        if name == "returned":
            facts |= {} if value or "metrics" not in tree else {"None is returned": True}
        elif name == "metrics":
            facts["counts accuracy"] = "accuracy" in [_usual(metric) for metric in value or []]
        elif name == "from_logits":
            facts["takes the answers for logits"] = value
        elif name == "optimizer":
            facts[name] = value.replace("_", "") if value else "nothing"
        else:
            facts[name] = _usual(value) if value else "nothing"
    return facts


def _usual(name: str) -> str:
    return next((usual for usual, names in SAME.items() if name in names), name)


def keras_config(given: dict[str, Any]) -> dict[str, Any]:
    """What Keras says of a model that the course compiles."""
    from cnnlab.course.networks.cnn import compile_cnn as ours

    given = dict(given)
    asks = given.pop("asks")
    config = models.compile_config(ours(models.stack(**given))) or {}
    return config_in_words((), {name: config.get(name) for name in asks})


def configured(*, given: dict[str, Any], **config: Any) -> dict[str, Any]:
    """What the driver says of a model that was compiled so."""
    return {name: (RIGHT | config)[name] for name in (*given["asks"], "returned")}


def _config(**config: Any) -> Callable[[Op], Op]:
    return lambda op: lambda **kwargs: op(**{**config, **kwargs})


_LOSS = "Your loss is made for many classes, one unit each. This network has one unit: its answer is the probability of class 1. Which loss is made for two classes?"
_OTHERS = ("mean_squared_error", "mse")

EXERCISE = Exercise(
    name="compile_cnn",
    points={"optimizer": 1, "loss": 2, "metrics": 1},
    probes=compile_probes,
    keras_reference=keras_config,
    numpy_op=configured,
    driver="ch06.compiled",
    simulated=True,
    describe=config_in_words,
    evidence=1,  # each side shows in one probe alone
    twists=(
        Twist(
            "from-logits-with-sigmoid",
            _config(from_logits=True),
            "You say that the answers are logits: numbers before the sigmoid. Keras notices and helps, but other libraries would apply the sigmoid twice. What does the last layer of this network give?",
        ),
        Twist("categorical-loss", _config(loss="categorical_crossentropy"), _LOSS),
        Twist("categorical-loss", _config(loss="sparse_categorical_crossentropy"), _LOSS),
        *(
            Twist(
                "squared-error",
                _config(loss=loss),
                "The mean squared error hardly punishes an answer that is surely wrong. For "
                "probabilities, take the cross-entropy of two classes.",
            )
            for loss in _OTHERS
        ),
        Twist(
            "accuracy-missing",
            _config(metrics=[]),
            "Your model does not count how many answers are right. Name the accuracy among the metrics: the loss "
            "alone is hard to read.",
        ),
        Twist(
            "result-not-returned",
            _config(returned=False),
            "Your function compiles the model and then returns nothing, so whoever calls it holds "
            "None. Compiling changes the model itself. What should the last line hand back?",
        ),
        *(
            Twist(
                "other-optimizer",
                _config(optimizer=name),
                "You use another optimizer than Adam. It may work as well, but our curves were recorded with Adam. Use the same one.",
            )
            for name in ("sgd", "rmsprop", "nadam", "adamw", "adamax", "adagrad")
        ),
    ),
    hints=(
        "A model needs three things before it can learn: how it takes its steps, how wrong an answer is, and what to count. Which of them does the function already get?",
        "model.compile takes optimizer, loss and metrics. All three may be given by name. What name does each of them need?",
        "The loss for one sigmoid unit is a cross-entropy with two outcomes. The metric is accuracy. Look up how Keras spells the loss.",
    ),
    rung_hints={
        "optimizer": "Which optimizer does the section above name?",
        "loss": "There are two classes and one probability, not a logit. Which cross-entropy is made for that?",
        "metrics": "metrics takes a list, because there may be several. And does your function return the model?",
    },
)
