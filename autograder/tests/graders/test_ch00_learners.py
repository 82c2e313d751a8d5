"""Chapter 0 as learners write it: right ways earn everything, mistakes get their name."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function


def judged(function, exercise=None):
    return judge_function(recorded("ch00_numpy")[exercise or function.__name__], function)


def looped_scale(picture, gains):
    out = np.zeros(picture.shape, picture.dtype)
    for i, j, c in np.ndindex(picture.shape):
        out[i, j, c] = picture[i, j, c] * gains[c]
    return out


def steps_by_broadcasting(shape, place):
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    return np.abs(rows - place[0])[:, None] + np.abs(columns - place[1])


def steps_in_two_loops(shape, place):
    out = [[0] * shape[1] for _ in range(shape[0])]
    for i in range(shape[0]):
        for j in range(shape[1]):
            out[i][j] = abs(place[0] - i) + abs(place[1] - j)
    return np.array(out)


RIGHT = [
    ("scale_channels", looped_scale),
    ("scale_channels", lambda picture, gains: np.einsum("hwc,c->hwc", picture, gains)),
    ("outer_table", np.outer),
    ("outer_table", lambda down, across: np.einsum("i,j->ij", down, across)),
    ("outer_table", lambda down, across: down.reshape(-1, 1) @ across.reshape(1, -1)),
    ("steps_to", steps_by_broadcasting),
    ("steps_to", steps_in_two_loops),
    ("mix_channels", lambda x, weights: x @ weights),
    ("mix_channels", lambda x, weights: np.tensordot(x, weights, axes=1)),
    ("mix_channels", lambda x, weights: np.stack([(x * w).sum(-1) for w in weights.T], axis=-1)),
]


@pytest.mark.parametrize(("exercise", "function"), RIGHT)
def test_right_ways_to_write_it_get_full_marks(exercise, function):
    result = judged(function, exercise)
    assert (result.status, result.score) == ("passed", result.max_score)
    if exercise == "steps_to":
        assert not result.remarks  # whole numbers are as good as floats


WRONG = [
    ("scale_channels", lambda picture, gains: picture + gains, ["added-instead"]),
    ("scale_channels", lambda picture, gains: picture * gains[::-1], ["channels-reversed"]),
    ("scale_channels", lambda picture, gains: picture * gains[0], ["first-gain-for-all"]),
    ("outer_table", lambda down, across: across[:, None] * down, ["table-transposed"]),
    ("outer_table", lambda down, across: down[:, None] + across, ["added-instead"]),
    ("outer_table", lambda down, across: np.outer(down, across) ** 2, []),
    ("steps_to", lambda shape, place: np.abs(np.indices(shape)[0] - place[0]), ["one-way-only"]),
    ("steps_to", lambda shape, place: steps_by_broadcasting(shape, place[::-1]), ["place-swapped"]),
    ("steps_to", lambda shape, place: np.zeros(shape), []),
    ("mix_channels", lambda x, weights: x @ weights.T, ["weights-transposed"]),
    ("mix_channels", lambda x, weights: x[..., None] * weights, ["channels-not-summed"]),
    ("mix_channels", lambda x, weights: (x @ weights)[:1], ["first-image-only"]),
]


@pytest.mark.parametrize(("exercise", "function", "diagnosis"), WRONG)
def test_a_mistake_loses_points_and_gets_its_name(exercise, function, diagnosis):
    result = judged(function, exercise)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score
