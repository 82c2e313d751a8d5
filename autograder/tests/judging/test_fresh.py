"""Fresh probes: they test what the recorded ones test, and nobody can learn them by heart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Drawn:
    """An exercise's recorded probes, and those of some fresh batches."""

    exercise: Exercise
    recorded: list[Probe]
    fresh: list[list[Probe]]


@pytest.fixture(scope="module", params=chapter_names())
def drawn(request: pytest.FixtureRequest) -> list[Drawn]:
    """A chapter's exercises; each is drawn once for all that is asked of it."""
    return [
        Drawn(e, e.draw(RECORDED_SEED), [e.draw(seed, fresh=True) for seed in SEEDS])
        for e in load_chapter(request.param).exercises
    ]


def test_no_fresh_probe_is_fixed(drawn: list[Drawn]) -> None:
    for each in drawn:
        if each.exercise.puzzle:  # asks nothing: what is answered is an input
            continue
        name = each.exercise.name
        listed = {what for exercise, what in FIXED if exercise == name}
        assert asked_again(each.exercise, each.fresh) == listed, name
        assert asked_again(each.exercise, [each.recorded, each.fresh[0]]) == listed, name


def test_fresh_probes_climb_the_recorded_ladder(drawn: list[Drawn]) -> None:
    def ladder(probes: Sequence[Probe]) -> list[object]:
        titles = Counter({(p.rung, p.title or i) for i, p in enumerate(probes)})
        return [(p.rung, p.raises, p.quiet) for p in probes] + [Counter(r for r, _ in titles)]

    for each in drawn:
        for seed, fresh in zip(SEEDS, each.fresh, strict=True):
            assert ladder(fresh) == ladder(each.recorded), (each.exercise.name, seed)


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
