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


def mixed(*, pictures=None, add=True):
    def mix_channels(x, weights):
        out = np.zeros((*x.shape[:3], weights.shape[1]))
        for n in range(len(x))[:pictures]:
            for c, f in np.ndindex(weights.shape):
                part = x[n, :, :, c] * weights[c, f]
                out[n, :, :, f] = out[n, :, :, f] + part if add else part
        return out

    return mix_channels


def red_green_blue(picture, gains):
    red = picture[:, :, 0] * gains[0]
    green = picture[:, :, 1] * gains[1]
    blue = picture[:, :, 2] * gains[2]
    return np.stack([red, green, blue], axis=-1)


def steps(count):
    return lambda shape, place: np.array(
        [[count(i - place[0], j - place[1]) for j in range(shape[1])] for i in range(shape[0])]
    )


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
    ("mix_channels", mixed(pictures=1), ["first-image-only"]),
    ("mix_channels", mixed(add=False), ["last-channel-only"]),
    ("outer_table", lambda down, across: down * across, ["place-by-place"]),
    ("outer_table", lambda down, across: np.outer(down, across).astype(int), ["decimals-cut-off"]),
    ("scale_channels", red_green_blue, ["three-channels-only"]),
    ("steps_to", steps(lambda row, column: abs(row + column)), ["sum-before-size"]),
    ("steps_to", steps(lambda row, column: abs(row + 1) + abs(column + 1)), ["counts-from-one"]),
]


@pytest.mark.parametrize(("exercise", "function", "diagnosis"), WRONG)
def test_a_mistake_loses_points_and_gets_its_name(exercise, function, diagnosis):
    result = judged(function, exercise)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score
