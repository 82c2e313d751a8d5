"""Chapter 9, VGG16: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.exercise import Chapter
from cnnlab.autograder.graders.imagenet import top_k, vgg_preprocess
from cnnlab.autograder.graders.receptive import receptive_field
from cnnlab.autograder.graders.vgg_layers import vgg16_layers
from cnnlab.autograder.graders.vgg_model import build_vgg16

CHAPTER = Chapter(
    name="ch09_vgg",
    title="VGG16",
    exercises=(vgg16_layers, build_vgg16, receptive_field, vgg_preprocess, top_k),
    prelude="import math\nimport numpy as np\nimport keras\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=60.0,
    keras=True,
)
