"""What the tests of chapter 13's graders share."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

NAME = "ch13_fast_convolution"
given: dict = {}
exec(load_chapter(NAME).prelude, given)
layout = given["layout"]


def judged(exercise, function):
    return judge_function(recorded(NAME)[exercise], function)


def floats(*arrays):
    return [1.0 * np.asarray(a) for a in arrays]


def framed_by(frame, x):
    return np.pad(x, ((0, 0), *frame, (0, 0)))
