"""Chapter 15's head, trained by the learner, judged by what it is made of and what it can do.

The features are far apart, and each has a scale and an offset of its own. So a head that
normalizes them is right for nearly every new one, however it is trained; the judge asks for 95 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Fails, Op, Twist
from cnnlab.autograder.sandbox.drivers import ch15
from cnnlab.course.ops import Array, require
from cnnlab.course.ops.network import softmax

Rng = np.random.Generator
Facts = dict[str, Any]

DEMANDED = 0.95
DIMENSIONS = 40
RIGHT_LOSSES = ("sparse_categorical_crossentropy", "categorical_crossentropy")


def separable(rng: Rng, classes: int) -> Callable[[int], tuple[Array, Array]]:
    """Draws features of these classes: (count of each class) → features and labels, shuffled."""
    centers = rng.choice([-1.5, 1.5], (classes, DIMENSIONS))
    spread = np.exp(rng.uniform(-3, 3, DIMENSIONS))
    offset = spread * rng.uniform(4, 40, DIMENSIONS)

    def draw(count: int) -> tuple[Array, Array]:
        labels = rng.permutation(np.repeat(np.arange(classes), count))
        x = centers[labels] + rng.normal(size=(len(labels), DIMENSIONS))
        return (offset + spread * x).astype(np.float32), labels

    return draw


def probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, asks: str, classes: int, count: int, title: str) -> Probe:
        draw = separable(rng, classes)
        features, labels = draw(count)
        new, truth = draw(25)
        seed = int(rng.integers(1000))
        told = {"seed": seed, "new": new, "truth": truth, "asks": asks}
        return Probe(rung, (features, labels, classes), title=title, given=told)

    yield probe("layers", "layers", 3, 20, "three classes, 60 pictures")
    yield probe("probabilities", "answers", 4, 12, "four classes, 48 pictures")
    yield probe("new", "new", 5, 16, "five classes, 80 pictures")
    yield probe("new", "new", 2, 10, "two classes, 20 pictures")
    features, labels = separable(rng, 3)(10)
    told = {"seed": 0, "new": features, "truth": labels, "asks": "answers"}
    call = (features, labels[1:], 3)
    yield Probe("robust", call, title="a label too few", raises="labels", given=told)


def without_truth(given: dict[str, Any]) -> dict[str, Any]:
    """What the driver gets: the classes of the new features are what a head must find out."""
    return {name: each for name, each in given.items() if name != "truth"}


# What is true of a head


def facts(args: tuple[Any, ...], value: Any) -> Facts:
    """One side of a trained head, as what holds of it."""
    features, y = np.asarray(args[0], np.float64), np.asarray(value["y"])
    asks = value["asks"]
    if asks == "layers":
        dense = [layer for layer in value["layers"] if layer["class"] == "Dense"]
        return {
            "a Normalization layer knows the features": _knows(value["scales"], features),
            "dense layers": len(dense),
            "units of the last one": dense[-1]["units"] if dense else 0,
            "activation": _activation(value["layers"]),
            "large weights cost something": any(layer["l2"] > 0 for layer in dense),
        }
    if asks == "answers":
        sums = np.allclose(y.sum(axis=-1), 1, atol=1e-4)
        return {"shape": list(y.shape), "rows add up to 1": bool(sums and y.min() >= 0)}
    share = float(np.mean(y.argmax(axis=1) == value["truth"])) if y.ndim == 2 else 0.0
    if share >= DEMANDED:
        return {"right for 95 of 100 new ones": True}
    loss = value["loss"] or "nothing"
    kind = "cross-entropy" if loss in RIGHT_LOSSES else loss
    return {"right for 95 of 100 new ones": False, "trained with": kind}


def _knows(scales: list[Any], features: Array) -> bool:
    """Whether a layer's mean and variance are those of the training features."""
    mean, variance = features.mean(axis=0), features.var(axis=0)
    return any(
        np.shape(m) == mean.shape
        and np.allclose(m, mean, rtol=1e-2, atol=1e-4)
        and np.allclose(v, variance, rtol=2e-2, atol=1e-4)
        for m, v in scales
    )


def _activation(layers: list[dict[str, Any]]) -> str:
    """The last activation, also where it is a layer of its own."""
    if not layers:
        return "linear"
    last = layers[-1]
    if last["class"] == "Softmax":
        return "softmax"
    return str(last["activation"])


def keras_head(features: Array, labels: Array, classes: int, given: dict[str, Any]) -> Facts:
    """What holds of a head that the course trains with Keras."""
    from cnnlab.course.networks.heads import fit_head

    return facts(
        (features, labels, classes), ch15.head(fit_head, (features, labels, classes), {}, given)
    )


# What the driver would say, with a keyword for every side that can be wrong


def simulated(
    features: Array,
    labels: Array,
    classes: int,
    *,
    given: dict[str, Any],
    scale: str = "adapted",
    activation: str = "softmax",
    units: int | None = None,
    hidden: bool = False,
    l2: float = 0.01,
    right: bool = True,
    loss: str | None = RIGHT_LOSSES[0],
) -> dict[str, Any]:
    """A head's description; its answers are those of the nearest class, or of the next one."""
    require(len(labels) == len(features), "labels", f"must be {len(features)}", len(labels))
    mean, variance = features.mean(axis=0, dtype=float), features.var(axis=0, dtype=float)
    layer = {"class": "Dense", "units": units or classes, "activation": activation, "l2": l2}
    own = {"class": "Normalization", "units": None, "activation": "linear", "l2": 0.0}
    scales = {"adapted": [(mean, variance)], "as it is": [(0 * mean, 0 * mean + 1)], "none": []}
    first = [] if scale == "none" else [own]
    middle = [{**layer, "units": 64, "activation": "relu"}] if hidden else []
    return {
        **given,
        "layers": [*first, *middle, layer],
        "scales": scales[scale],
        "loss": loss,
        "y": _answers(features, labels, units or classes, given["new"], activation, right),
    }


def _answers(
    features: Array, labels: Array, units: int, new: Array, activation: str, right: bool
) -> Array:
    """Answers for new features, in the range that the activation gives."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    x, seen = (new - mean) / spread, (features - mean) / spread
    centers = np.stack([seen[labels == c].mean(axis=0) for c in np.unique(labels)])
    z = -((x[:, None] - centers) ** 2).sum(axis=-1) / 10
    z = z if right else np.roll(z, 1, axis=1)
    if z.shape[1] != units:
        z = np.resize(z, (len(z), units))
    p = softmax(z)
    return {"softmax": p, "linear": z}.get(activation, 0.5 * p)


def _told(**options: Any) -> Callable[[Op], Op]:
    """A mistake as other sides of the description; one that another mistake has set stays."""
    return lambda op: lambda *args, **kwargs: op(*args, **{**options, **kwargs})


def _labels_refused(op: Op) -> Op:
    """Keras compares whole numbers with rows of probabilities, and names their width."""

    def refused(features: Array, labels: Array, classes: int, **kwargs: Any) -> Any:
        op(features, labels, classes, **kwargs)
        raise Fails(f"the labels do not have the shape of the output, {classes}")

    return refused


_NORMAL = "Your head takes features as they are, and each has its own scale: one is near 0, another in the hundreds. A layer in the head should bring them to the same scale. Which one, and what must it have seen?"
_ACTIVATION = "Your last layer does not give probabilities of which exactly one class is true. Which activation makes numbers that add up to 1?"
_ENCODED = "Your loss expects a row for each label, with a 1 at its class, but labels are whole numbers. Which loss takes them as they are?"
_UNTRAINED = "On new features your head is hardly better than guessing. Perhaps it was not trained, or not for long. How does the loss change from epoch to epoch?"
RIGHT = (True, False)

EXERCISE = Exercise(
    name="fit_head",
    points={"layers": 2.5, "probabilities": 1, "new": 3},
    probes=probes,
    keras_reference=keras_head,
    numpy_op=simulated,
    simulated=True,
    driver="ch15.head",
    sent=without_truth,
    describe=facts,
    evidence=1,  # each side shows in one probe alone
    twists=(
        *(
            Twist("not-normalised", _told(scale=scale, right=right), _NORMAL)
            for scale, right in product(("none", "as it is"), RIGHT)
        ),
        *(
            Twist("wrong-activation", _told(activation=name, right=right), _ACTIVATION)
            for name, right in product(("sigmoid", "linear", "relu", "tanh"), RIGHT)
        ),
        Twist("labels-not-encoded", _labels_refused, _ENCODED),
        *(
            Twist("labels-not-encoded", _told(right=False, loss=loss), _ENCODED)
            for loss in ("mean_squared_error", "mse", "mean_absolute_error", "binary_crossentropy")
        ),
        *(
            Twist("untrained", _told(right=False, loss=loss), _UNTRAINED)
            for loss in (RIGHT_LOSSES[0], None)
        ),
        *(
            Twist(
                "no-penalty",
                _told(l2=0.0, right=right),
                "Large weights cost nothing in your head, so it can memorize a few pictures. What does the dense layer need besides its units?",
            )
            for right in RIGHT
        ),
        *(
            Twist(
                "hidden-layer",
                _told(hidden=True, right=right),
                "You have more than one dense layer. With so few pictures, more weights only help to memorize. Which layer can go?",
            )
            for right in RIGHT
        ),
    ),
    hints=(
        "A head is a small network of its own: it brings the features to one scale, and gives a probability for each class. Which two layers are these?",
        "keras.layers.Normalization learns mean and variance by adapt. Dense takes an activation and a kernel_regularizer. Which loss takes labels as whole numbers?",
        "Adapt the layer to the features before you build the model. Then compile and fit. What does Keras draw by chance, and how can rng seed it?",
    ),
    rung_hints={
        "layers": "Normalization, adapted to these features, then one Dense with softmax and L2. Which of them is missing, or set otherwise?",
        "probabilities": "For each picture there is a number for each class, and they add up to 1. What does your model give?",
        "new": "The features are raw, and there are new ones. Does your head know how the old ones were scaled, and was it trained long enough?",
        "robust": "Raise a ValueError that names labels, where there are not as many as features.",
    },
)
