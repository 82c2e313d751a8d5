"""Chapter 7's Monte-Carlo dropout as learners write it: right ways, mistakes, odd ones."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

KEY = recorded("ch07_dropout")["mc_predict"]


def passes_of(ask, finish):
    """mc_predict with another question and another end."""

    def mc_predict(model, x, passes):
        if passes < 1:
            raise ValueError("passes")
        return finish([ask(model, x) for _ in range(passes)])

    return mc_predict


def on(model, x):
    return model(x, training=True)


def both(answers):
    return np.mean(answers, axis=0), np.std(answers, axis=0)


def repeated_batch(model, x, passes):
    """One call with every picture repeated."""
    if passes < 1:
        raise ValueError("passes")
    answers = model(np.repeat(x, passes, axis=0), training=True).numpy()
    answers = answers.reshape(len(x), passes, -1)
    return answers.mean(axis=1), answers.std(axis=1)


def tiled_batch(model, x, passes):
    if passes < 1:
        raise ValueError("passes")
    many = np.concatenate([x] * passes)
    answers = np.asarray(model(many, training=True)).reshape(passes, len(x), -1)
    return answers.mean(0), answers.std(0)


def picture_by_picture(model, x, passes):
    if passes < 1:
        raise ValueError("passes")
    answers = [[model(one[None], training=True)[0] for one in x] for _ in range(passes)]
    return both(np.array([[np.asarray(a) for a in row] for row in answers]))


def running_sums(model, x, passes):
    """No list at all: sums of the answers and of their squares, on tensors."""
    if passes < 1:
        raise ValueError("passes")
    total = square = 0
    for _ in range(passes):
        answer = np.float64(1) * model(x, training=True)
        total, square = total + answer, square + answer**2
    mean = total / passes
    return mean, np.maximum(square / passes - mean * mean, 0) ** 0.5


def two_passes_too_few(model, x, passes):
    if passes < 1:
        raise ValueError("passes")
    return both([on(model, x) for _ in range(max(passes - 2, 1))])


RIGHT = [
    repeated_batch,
    tiled_batch,
    picture_by_picture,
    running_sums,
]


@pytest.mark.parametrize("function", RIGHT)
def test_any_equivalent_way_passes(function):
    result = judge_function(KEY, function)
    assert result.status == "passed", result.message


MISTAKES = [
    (passes_of(lambda model, x: model(x), both), ["dropout-off"]),
    (passes_of(lambda model, x: model.predict(x, verbose=0), both), ["dropout-off"]),
    (
        passes_of(on, lambda a: (np.mean(a, axis=0), np.mean(a, axis=0).std())),
        ["std-of-means"],
    ),
    (
        passes_of(on, lambda a: (np.mean(a, axis=0), np.std([np.mean(b) for b in a]))),
        ["std-of-means"],
    ),
    (
        passes_of(on, lambda a: (np.mean(a, axis=0), np.std(a, axis=0) / np.sqrt(len(a)))),
        ["std-of-means"],
    ),
    (
        passes_of(on, lambda a: (np.mean(a, axis=0), np.std(a, axis=0, ddof=1))),
        ["ddof-one"],
    ),
]


@pytest.mark.parametrize(("function", "diagnosis"), MISTAKES)
def test_a_learners_mistake_has_a_name(function, diagnosis):
    result = judge_function(KEY, function)
    assert result.score < result.max_score
    assert result.diagnosis == diagnosis, result.message


ODD = [
    two_passes_too_few,
    passes_of(on, lambda a: (np.median(a, axis=0), np.std(a, axis=0))),
]


@pytest.mark.parametrize("function", ODD)
def test_an_odd_mistake_loses_points_and_gets_no_name(function):
    result = judge_function(KEY, function)
    assert result.score < result.max_score
    assert result.diagnosis == []
    assert result.hint


def test_passes_that_were_never_made_are_noticed():
    """Numbers of the right size are not enough: they must be those of the network's answers."""

    def mc_predict(model, x, passes):
        model.trained += [np.array(x)] * passes
        shape = (len(x), 1)
        return np.full(shape, 0.5), np.full(shape, 0.1)

    result = judge_function(KEY, mc_predict)
    assert result.score <= 0.5
