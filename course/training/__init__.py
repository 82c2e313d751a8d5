"""Training: the networks of the course, the experiments with them, and what was recorded."""

from cnnlab.course._moved import names_from

__getattr__ = names_from(
    "cnnlab.course.training.cats_dogs", "Settings", "live_run", "train", "within"
)
