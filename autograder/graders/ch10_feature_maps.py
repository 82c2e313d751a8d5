"""Chapter 10, feature maps: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.exercise import Chapter
from cnnlab.autograder.graders.grey_levels import to_picture
from cnnlab.autograder.graders.looked_into import feature_maps
from cnnlab.autograder.graders.map_ranks import sparsity, strongest

CHAPTER = Chapter(
    name="ch10_feature_maps",
    title="Feature maps: what a network sees",
    exercises=(feature_maps, to_picture, sparsity, strongest),
    prelude="import math\nimport keras\nimport numpy as np\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=30.0,
    keras=True,
)
