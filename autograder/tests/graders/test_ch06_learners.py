"""Chapter 6's mistakes as learners write them, and odd ones for which no name fits.

Functions that build Keras models are judged in `test_ch06_keras.py`.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.tests.graders.learners import solved
from cnnlab.course.ops import evaluation

CHAPTER = "ch06_cats_dogs"
PLAIN = ["split", "smooth", "overfit_epoch", "confusion_matrix", "accuracy_gain"]


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)


# split


def refuse(fractions):
    if not math.isclose(sum(fractions), 1) or min(fractions) < 0:
        raise ValueError(f"fractions {fractions}")


def split_with(deal, shuffle=True, classes=np.unique):
    """A split class by class, with something about its dealing changed."""

    def split(labels, fractions, rng):
        refuse(fractions)
        labels = np.asarray(labels)
        parts: list[list[int]] = [[] for _ in fractions]
        for c in classes(labels):
            places = list(np.where(labels == c)[0])
            if shuffle:
                rng.shuffle(places)
            for part, some in zip(parts, deal(places, fractions, rng), strict=True):
                part += [int(n) for n in some]
        return tuple(np.array(p, dtype=int) for p in parts)

    return split


def in_turn(places, fractions, rng):
    sizes = [int(f * len(places)) for f in fractions]
    sizes[0] = len(places) - sum(sizes[1:])
    return [[places.pop() for _ in range(size)] for size in sizes]


def never_moves_on(places, fractions, rng):
    sizes = [int(f * len(places)) for f in fractions]
    sizes[0] = len(places) - sum(sizes[1:])
    return [places[:size] for size in sizes]


def by_choice(places, fractions, rng):
    sizes = [math.floor(f * len(places)) for f in fractions]
    sizes[0] = len(places) - sum(sizes[1:])
    return [rng.choice(places, size, replace=False) for size in sizes]


def all_rounded_down(places, fractions, rng):
    return [[places.pop() for _ in range(int(f * len(places)))] for f in fractions]


def floors_of_the_whole(places, fractions, rng):
    n = len(places)
    return [[places.pop() for _ in range(int(f * n))] for f in fractions]


def rest_to_the_last(places, fractions, rng):
    n = len(places)
    dealt = [[places.pop() for _ in range(int(f * n))] for f in fractions[:-1]]
    return [*dealt, places]


def split_everything_together(labels, fractions, rng):
    refuse(fractions)
    order = rng.permutation(len(labels))
    bounds = [0, *(int(b * len(labels)) for b in np.cumsum(fractions)[:-1]), len(labels)]
    return tuple(order[a:b] for a, b in pairwise(bounds))


def split_with_its_own_generator(labels, fractions, rng):
    return solved(CHAPTER)["split"](labels, fractions, np.random.default_rng(42))


def split_with_the_old_generator(labels, fractions, rng):
    def deal(places, fractions, rng):
        np.random.shuffle(places)  # noqa: NPY002 - what a learner may write
        return in_turn(places, fractions, rng)

    return split_with(deal, shuffle=False)(labels, fractions, rng)


def split_within_classes(labels, fractions, rng):
    refuse(fractions)
    parts: list[list[int]] = [[] for _ in fractions]
    for c in set(labels):
        count = sum(1 for label in labels if label == c)
        for part, some in zip(
            parts, in_turn(list(rng.permutation(count)), fractions, rng), strict=True
        ):
            part += [int(n) for n in some]
    return tuple(np.array(p, dtype=int) for p in parts)


# smooth, overfit_epoch


def smooth_with(start, update, shown):
    """A smoothing loop, with something about it changed."""

    def smooth(values, weight=0.8):
        if weight < 0 or weight >= 1:
            raise ValueError("weight must be in [0, 1)")
        values = 1.0 * np.asarray(values)
        out, m = [], start(values)
        for i, v in enumerate(values):
            m = update(m, v, weight)
            out.append(shown(m, weight, i))
        return np.array(out, dtype=values.dtype)

    return smooth


def zero(values):
    return 0.0


def usual(m, v, w):
    return w * m + (1 - w) * v


def smooth_as_in_a_first_search_result(values, weight=0.8):
    if not 0 <= weight < 1:
        raise ValueError("weight")
    values = 1.0 * np.asarray(values)
    last, out = values[0] if len(values) else 0, []
    for point in values:
        last = last * weight + (1 - weight) * point
        out.append(last)
    return np.array(out, values.dtype)


def smooth_in_place(values, weight=0.8):
    smoothed = evaluation.smooth(values, weight)
    if isinstance(values, np.ndarray):
        values[:] = smoothed
    return smoothed


# confusion_matrix


def cells(truth, answers):
    return np.array([[np.sum((truth == i) & (answers == j)) for j in (0, 1)] for i in (0, 1)])


def confusion_of_a_column(labels, probabilities, threshold=0.5):
    if len(labels) != len(probabilities):
        raise ValueError("labels")
    return cells(np.asarray(labels), np.asarray(probabilities) > threshold)


def confusion_in_loops(index, above=lambda p, t: p > t, fixed=None):
    def confusion_matrix(labels, probabilities, threshold=0.5):
        flat = np.ravel(probabilities)
        if len(labels) != len(flat):
            raise ValueError("labels and probabilities")
        table = np.zeros((2, 2), int)
        for truth, p in zip(labels, flat, strict=True):
            answer = int(above(p, threshold if fixed is None else fixed))
            table[index(int(truth), answer)] += 1
        return table

    return confusion_matrix


# accuracy_gain


def gain(points, percent):
    def accuracy_gain(before, after):
        if not 0 < before <= 1:
            raise ValueError("before")
        if not 0 < after <= 1:
            raise ValueError("after")
        return points(before, after), percent(before, after)

    return accuracy_gain


def difference(before, after):
    return (after - before) * 100


def relative(before, after):
    return (after / before - 1) * 100


def smooth_corrected(mean, exponent):
    return smooth_with(zero, mean, lambda m, w, i: m / (1 - w ** exponent(i)))


def reversed_mean(m, v, w):
    return (1 - w) * m + w * v


counted = confusion_in_loops

NAMED = [
    ("split", split_with(never_moves_on), ["overlap"]),
    ("split", split_with(by_choice), ["overlap"]),
    ("split", split_with(floors_of_the_whole), ["drops-examples"]),
    ("split", split_with(rest_to_the_last), ["remainder-misplaced"]),
    ("split", split_everything_together, ["not-stratified"]),
    ("split", split_with(in_turn, shuffle=False), ["not-shuffled"]),
    ("split", split_with_its_own_generator, ["reseeds"]),
    ("split", split_with_the_old_generator, ["generator-ignored"]),
    ("split", split_within_classes, ["places-within-class"]),
    ("smooth", smooth_with(zero, usual, lambda m, w, i: m), ["starts-at-zero"]),
    ("smooth", smooth_as_in_a_first_search_result, ["starts-at-first-value"]),
    ("smooth", smooth_corrected(reversed_mean, lambda i: i + 1), ["weight-reversed"]),
    ("smooth", smooth_with(zero, usual, lambda m, w, i: m / (1 - w)), ["exponent-missing"]),
    ("smooth", smooth_corrected(usual, lambda i: i + 2), ["exponent-off-by-one"]),
    ("overfit_epoch", lambda v: int(np.argmin(v)), ["unsmoothed"]),
    ("overfit_epoch", lambda v: len(v) - 1, ["last-epoch"]),
    ("overfit_epoch", lambda v: int(np.argmin(evaluation.smooth(v))) + 1, ["off-by-one"]),
    ("overfit_epoch", lambda v: evaluation.smooth(v).min(), ["value-for-epoch"]),
    ("confusion_matrix", confusion_of_a_column, ["column-broadcast"]),
    ("confusion_matrix", counted(lambda t, a: (a, t)), ["transposed"]),
    ("confusion_matrix", counted(lambda t, a: (1 - t, 1 - a)), ["class-one-first"]),
    ("confusion_matrix", counted(lambda t, a: (t, a), fixed=0.5), ["threshold-ignored"]),
    ("confusion_matrix", counted(lambda t, a: (t, a), lambda p, t: p >= t), ["ge-for-gt"]),
    ("accuracy_gain", gain(relative, difference), ["confuses-points-and-percent"]),
    ("accuracy_gain", gain(difference, difference), ["confuses-points-and-percent"]),
    ("accuracy_gain", gain(difference, lambda b, a: (a - b) / a * 100), ["wrong-base"]),
    ("accuracy_gain", gain(difference, lambda b, a: (a - b) / (1 - b) * 100), ["wrong-base"]),
    ("accuracy_gain", gain(lambda b, a: a - b, lambda b, a: (a - b) / b), ["not-in-hundred"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "expected"), NAMED)
def test_a_learners_mistake_is_named(name, function, expected):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == expected, result.message


ODD = [
    ("split", split_with(all_rounded_down)),
    ("split", lambda labels, fractions, rng: list(range(len(labels)))),
    ("smooth", lambda values, weight=0.8: np.cumsum(values) / (1 + np.arange(len(values)))),
    ("smooth", lambda values, weight=0.8: np.sqrt(np.asarray(values, float))),
    ("overfit_epoch", lambda v: len(v) // 2),
    ("confusion_matrix", lambda labels, p, threshold=0.5: np.array([[len(labels), 0], [0, 0]])),
    ("accuracy_gain", gain(lambda b, a: a * 100, lambda b, a: b * 100)),
]


@pytest.mark.parametrize(("name", "function"), ODD)
def test_what_no_mistake_explains_gets_no_name(name, function):
    result = judged(name, function)
    assert result.score < result.max_score
    assert result.diagnosis == []


def test_an_input_that_is_changed_is_said_so():
    result = judged("smooth", smooth_in_place)
    assert "changes-input" in result.diagnosis
    assert "changed its input" in result.message


@pytest.mark.parametrize("dtype", [np.int32, np.uint16])
def test_counts_may_be_whole_numbers_of_any_width(dtype):
    def confusion_matrix(*args):
        return evaluation.confusion_matrix(*args).astype(dtype)

    assert judged("confusion_matrix", confusion_matrix).status == "passed"


def test_a_split_may_deal_in_any_order_and_hold_lists():
    def split(labels, fractions, rng):
        parts = evaluation.split(labels, fractions, rng)
        return [np.sort(part).tolist()[::-1] for part in parts]

    assert judged("split", split).status == "passed"
