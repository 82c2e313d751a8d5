"""Splits, smooth curves, gains and confusion matrices against other ways to get them."""

from __future__ import annotations

from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.autograder.graders.ch06_cats_dogs.split import facts, split_probes, stated_facts
from cnnlab.course.ops import evaluation


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_a_split_is_a_partition_with_every_class_in_proportion(labels, shares, seed):
    fractions = [share / sum(shares) for share in shares]
    parts = evaluation.split(labels, fractions, np.random.default_rng(seed))
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))
    for label in set(labels):
        counts = [int(np.sum(np.asarray(labels)[part] == label)) for part in parts]
        n = labels.count(label)
        assert counts[1:] == [int(f * n) for f in fractions[1:]]


@pytest.mark.parametrize("fractions", [(0.5, 0.4), (0.6, 0.6), (1.2, -0.2)])
def test_fractions_must_be_shares_of_a_whole(fractions):
    with pytest.raises(ValueError, match="fractions must be 0 or more and add up to 1"):
        evaluation.split([0, 1], fractions, np.random.default_rng(0))


def test_no_examples_give_empty_parts():
    parts = evaluation.split([], (0.5, 0.5), np.random.default_rng(0))
    assert [part.tolist() for part in parts] == [[], []]


# The facts about chance that chapter 6's grader asks for


def possible(labels, fractions):
    """How many different splits there are."""
    counts = np.unique(labels, return_counts=True)[1].tolist()
    return prod(
        factorial(n) // prod(map(factorial, evaluation.class_sizes(n, fractions))) for n in counts
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_right_split_breaks_the_facts_on_chance_less_than_once_in_a_million(seed):
    """Two generators deal alike with probability 1 / possible; a class's parts all are runs with
    probability (parts)! / possible for each class: there are that many orders of the parts."""
    risk = 0.0
    for probe in split_probes(np.random.default_rng(seed)):
        if probe.given["asks"] not in ("draws", "everything"):
            continue
        labels, fractions = probe.args
        classes = np.unique(labels, return_counts=True)[1]
        runs = prod(factorial(len(fractions)) for n in classes if n > 1)
        risk += (1 + runs) / possible(labels, fractions)
    assert risk < 2e-6


def test_two_thousand_right_splits_all_pass():
    labels, fractions = np.repeat([0, 1], 14), (0.5, 0.25, 0.25)
    wanted = stated_facts(labels, fractions, {"asks": "everything"})
    for seed in range(2000):
        seeds = (seed, seed + 2000, seed)
        splits = [evaluation.split(labels, fractions, np.random.default_rng(s)) for s in seeds]
        found = facts((labels, fractions), {"asks": "everything", "splits": splits})
        assert found.keys() == wanted.keys()
        assert all(np.array_equal(found[name], wanted[name]) for name in wanted), seed


# Curves


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=40),
    st.floats(0, 0.98),
)
def test_smooth_values_are_weighted_means_of_all_so_far(values, weight):
    smoothed = evaluation.smooth(values, weight)
    for t in range(len(values)):
        ages = np.arange(t, -1, -1)
        mean = np.average(values[: t + 1], weights=np.power(float(weight), ages))
        assert smoothed[t] == pytest.approx(mean, abs=1e-6)


def test_smooth_keeps_the_dtype_and_the_input():
    values = np.array([1, 5, 2], np.float32)
    assert evaluation.smooth(values).dtype == np.float32
    assert values.tolist() == [1, 5, 2]
    assert evaluation.smooth([1, 2]).dtype == np.float64
    assert evaluation.smooth([]).shape == (0,)


@pytest.mark.parametrize("weight", [1, 1.2, -0.1])
def test_a_weight_that_is_none(weight):
    with pytest.raises(ValueError, match="weight must be from 0"):
        evaluation.smooth([1.0], weight)


@pytest.mark.parametrize(
    ("losses", "epoch"), [([3, 2, 1, 9, 9, 9], 2), ([1, 2, 3], 0), ([3, 2, 1], 2), ([0.5], 0)]
)
def test_the_epoch_of_the_turn(losses, epoch):
    assert evaluation.overfit_epoch(losses) == epoch


# Gains and confusion matrices


def test_gains():
    assert evaluation.accuracy_gain(0.5, 0.75) == (25, 50)
    assert evaluation.accuracy_gain(0.75, 0.5) == (-25, pytest.approx(-100 / 3))
    for before, after, name in ((0, 0.5, "before"), (0.5, 1.1, "after"), (73, 81, "before")):
        with pytest.raises(ValueError, match=f"{name} must be a share"):
            evaluation.accuracy_gain(before, after)


def test_confusions_count_every_picture_once():
    rng = np.random.default_rng(0)
    labels, probabilities = rng.integers(0, 2, 100), rng.random((100, 1))
    matrix = evaluation.confusion_matrix(labels, probabilities, 0.3)
    assert matrix.sum() == 100
    assert matrix.sum(axis=1).tolist() == np.bincount(labels).tolist()
    assert matrix[1, 1] == sum(probabilities[labels == 1, 0] > 0.3)
    with pytest.raises(ValueError, match="labels must be as many as probabilities, 3"):
        evaluation.confusion_matrix([0, 1], [0.1, 0.2, 0.3])
