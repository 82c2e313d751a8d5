"""Chapter 3, pooling: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch03_pooling import (
    average_pool2d,
    global_average_pool2d,
    max_pool2d,
    trace_shapes,
)
from cnnlab.autograder.judging.exercise import Chapter

PRELUDE = '''\
import math
import numpy as np


def output_size(n, k, stride=1, padding="valid", dilation=1):
    """How many places a window of k cells has along n cells; below 1 where it does not fit."""
    if padding == "valid":
        return (n - (dilation * (k - 1) + 1)) // stride + 1
    return math.ceil(n / stride)


def same_padding(n, k, stride=1, dilation=1):
    """How many cells "same" adds (before, after) an axis of n cells."""
    reach = (output_size(n, k, stride, "same") - 1) * stride + dilation * (k - 1) + 1
    total = max(reach - n, 0)
    return total // 2, total - total // 2
'''
"""What learner code finds: the notebook's second set-up cell holds the same two functions."""

CHAPTER = Chapter(
    name="ch03_pooling",
    title="Pooling, and the shapes of a network",
    exercises=(
        max_pool2d.EXERCISE,
        average_pool2d.EXERCISE,
        global_average_pool2d.EXERCISE,
        trace_shapes.EXERCISE,
    ),
    prelude=PRELUDE,
)
