"""Chapter 14: right first weights never fail by chance, whatever their distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnlab.autograder.graders.ch14_training._weights import RIGHT, known_spreads, spread_view
from cnnlab.autograder.judging.record import recorded

RIGHTLY = {
    "the standard deviation is": RIGHT,
    "the mean is 0": True,
    "small weights are the most common": True,
}


def asked() -> list[tuple[tuple[int, ...], int]]:
    """Shape and number of calls of every probe that looks at the spread."""
    probes = recorded("ch14_training")["he_normal"].probes
    return [(p.args[0], p.given["calls"]) for p in probes if "spread" in p.given["asks"]]


def truncated(rng: np.random.Generator, std: float, shape: tuple[int, ...]) -> np.ndarray:
    """Normal numbers within two standard deviations, as Keras draws them, of this std."""
    wide = rng.normal(size=(2 * math.prod(shape) + 100,))
    within = wide[np.abs(wide) < 2][: math.prod(shape)]
    return (within * std / 0.87962566).reshape(shape)


def normal(rng: np.random.Generator, std: float, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(0, std, shape)


@pytest.mark.parametrize("draw", [normal, truncated])
def test_right_weights_pass_for_thousands_of_seeds(draw):
    for shape, calls in asked():
        std = math.sqrt(2 / math.prod(shape[:-1]))
        for seed in range(300):
            drawn = draw(np.random.default_rng(seed), std, (calls, *shape))
            assert spread_view(drawn, shape) == RIGHTLY, (shape, seed)


def test_every_sample_is_as_large_as_the_bounds_assume():
    for shape, calls in asked():
        assert calls * math.prod(shape) >= 16_000, shape


def test_what_is_taken_for_the_standard_deviation_is_told_apart_somewhere():
    for name in list(known_spreads((3, 3, 4, 5)))[1:]:
        apart = [
            abs(math.log(known[name] / known[RIGHT]))
            for known in (known_spreads(shape) for shape, _ in asked())
        ]
        assert sum(distance > 0.15 for distance in apart) >= 2, name


def test_a_spread_that_is_a_little_off_is_found():
    for shape, calls in asked():
        std = 1.15 * math.sqrt(2 / math.prod(shape[:-1]))
        drawn = normal(np.random.default_rng(1), std, (calls, *shape))
        assert spread_view(drawn, shape)["the standard deviation is"] != RIGHT
