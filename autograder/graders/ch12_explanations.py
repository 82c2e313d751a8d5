"""Chapter 12, explanations: why this class?"""

from __future__ import annotations

from cnnlab.autograder.exercise import Chapter
from cnnlab.autograder.graders.grad_cam import grad_cam
from cnnlab.autograder.graders.occlusion import occlusion_map
from cnnlab.autograder.graders.saliency import saliency

CHAPTER = Chapter(
    name="ch12_explanations",
    title="Explanations: why this class?",
    exercises=(saliency, grad_cam, occlusion_map),
    prelude="import math\nimport keras\nimport numpy as np\nimport tensorflow as tf\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=30.0,
    keras=True,
)
