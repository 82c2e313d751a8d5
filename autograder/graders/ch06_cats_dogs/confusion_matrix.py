"""Chapter 6's confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output, with_mistake
from cnnlab.course.ops import Array
from cnnlab.course.ops.evaluation import confusion_matrix as ours

Rng = np.random.Generator


def confusion_probes(rng: Rng) -> Iterator[Probe]:
    def answers(count: int, column: bool = True, dtype: Any = np.float32) -> tuple[Any, Any]:
        """Labels, and probabilities that lean to them; never near a threshold in tenths."""
        labels = (rng.random(count) < 0.4).astype(np.uint8)
        lean = np.where(labels == 1, 1.6, 0.7)
        tenths = np.clip(rng.random(count) * lean, 0, 0.999) // 0.1 / 10
        probabilities = (tenths + rng.uniform(0.02, 0.08, count)).astype(dtype)
        return labels, probabilities[:, None] if column else probabilities

    yield Probe("shape", answers(12))
    yield Probe("shape", answers(9, column=False))
    seven = np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0.1, 0.8, 0.9, 0.7, 0.6, 0.95, 0.3])
    labels, sure = varied(rng, seven, lambda: _pictures(rng, *rng.choice(6, 4, replace=False)))
    said = varied(rng, "seven pictures", lambda: "a few pictures")
    yield Probe("by-hand", (labels, sure), title=said)
    column = np.array(sure, np.float32)[:, None]
    yield Probe("by-hand", (np.array(labels), column), title="the same, as Keras answers")
    two = np.array([0, 1]), np.array([0.2, 0.9])
    yield Probe(
        "by-hand", varied(rng, two, lambda: _pictures(rng, 1, 0, 0, 1)), title="two, both right"
    )
    yield Probe("structure", (*answers(40), 0.8), title="a threshold of 0.8")
    yield Probe("structure", (*answers(40, column=False), 0.3), title="a threshold of 0.3")
    labels, probabilities = answers(30)
    flat = np.zeros_like(labels)
    yield Probe("structure", (flat, probabilities), title="cats alone")
    yield Probe("structure", (1 - flat, probabilities), title="dogs alone")
    yield Probe("reference", answers(500), title="500 pictures")
    yield Probe("reference", (*answers(800, column=False, dtype=np.float64), 0.6), title="800")
    labels, probabilities = answers(20, dtype=np.float64)
    probabilities[:6] = 0.5
    yield Probe("edge-cases", (labels, probabilities), title="six answers of just 0.5")
    threshold = varied(rng, 0.75, lambda: whole(rng, 33, 63) / 64)  # exact as a float
    low = varied(rng, 0.25, lambda: whole(rng, 3, 47) / 100)
    at_it = np.array([1, 0, 1]), np.array([low, threshold, threshold]), threshold
    yield Probe("edge-cases", at_it, title="two just at the threshold")
    for threshold, what in ((0.0, "everything is a dog"), (1.0, "everything is a cat")):
        yield Probe("edge-cases", (*answers(15), threshold), title=what)
    labels, probabilities = answers(10)
    for few, many in ((10, 9), (10, 1), (9, 10), (1, 10)):
        said = f"{few} labels, {many} probabilities"
        call = (labels[:few], probabilities[:many])
        yield Probe("robust", call, title=said, raises="labels|probabilities")
    yield Probe("robust", (labels, probabilities), title="all in order")
    listed = labels.tolist(), probabilities.ravel().tolist()
    yield Probe("robust", listed, title="the same in lists")


def _pictures(rng: Rng, *counts: int) -> tuple[Array, Array]:
    """Labels and probabilities, in any order, whose table's cells are ``counts``, row by row."""
    order = rng.permutation(sum(counts))
    labels, answers = np.repeat([0, 0, 1, 1], counts), np.repeat([0, 1, 0, 1], counts)
    probabilities = answers / 2 + rng.uniform(0.02, 0.48, len(order))
    return labels[order], probabilities[order]


def counts(args: tuple[Any, ...], value: Any) -> Any:
    """Whole numbers of any width are the same; nested lists are no array."""
    whole = isinstance(value, np.ndarray) and value.dtype.kind in "iu"
    return value.astype(np.int64) if whole else value


def keras_counts(labels: Any, probabilities: Any, threshold: float = 0.5) -> Array:
    """Counted by Keras's metrics."""
    from keras import metrics

    truth, answers = np.ravel(labels).astype(np.float32), np.ravel(probabilities)
    kinds = "TrueNegatives", "FalsePositives", "FalseNegatives", "TruePositives"
    if not 0 < threshold < 1:  # Keras moves these two a little
        answers, threshold = (np.asarray(answers) > threshold).astype(np.float32), 0.5
    found = []
    for kind in kinds:
        metric = getattr(metrics, kind)(thresholds=threshold)
        metric.update_state(truth, answers)
        found.append(round(float(metric.result())))
    return np.array(found).reshape(2, 2)


# The matrix once more, with a keyword for every step that can go wrong


def steps(
    labels: Any,
    probabilities: Any,
    threshold: float = 0.5,
    *,
    above: Callable[[Any, float], Any] = np.greater,
    spread: bool = False,
) -> Array:
    """`cnnlab.course.ops.evaluation.confusion_matrix` with mistakes: without any, it is that function."""
    ours(labels, probabilities)  # refuses what does not fit together
    truth, given = np.asarray(labels), np.asarray(probabilities)
    answers = above(given if spread else np.ravel(given), threshold).astype(int)
    table = [[np.sum((truth == i) & (answers == j)) for j in range(2)] for i in range(2)]
    return np.array(table)


def _shares(over: Any) -> Callable[[Array], Array]:
    def normalised(table: Array) -> Array:
        with np.errstate(all="ignore"):
            return table / table.sum(axis=over, keepdims=True)

    return normalised


_SHARES = "Your table holds shares. It should count: each picture is one more in one cell. What do you divide by?"
_FIRST = "Your table begins with class 1. Row 0 and column 0 belong to class 0. Which pictures are counted in the upper left?"

EXERCISE = Exercise(
    name="confusion_matrix",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 0.75, "edge-cases": 0.5},
    probes=confusion_probes,
    keras_reference=keras_counts,
    numpy_op=steps,
    describe=counts,
    twists=(
        Twist(
            "transposed",
            on_output(lambda table: np.asarray(table).T),
            "Rows and columns have changed places. A row belongs to what a picture shows. To what does a column belong?",
        ),
        Twist(
            "threshold-ignored",
            lambda op: (
                lambda labels, probabilities, threshold=0.5, **k: op(
                    labels, probabilities, 0.5, **k
                )
            ),
            "Your table is the same for every threshold. Where does threshold come in?",
        ),
        Twist(
            "ge-for-gt",
            with_mistake(above=np.greater_equal),
            "A probability equal to the threshold is class 0 here, as in Keras's accuracy. Which sign leaves it out of class 1?",
        ),
        Twist(
            "answers-reversed",
            with_mistake(above=np.less_equal),
            "Your answers are the wrong way around. Which class does a high probability mean?",
        ),
        Twist(
            "column-broadcast",
            with_mistake(spread=True),
            "You count every label with every answer: NumPy spreads a column over a row. Keras answers with a column of shape (N, 1). How can you make a row of it first?",
        ),
        Twist("class-one-first", on_output(lambda table: np.asarray(table)[::-1, ::-1]), _FIRST),
        *(Twist("shares-for-counts", on_output(_shares(over)), _SHARES) for over in (1, 0, None)),
    ),
    hints=(
        "Each cell of the table answers one question. One of them is how many pictures show a cat and were taken for a dog. What are the other three?",
        "First turn the probabilities into answers 0 and 1. Then count the pictures for which label and answer are a certain pair.",
        "Make a row of the column of answers first. Two comparisons, both true, find the pictures of one cell. How do you count them?",
    ),
    rung_hints={
        "shape": "The result is an array of shape (2, 2) with whole numbers. What does your function return?",
        "by-hand": "Three cats: one was seen as a cat, two as dogs. Which numbers stand in the first row?",
        "structure": "Try a threshold of 0.8: more pictures become cats.",
        "edge-cases": "Only what is above the threshold is class 1. Which class is everything when the threshold is 1?",
        "robust": "Raise a ValueError that names labels or probabilities, if they are not equally many.",
    },
)
