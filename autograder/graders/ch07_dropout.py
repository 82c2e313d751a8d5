"""Chapter 7, dropout: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.exercise import Chapter
from cnnlab.autograder.graders.dropping import dropout
from cnnlab.autograder.graders.dropping_back import dropout_backward
from cnnlab.autograder.graders.dropping_maps import spatial_dropout2d
from cnnlab.autograder.graders.passes import mc_predict

CHAPTER = Chapter(
    name="ch07_dropout",
    title="Dropout",
    exercises=(dropout, dropout_backward, spatial_dropout2d, mc_predict),
)
