"""Scenes are found, and dealt as a whole."""

import numpy as np
import pytest

from cnnlab.course.ops.grouped_split import honest_split
from cnnlab.course.ops.scenes import find_scenes
from cnnlab.datasets.folders import moved
from cnnlab.datasets.pictures import load_cats_dogs


def test_bursts_are_found_and_other_pictures_stay_apart():
    rng = np.random.default_rng(3)
    pictures = load_cats_dogs(source="embedded").test.x[:60]
    bursts = np.concatenate([[p, moved(p, rng), moved(p, rng)] for p in pictures])
    found = find_scenes(bursts).reshape(60, 3)
    whole = sum(len(set(row)) == 1 for row in found.tolist())
    assert whole >= 50
    assert len(np.unique(found)) >= 50


@pytest.mark.parametrize("seed", range(20))
def test_no_part_is_off_by_more_than_the_largest_group(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, 60)
    groups = np.repeat(np.arange(60), sizes)
    labels = np.repeat(rng.integers(0, 3, 60), sizes)
    fractions = (0.5, 0.3, 0.2)
    parts = honest_split(labels, groups, fractions, rng)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    owners = [set(groups[part].tolist()) for part in parts]
    assert not owners[0] & owners[1] | owners[0] & owners[2] | owners[1] & owners[2]
    for part, fraction in zip(parts, fractions, strict=True):
        for kind in range(3):
            share = np.sum(labels[part] == kind) - fraction * np.sum(labels == kind)
            assert abs(share) <= sizes.max()
