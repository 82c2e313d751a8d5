"""Fresh probes: they test what the recorded ones test, and nobody can learn them by heart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from cnnlab.autograder.graders.shared.draws import varied
from cnnlab.autograder.judging.exercise import Exercise, Probe, chapter_names, load_chapter
from cnnlab.autograder.judging.record import RECORDED_SEED
from cnnlab.autograder.sandbox.wire import encode
from cnnlab.autograder.tests.fixed_probes import FIXED, label

SEEDS = range(1, 7)


def call(probe: Probe) -> bytes:
    """All that a function is given."""
    return encode([probe.args, dict(probe.kwargs), probe.given])


def asked_again(exercise: Exercise, draws: Sequence[Sequence[Probe]]) -> set[str]:
    """The probes with points that more than half of these batches ask alike."""
    return {
        label(probes[0])
        for probes in zip(*draws, strict=True)
        if exercise.points.get(probes[0].rung, 0) > 0
        if len({call(probe) for probe in probes}) <= len(draws) // 2
    }


@pytest.mark.parametrize("chapter", chapter_names())
def test_no_fresh_probe_is_fixed(chapter: str) -> None:
    for exercise in load_chapter(chapter).exercises:
        if exercise.puzzle:  # asks nothing: what is answered is an input
            continue
        listed = {what for name, what in FIXED if name == exercise.name}
        draws = [exercise.draw(seed, fresh=True) for seed in SEEDS]
        assert asked_again(exercise, draws) == listed, exercise.name
        draws = [exercise.draw(RECORDED_SEED), draws[0]]
        assert asked_again(exercise, draws) == listed, exercise.name


@pytest.mark.parametrize("chapter", chapter_names())
def test_fresh_probes_climb_the_recorded_ladder(chapter: str) -> None:
    def ladder(probes: Sequence[Probe]) -> list[object]:
        titles = Counter({(p.rung, p.title or i) for i, p in enumerate(probes)})
        return [(p.rung, p.raises, p.quiet) for p in probes] + [Counter(r for r, _ in titles)]

    for exercise in load_chapter(chapter).exercises:
        recorded = ladder(exercise.draw(RECORDED_SEED))
        for seed in SEEDS:
            assert ladder(exercise.draw(seed, fresh=True)) == recorded, (exercise.name, seed)


def test_a_fixed_probe_is_noticed() -> None:
    relu = load_chapter("ch01_convolution")["relu"]
    draws = [relu.draw(seed) for seed in SEEDS]
    assert asked_again(relu, draws) == {"around zero"}


def test_what_is_varied_stays_as_it_is_where_probes_are_recorded() -> None:
    def draw() -> int:
        raise AssertionError("the recorded stream must not be touched")

    assert varied(np.random.default_rng(1), 3, draw) == 3


@pytest.mark.parametrize("name", ["smooth", "overfit_epoch", "confusion_matrix"])
def test_small_fresh_cases_hold_arrays(name: str) -> None:
    for probe in load_chapter("ch06_cats_dogs")[name].draw(5, fresh=True):
        assert probe.rung != "by-hand" or not [a for a in probe.args if isinstance(a, list)]
