"""Chapter 7's end: ``mc_predict``, a model asked many times with its dropout on.

The model is a small network of NumPy, `cnnlab.autograder.sandbox.drivers.ch07.Model`. It remembers
what it was called with; the judge has the same network answer the same calls once more, and
computes mean and standard deviation from that. So it does not matter whether a solution calls it
once for each pass, or once with the batch repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch07_dropout._masks import type_and_shape
from cnnlab.autograder.graders.ch07_dropout._mistakes import with_mistake
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.autograder.sandbox.drivers.ch07 import HIDDEN, RATE, Model
from cnnlab.course.ops import Array, require

Rng = np.random.Generator
RIGHT = "over the passes"


def passes_probes(rng: Rng) -> Iterator[Probe]:
    def probe(
        rung: str,
        shape: tuple[int, ...],
        passes: int,
        units: int = 1,
        title: str = "",
        form: bool = False,
    ) -> Probe:
        x = rng.random(shape).astype(np.float32)
        given = {
            "asks": ["form"] if form else ["numbers"],
            "model": [int(rng.integers(1 << 31)), units],
        }
        stands_for = f"a network with {units} output{'s' * (units > 1)}"
        return Probe(rung, (stands_for, x, passes), title=title, given=given)

    yield probe("shape", (3, 4, 5, 2), 4, form=True)
    yield probe("shape", (2, 4, 4, 1), 3, 3, form=True)
    yield probe("by-hand", (1, 2, 2, 1), 2, title="one picture, two passes")
    yield probe("by-hand", (2, 2, 3, 1), 3, title="two pictures, three passes")
    for shape, passes, units in (
        ((5, 6, 7, 3), 20, 1),
        ((4, 5, 5, 3), 12, 3),
        ((6, 4, 4, 2), 6, 1),
        ((3, 4, 3, 2), 3, 3),
    ):
        yield probe("reference", shape, passes, units)
    yield probe("edge-cases", (3, 4, 4, 2), 1, title="one pass")
    yield probe("edge-cases", (1, 4, 4, 2), 5, 2, title="one picture")
    for passes in (0, -2):
        wrong = probe("robust", (2, 3, 3, 1), passes)
        yield Probe("robust", wrong.args, given=wrong.given, raises="passes")
    yield probe("robust", (2, 3, 3, 1), 4, title="all in order")


# What is compared


def answers_by_picture(x: Array, trained: list[Array], model: list[int]) -> list[Array]:
    """What the network answered in training for each picture of x: shape (passes, units) each.

    The network is started anew and gets the same calls in the same order.
    """
    again = Model(*model)
    answers: list[list[Array]] = [[] for _ in x]
    for batch in trained:
        for picture, answer in zip(batch, again(batch, training=True).numpy(), strict=True):
            for i, known in enumerate(x):
                if np.array_equal(known, picture):
                    answers[i].append(answer)
                    break
    return [np.array(rows) for rows in answers]


def passes_view(args: tuple[Any, ...], raw: Any) -> Any:
    """The view of ``mc_predict``."""
    result = raw["result"]
    if "form" in raw["asks"]:
        return tuple(map(_form, result)) if isinstance(result, tuple | list) else _form(result)
    answers = answers_by_picture(args[1], raw["trained"], raw["model"])
    return described(answers, result)


def _form(value: Any) -> Any:
    """Its shape; any float type will do."""
    return np.zeros(value.shape) if isinstance(value, np.ndarray) else value


def described(answers: list[Array], result: Any) -> dict[str, Any]:
    """Which mean and which spread of these answers a result holds.

    Parameters
    ----------
    answers : list of ndarray, shape (passes, units)
        One for each picture.
    result : the learner's (mean, std)
    """
    counts = [len(rows) for rows in answers]
    found: dict[str, Any] = {
        "passes of each picture": counts[0] if len(set(counts)) == 1 else str(counts)
    }
    if not isinstance(result, tuple | list) or len(result) != 2:
        return found | {"what is returned": type_and_shape(result)}
    found["what is returned"] = "mean and std"
    if len(set(counts)) > 1 or not counts[0]:
        return found | {"mean": "without dropout", "std": "without dropout"}
    stacked = np.stack(answers, axis=1).astype(np.float64)  # (passes, pictures, units)
    found["mean"] = _recognised(result[0], means(stacked))
    found["std"] = _recognised(result[1], spreads(stacked))
    return found


def means(answers: Array) -> dict[str, Any]:
    """What may be returned as the mean, by what it is taken over; the right one first."""
    return {
        RIGHT: answers.mean(axis=0),
        "over the passes and all pictures": answers.mean(),
        "over the pictures": answers.mean(axis=1),
    }


def spreads(answers: Array) -> dict[str, Any]:
    """What may be returned as the standard deviation; the right one first."""
    passes, mean = len(answers), answers.mean(axis=0)
    many = passes > 1
    return {
        RIGHT: answers.std(axis=0),
        "over the passes, with passes - 1 below the line": answers.std(axis=0, ddof=1)
        if many
        else np.full(mean.shape, np.nan),
        "the variance": answers.var(axis=0),
        "of the mean": answers.std(axis=0) / np.sqrt(passes),
        "of the means of all pictures": mean.std(axis=0),
        "of the means, one for each pass": answers.mean(axis=1).std(axis=0),
        "of the means, a single number": mean.std(),
        "of the means of each pass, a single number": answers.mean(axis=(1, 2)).std(),
        "over the pictures": answers.std(axis=1),
        "over everything": answers.std(),
    }


def _recognised(value: Any, known: dict[str, Any]) -> str:
    """The name of a value among the known ones; else where it differs from the right one."""
    try:
        value = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return type_and_shape(value)
    for name, right in known.items():
        if value.shape == np.shape(right) and np.allclose(value, right, 1e-4, 1e-6, equal_nan=True):
            return name
    right = np.asarray(known[RIGHT])
    if value.shape != right.shape:
        return f"an array of shape {value.shape}"
    return f"{value.flat[0]:.4g} for the first picture, where {right.flat[0]:.4g} was right"


# The right answers: a Keras model, and Keras's mean and standard deviation


def keras_passes(model: str, x: Array, passes: int, *, given: Any) -> Any:
    """A Keras network of the same form, asked many times."""
    import keras

    layers = keras.layers
    units = given["model"][1]
    network = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            layers.Flatten(),
            layers.Dense(HIDDEN, activation="tanh"),
            layers.Dropout(RATE, seed=given["model"][0]),
            layers.Dense(units, activation="sigmoid"),
        ]
    )
    answers = keras.ops.stack([network(x, training=True) for _ in range(passes)])
    both = keras.ops.mean(answers, axis=0), keras.ops.std(answers, axis=0)
    result = tuple(map(keras.ops.convert_to_numpy, both))
    if "form" in given["asks"]:
        return tuple(map(_form, result))
    return described(list(keras.ops.convert_to_numpy(answers).transpose(1, 0, 2)), result)


# Mistakes

Stack = Callable[[Any, Array, int], Array]


def with_dropout(model: Any, x: Array, passes: int) -> Array:
    return np.stack([model(x, training=True).numpy() for _ in range(passes)])


def without_dropout(model: Any, x: Array, passes: int) -> Array:
    return np.stack([model(x).numpy() for _ in range(passes)])


def asked_once(model: Any, x: Array, passes: int) -> Array:
    return np.stack([model(x, training=True).numpy()] * passes)


def asked_often(
    model: Any,
    x: Array,
    passes: int,
    *,
    ask: Stack = with_dropout,
    spread: str = RIGHT,
) -> tuple[Any, Any]:
    """`cnnlab.course.ops.dropout.mc_predict` with mistakes: without any, it is that function."""
    require(passes >= 1, "passes", "must be 1 or more", passes)
    answers = ask(model, x, passes)
    return answers.mean(axis=0), spreads(answers)[spread]


_OFF = "Every pass gives the same answer: the dropout is switched off. A Keras model outside of fit drops only when you ask for it. With which argument do you call it?"
_OF_MEANS = (
    "Your standard deviation is that of averages. First collect all answers for one picture, one "
    "for each pass: how far do these scatter?"
)

EXERCISE = Exercise(
    name="mc_predict",
    points={"shape": 0.5, "by-hand": 1.25, "reference": 2.25, "edge-cases": 0.5},
    probes=passes_probes,
    keras_reference=keras_passes,
    numpy_op=asked_often,
    driver="ch07.asked",
    describe=passes_view,
    twists=(
        Twist("dropout-off", with_mistake(ask=without_dropout), _OFF),
        Twist(
            "one-pass-only",
            with_mistake(ask=asked_once),
            "The network is asked once, and its one answer is used for every pass. Each pass needs a mask of its own. Where in your loop do you call the model?",
        ),
        *(
            Twist("std-of-means", with_mistake(spread=name), _OF_MEANS)
            for name in (
                "of the mean",
                "of the means of all pictures",
                "of the means, one for each pass",
                "of the means, a single number",
                "of the means of each pass, a single number",
            )
        ),
        Twist(
            "over-pictures",
            with_mistake(spread="over the pictures"),
            "You measure how the pictures differ from each other within one pass. How do the passes differ from each other for one picture?",
        ),
        Twist(
            "ddof-one",
            with_mistake(spread="over the passes, with passes - 1 below the line"),
            "You divide by passes − 1. Here you divide by the number of passes itself. Which setting do you give NumPy's function?",
        ),
        Twist(
            "variance-for-std",
            with_mistake(spread="the variance"),
            "You return the variance. The answer should have the same unit as the numbers themselves. What must you take of it?",
        ),
    ),
    hints=(
        "One picture, asked fifty times with dropout on, gives fifty answers. What are their mean and their spread?",
        "Outside of fit, a Keras model must be told that it is in training. What comes back is a tensor. How do you make an array of it?",
        "Stack the answers of all passes along a new first axis: shape (passes, N, units). Over which axis go mean and std?",
    ),
    rung_hints={
        "shape": "A pair comes back: mean and std. Each has one row for every picture and one column for every output. Over which axis do you take them?",
        "by-hand": "Two passes of one picture: two numbers. Their mean is halfway between them; how far is each from there?",
        "reference": "Call the model exactly passes times for every picture, with dropout on.",
        "edge-cases": "With one pass the mean is the answer itself. What is the standard deviation of a single number?",
        "robust": "Fewer than one pass gives no answer. Name passes in the message.",
    },
)
