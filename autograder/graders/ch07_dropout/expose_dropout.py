"""Chapter 7's ``expose_dropout``: a rate that is read the other way."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch07_dropout.dropout import EXERCISE as DROPOUT
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing, flag, real
from cnnlab.autograder.judging.twists import Op


def of_arrays(op: Op) -> Op:
    """The op with a generator that begins anew in each call, so that it is a function of arrays."""
    return lambda x, rate, training=True: op(x, rate, np.random.default_rng(0), training)


EXERCISE = exposing(
    Puzzle(
        exercise=DROPOUT,
        mistake="rate-is-keep-probability",
        among=(
            "not-inverted",
            "scaled-by-rate",
            "scales-at-test",
            "active-at-test",
        ),
        takes={
            "x": array,
            "rate": real,
            "training": flag,
        },
        witness=(np.zeros(1), 0.9),
        hints=(
            "At one rate the box is right, whatever you give it. Which rate is that, and why?",
            "Two mistakes on the list only change how large the kept numbers are. For which number does size not matter?",
            "The mask is a result, too. At which rate will it surely differ?",
        ),
        of_arrays=of_arrays,
    )
)
