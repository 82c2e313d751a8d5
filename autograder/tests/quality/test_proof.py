"""The twist proof, for every chapter that has a grader; and that it notices a weak one."""

from __future__ import annotations

import dataclasses

import pytest

from cnnlab.autograder.judging.answerkey import AnswerKey
from cnnlab.autograder.judging.exercise import chapter_names, load_chapter
from cnnlab.autograder.judging.record import FreshReferences, recorded
from cnnlab.autograder.quality.fresh_proof import prove_drawn
from cnnlab.autograder.quality.proof import prove, prove_pairs, prove_twists, prove_worthless

SAMPLE = ("ch00_numpy", "ch01_convolution")
"""`cnnlab build --check` proves every chapter."""
FRESH = 20261127
"""A seed that no record knows. One that changes would make the result of a commit a matter of luck;
`cnnlab.autograder.quality.fresh_proof` proves hundreds of others."""


@pytest.mark.parametrize("chapter", SAMPLE)
def test_every_mistake_loses_points_under_its_own_name(chapter):
    # Pairs of mistakes take minutes; `cnnlab build --check --pairs` proves them.
    assert list(prove(recorded(chapter), pairs=False)) == []


@pytest.mark.slow
def test_pairs_of_mistakes_are_named_as_pairs():
    assert list(prove_pairs(recorded("ch01_convolution")["correlate2d"])) == []


@pytest.fixture(scope="module")
def fresh():
    """Keras, which answers the probes of one seed for all chapters."""
    with FreshReferences(FRESH) as fresh:
        yield fresh


@pytest.mark.slow
@pytest.mark.parametrize("chapter", chapter_names())
def test_the_proof_holds_for_fresh_probes(chapter, fresh):
    assert list(prove(fresh.keys(chapter), pairs=False)) == []


@pytest.mark.parametrize("seed", [1028, 1062])
def test_two_counts_that_once_were_one_in_some_draws(seed):
    early_stop = load_chapter("ch14_training")["early_stop"]
    assert list(prove_drawn(early_stop, seed)) == []


def weakened(rungs: set[str]) -> AnswerKey:
    """conv2d's key with the probes of some rungs left out."""
    key = recorded("ch01_convolution")["conv2d"]
    kept = [i for i, probe in enumerate(key.probes) if probe.rung not in rungs]
    points = {r: p for r, p in key.exercise.points.items() if r not in rungs}
    exercise = dataclasses.replace(key.exercise, points=points)
    return AnswerKey(exercise, [key.probes[i] for i in kept], [key.expected[i] for i in kept])


def test_a_ladder_without_values_is_found_out():
    weak = weakened({"by-hand", "structure", "reference", "bad-input"})
    assert any("keeps full marks" in problem for problem in prove_twists(weak))
    assert any("returns zeros passes" in problem for problem in prove_worthless(weak))


def test_a_fresh_draw_that_hides_a_mistake_is_found_out():
    relu = load_chapter("ch01_convolution")["relu"]
    blind = dataclasses.replace(
        relu,
        points={"shape": 1.0},
        probes=lambda rng: (probe for probe in relu.probes(rng) if probe.rung == "shape"),
    )
    assert list(prove_drawn(relu, FRESH)) == []
    assert list(prove_drawn(blind, FRESH)) != []
