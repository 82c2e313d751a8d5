"""Chapter 4, a whole network: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch04_network import (
    choose_hyperparameters,
    count_macs,
    count_parameters,
    dense,
    expose_dense,
    expose_softmax,
    flatten,
    predict,
    sigmoid,
    softmax,
)
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch04_network",
    title="A whole network",
    exercises=(
        flatten.EXERCISE,
        sigmoid.EXERCISE,
        softmax.EXERCISE,
        dense.EXERCISE,
        count_parameters.EXERCISE,
        count_macs.EXERCISE,
        choose_hyperparameters.EXERCISE,
        predict.EXERCISE,
        expose_softmax.EXERCISE,
        expose_dense.EXERCISE,
    ),
    prelude=prelude("ch04_network"),
)
