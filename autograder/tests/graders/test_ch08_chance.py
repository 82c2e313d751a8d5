"""How often chance fails a right `augment_batch` or network: the bounds, and many seeds."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from cnnlab.autograder.graders.ch08_augmentation import (
    _variations,
    augment_batch,
    build_augmented_cnn,
)
from cnnlab.autograder.sandbox.drivers.ch08 import batches
from cnnlab.course.ops import augmentation
from cnnlab.course.ops.blobs import Varied

PICTURES = 144
"""How many are judged together, in each of three samples."""
SAMPLES = 3
ALLOWED = 1e-5


def coin_fails(n):
    """The exact probability that a fair coin is not `near_half`."""
    return sum(comb(n, k) for k in range(n + 1) if not _variations.near_half(k, n)) / 2**n


def correlation_fails(n):
    """Whether two independent columns seem tied, with normal columns: Student's t, integrated."""
    limit = _variations.Z / np.sqrt(n)
    r = np.linspace(limit, 1, 200_001)
    density = (1 - r**2) ** ((n - 4) / 2)
    whole = np.linspace(-1, 1, 400_001)
    total = np.trapezoid((1 - whole**2) ** ((n - 4) / 2), whole)
    return 2 * np.trapezoid(density, r) / total


def test_all_probabilities_together_stay_below_one_in_100_000():
    one_sided = 2 * 4 * 0.75**PICTURES  # four ranges, each on both sides
    narrow = (13 / 15) ** PICTURES
    each = coin_fails(PICTURES) + 10 * correlation_fails(PICTURES) + one_sided + narrow
    assert 0 < SAMPLES * each < ALLOWED


def test_a_submission_is_judged_by_as_many_samples_as_the_bound_says():
    rng = np.random.default_rng(0)
    probes = [p for p in augment_batch.batch_probes(rng) if p.rung == "variation"]
    networks = [p for p in build_augmented_cnn.model_probes(rng) if p.rung == "in training"]
    sizes = [len(p.args[0]) * len(p.given) for p in probes]
    sizes += [2 * len(p.given["x"]) for p in networks]  # watched twice
    assert sizes == [PICTURES] * SAMPLES


def drawn(rng, size):
    """How a right solution varies three batches, as if it were read back without any error."""
    for _ in range(SAMPLES):
        n = PICTURES // SAMPLES
        dy, dx = (np.rint(side * rng.uniform(-0.1, 0.1, n)) for side in size)
        degrees = rng.uniform(-15, 15, n)
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        moves = cos * dy - sin * dx, sin * dy + cos * dx
        mirrored, contrast = rng.random(n) < 0.5, rng.uniform(0.8, 1.2, n)
        yield Varied(np.arange(n), mirrored, *moves, degrees, np.ones(n), contrast)


def test_the_statistics_pass_with_thousands_of_seeds():
    size = augment_batch.SIZES[0]
    for seed in range(3000):
        seen = augment_batch.variation(list(drawn(np.random.default_rng(seed), size)), size)
        stated = augment_batch.stated_batches(np.empty(0), np.empty(0), given=[(0, 1)] * SAMPLES)
        assert seen == {name: stated[name] for name in seen}, seed


def right_ones_fail(seeds):
    """The seeds for which the right solution does not show what is demanded, pictures and all."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for probe in augment_batch.batch_probes(rng):
            raw = batches(augmentation.augment_batch, probe.args, {}, probe.given)
            seen = augment_batch.seen_batches(probe.args, raw)
            if seen != augment_batch.stated_batches(*probe.args, given=probe.given):
                yield seed, seen
        probe = next(p for p in build_augmented_cnn.model_probes(rng) if p.rung == "in training")
        raw = build_augmented_cnn.simulated(*probe.args, given=probe.given)
        seen = build_augmented_cnn.seen_model(probe.args, raw)
        if seen != EXPECTED:
            yield seed, seen


EXPECTED = {
    "has a convolution": True,
    "pictures can be recognised": True,
    "varied before the first convolution": True,
    "varied behind it": False,
    "mirrored": "about half of them",
    "moved": "as it should",
    "turned": "by up to 15°",
}


def test_the_right_solution_passes_with_every_seed_tried():
    assert list(right_ones_fail(range(1000, 1008))) == []


@pytest.mark.slow
def test_the_right_solution_passes_with_many_seeds():
    assert list(right_ones_fail(range(60))) == []


@pytest.mark.parametrize(("count", "near"), [(40, False), (41, True), (103, True), (104, False)])
def test_a_coin_may_fall_within_5_2_deviations(count, near):
    assert _variations.near_half(count, PICTURES) is near


def test_what_rises_together_is_not_independent():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, PICTURES))
    assert _variations.independent([one, other, np.zeros(PICTURES)])
    assert not _variations.independent([one, other, 0.6 * one + 0.8 * other])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([-9.0, 9], "as it should"),
        ([-9, 12], "too far"),
        ([0, 9], "not far enough, or to one side only"),
        ([-2, 2], "not far enough, or to one side only"),
    ],
)
def test_a_range_is_filled_on_both_sides(values, words):
    assert _variations.spread(np.array(values), 0, 10, 1.5) == words
